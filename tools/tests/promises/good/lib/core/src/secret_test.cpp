TEST(Secret,
     P_CORE_001_is_wiped) {}
