# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
#
# Included by bench/CMakeLists.txt. The software TPM comes from the tests' support.
if(SIGNET_TESTS AND NOT SIGNET_DEVICE_ONLY)
  add_executable(bench_keystore "${CMAKE_CURRENT_LIST_DIR}/keystore_bench.cpp")
  target_link_libraries(bench_keystore PRIVATE
    signet_keystored signet_keystore signet_tpm signet_test_support signet_flags Threads::Threads)
endif()
