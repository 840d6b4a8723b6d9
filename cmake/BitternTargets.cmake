# SPDX-License-Identifier: Apache-2.0
# Each folder of src/ has one library and one test program. A library includes only headers of the libraries that it
# names, and these must come before it in the lists of src/CMakeLists.txt (scripts/check-includes).

add_library(bittern_flags INTERFACE)
# The compiler must not fuse roundings, so that the same source gives the same bits. Kernels fuse explicitly
# (hn::MulAdd).
target_compile_options(bittern_flags INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor
  -ffp-contract=off $<$<BOOL:${BITTERN_WERROR}>:-Werror>)
target_include_directories(bittern_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_definitions(bittern_flags INTERFACE $<$<BOOL:${BITTERN_POISON}>:BITTERN_POISON>)

# bittern_library(NAME SOURCES a.cc b.cc DEPS base tensor LINK fmt::fmt)
function(bittern_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;LINK" ${ARGN})
  add_library(bittern_${name} STATIC ${ARG_SOURCES})
  list(TRANSFORM ARG_DEPS PREPEND bittern_)
  target_link_libraries(bittern_${name} PUBLIC bittern_flags ${ARG_DEPS} ${ARG_LINK})
endfunction()

# bittern_label(TEST... KIND [SLOW]): the kind of a test is one of
#
#   unit          a program of GoogleTest, about a folder of src/
#   conformance   every device does the same as the CPU
#   cli           the command, driven from outside
#   generated     generated files and pages are up to date, and their generators refuse errors
#   rtl           the RTL under Verilator
#   synth         the RTL's size, by Yosys, and the scripts around it
#   oracle        numbers of PyTorch
#   fuzz          a minute of a fuzzer
#   platform      other processors, and a machine without packages
#
# `ctest -L KIND` runs the tests of a kind. SLOW tests have the label slow, too, and `make test` leaves them out.
function(bittern_label)
  cmake_parse_arguments(ARG "SLOW" "KIND" "" ${ARGN})
  set(labels ${ARG_KIND})
  if(ARG_SLOW)
    list(APPEND labels slow)
  endif()
  set_tests_properties(${ARG_UNPARSED_ARGUMENTS} PROPERTIES LABELS "${labels}")
endfunction()

# bittern_test(NAME [SLOW] [KIND unit] [PREFIX Rtl.] SOURCES a_test.cc DEPS base LINK ...): one program. ctest knows
# each case, by its name after PREFIX, and runs it from the top, where data/atis may be. KIND and SLOW: bittern_label.
if(BITTERN_TESTS)
  # GoogleTest's header takes longer to compile than most tests, so it is compiled once for all of them. Tests are
  # optimised less than the product, whose objects they link; a slow test computes much itself, and is not.
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/test_headers.cc CONTENT "// Precompiled headers need a source.\n")
  add_library(bittern_test_headers OBJECT ${CMAKE_BINARY_DIR}/test_headers.cc)
  target_link_libraries(bittern_test_headers PRIVATE bittern_flags GTest::gtest fmt::fmt)
  target_compile_options(bittern_test_headers PRIVATE $<$<CONFIG:Release>:-O1>)
  target_precompile_headers(bittern_test_headers PRIVATE <gtest/gtest.h> <fmt/format.h>)
endif()
function(bittern_test name)
  if(NOT BITTERN_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "SLOW" "KIND;PREFIX" "SOURCES;DEPS;LINK" ${ARGN})
  if(NOT ARG_KIND)
    set(ARG_KIND unit)
  endif()
  add_executable(${name}_test ${ARG_SOURCES})
  list(TRANSFORM ARG_DEPS PREPEND bittern_)
  target_link_libraries(${name}_test PRIVATE bittern_flags ${ARG_DEPS} ${ARG_LINK} GTest::gtest_main fmt::fmt)
  if(NOT ARG_SLOW)
    target_compile_options(${name}_test PRIVATE $<$<CONFIG:Release>:-O1>)
    target_precompile_headers(${name}_test REUSE_FROM bittern_test_headers)
  endif()
  # Tests name their helpers alike: each file is compiled alone.
  set_target_properties(${name}_test PROPERTIES UNITY_BUILD OFF)
  gtest_discover_tests(${name}_test DISCOVERY_TIMEOUT 120 WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
    TEST_PREFIX "${ARG_PREFIX}" PROPERTIES LABELS ${ARG_KIND})
  if(ARG_SLOW)
    # gtest_discover_tests takes no list as a label. The cases that it found are in a variable when ctest reads this.
    set(file ${CMAKE_CURRENT_BINARY_DIR}/${name}_labels.cmake)
    file(CONFIGURE OUTPUT ${file} @ONLY CONTENT [[
if(@name@_test_TESTS)
  set_tests_properties(${@name@_test_TESTS} PROPERTIES LABELS "@ARG_KIND@;slow")
endif()
]])
    set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${file})
  endif()
endfunction()

# bittern_fuzzer(NAME SOURCES a_fuzz.cc DEPS data DICTIONARY a.dict) adds a libFuzzer program NAME_fuzz, and a minute
# of it as a slow test. The optional dictionary has words of the format that random search finds too late. With
# BITTERN_FUZZERS, every library is built with coverage to guide the fuzzer, and with sanitizers to find errors.
if(BITTERN_FUZZERS)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
    message(FATAL_ERROR "BITTERN_FUZZERS needs clang: add -DCMAKE_CXX_COMPILER=clang++-14")
  endif()
  set(BITTERN_FUZZ_FLAGS -fsanitize=fuzzer-no-link,address,undefined
    -fno-sanitize-recover=undefined)
  target_compile_options(bittern_flags INTERFACE ${BITTERN_FUZZ_FLAGS})
  target_link_options(bittern_flags INTERFACE ${BITTERN_FUZZ_FLAGS})
endif()
function(bittern_fuzzer name)
  if(NOT BITTERN_FUZZERS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "DICTIONARY" "SOURCES;DEPS;LINK" ${ARGN})
  add_executable(${name}_fuzz ${ARG_SOURCES})
  list(TRANSFORM ARG_DEPS PREPEND bittern_)
  target_link_libraries(${name}_fuzz PRIVATE bittern_flags ${ARG_DEPS} ${ARG_LINK})
  target_link_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
  add_test(NAME ${name}_fuzz COMMAND ${name}_fuzz -max_total_time=60 -rss_limit_mb=512
    $<$<BOOL:${ARG_DICTIONARY}>:-dict=${CMAKE_CURRENT_SOURCE_DIR}/${ARG_DICTIONARY}>
    COMMAND_EXPAND_LISTS)  # no dictionary, no argument
  bittern_label(${name}_fuzz KIND fuzz SLOW)
endfunction()
