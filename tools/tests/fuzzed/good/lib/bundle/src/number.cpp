int parse_count(int argc) { return argc; }
