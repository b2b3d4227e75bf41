// parses: foreign bytes (fuzz: empty_fuzz)
