// parses: foreign bytes (fuzz: manifest_fuzz, header_fuzz)
Result<Manifest> Manifest::parse(ByteView data) {
  return decode(data);
}
