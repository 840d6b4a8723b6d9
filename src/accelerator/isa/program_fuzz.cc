// SPDX-License-Identifier: Apache-2.0
// Reads any bytes as a program file, and any words as its instructions. They are either refused
// with an Error, or accepted and written to the same bytes.
//
// The first byte, modulo 4, chooses the kind of the other bytes. 0 is a whole file, 1 is
// instructions. 2 and 3 are the bytes after the hashes. The fuzzer adds a valid start and checksum
// to them, because random bytes would hardly ever have these.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "accelerator/isa/accelerator.h"
#include "accelerator/isa/generated/instructions.h"
#include "accelerator/isa/program.h"
#include "base/error.h"

namespace {

template <typename T>
void Append(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// The file with correct hashes, followed by `rest`.
std::string FileAround(std::string_view rest) {
  std::string file = "BTRNPROG";
  Append(file, bittern::isa::kProgramFormat);
  Append(file, static_cast<uint32_t>(32 + rest.size() + 4));
  Append(file, bittern::isa::kSpecHash);
  Append(file, bittern::isa::HashOf(bittern::isa::AcceleratorNamed("nano")));
  file += rest;
  Append(file, bittern::isa::ProgramChecksum(file));
  return file;
}

void File(std::string_view bytes) {
  const bittern::isa::Program program = bittern::isa::ParseProgram(bytes, "input");
  if (bittern::isa::SerializeProgram(program) != bytes) std::abort();
}

void Instructions(std::span<const uint32_t> words) {
  while (!words.empty()) {
    const bittern::isa::Instruction instruction = bittern::isa::Decode(words);
    std::vector<uint32_t> again;
    bittern::isa::Encode(instruction, again);
    if (again.size() > words.size() ||
        std::memcmp(again.data(), words.data(), again.size() * sizeof again[0]) != 0 ||
        bittern::isa::Disassemble(instruction).empty()) {
      std::abort();
    }
    words = words.subspan(again.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string bytes(data + 1, data + size);
  try {
    if (data[0] % 4 == 0) {
      File(bytes);
    } else if (data[0] % 4 > 1) {
      File(FileAround(bytes));
    } else {
      std::vector<uint32_t> words(bytes.size() / sizeof(uint32_t));
      if (!words.empty()) {  // an empty vector may have no address
        std::memcpy(words.data(), bytes.data(), words.size() * sizeof words[0]);
      }
      Instructions(words);
    }
  } catch (const bittern::Error&) {
  }
  return 0;
}
