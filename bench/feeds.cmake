# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
#
# Included by bench/CMakeLists.txt. simdjson is the peer here: the bare parser beside all that is done
# with what it gives.
find_package(PkgConfig REQUIRED)
pkg_check_modules(simdjson REQUIRED IMPORTED_TARGET simdjson>=3.0)
add_executable(bench_feeds "${CMAKE_CURRENT_LIST_DIR}/feeds_bench.cpp")
target_link_libraries(bench_feeds PRIVATE signet_vuln signet_os signet_flags PkgConfig::simdjson)
