extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ensure(true);
  return 0;
}
