namespace signet {

static int helper() { return 1; }

Result<Manifest> Manifest::parse(
    ByteView data) {
  return helper();
}

}  // namespace signet
