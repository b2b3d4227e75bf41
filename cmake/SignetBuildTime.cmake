# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
#
# What makes a build from nothing short: precompiled headers, and several sources in one translation unit.
#
# Precompiled headers: the standard headers and the core types that nearly every source reads, read once. Two of them,
# since the compiler takes one only with the flags it was made with: one for libraries, one for test programs.
#
# Both are off with a compiler cache, which knows better (and would take them for changed in each checkout), and in the
# presets `tidy` and `arm64`, so that a source that leans on them fails there. docs/decisions/0014-build-time.md.
if(CMAKE_CXX_COMPILER_LAUNCHER)
  set(_signet_short_build OFF)
else()
  set(_signet_short_build ON)
endif()
option(SIGNET_PCH "Precompiled headers" ${_signet_short_build})
option(SIGNET_UNITY "Several sources in one translation unit" ${_signet_short_build})

# Line numbers in backtraces cost a fifth of a build from nothing. They come with a compiler cache, which is what the
# daily loop has, and in the preset `asan`; without them a sanitizer still names functions.
if(CMAKE_CXX_COMPILER_LAUNCHER AND NOT CMAKE_CXX_FLAGS_DEBUG MATCHES "-g")
  add_compile_options($<$<CONFIG:Debug>:-g1>)
endif()

if(_signet_short_build AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(--param=ggc-min-heapsize=1048576) # the compiler tidies its memory from 1 GiB on, not before
endif()
find_program(SIGNET_GOLD ld.gold) # a part of binutils; links in half the time
if(SIGNET_GOLD AND NOT CMAKE_CROSSCOMPILING AND CMAKE_BUILD_TYPE STREQUAL "Debug" AND NOT SIGNET_FUZZ)
  add_link_options(-fuse-ld=gold)
endif()

set(_signet_pch_headers
  <algorithm> <array> <chrono> <cstddef> <cstdint> <filesystem> <functional> <map> <memory> <optional> <set> <span>
  <string> <string_view> <utility> <variant> <vector>
  # In angle brackets, so that they are found on the include path like any other.
  <signet/core/bytes.hpp> <signet/core/result.hpp> <signet/core/time.hpp>)

# One carrier for each set of flags; an object library with nothing in it.
function(_signet_add_pch carrier)
  file(WRITE "${CMAKE_BINARY_DIR}/${carrier}.cpp" "")
  add_library(${carrier} OBJECT EXCLUDE_FROM_ALL "${CMAKE_BINARY_DIR}/${carrier}.cpp")
  target_include_directories(${carrier} PRIVATE "${PROJECT_SOURCE_DIR}/lib/core/include")
  target_precompile_headers(${carrier} PRIVATE ${_signet_pch_headers} ${ARGN})
endfunction()

# What test programs and replayed fuzz targets are compiled with: they are compiled as often as they are run, so
# optimising them, or checking their own arithmetic, costs more than it shows.
add_library(signet_test_flags INTERFACE)
target_link_libraries(signet_test_flags INTERFACE signet_flags)
if(NOT SIGNET_FUZZ) # a fuzzer runs its target millions of times
  target_compile_options(signet_test_flags INTERFACE $<$<CONFIG:Debug>:-O0>)
  if(SIGNET_SANITIZE MATCHES "undefined")
    target_compile_options(signet_test_flags INTERFACE -fno-sanitize=undefined)
  endif()
endif()

if(SIGNET_PCH)
  _signet_add_pch(signet_pch_lib)
  target_link_libraries(signet_pch_lib PRIVATE signet_flags)
  if(SIGNET_TESTS)
    _signet_add_pch(signet_pch_test <gtest/gtest.h>)
    set_target_properties(signet_pch_test PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(signet_pch_test PRIVATE -fPIE) # as for the programs that use it
    target_link_libraries(signet_pch_test PRIVATE signet_test_flags GTest::gtest)
  endif()
endif()

# signet_build_short(TARGET lib|test [ALONE batch...])
# Eight sources share a translation unit, in the order of their names. ALONE are those whose own names would meet those
# of others: each word is a batch by itself; sources that get on with each other stand in one, "src/a.cpp src/b.cpp".
function(signet_build_short target kind)
  cmake_parse_arguments(ARG "" "" "ALONE" ${ARGN})
  if(TARGET signet_pch_${kind})
    target_precompile_headers(${target} REUSE_FROM signet_pch_${kind})
  endif()
  if(SIGNET_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      # An unnamed namespace is "in a header" as soon as its source is included, which it is here.
      target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
    endif()
    get_target_property(sources ${target} SOURCES)
    list(FILTER sources INCLUDE REGEX "\\.cpp$")
    list(TRANSFORM sources REPLACE "^${CMAKE_CURRENT_SOURCE_DIR}/" "")
    foreach(batch IN LISTS ARG_ALONE)
      separate_arguments(batch UNIX_COMMAND "${batch}")
      list(REMOVE_ITEM sources ${batch})
      list(LENGTH batch length)
      list(GET batch 0 group)
      string(MAKE_C_IDENTIFIER "${group}" group)
      if(length EQUAL 1)
        set_source_files_properties(${batch} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
      else()
        set_source_files_properties(${batch} PROPERTIES UNITY_GROUP "${group}")
      endif()
    endforeach()
    set(count 0)
    foreach(source IN LISTS sources)
      math(EXPR number "${count} / 8")
      math(EXPR count "${count} + 1")
      set_source_files_properties("${source}" PROPERTIES UNITY_GROUP "${number}")
    endforeach()
  endif()
endfunction()
