// SPDX-License-Identifier: Apache-2.0
#include "accelerator/estimate/explore.h"

#include <gtest/gtest.h>

namespace bittern {
namespace {

TEST(Explore, MeasuresEveryPair) {
  const Sweep sweep{.rows = {2, 4}, .planes = {1}, .ranks = {2, 4}, .encoders = {1, 2}};
  const isa::Accelerator& nano = isa::AcceleratorNamed("nano");
  const auto points = Explore(LoadConfig("nano"), nano, sweep, 2);
  ASSERT_EQ(points.size(), 8u);
  EXPECT_EQ(points[1].encoders, 2);
  EXPECT_EQ(points[2].rank, 4);
  EXPECT_EQ(points[4].rows, 4);
  for (const ExplorePoint& point : points) {
    EXPECT_EQ(point.faults, 0) << point.first_fault;
    if (!point.fits()) continue;
    EXPECT_GT(point.cycles, 0);
    EXPECT_GT(point.bytes(), 0);
  }
  ASSERT_TRUE(points[4].fits()) << points[4].obstacle;
  EXPECT_LT(points[4].cycles, points[5].cycles);
  const auto alone = Explore(LoadConfig("nano"), nano, sweep, 1);
  for (size_t i = 0; i < points.size(); ++i) EXPECT_EQ(alone[i].cycles, points[i].cycles);
}

TEST(Explore, SaysWhatIsInTheWay) {
  const auto few = Explore(LoadConfig("nano"), isa::AcceleratorNamed("nano"),
                           {.rows = {8}, .planes = {1}, .ranks = {4}, .encoders = {1}}, 1);
  EXPECT_NE(few[0].obstacle.find("4 words of a row"), std::string::npos) << few[0].obstacle;
  isa::Accelerator small = isa::AcceleratorNamed("nano");
  small.tokens.banks = 1;
  small.tokens.depth = 64;
  const auto points = Explore(LoadConfig("nano"), small,
                              {.rows = {4}, .planes = {1}, .ranks = {4}, .encoders = {1}}, 1);
  ASSERT_EQ(points.size(), 1u);
  EXPECT_NE(points[0].obstacle.find("words of tokens short"), std::string::npos)
      << points[0].obstacle;
  EXPECT_FALSE(points[0].pareto);
}

TEST(Explore, ParetoPointsAreNotBeaten) {
  const auto point = [](int64_t lanes, int64_t cycles, int64_t uram, int rank = 1) {
    ExplorePoint made;
    made.rank = rank;
    made.lanes = lanes;
    made.cycles = cycles;
    made.uram288 = uram;
    return made;
  };
  std::vector<ExplorePoint> points = {point(10, 100, 5), point(20, 50, 5),     point(20, 60, 5),
                                      point(30, 50, 4),  point(40, 200, 9, 2), point(5, 10, 1)};
  points[5].obstacle = "does not fit";
  MarkPareto(points);
  std::vector<bool> pareto;
  for (const ExplorePoint& p : points) pareto.push_back(p.pareto);
  EXPECT_EQ(pareto, (std::vector<bool>{true, true, false, true, true, false}));
}

}  // namespace
}  // namespace bittern
