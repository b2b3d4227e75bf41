extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ensure(again(data, size), "round trip");
  return 0;
}
