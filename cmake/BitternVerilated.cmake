# bittern_verilated(TOP SOURCES a.sv b.sv PARAMETERS -GLatency=3 PREFIX Vname): the C++ model of a module and
# what is below it, as a library bittern_PREFIX with the class PREFIX. SOURCES: packages first.
find_package(verilator REQUIRED HINTS $ENV{VERILATOR_ROOT} /usr/share/verilator)
function(bittern_verilated top)
  cmake_parse_arguments(ARG "" "PREFIX" "SOURCES;PARAMETERS" ${ARGN})
  if(NOT ARG_PREFIX)
    set(ARG_PREFIX V${top})
  endif()
  add_library(bittern_${ARG_PREFIX} STATIC)
  verilate(bittern_${ARG_PREFIX} SOURCES ${ARG_SOURCES} TOP_MODULE ${top} PREFIX ${ARG_PREFIX}
    # SYNCASYNCNET: assertions look at the reset.
    VERILATOR_ARGS -Wall -Wno-SYNCASYNCNET --assert --x-assign unique --x-initial unique --timescale 1ns/1ps
      -I${CMAKE_SOURCE_DIR}/rtl ${ARG_PARAMETERS}
    DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/${ARG_PREFIX})
  # Generated code: fast to compile, and no warnings of ours.
  target_compile_options(bittern_${ARG_PREFIX} PRIVATE -O1 -w)
  get_target_property(includes bittern_${ARG_PREFIX} INCLUDE_DIRECTORIES)
  target_include_directories(bittern_${ARG_PREFIX} SYSTEM INTERFACE ${includes})
endfunction()
