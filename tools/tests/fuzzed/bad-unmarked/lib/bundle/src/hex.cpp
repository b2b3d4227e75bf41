Result<Bytes> from_hex(std::string_view text) { return {}; }
