template <typename T>
T from_der(ByteView der) {
  return T{der};
}
