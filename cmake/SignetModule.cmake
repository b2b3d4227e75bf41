# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
#
# add_module(NAME LAYER n [ROOM room] DEPS a b [PRIVATE_DEPS c] [LIBS x] [ALONE src/y.cpp])
#
# One call makes a module: the library signet_NAME from src/*.cpp, its public headers from include/, its unit tests from
# src/*_test.cpp (one program, NAME_test) and its fuzz targets from src/*_fuzz.cpp. An arrow may only point down: a
# dependency whose layer is not lower, or that lives in another room, stops the configure step.
#   DEPS          modules whose types stand in the public header
#   PRIVATE_DEPS  modules (or `ossl`) that only the sources use
#   LIBS          third-party targets, never visible to those who use the module
#   ALONE         sources that share no translation unit with the others (see SignetBuildTime.cmake)

include(CMakeParseArguments)

function(_signet_check_arrow name layer room dep)
  if(dep STREQUAL "ossl") # the private OpenSSL handles of lib/crypto: any module above layer 1 may use them inside
    if(layer LESS 2 AND NOT name STREQUAL "crypto")
      message(FATAL_ERROR "module ${name} (layer ${layer}) may not use the private OpenSSL handles")
    endif()
    return()
  endif()
  get_property(dep_layer GLOBAL PROPERTY SIGNET_LAYER_${dep})
  get_property(dep_room GLOBAL PROPERTY SIGNET_ROOM_${dep})
  if(dep_layer STREQUAL "")
    message(FATAL_ERROR "module ${name} depends on ${dep}, which does not exist (yet)")
  endif()
  if(NOT dep_layer LESS layer)
    message(FATAL_ERROR
      "module ${name} (layer ${layer}) depends on ${dep} (layer ${dep_layer}): arrows point down only; "
      "see ARCHITECTURE.md")
  endif()
  if(dep_room AND NOT dep_room STREQUAL room)
    message(FATAL_ERROR
      "module ${name} (room '${room}') depends on ${dep} of room '${dep_room}': rooms never include each other")
  endif()
endfunction()

function(_signet_add_tests name)
  file(GLOB tests CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/src/*_test.cpp")
  if(NOT tests OR NOT SIGNET_TESTS)
    return()
  endif()
  add_executable(${name}_test ${tests})
  target_link_libraries(${name}_test PRIVATE
    signet_${name} signet_test_flags signet_test_support GTest::gtest_main ${ARGN})
  target_include_directories(${name}_test PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/src")
  signet_build_short(${name}_test test ALONE ${SIGNET_ALONE})
  target_compile_definitions(${name}_test PRIVATE SIGNET_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  include(GoogleTest)
  add_test(NAME unit_${name} COMMAND ${name}_test --gtest_brief=1)
  set_tests_properties(unit_${name} PROPERTIES LABELS unit TIMEOUT 600)
  if(CMAKE_CROSSCOMPILING_EMULATOR)
    # Tests that an emulator cannot pass say so and why (SKIP_UNDER_EMULATOR). Long RSA keys are left out altogether:
    # under emulation making one takes up to a minute, and what is tested is our code around it.
    list(GET CMAKE_CROSSCOMPILING_EMULATOR 0 emulator)
    set_tests_properties(unit_${name} PROPERTIES TIMEOUT 3000
      ENVIRONMENT "SIGNET_EMULATOR=${emulator};GTEST_FILTER=-*rsa3072*:*rsa4096*")
  endif()
endfunction()

function(_signet_add_fuzzers name)
  file(GLOB fuzzers CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/src/*_fuzz.cpp")
  if(NOT SIGNET_TESTS AND NOT SIGNET_FUZZ)
    return()
  endif()
  foreach(source IN LISTS fuzzers)
    get_filename_component(target "${source}" NAME_WE)
    if(SIGNET_FUZZ)
      add_executable(${target} "${source}")
      target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    else() # the same target as a plain program that replays the corpus
      add_executable(${target} "${source}")
      target_link_libraries(${target} PRIVATE signet_replay_main)
    endif()
    target_link_libraries(${target} PRIVATE signet_${name} signet_test_flags signet_test_support ${ARGN})
    if(TARGET signet_pch_test)
      target_precompile_headers(${target} REUSE_FROM signet_pch_test)
    endif()
    target_include_directories(${target} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/src")
    target_compile_definitions(${target} PRIVATE SIGNET_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    if(NOT SIGNET_FUZZ)
      add_test(NAME replay_${target} COMMAND ${target} "${PROJECT_SOURCE_DIR}/tests/corpus/${target}")
      set_tests_properties(replay_${target} PROPERTIES LABELS replay TIMEOUT 300)
    endif()
  endforeach()
endfunction()

function(add_module name)
  cmake_parse_arguments(ARG "" "LAYER;ROOM" "DEPS;PRIVATE_DEPS;LIBS;ALONE" ${ARGN})
  set(SIGNET_ALONE ${ARG_ALONE})
  if(NOT DEFINED ARG_LAYER OR ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "add_module(${name}): LAYER is missing, or unknown words: ${ARG_UNPARSED_ARGUMENTS}")
  endif()
  foreach(dep IN LISTS ARG_DEPS ARG_PRIVATE_DEPS)
    _signet_check_arrow(${name} ${ARG_LAYER} "${ARG_ROOM}" ${dep})
  endforeach()
  set_property(GLOBAL PROPERTY SIGNET_LAYER_${name} ${ARG_LAYER})
  set_property(GLOBAL PROPERTY SIGNET_ROOM_${name} "${ARG_ROOM}")

  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/src/*.cpp")
  list(FILTER sources EXCLUDE REGEX "_(test|fuzz|bench)\\.cpp$")
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/include/*.hpp")
  add_library(signet_${name} STATIC ${sources})
  add_library(signet::${name} ALIAS signet_${name})
  target_sources(signet_${name} PUBLIC
    FILE_SET HEADERS BASE_DIRS "${CMAKE_CURRENT_SOURCE_DIR}/include" FILES ${headers})
  target_include_directories(signet_${name} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/src")
  list(TRANSFORM ARG_DEPS PREPEND signet_ OUTPUT_VARIABLE deps)
  list(TRANSFORM ARG_PRIVATE_DEPS PREPEND signet_ OUTPUT_VARIABLE private_deps)
  target_link_libraries(signet_${name}
    PUBLIC ${deps} PRIVATE $<BUILD_INTERFACE:signet_flags> ${private_deps} ${ARG_LIBS})
  set_target_properties(signet_${name} PROPERTIES EXPORT_NAME ${name})
  signet_build_short(signet_${name} lib ALONE ${SIGNET_ALONE})
  if(NOT ARG_ROOM)
    install(TARGETS signet_${name} EXPORT signet ARCHIVE COMPONENT dev FILE_SET HEADERS COMPONENT dev)
  endif()
  _signet_add_tests(${name} ${private_deps} ${ARG_LIBS})
  _signet_add_fuzzers(${name} ${private_deps} ${ARG_LIBS})
endfunction()
