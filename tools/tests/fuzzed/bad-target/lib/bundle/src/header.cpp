// parses: foreign bytes, fuzz: header
