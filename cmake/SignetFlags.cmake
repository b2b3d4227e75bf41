# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
#
# Compiler flags as INTERFACE targets; each flag with its reason.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON) # the libraries end up in a PKCS#11 module and in other people's shared objects
# A public header that does not stand alone fails the target `all_verify_interface_header_sets`.
set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

add_library(signet_warnings INTERFACE)
target_compile_options(signet_warnings INTERFACE
  -Wall -Wextra            # the field's common ground
  -Wpedantic               # two compilers must accept the same language
  -Wconversion             # a size that is silently cut is how signed sizes are bypassed
  -Wsign-conversion        # the same, for the sign
  -Wshadow                 # a shadowed variable makes a check look at the wrong value
  -Wnon-virtual-dtor       # seams are deleted through their base
  -Woverloaded-virtual     # a fake that overrides nothing tests nothing
  -Wold-style-cast         # casts must be greppable
  -Wcast-qual              # const is a promise
  -Wformat=2               # no format string from outside
  -Wnull-dereference       # cheap flow check
  -Wimplicit-fallthrough   # state tables must not leak into each other
  -Wundef                  # a misspelt feature macro must not mean 0
  -Wvla                    # stack size must not depend on input
  -Werror                  # a warning nobody must fix is noise
)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(signet_warnings INTERFACE
    -Wduplicated-cond -Wlogical-op # copy-and-paste mistakes in verdict code
    -Wno-null-dereference          # g++ 12 reports it inside its own optional and vector at -O2
  )
endif()

add_library(signet_hardening INTERFACE)
target_compile_options(signet_hardening INTERFACE
  -fstack-protector-strong # parsers of foreign bytes run everywhere
  -fno-plt
  -D_GLIBCXX_ASSERTIONS    # an index out of range stops the program instead of reading on
)
if(NOT SIGNET_SANITIZE) # sanitizers bring their own, better checks of the same calls
  target_compile_options(signet_hardening INTERFACE $<$<CONFIG:Release>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>)
endif()
target_link_options(signet_hardening INTERFACE -Wl,-z,relro,-z,now)

add_library(signet_sanitize INTERFACE)
if(SIGNET_SANITIZE)
  target_compile_options(signet_sanitize INTERFACE
    -fsanitize=${SIGNET_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(signet_sanitize INTERFACE -fsanitize=${SIGNET_SANITIZE})
  if(SIGNET_SANITIZE MATCHES "undefined" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Checks at each access to a member, two fifths of the compile time: the address sanitizer stops at a null pointer
    # anyway, and foreign bytes are copied, never cast to a type. The preset `fuzz` (clang) keeps them all.
    target_compile_options(signet_sanitize INTERFACE -fno-sanitize=vptr,null,alignment,object-size)
  endif()
endif()
if(SIGNET_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "SIGNET_FUZZ needs clang: use the preset `fuzz`.")
  endif()
  target_compile_options(signet_sanitize INTERFACE -fsanitize=fuzzer-no-link)
endif()

add_library(signet_flags INTERFACE)
target_link_libraries(signet_flags INTERFACE signet_warnings signet_hardening signet_sanitize)
