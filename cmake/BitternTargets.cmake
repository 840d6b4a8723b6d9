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

# bittern_test(NAME [SLOW] SOURCES a_test.cc DEPS base LINK ...) adds one test program. ctest knows each of its cases
# and runs it from the top folder, where data/atis may be. `make test` leaves out SLOW ones.
function(bittern_test name)
  if(NOT BITTERN_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "SLOW" "" "SOURCES;DEPS;LINK" ${ARGN})
  add_executable(${name}_test ${ARG_SOURCES})
  list(TRANSFORM ARG_DEPS PREPEND bittern_)
  target_link_libraries(${name}_test PRIVATE bittern_flags ${ARG_DEPS} ${ARG_LINK} GTest::gtest_main)
  set(properties)
  if(ARG_SLOW)
    set(properties PROPERTIES LABELS slow)
  endif()
  gtest_discover_tests(${name}_test DISCOVERY_TIMEOUT 120 WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} ${properties})
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
    COMMAND_EXPAND_LISTS)  # without a dictionary the argument disappears
  set_tests_properties(${name}_fuzz PROPERTIES LABELS slow)
endfunction()
