case_begin "P-RUN-001: the tour runs"
