def test_P_OTHER_001():
    pass
