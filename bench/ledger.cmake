# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
#
# Included by bench/CMakeLists.txt. SQLite is a dependency of this benchmark only: it is the peer.
find_package(benchmark REQUIRED)
find_package(SQLite3 REQUIRED)
add_executable(bench_ledger "${CMAKE_CURRENT_LIST_DIR}/ledger_bench.cpp")
target_link_libraries(bench_ledger PRIVATE
  signet_ledger signet_flags benchmark::benchmark SQLite::SQLite3 Threads::Threads)
