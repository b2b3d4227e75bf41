// TEST(Core, P_CORE_001_holds)
TEST(Core, holds) { call(P_CORE_002); }
TEST(Core, XP_CORE_003) {}
