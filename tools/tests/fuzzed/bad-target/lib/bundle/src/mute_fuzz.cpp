// calls std::abort() only in this comment
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  (void)parse(data, size);
  return 0;
}
