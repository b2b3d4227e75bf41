int next() { return 0; }
