// SPDX-License-Identifier: Apache-2.0
#include "accelerator/isa/program.h"

#include <array>
#include <bit>
#include <cstring>
#include <type_traits>

#include "accelerator/isa/accelerator.h"
#include "accelerator/isa/generated/instructions.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace bittern::isa {
namespace {

// Numbers are copied in the byte order of memory.
static_assert(std::endian::native == std::endian::little);

constexpr std::string_view kMagic = "BTRNPROG";
constexpr size_t kWordBytes = sizeof(uint32_t);
constexpr size_t kConstantBytes = 2 * sizeof(uint32_t);
constexpr size_t kChecksumBytes = sizeof(uint32_t);

// The header follows the magic.
struct FileHeader {
  uint32_t format;
  uint32_t file_bytes;
  uint64_t spec_hash;
  uint64_t accelerator_hash;
  uint32_t name_bytes;
  uint32_t words;
  uint32_t constants;
  uint32_t metadata_bytes;
};
static_assert(sizeof(FileHeader) == 40);
static_assert(std::has_unique_object_representations_v<FileHeader>);

constexpr size_t kHeaderBytes = kMagic.size() + sizeof(FileHeader);

// The sum has 64 bits, so it does not overflow for any header.
uint64_t BytesOf(const FileHeader& header) {
  return kHeaderBytes + uint64_t{header.name_bytes} + uint64_t{header.words} * kWordBytes +
         uint64_t{header.constants} * kConstantBytes + uint64_t{header.metadata_bytes} +
         kChecksumBytes;
}

void Append(std::string& bytes, const void* data, size_t size) {
  bytes.append(static_cast<const char*>(data), size);
}

// Takes bytes from the front. The caller has checked that they exist.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  std::string_view Text(size_t size) {
    BITTERN_CHECK(size <= bytes_.size());
    const std::string_view text = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return text;
  }

  template <typename T>
  T Value() {
    T value;
    std::memcpy(&value, Text(sizeof value).data(), sizeof value);
    return value;
  }

 private:
  std::string_view bytes_;
};

}  // namespace

std::string SerializeProgram(const Program& program) {
  const Accelerator& accelerator = AcceleratorNamed(program.accelerator);
  // The size is part of the header, so it is computed before anything is written.
  const size_t size =
      kHeaderBytes + program.accelerator.size() + program.words.size() * kWordBytes +
      program.constants.size() * kConstantBytes + program.metadata.size() + kChecksumBytes;
  if (size > kMaxProgramBytes) {
    Fail("the program file would have {}; at most {} are read", FormatBytes(size),
         FormatBytes(kMaxProgramBytes));
  }
  const FileHeader header = {.format = kProgramFormat,
                             .file_bytes = static_cast<uint32_t>(size),
                             .spec_hash = kSpecHash,
                             .accelerator_hash = HashOf(accelerator),
                             .name_bytes = static_cast<uint32_t>(program.accelerator.size()),
                             .words = static_cast<uint32_t>(program.words.size()),
                             .constants = static_cast<uint32_t>(program.constants.size()),
                             .metadata_bytes = static_cast<uint32_t>(program.metadata.size())};
  std::string bytes(kMagic);
  bytes.reserve(size);
  Append(bytes, &header, sizeof header);
  // The parts follow in the order in which the header gives their sizes.
  bytes += program.accelerator;
  Append(bytes, program.words.data(), program.words.size() * kWordBytes);
  for (const Constant& constant : program.constants) {
    Append(bytes, &constant.address, sizeof constant.address);
    Append(bytes, &constant.value, sizeof constant.value);
  }
  bytes += program.metadata;
  const uint32_t checksum = ProgramChecksum(bytes);
  Append(bytes, &checksum, sizeof checksum);
  BITTERN_CHECK(bytes.size() == size);
  return bytes;
}

