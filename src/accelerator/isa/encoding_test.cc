// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <span>
#include <string>
#include <vector>

#include "accelerator/isa/field_limits.h"
#include "accelerator/isa/generated/instructions.h"
#include "accelerator/isa/testing/random_fields.h"
#include "base/testing/errors.h"

namespace bittern::isa {
namespace {

std::vector<uint32_t> Encoded(const Instruction& instruction) {
  std::vector<uint32_t> words;
  Encode(instruction, words);
  return words;
}

std::string EncodeError(const Instruction& instruction) {
  return ErrorOf([&] { Encoded(instruction); });
}

std::string DecodeError(std::span<const uint32_t> words) {
  return ErrorOf([&] { Decode(words); });
}

TEST(Encoding, RoundTripOfEveryInstructionWithEveryChoiceOfOperands) {
  Random random(1);
  ForEveryKind([&]<typename T>(std::type_identity<T>) {
    for (uint32_t present = 0; present < 1u << OptionalOperands<T>(); ++present) {
      for (int repeat = 0; repeat < 3; ++repeat) {
        const Instruction instruction = RandomInstruction<T>(random, present);
        std::vector<uint32_t> words = Encoded(instruction);
        ASSERT_EQ(words.size(), WordsOf(instruction));
        words.push_back(random.NextU32());  // words of the next instruction, which must be ignored
        ASSERT_EQ(Decode(words), instruction) << Disassemble(instruction);
      }
    }
  });
}

TEST(Encoding, CutShortAnywhereIsRefused) {
  Random random(2);
  ForEveryKind([&]<typename T>(std::type_identity<T>) {
    const std::vector<uint32_t> words = Encoded(RandomInstruction<T>(random, ~0u));
    for (size_t size = 0; size < words.size(); ++size) {
      EXPECT_NE(DecodeError(std::span(words).first(size)), "no error");
    }
  });
}

// Decodes random words and encodes them to the same words, so no bit is ignored.
TEST(Encoding, EveryBitCounts) {
  Random random(3);
  int decoded = 0;
  const auto check = [&](std::span<const uint32_t> words) {
    try {
      const Instruction instruction = Decode(words);
      std::vector<uint32_t> again = Encoded(instruction);
      ASSERT_LE(again.size(), words.size());
      ASSERT_TRUE(std::equal(again.begin(), again.end(), words.begin()));
      EXPECT_FALSE(Disassemble(instruction).empty());
      ++decoded;
    } catch (const Error&) {
    }
  };
  std::vector<uint32_t> words(64);
  for (int i = 0; i < 20000; ++i) {
    for (uint32_t& word : words) word = random.NextU32();
    check(words);
  }
  ForEveryKind([&]<typename T>(std::type_identity<T>) {
    for (int i = 0; i < 10; ++i) {
      const std::vector<uint32_t> valid = Encoded(RandomInstruction<T>(random, random.NextU32()));
      for (size_t bit = 0; bit < valid.size() * 32; ++bit) {
        std::vector<uint32_t> altered = valid;
        altered[bit / 32] ^= 1u << bit % 32;
        check(altered);
      }
    }
  });
  EXPECT_GT(decoded, 1000);
}

TEST(Encoding, WhatDoesNotFitIsRefusedByName) {
  Stream stream;
  stream.x.emplace().stride[2] = 65536;
  EXPECT_TRUE(Mentions(EncodeError(stream), {"stream: x.stride[2] is 65536", "-65536 to 65535"}));
  stream.x->stride[2] = -65537;
  EXPECT_TRUE(Mentions(EncodeError(stream), {"stream: x.stride[2] is -65537"}));
  stream.x->stride[2] = -65536;
  EXPECT_EQ(EncodeError(stream), "no error");
  stream.count[1] = 0;
  EXPECT_TRUE(Mentions(EncodeError(stream), {"stream: count[1] is 0", "1 to 65535"}));
  stream.count[1] = 65536;
  EXPECT_TRUE(Mentions(EncodeError(stream), {"stream: count[1] is 65536"}));
  stream.count[1] = 65535;
  stream.wait[1].distance = 32;
  EXPECT_TRUE(Mentions(EncodeError(stream), {"stream: wait[stream].distance is 32", "0 to 31"}));
  stream.wait[1].distance = 31;
  stream.direction = static_cast<Direction>(3);
  EXPECT_TRUE(Mentions(EncodeError(stream), {"stream: direction is value 3 of 3 choices"}));
  stream.direction = Direction::kToken;
  stream.planes = 4;
  EXPECT_TRUE(Mentions(EncodeError(stream), {"stream: planes is 4", "0 to 3"}));

  Loop loop;
  loop.body = 16384;
  std::vector<uint32_t> words = {7};
  EXPECT_TRUE(
      Mentions(ErrorOf([&] { Encode(loop, words); }), {"loop: body is 16384", "0 to 16383"}));
  EXPECT_EQ(words, std::vector<uint32_t>{7});  // nothing half-written

  Vector vector;
  vector.dropout.emplace().threshold = 1 << 17;
  EXPECT_TRUE(Mentions(EncodeError(vector), {"vector: dropout.threshold is 131072"}));
}

TEST(Encoding, DamageIsNamed) {
  const std::vector<uint32_t> drain = Encoded(Drain{});
  std::vector<uint32_t> words = drain;
  words[0] = (words[0] & ~15u) | 15;
  EXPECT_TRUE(Mentions(DecodeError(words), {"opcode 15 is not an instruction"}));
  words = drain;
  words[0] += 1 << 4;
  words.push_back(0);
  EXPECT_TRUE(Mentions(DecodeError(words), {"drain: its length is", "operands take"}));
  words = drain;
  words[0] |= 1 << 17;
  EXPECT_TRUE(Mentions(DecodeError(words), {"reserved is 1; expected 0"}));
  words = drain;
  words[5] |= 1;  // the presence bit of initial
  EXPECT_TRUE(Mentions(DecodeError(words), {"drain: ", "words do not hold"}));
  words = drain;
  words[5] |= 1u << 31;
  EXPECT_TRUE(Mentions(DecodeError(words), {"drain: the rest of the fields' last word"}));
  words = drain;
  words[3] &= 0xffff0000u;
  EXPECT_TRUE(Mentions(DecodeError(words), {"drain: count[0] is 0; expected 1 or more"}));
  EXPECT_TRUE(Mentions(DecodeError(std::span(drain).first(7)), {"only 7 are left"}));
  EXPECT_NE(DecodeError({}), "no error");
}

// Checks the layout in bits against the reference page.
TEST(Encoding, FirstFieldsAreTheLowestBits) {
  Load load;
  load.planes = 3;
  load.wait[0] = {.distance = 1, .chained = 1, .elements = 5};
  load.wait[3].distance = 31;
  load.count = {1, 2, 3, 12};
  load.source.base = 0x40005;
  load.source.stride = {-1, 0, 0, 1};
  load.slot.base = 9;
  load.slot.stride[3] = -32;
  const std::vector<uint32_t> expected = {
      // opcode 4, length 10, planes; wait[0] from bit 24: distance 1, chained, elements 5
      4 | 10 << 4 | 3 << 10 | 1u << 24 | 1u << 29 | 1u << 30,
      1,                 // elements >> 2
      31u << (78 - 64),  // wait[3] from bit 24 + 3 * 18
      1 | 2 << 16,
      3 | 12 << 16,
      0x40005 | 0xfffu << 20,    // base, the low 12 bits of stride 0
      0x1f,                      // its other 5
      1u << (20 + 3 * 17 - 64),  // stride 3
      0,
      9 | 0x20u << (8 + 18)};  // outer and the rest; slot
  EXPECT_EQ(Encoded(load), expected);
}

TEST(Encoding, Disassembly) {
  Stream stream;
  stream.planes = 3;
  stream.wait[0] = {.distance = 1, .chained = 1, .elements = 12};
  stream.count = {1, 1, 8, 96};
  stream.direction = Direction::kRank;
  stream.start = Start::kOld;
  stream.plane_sum = 1;
  stream.b.emplace().base = (1u << 18) + 100;
  stream.b->stride = {0, 0, 96, 1};
  stream.y.emplace().base = 7;
  stream.y->split = 1;
  stream.slot.base = 16;
  EXPECT_EQ(Disassemble(stream),
            "stream planes=3 wait[load]=(distance=1 chained elements=12) count=[1,1,8,96] "
            "direction=rank start=old plane_sum b=(base=rank:100 stride=[0,0,96,1]) "
            "y=(base=token:7 split) slot=(base=16)");
  EXPECT_EQ(Disassemble(End{}), "end");
}

TEST(Encoding, UnitOfEach) {
  EXPECT_EQ(UnitOf(Drain{}), Unit::kDrain);
  EXPECT_EQ(UnitOf(Sync{}), std::nullopt);
}

TEST(FieldLimits, AreTheSpecifications) {
  EXPECT_EQ(MostOf<Wait>("distance"), 31);
  EXPECT_EQ(MostOf<Wait>("chained"), 1);
  Loop loop;
  loop.body = static_cast<uint32_t>(MostOf<Loop>("body"));
  std::vector<uint32_t> words;
  Encode(loop, words);
  EXPECT_EQ(std::get<Loop>(Decode(words)).body, loop.body);
  ++loop.body;
  EXPECT_NE(ErrorOf([&] { Encode(loop, words); }), "");
}

}  // namespace
}  // namespace bittern::isa
