// SPDX-License-Identifier: Apache-2.0
// A compiled program consists of the sequencer's words, its constants, and a memory map for people
// and tools.
//
// A program runs on one specification and one accelerator. The file is little-endian:
//
//     "BTRNPROG"                                   8 bytes
//     format                                       4, kProgramFormat
//     bytes of the file                            4
//     hash of the specification, of the accelerator's parameters   8 each
//     bytes of the accelerator's name, words, constants, bytes of the metadata   4 each
//     the name; the words, 4 each; the constants, address and binary32, 4 each; the metadata
//     CRC-32 (as in zlib) of all bytes before it       4
#ifndef BITTERN_ACCELERATOR_ISA_PROGRAM_H_
#define BITTERN_ACCELERATOR_ISA_PROGRAM_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bittern::isa {

inline constexpr uint32_t kProgramFormat = 1;
inline constexpr size_t kMaxProgramBytes = size_t{16}
                                           << 20;  // limits the memory that a bad file can use

// A scalar that the host writes to memory before the first step.
struct Constant {
  uint32_t address = 0;  // a word's address, as in Walk
  float value = 0;
};

struct Program {
  std::string accelerator;      // name
  std::vector<uint32_t> words;  // the instructions' words; Decode reads their fields
  std::vector<Constant> constants;
  std::string metadata;  // JSON: the memory map, and other data of the compiler
};

// Returns the file's bytes. Fails if the accelerator is unknown or the file would be too large.
std::string SerializeProgram(const Program& program);

// Parses the bytes of a file; messages call it `name`. Fails on bytes that SerializeProgram does
// not write for this specification and these accelerators, and says what to do. It does not decode
// the instructions.
Program ParseProgram(std::string_view bytes, const std::string& name);

// The CRC-32 at the end of a file, computed over the bytes before it.
uint32_t ProgramChecksum(std::string_view bytes);

void WriteProgram(const Program& program, const std::string& path);  // whole or not at all
Program ReadProgram(const std::string& path);

}  // namespace bittern::isa

#endif  // BITTERN_ACCELERATOR_ISA_PROGRAM_H_
