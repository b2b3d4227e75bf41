Result<Manifest> parse_manifest(ByteView data);
