# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
#
# Included by bench/CMakeLists.txt.
if(NOT SIGNET_DEVICE_ONLY)
  pkg_check_modules(tss2 REQUIRED IMPORTED_TARGET tss2-esys>=3.2 tss2-tctildr)
  add_executable(bench_keystore "${CMAKE_CURRENT_LIST_DIR}/keystore_bench.cpp"
    "${CMAKE_CURRENT_LIST_DIR}/keystore_peers.cpp" "${CMAKE_CURRENT_LIST_DIR}/raw_esys.cpp")
  target_link_libraries(bench_keystore PRIVATE
    signet_keystore signet_tpm signet_os signet_flags signet_pkcs11_header OpenSSL::Crypto PkgConfig::tss2
    Threads::Threads ${CMAKE_DL_LIBS})
  target_compile_definitions(bench_keystore PRIVATE SIGNET_KEYSTORED="$<TARGET_FILE:signet-keystored>"
    SIGNET_PKCS11="$<TARGET_FILE:signet-pkcs11>")
  add_dependencies(bench_keystore signet-keystored signet-pkcs11)
endif()
