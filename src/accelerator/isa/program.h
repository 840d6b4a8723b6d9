// A compiled program: the sequencer's words, the constants it reads and a map for people and tools.
//
// A program is for one specification and one accelerator. The file, little-endian:
//
//     "BTRNPROG"                                   8 bytes
//     format                                       4, kProgramFormat
//     bytes of the file                            4
//     hash of the specification, of the accelerator's parameters   8 each
//     bytes of the accelerator's name, words, constants, bytes of the metadata   4 each
//     the name; the words, 4 each; the constants, address and binary32, 4 each; the metadata
//     CRC-32 (the one of zlib) of all before       4
#ifndef BITTERN_ACCELERATOR_ISA_PROGRAM_H_
#define BITTERN_ACCELERATOR_ISA_PROGRAM_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bittern::isa {

inline constexpr uint32_t kProgramFormat = 1;
inline constexpr size_t kMaxProgramBytes = size_t{16} << 20;  // bounds what a bad file can use

// A scalar that is in memory before the first step.
struct Constant {
  uint32_t address = 0;  // of a word, as in Walk
  float value = 0;
};

struct Program {
  std::string accelerator;      // name
  std::vector<uint32_t> words;  // of the instructions; Decode takes them apart
  std::vector<Constant> constants;
  std::string metadata;  // JSON: where tensors lie and what else its maker wants to keep
};

// The file's bytes. Fails when the accelerator is not known or the file would be too large.
std::string SerializeProgram(const Program& program);

// The program in the bytes of a file called `name`. Fails on anything that SerializeProgram does
// not make with this specification and these accelerators, and says what to do. The instructions
// are not decoded.
Program ParseProgram(std::string_view bytes, const std::string& name);

// The CRC-32 at the end of a file, of the bytes before it.
uint32_t ProgramChecksum(std::string_view bytes);

void WriteProgram(const Program& program, const std::string& path);  // whole or not at all
Program ReadProgram(const std::string& path);

}  // namespace bittern::isa

#endif  // BITTERN_ACCELERATOR_ISA_PROGRAM_H_
