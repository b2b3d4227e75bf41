
// parses: foreign bytes (fuzz: manifest_fuzz)
