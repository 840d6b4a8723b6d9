// SPDX-License-Identifier: Apache-2.0
#include "accelerator/isa/program.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "accelerator/isa/generated/instructions.h"
#include "accelerator/isa/testing/random_fields.h"
#include "base/file.h"
#include "base/testing/errors.h"
#include "base/testing/temporary_directory.h"

namespace bittern::isa {
namespace {

Program ExampleProgram() {
  Random random(4);
  Program program;
  program.accelerator = "nano";
  Encode(RandomInstruction<Stream>(random, ~0u), program.words);
  Encode(End{}, program.words);
  program.constants = {{2u << 18, 0.5f}, {(2u << 18) + 1, -1.0f}};
  program.metadata = R"({"tensors": []})";
  return program;
}

void ExpectEqual(const Program& a, const Program& b) {
  EXPECT_EQ(a.accelerator, b.accelerator);
  EXPECT_EQ(a.words, b.words);
  ASSERT_EQ(a.constants.size(), b.constants.size());
  for (size_t i = 0; i < a.constants.size(); ++i) {
    EXPECT_EQ(a.constants[i].address, b.constants[i].address);
    EXPECT_EQ(a.constants[i].value, b.constants[i].value);
  }
  EXPECT_EQ(a.metadata, b.metadata);
}

std::string ParseError(std::string_view bytes) {
  return ErrorOf([&] { ParseProgram(bytes, "p.btrn"); });
}

// `bytes` with `value` at `offset` and a correct checksum.
template <typename T>
std::string Altered(std::string bytes, size_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof value);
  uint32_t crc = ~0u;
  for (size_t i = 0; i + 4 < bytes.size(); ++i) {
    crc ^= static_cast<unsigned char>(bytes[i]);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1) * 0xedb88320u;
  }
  crc = ~crc;
  std::memcpy(bytes.data() + bytes.size() - 4, &crc, 4);
  return bytes;
}

TEST(ProgramFile, RoundTrip) {
  auto directory = std::make_unique<TemporaryDirectory>();
  const std::string path = directory->Path("step.btrn");
  const Program program = ExampleProgram();
  WriteProgram(program, path);
  ExpectEqual(ReadProgram(path), program);
  EXPECT_EQ(ReadFile(path, kMaxProgramBytes), SerializeProgram(program));
  directory.reset();
  EXPECT_TRUE(Mentions(ErrorOf([&] { ReadProgram(path); }), {path}));

  Program empty;
  empty.accelerator = "u50";
  ExpectEqual(ParseProgram(SerializeProgram(empty), "empty"), empty);
}

TEST(ProgramFile, CutShortAnywhere) {
  const std::string bytes = SerializeProgram(ExampleProgram());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_TRUE(Mentions(ParseError(bytes.substr(0, size)), {"p.btrn: "})) << size;
  }
  EXPECT_TRUE(Mentions(ParseError(bytes.substr(0, 100)), {"100 bytes", "cut short"}));
  EXPECT_TRUE(Mentions(ParseError(bytes + "x"), {"damaged"}));
}

TEST(ProgramFile, EveryAlteredByteIsFound) {
  const std::string bytes = SerializeProgram(ExampleProgram());
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const int flip : {1, 0x80, 0xff}) {
      std::string altered = bytes;
      altered[i] = static_cast<char>(altered[i] ^ flip);
      EXPECT_NE(ParseError(altered), "no error") << i;
    }
  }
}

TEST(ProgramFile, OfAnotherSpecificationOrAccelerator) {
  const std::string bytes = SerializeProgram(ExampleProgram());
  EXPECT_TRUE(Mentions(ParseError(Altered(bytes, 16, uint64_t{0x1234})),
                       {"compiled for specification 0000000000001234", "but this build has",
                        "compile the program again"}));
  EXPECT_TRUE(Mentions(ParseError(Altered(bytes, 24, uint64_t{0x5678})),
                       {"accelerator nano with parameters 0000000000005678", "compile"}));
  EXPECT_TRUE(Mentions(ParseError(Altered(bytes, 8, uint32_t{9})),
                       {"program format 9, but this build reads 1"}));
  EXPECT_TRUE(Mentions(ParseError(Altered(bytes, 48, 'N')),
                       {"'Nano' is not an accelerator", "u50", "this build does not have"}));
  EXPECT_TRUE(Mentions(ParseError("something else"), {"does not start with BTRNPROG"}));
}

TEST(ProgramFile, LengthsThatDoNotAddUp) {
  const std::string bytes = SerializeProgram(ExampleProgram());
  for (const size_t offset : {32u, 36u, 40u, 44u}) {
    for (const uint32_t value : {0u, 1u, 0x7fffffffu, 0xffffffffu}) {
      EXPECT_TRUE(Mentions(ParseError(Altered(bytes, offset, value)), {"header lists", "damaged"}));
    }
  }
}

TEST(ProgramFile, TooLargeOrForNobodyIsNotWritten) {
  Program program = ExampleProgram();
  program.metadata.assign(kMaxProgramBytes, ' ');
  EXPECT_TRUE(Mentions(ErrorOf([&] { SerializeProgram(program); }), {"16.8 MB"}));
  program = ExampleProgram();
  program.accelerator = "none";
  EXPECT_TRUE(Mentions(ErrorOf([&] { SerializeProgram(program); }), {"'none'"}));
}

}  // namespace
}  // namespace bittern::isa
