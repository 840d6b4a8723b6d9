// SPDX-License-Identifier: Apache-2.0
#include "tensor/modes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <string>

#include "base/error.h"

namespace bittern {
namespace {

using Modes = std::vector<int>;

TEST(AutomaticModesTest, SizesOfTheModel) {
  EXPECT_EQ(AutomaticModes(768, 3, "hidden"), (Modes{12, 8, 8}));
  EXPECT_EQ(AutomaticModes(1000, 3, "words"), (Modes{10, 10, 10}));
  EXPECT_EQ(AutomaticModes(768, 1, "hidden"), (Modes{768}));
  EXPECT_EQ(AutomaticModes(768, 2, "hidden"), (Modes{32, 24}));
  EXPECT_EQ(AutomaticModes(768, 4, "hidden"), (Modes{8, 6, 4, 4}));
  EXPECT_EQ(AutomaticModes(1024, 3, "hidden"), (Modes{16, 8, 8}));
  EXPECT_EQ(AutomaticModes(16, 3, "hidden"), (Modes{4, 2, 2}));
}

TEST(AutomaticModesTest, NoFactorisationHasASmallerSum) {
  for (int size = 2; size <= 1500; ++size) {
    const PaddedModes padded = AutomaticPaddedModes(size, 3, "size");
    const Modes& modes = padded.modes;
    EXPECT_EQ(std::accumulate(modes.begin(), modes.end(), 1, std::multiplies<>()), padded.size);
    EXPECT_TRUE(std::is_sorted(modes.rbegin(), modes.rend()));
    EXPECT_GE(padded.size, size);
    const int sum = modes[0] + modes[1] + modes[2];
    for (int a = 2; a * a * a <= padded.size; ++a) {
      for (int b = a; a * b * b <= padded.size; ++b) {
        if (padded.size % (a * b) == 0) {
          EXPECT_LE(sum, a + b + padded.size / (a * b)) << padded.size;
        }
      }
    }
  }
}

TEST(AutomaticModesTest, LargeVocabulariesJustWork) {
  const PaddedModes even = AutomaticPaddedModes(11'000, 3, "words");
  EXPECT_EQ(even.size, 11'000);
  EXPECT_EQ(even.modes, (Modes{25, 22, 20}));
  // 11,003 is prime.
  const PaddedModes odd = AutomaticPaddedModes(11'003, 3, "words");
  EXPECT_GT(odd.size, 11'003);
  EXPECT_LT(odd.size, 11'003 * 1.01);
  // Little is lost anywhere.
  for (std::int64_t size = 200; size < 60'000; size += 97) {
    EXPECT_LT(AutomaticPaddedModes(size, 3, "words").size, size * 1.04) << size;
  }
}

TEST(AutomaticModesTest, PrimeSizeIsAnErrorThatNamesItsNeighbours) {
  try {
    AutomaticModes(769, 3, "model.hidden");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(
        error.what(),
        "model.hidden: the size 769 has no 3 factors of about equal size; take 768 or 770, "
        "or give the modes");
  }
  EXPECT_EQ(AutomaticModes(770, 3, "model.hidden"), (Modes{11, 10, 7}));
  try {
    AutomaticModes(5, 3, "model.hidden");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "model.hidden: the size 5 has no 3 factors of about equal size; take 8, or give "
                 "the modes");
  }
  EXPECT_THROW(AutomaticModes(774, 3, "model.hidden"), Error);  // 43 * 6 * 3
  EXPECT_THROW(AutomaticModes(0, 3, "model.hidden"), Error);
  EXPECT_THROW(AutomaticPaddedModes(-7, 3, "words"), Error);
  EXPECT_THROW(AutomaticPaddedModes(std::int64_t{1} << 40, 3, "words"), Error);
}

}  // namespace
}  // namespace bittern