Program ParseProgram(std::string_view bytes, const std::string& name) {
  if (bytes.size() > kMaxProgramBytes) {
    Fail("{}: {}; a program file has at most {}", name, FormatBytes(bytes.size()),
         FormatBytes(kMaxProgramBytes));
  }
  // The magic comes first, because in another kind of file the sizes have no meaning.
  if (!bytes.starts_with(kMagic)) {
    Fail("{}: not a program file: it does not start with {}", name, kMagic);
  }
  if (bytes.size() < kHeaderBytes + kChecksumBytes) {
    Fail("{}: {} bytes; a program file has at least {}; it is cut short", name, bytes.size(),
         kHeaderBytes + kChecksumBytes);
  }
  Reader reader(bytes.substr(kMagic.size()));
  // Sizes are checked before they are used. The checksum comes before the content, so that a
  // damaged file is not reported as one of another specification.
  const auto header = reader.Value<FileHeader>();
  if (header.format != kProgramFormat) {
    Fail("{}: program format {}, but this build reads {}; compile the program again", name,
         header.format, kProgramFormat);
  }
  // This finds a file that is cut short. The next test finds a header whose sizes contradict each
  // other.
  if (header.file_bytes != bytes.size()) {
    Fail("{}: {} bytes, but its header says {}; it is {}", name, bytes.size(), header.file_bytes,
         bytes.size() < header.file_bytes ? "cut short" : "damaged");
  }
  if (BytesOf(header) != bytes.size()) {
    Fail("{}: {} bytes, but the parts that its header lists take {}; the file is damaged", name,
         bytes.size(), BytesOf(header));
  }
  const std::string_view content = bytes.substr(0, bytes.size() - kChecksumBytes);
  // The checksum covers everything before it, the header included.
  const auto checksum = Reader(bytes.substr(content.size())).Value<uint32_t>();
  if (checksum != ProgramChecksum(content)) {
    Fail("{}: its checksum is {:08x}, but its content has {:08x}; the file is damaged", name,
         checksum, ProgramChecksum(content));
  }

  Program program;
  program.accelerator = reader.Text(header.name_bytes);
  // Another specification may give the same words another meaning.
  if (header.spec_hash != kSpecHash) {
    Fail(
        "{}: compiled for specification {:016x}, but this build has {:016x}; compile the program "
        "again",
        name, header.spec_hash, kSpecHash);
  }
  uint64_t expected = 0;
  try {
    // The error for an unknown accelerator gets the name of the file.
    expected = HashOf(AcceleratorNamed(program.accelerator));
  } catch (const Error& error) {
    Fail("{}: compiled for an accelerator that this build does not have: {}", name, error.what());
  }
  // Waits and addresses are right for one set of latencies and banks only.
  if (header.accelerator_hash != expected) {
    Fail(
        "{}: compiled for accelerator {} with parameters {:016x}, but this build has {:016x}; "
        "compile the program again",
        name, program.accelerator, header.accelerator_hash, expected);
  }
  program.words.resize(header.words);
  for (uint32_t& word : program.words) word = reader.Value<uint32_t>();
  program.constants.resize(header.constants);
  for (Constant& constant : program.constants) {
    constant.address = reader.Value<uint32_t>();
    constant.value = reader.Value<float>();
  }
  program.metadata = reader.Text(header.metadata_bytes);
  return program;
}

// CRC-32 with the reflected polynomial 0xEDB88320, by a table for one byte.
uint32_t ProgramChecksum(std::string_view bytes) {
  // Entry i is the remainder of byte i after eight steps of the division.
  static constexpr std::array<uint32_t, 256> kTable = [] {
    std::array<uint32_t, 256> table{};
    for (uint32_t i = 0; i < table.size(); ++i) {
      uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) * 0xedb88320u);
      table[i] = value;
    }
    return table;
  }();
  // The register starts and ends inverted, as in zlib. So leading zeros change the result.
  uint32_t crc = ~0u;
  for (const char c : bytes) crc = (crc >> 8) ^ kTable[(crc ^ static_cast<unsigned char>(c)) & 255];
  return ~crc;
}

void WriteProgram(const Program& program, const std::string& path) {
  const std::string bytes = SerializeProgram(program);
  WriteFileAtomically(path, [&](AtomicFile& file) { file.Write(bytes); });
}

Program ReadProgram(const std::string& path) {
  return ParseProgram(ReadFile(path, kMaxProgramBytes), path);
}

}  // namespace bittern::isa
