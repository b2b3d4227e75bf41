# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
#
# Included by bench/CMakeLists.txt.
add_executable(bench_video "${CMAKE_CURRENT_LIST_DIR}/video_bench.cpp")
target_link_libraries(bench_video PRIVATE signet_video signet_os signet_ossl signet_flags)
