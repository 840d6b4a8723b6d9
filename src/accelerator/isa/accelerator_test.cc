// SPDX-License-Identifier: Apache-2.0
#include "accelerator/isa/accelerator.h"

#include <gtest/gtest.h>

#include "base/testing/errors.h"

namespace bittern::isa {
namespace {

TEST(Accelerator, NamesAreFoundOrListed) {
  EXPECT_EQ(AcceleratorNamed("u50").rows, 12);
  EXPECT_EQ(DeviceNamed("k26").total.ramb36, 144);
  EXPECT_TRUE(Mentions(ErrorOf([] { AcceleratorNamed("u500"); }),
                       {"'u500' is not an accelerator", "u50-single", "did you mean 'u50'"}));
  EXPECT_TRUE(Mentions(ErrorOf([] { DeviceNamed(""); }), {"'' is not a device", "u50, k26"}));
}

TEST(Accelerator, HashIsOfTheParameters) {
  const Accelerator& u50 = AcceleratorNamed("u50");
  Accelerator other = u50;
  other.name = "another";
  EXPECT_EQ(HashOf(other), HashOf(u50));
  other.ranks.depth *= 2;
  EXPECT_NE(HashOf(other), HashOf(u50));
  EXPECT_NE(HashOf(AcceleratorNamed("u50-single")), HashOf(u50));
}

TEST(Blocks, TakeTheBestShape) {
  EXPECT_EQ(BlocksFor(Memory::kBram, 512, 72), 1);
  EXPECT_EQ(BlocksFor(Memory::kBram, 513, 72), 2);
  EXPECT_EQ(BlocksFor(Memory::kBram, 1024, 32), 1);      // 1024 x 36
  EXPECT_EQ(BlocksFor(Memory::kBram, 512, 12 * 32), 6);  // 512 x 72
  EXPECT_EQ(BlocksFor(Memory::kUram, 4096, 32 * 32), 15);
  EXPECT_EQ(BlocksFor(Memory::kUram, 1, 1), 1);
}

// The bar is one configuration of the U50 within half of its block RAM and 40 % of its UltraRAM.
TEST(Blocks, OfTheU50) {
  const Blocks blocks = BlocksOf(AcceleratorNamed("u50"));
  int64_t ramb36 = 0;
  int64_t uram288 = 0;
  for (const MemoryUse& use : blocks.uses) {
    EXPECT_GT(use.blocks, 0) << use.what;
    (use.memory == Memory::kBram ? ramb36 : uram288) += use.blocks;
  }
  EXPECT_EQ(blocks.ramb36, ramb36);
  EXPECT_EQ(blocks.uram288, uram288);
  EXPECT_LE(2 * blocks.ramb36, DeviceNamed("u50").total.ramb36);
  EXPECT_LE(10 * blocks.uram288, 4 * DeviceNamed("u50").total.uram288);
}

// Token words have 16 banks of 4096 parts of 4 lanes in URAM288, 2 side by side, and 6 banks in
// RAMB36 of 4096 x 9, with 4 bytes for each lane. Rank words have 10 banks of 4096 parts of 192
// bits. The others are scalars, the program with 4096 x 128, and functions for 4 lanes.
TEST(Blocks, OfTheK26) {
  const Accelerator& k26 = AcceleratorNamed("k26");
  const Blocks blocks = BlocksOf(k26);
  EXPECT_EQ(blocks.uram288, 16 * 2 + 10 * 3);
  EXPECT_EQ(blocks.ramb36, 6 * 16 + 18 + 15 + 2 * 4);
  EXPECT_EQ(MemoriesOf(k26.tokens), "uram and bram");
  EXPECT_EQ(MemoriesOf(k26.ranks), "uram");
}

TEST(Blocks, EveryAcceleratorFitsItsDevice) {
  for (const Accelerator& accelerator : Accelerators()) {
    EXPECT_TRUE(BlocksOf(accelerator).fits()) << accelerator.name;
  }
}

}  // namespace
}  // namespace bittern::isa
