# P-CORE-004
true
