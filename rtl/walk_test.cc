// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>

#include "Vwalk_bench.h"
#include "rtl_testing.h"

namespace bittern {
namespace {

// Random instructions one behind another, with and without pauses between elements.
TEST(RtlWalk, SameAsTheFormula) {
  std::mt19937 random(1);
  const auto between = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  Clocked<Vwalk_bench> bench;
  int64_t elements = 0;
  for (int instruction = 0; instruction < 2000; ++instruction) {
    std::array<int, 4> count, stride;
    for (size_t j = 0; j < 4; ++j) {
      count[j] = between(0, 2) == 0 ? 1 : between(1, 6);
      stride[j] = between(0, 3) == 0 ? between(-65536, 65535) : between(-3, 3);
    }
    if (instruction % 50 == 0) count[3] = between(1, 1000);
    const int base = between(0, (1 << 20) - 1);
    bench->base_i = static_cast<uint32_t>(base);
    for (size_t j = 0; j < 4; ++j) {
      SetBits(bench->count_i, 16 * j, 16, static_cast<uint64_t>(count[j]));
      SetBits(bench->stride_i, 17 * j, 17, static_cast<uint64_t>(stride[j]));
    }
    bench->start_i = 1;
    std::array<int, 4> i;
    for (i[0] = 0; i[0] < count[0]; ++i[0]) {
      for (i[1] = 0; i[1] < count[1]; ++i[1]) {
        for (i[2] = 0; i[2] < count[2]; ++i[2]) {
          for (i[3] = 0; i[3] < count[3]; ++i[3]) {
            bench->go_i = 1;
            bench->eval();
            int64_t value = base;
            uint64_t index = 0;
            int beyond = 0;
            bool last = true;
            for (size_t j = 0; j < 4; ++j) {
              value += int64_t{i[j]} * stride[j];
              index |= static_cast<uint64_t>(i[j]) << (16 * j);
              beyond |= (i[j] != 0 ? 1 : 0) << j;
              last = last && i[j] + 1 == count[j];
            }
            ASSERT_EQ(bench->index_o, index);
            ASSERT_EQ(bench->beyond_first_o, beyond);
            ASSERT_EQ(bench->last_o != 0, last);
            bench.Step();
            ASSERT_EQ(bench->value_o, static_cast<uint32_t>(value) & 0xFFFFFF);
            ++elements;
            bench->start_i = 0;
            bench->base_i = static_cast<uint32_t>(random()) & 0xFFFFFF;  // taken at the start alone
            bench->go_i = 0;
            while (between(0, 4) == 0) bench.Step();
          }
        }
      }
    }
  }
  EXPECT_GT(elements, 50000);
}

}  // namespace
}  // namespace bittern
