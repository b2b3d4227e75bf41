Result<int> parse_table(std::string_view text) { return 0; }
