# SPDX-License-Identifier: Apache-2.0
# Debian's cross compiler for 64-bit Arm Linux; programs are linked statically and run under qemu. The compiler
# searches /usr/include after its own headers. Header libraries are there.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64)
set(CMAKE_PROJECT_TOP_LEVEL_INCLUDES ${CMAKE_CURRENT_LIST_DIR}/packages.cmake)
