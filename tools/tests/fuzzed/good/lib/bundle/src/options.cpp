Result<int> parse_option(std::string_view own) { return 0; }
