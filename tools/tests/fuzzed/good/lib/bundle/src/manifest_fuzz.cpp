extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (!again(data, size)) std::abort();
  return 0;
}
