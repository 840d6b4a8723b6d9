// SPDX-License-Identifier: Apache-2.0
#include "cli/explore_svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>
#include <utility>

#include "base/svg.h"

namespace bittern {
namespace {

constexpr const char* kColours[] = {"#3b6ea8", "#e8a33d", "#c8473f", "#5a9b5a", "#8d7aa8"};

// A logarithmic axis, with a little air at both ends.
class ChartAxis {
 public:
  ChartAxis(double least, double most, double begin, double end)
      : low_(std::log(least / 1.15)), high_(std::log(most * 1.15)), begin_(begin), end_(end) {}

  double At(double value) const {
    return begin_ + (std::log(value) - low_) / (high_ - low_) * (end_ - begin_);
  }
  // 1, 2 and 5 times powers of ten within.
  std::vector<double> Ticks() const {
    std::vector<double> ticks;
    for (double power = 1e-9; power < 1e9; power *= 10) {
      for (const double factor : {1.0, 2.0, 5.0}) {
        const double value = factor * power;
        if (std::log(value) >= low_ && std::log(value) <= high_) ticks.push_back(value);
      }
    }
    return ticks;
  }

 private:
  double low_, high_, begin_, end_;
};

}  // namespace

std::string ExploreSvg(const std::vector<ExplorePoint>& points, std::string_view title) {
  constexpr double kWidth = 900, kHeight = 560, kLeft = 80, kRight = 170, kTop = 60, kBottom = 60;
  Svg svg(kWidth, kHeight, kLeft, title);
  std::vector<const ExplorePoint*> drawn;
  for (const ExplorePoint& point : points) {
    if (point.fits()) drawn.push_back(&point);
  }
  if (drawn.empty()) {
    svg.Put("<text x=\"{}\" y=\"{}\">no point fits</text>\n", kLeft, kTop + 20);
    return svg.Finish();
  }
  const auto lanes = [](const ExplorePoint* p) { return static_cast<double>(p->lanes); };
  const auto time = [](const ExplorePoint* p) { return 1e3 * p->seconds; };
  const auto [few, many] = std::ranges::minmax(drawn, {}, lanes);
  const auto [fast, slow] = std::ranges::minmax(drawn, {}, time);
  const ChartAxis x(lanes(few), lanes(many), kLeft, kWidth - kRight);
  const ChartAxis y(time(fast), time(slow), kHeight - kBottom, kTop);
  for (const double tick : x.Ticks()) {
    svg.Put(
        "<path d=\"M{0:.1f} {1}V{2}\" stroke=\"#e4e4e4\"/><text x=\"{0:.1f}\" y=\"{3}\" "
        "text-anchor=\"middle\">{4:g}</text>\n",
        x.At(tick), kTop, kHeight - kBottom, kHeight - kBottom + 18, tick);
  }
  for (const double tick : y.Ticks()) {
    svg.Put(
        "<path d=\"M{0} {1:.1f}H{2}\" stroke=\"#e4e4e4\"/><text x=\"{3}\" y=\"{4:.1f}\" "
        "text-anchor=\"end\">{5:g} ms</text>\n",
        kLeft, y.At(tick), kWidth - kRight, kLeft - 8, y.At(tick) + 4.5, tick);
  }
  svg.Put("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">multiply-add lanes</text>\n",
          (kLeft + kWidth - kRight) / 2, kHeight - 14);

  std::set<int> depths, ranks;
  for (const ExplorePoint* point : drawn) {
    depths.insert(point->encoders);
    ranks.insert(point->rank);
  }
  const auto colour = [&](int encoders) {
    return kColours[static_cast<size_t>(std::distance(depths.begin(), depths.find(encoders))) %
                    std::size(kColours)];
  };
  const auto radius = [&](int rank) {
    return 3.0 + 1.3 * static_cast<double>(std::distance(ranks.begin(), ranks.find(rank)));
  };
  for (const int encoders : depths) {
    for (const int rank : ranks) {
      std::vector<const ExplorePoint*> front;
      for (const ExplorePoint* point : drawn) {
        const bool of = point->encoders == encoders && point->rank == rank;
        if (of && point->pareto) front.push_back(point);
      }
      if (front.size() < 2) continue;
      std::ranges::sort(front, {}, lanes);
      svg.Put("<path fill=\"none\" stroke=\"{}\" stroke-opacity=\".5\" d=\"", colour(encoders));
      for (const ExplorePoint* point : front) {
        svg.Put("{}{:.1f} {:.1f}", point == front.front() ? 'M' : 'L', x.At(lanes(point)),
                y.At(time(point)));
      }
      svg.Put("\"/>\n");
    }
  }
  for (const ExplorePoint* point : drawn) {
    svg.Put(
        "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\" stroke=\"{}\" fill=\"{}\"><title>{} x {} "
        "rows, rank {}, {} encoders\n{} cycles, {:.3f} ms\n{} RAMB36, {} "
        "URAM288</title></circle>\n",
        x.At(lanes(point)), y.At(time(point)), radius(point->rank), colour(point->encoders),
        point->pareto ? colour(point->encoders) : "#ffffff", point->planes, point->rows,
        point->rank, point->encoders, point->cycles, 1e3 * point->seconds, point->ramb36,
        point->uram288);
  }
  double line = kTop + 10;
  const double legend = kWidth - kRight + 20;
  const auto entry = [&](double r, const char* fill, const std::string& text) {
    svg.Put(
        "<circle cx=\"{}\" cy=\"{:.1f}\" r=\"{:.1f}\" stroke=\"#333\" fill=\"{}\"/><text "
        "x=\"{}\" y=\"{:.1f}\">{}</text>\n",
        legend, line, r, fill, legend + 16, line + 4.5, text);
    line += 22;
  };
  for (const int encoders : depths) {
    entry(6, colour(encoders), fmt::format("{} encoders", encoders));
  }
  for (const int rank : ranks) entry(radius(rank), "#ffffff", fmt::format("rank {}", rank));
  entry(6, "#999999", "filled: not beaten");
  return svg.Finish();
}

}  // namespace bittern
