TEST(Core, P_CORE_001) {}
TEST_F(Core, P_CORE_777_unknown) {}
