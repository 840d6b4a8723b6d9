# SPDX-License-Identifier: Apache-2.0
# bittern_verilated(TOP SOURCES a.sv b.sv PARAMETERS -GLatency=3 PREFIX Vname) builds the C++ model of a module and
# its submodules, as a library bittern_PREFIX with the class PREFIX. SOURCES must list packages first.
#
# With TRACE the model writes waveforms (Clocked::Trace). With BITTERN_RTL_TRACE all models do.
#
# With BITTERN_RTL_FAULTS, scripts/plant-rtl-faults writes the sources.
find_package(verilator REQUIRED HINTS $ENV{VERILATOR_ROOT} /usr/share/verilator)
set(BITTERN_RTL_SOURCES ${CMAKE_SOURCE_DIR}/rtl)
if(BITTERN_RTL_FAULTS)
  set(BITTERN_RTL_SOURCES ${CMAKE_BINARY_DIR}/faulty-rtl)
  execute_process(COMMAND ${CMAKE_SOURCE_DIR}/scripts/plant-rtl-faults ${BITTERN_RTL_SOURCES}
    COMMAND_ERROR_IS_FATAL ANY)
  set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS rtl/faults.toml)
endif()

# The bytes of a memory word are written in a loop, which Verilator has to unroll. The u50 has 115 bytes.
set(BITTERN_VERILATOR_ARGS -Wall ${CMAKE_SOURCE_DIR}/rtl/waivers.vlt ${CMAKE_SOURCE_DIR}/rtl/sharing.vlt --assert
  --x-assign unique --x-initial unique --timescale 1ns/1ps --unroll-count 256)

# The parts of Verilator that every model without waveforms needs.
set(BITTERN_VERILATOR_INCLUDE ${VERILATOR_ROOT}/include)
add_library(bittern_verilator_runtime STATIC ${BITTERN_VERILATOR_INCLUDE}/verilated.cpp
  ${BITTERN_VERILATOR_INCLUDE}/verilated_dpi.cpp ${BITTERN_VERILATOR_INCLUDE}/verilated_threads.cpp)
target_include_directories(bittern_verilator_runtime SYSTEM PUBLIC ${BITTERN_VERILATOR_INCLUDE}
  ${BITTERN_VERILATOR_INCLUDE}/vltstd)
target_compile_options(bittern_verilator_runtime PRIVATE -O1 -w)

function(bittern_verilated top)
  cmake_parse_arguments(ARG "TRACE" "PREFIX" "SOURCES;PARAMETERS" ${ARGN})
  if(NOT ARG_PREFIX)
    set(ARG_PREFIX V${top})
  endif()
  list(TRANSFORM ARG_SOURCES PREPEND ${BITTERN_RTL_SOURCES}/)
  if(BITTERN_RTL_FAULTS)
    list(PREPEND ARG_SOURCES ${BITTERN_RTL_SOURCES}/fault_pkg.sv)
    list(APPEND ARG_PARAMETERS -Wno-fatal)  # an expression in brackets may be wider
  endif()
  add_library(bittern_${ARG_PREFIX} STATIC)
  set(trace)
  if(ARG_TRACE OR BITTERN_RTL_TRACE)
    set(trace TRACE_FST)
    # Verilator's definitions must apply to its files only. The FST writer needs zlib.
    find_package(ZLIB REQUIRED)
    target_compile_definitions(bittern_${ARG_PREFIX} INTERFACE VM_TRACE=1 VM_TRACE_FST=1)
    target_link_libraries(bittern_${ARG_PREFIX} PUBLIC ZLIB::ZLIB)
  endif()
  verilate(bittern_${ARG_PREFIX} ${trace} SOURCES ${ARG_SOURCES} TOP_MODULE ${top} PREFIX ${ARG_PREFIX}
    VERILATOR_ARGS ${BITTERN_VERILATOR_ARGS} -I${BITTERN_RTL_SOURCES} ${ARG_PARAMETERS}
    DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/${ARG_PREFIX})
  if(BITTERN_RTL_FAULTS)
    target_link_libraries(bittern_${ARG_PREFIX} PUBLIC bittern_planted_fault)
  endif()
  # The code is generated, so it gets no warnings of ours. Several files are compiled as one, because most of the time
  # would be spent on Verilator's header.
  target_compile_options(bittern_${ARG_PREFIX} PRIVATE -O1 -w)
  set_target_properties(bittern_${ARG_PREFIX} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
  if(NOT trace)
    get_target_property(sources bittern_${ARG_PREFIX} SOURCES)
    list(FILTER sources EXCLUDE REGEX "/include/verilated[a-z_]*\\.cpp$")
    set_property(TARGET bittern_${ARG_PREFIX} PROPERTY SOURCES ${sources})
    target_link_libraries(bittern_${ARG_PREFIX} PUBLIC bittern_verilator_runtime)
  endif()
  get_target_property(includes bittern_${ARG_PREFIX} INCLUDE_DIRECTORIES)
  target_include_directories(bittern_${ARG_PREFIX} SYSTEM INTERFACE ${includes})
endfunction()
