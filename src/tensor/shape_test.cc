// SPDX-License-Identifier: Apache-2.0
#include "tensor/shape.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>

#include "base/error.h"

namespace bittern {
namespace {

std::string MessageOf(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string MessageOf(const TtShape& shape, std::int64_t rows, std::int64_t columns) {
  return MessageOf([&] { Validate(shape, rows, columns, "map"); });
}

TEST(TtShapeTest, NumbersOfOneMap) {
  const TtShape shape{{12, 8, 8}, {8, 8, 12}, UniformRanks(6, 12)};
  Validate(shape, 768, 768, "map");
  EXPECT_EQ(shape.Parameters(), 4'896);
  EXPECT_EQ(shape.rows(), 768);
  EXPECT_EQ(shape.columns(), 768);
  EXPECT_EQ(shape.CoreShape(0), (std::array<std::int64_t, 3>{1, 12, 12}));
  EXPECT_EQ(shape.CoreShape(3), (std::array<std::int64_t, 3>{12, 8, 12}));
  EXPECT_EQ(shape.CoreShape(5), (std::array<std::int64_t, 3>{12, 12, 1}));
  EXPECT_EQ(shape.LargestRank(0), 1);
  EXPECT_EQ(shape.LargestRank(1), 12);
  EXPECT_EQ(shape.LargestRank(2), 96);
  EXPECT_EQ(shape.LargestRank(3), 768);
  EXPECT_EQ(shape.LargestRank(6), 1);
}

TEST(TtShapeTest, OneToEightCoresOnEitherSide) {
  Validate(TtShape{{5}, {}, {1, 1}}, 5, 1, "map");
  Validate(TtShape{{}, {5}, {1, 1}}, 1, 5, "map");
  Validate(TtShape{{2, 2, 2, 2, 2}, {3, 1, 2}, {1, 2, 4, 8, 6, 6, 2, 2, 1}}, 32, 6, "map");
}

TEST(TtShapeTest, ErrorsNameThePlaceTheValueAndTheLimit) {
  const TtShape good{{4, 3}, {3, 4}, {1, 4, 12, 4, 1}};
  EXPECT_EQ(MessageOf(good, 12, 12), "no error");

  TtShape shape = good;
  shape.ranks[3] = 5;
  EXPECT_EQ(MessageOf(shape, 12, 12),
            "map: the rank at bond 3 (of 0 to 4) is 5, but the modes on its two sides can use at "
            "most 4; lower it to that");
  shape.ranks[3] = 0;
  EXPECT_EQ(MessageOf(shape, 12, 12), "map: the rank at bond 3 is 0; it must be at least 1");
  shape.ranks[3] = -2;
  EXPECT_EQ(MessageOf(shape, 12, 12), "map: the rank at bond 3 is -2; it must be at least 1");
  shape = good;
  shape.ranks[0] = 2;
  EXPECT_EQ(MessageOf(shape, 12, 12),
            "map: the rank at bond 0 (of 0 to 4) is 2, but the modes on its two sides can use at "
            "most 1; lower it to that");
  shape = good;
  shape.ranks.pop_back();
  EXPECT_EQ(MessageOf(shape, 12, 12),
            "map: 4 ranks (1, 4, 12, 4) for 4 cores; give 5, the first and the last being 1");
  EXPECT_EQ(MessageOf(good, 13, 12),
            "map: the output modes (4, 3) multiply to 12, but the size is 13; choose modes that "
            "multiply to it");
  EXPECT_EQ(MessageOf(good, 12, 13),
            "map: the input modes (3, 4) multiply to 12, but the size is 13; choose modes that "
            "multiply to it");
  shape = good;
  shape.input_modes[1] = 0;
  EXPECT_EQ(MessageOf(shape, 12, 0), "map: input mode 2 is 0; every mode must be at least 1");
  EXPECT_EQ(MessageOf(TtShape{{}, {}, {1}}, 1, 1), "map: 0 cores; a tensor train here has 1 to 8");
  EXPECT_EQ(MessageOf(TtShape{{1, 1, 1, 1, 1}, {1, 1, 1, 1}, UniformRanks(9, 1)}, 1, 1),
            "map: 9 cores; a tensor train here has 1 to 8");
}

TEST(TtShapeTest, ProductsBeyond63BitsDoNotWrap) {
  const int big = 1 << 30;
  const TtShape shape{{big, big, 16}, {}, UniformRanks(3, 1)};  // 2^64 would wrap to 0
  EXPECT_EQ(shape.rows(), std::numeric_limits<std::int64_t>::max());
  EXPECT_NE(MessageOf(shape, 0, 1), "no error");
}

TEST(TtmShapeTest, NumbersOfTheEmbedding) {
  const TtmShape shape{{10, 10, 10}, {12, 8, 8}, UniformRanks(3, 30)};
  Validate(shape, 1000, 768, "embedding");
  EXPECT_EQ(shape.Parameters(), 78'000);
  EXPECT_EQ(shape.CoreShape(1), (std::array<std::int64_t, 4>{30, 10, 8, 30}));
  EXPECT_EQ(shape.LargestRank(1), 120);
  EXPECT_EQ(shape.LargestRank(2), 80);
}

TEST(TtmShapeTest, ErrorsNameThePlaceTheValueAndTheLimit) {
  const auto message = [](const TtmShape& shape) {
    return MessageOf([&] { Validate(shape, 1000, 768, "embedding"); });
  };
  EXPECT_EQ(message({{10, 10, 10}, {12, 64}, UniformRanks(3, 30)}),
            "embedding: 3 vocabulary modes and 2 feature modes; each core needs one of both");
  EXPECT_EQ(message({{10, 10, 10}, {12, 8, 8}, UniformRanks(3, 90)}),
            "embedding: the rank at bond 2 (of 0 to 3) is 90, but the modes on its two sides can "
            "use at most 80; lower it to that");
  EXPECT_EQ(message({{10, 10, 11}, {12, 8, 8}, UniformRanks(3, 30)}),
            "embedding: the vocabulary modes (10, 10, 11) multiply to 1100, but the size is 1000; "
            "choose modes that multiply to it");
}

}  // namespace
}  // namespace bittern
