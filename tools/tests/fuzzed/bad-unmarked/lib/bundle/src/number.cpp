int read_header_size(std::string_view text) { return 0; }
