// SPDX-License-Identifier: Apache-2.0
#include "cli/memory_svg.h"

#include <fmt/format.h>

#include <algorithm>

#include "accelerator/isa/accelerator.h"
#include "base/svg.h"

namespace bittern {
namespace {

// The writers and the readers of a tensor show its purpose.
struct Style {
  const char* colour;
  const char* legend;
};
constexpr Style kKept{"#3b6ea8", "parameters: kept from step to step"};
constexpr Style kGiven{"#8d7aa8", "constants, rates: written by the host"};
constexpr Style kResult{"#5c4d6e", "results: read by the host"};
constexpr Style kPassing{"#e8a33d", "activations, gradients, intermediates"};

const Style& StyleOf(const isa::MemoryMap& map, const isa::MappedTensor& tensor) {
  if (map.written_before(tensor)) return map.read_after(tensor) ? kKept : kGiven;
  return map.read_after(tensor) ? kResult : kPassing;
}

class MemoryDrawing {
 public:
  MemoryDrawing(const isa::MemoryMap& map, const isa::Accelerator& machine, std::string_view title)
      : map_(map), machine_(machine), svg_(kWidth, kHeight, kLeft, title, Svg::kTileStyle) {}

  std::string Draw() {
    double x = kLeft;
    for (const Style* style : {&kKept, &kGiven, &kResult, &kPassing}) {
      svg_.LegendEntry(x, 43, style->colour, style->legend);
      x += 46 + 6.4 * static_cast<double>(std::string_view(style->legend).size());
    }
    double top = kTop;
    for (int32_t region = 0; region < isa::kRegionCount; ++region) {
      Panel(region, top);
      top += kHeights[region] + kGap;
    }
    svg_.Put("<text class=\"m\" x=\"{}\" y=\"{}\">{} instructions of the program</text>\n",
             kLeft + kPlotWidth / 2, top + 2, map_.instructions);
    return svg_.Finish();
  }

 private:
  static constexpr double kWidth = 1200, kLeft = 96, kRight = 20, kTop = 84, kGap = 34,
                          kBottom = 56;
  static constexpr double kHeights[] = {360, 260, 130};  // of the regions' panels
  static constexpr double kHeight =
      kTop + kHeights[0] + kHeights[1] + kHeights[2] + 2 * kGap + kBottom;
  static constexpr double kPlotWidth = kWidth - kLeft - kRight;

  double X(double instruction) const {
    return kLeft + instruction / static_cast<double>(map_.instructions) * kPlotWidth;
  }

  void Panel(int32_t region, double top) {
    const isa::Region& memory = isa::RegionOf(machine_, region);
    const double height = kHeights[region];
    const auto words = static_cast<double>(memory.words());
    const auto y = [&](double word) { return top + (1 - word / words) * height; };
    svg_.Put("<text x=\"{}\" y=\"{:.1f}\">{} ({}): {} banks of {} words</text>\n", kLeft, top - 6,
             isa::RegionName(region), isa::MemoriesOf(memory), memory.banks, memory.depth);
    svg_.Put("<g class=\"b\">\n");
    const int64_t plane_step = isa::PlaneStep(memory, machine_.planes);
    for (const isa::MappedTensor& tensor : map_.tensors) {
      for (int32_t half = 0; half < tensor.halves && tensor.region == region; ++half) {
        const int64_t begin = tensor.begin + half * plane_step;
        const int64_t end = tensor.end + half * plane_step;
        const int32_t first = std::max(tensor.first_writer, 0);
        const int32_t last = std::min(tensor.last_reader, map_.instructions - 1);
        const double upper = y(static_cast<double>(end));
        const double width = X(last + 1) - X(first);
        const double tall = y(static_cast<double>(begin)) - upper;
        svg_.Tile(
            X(first), upper, width, tall, StyleOf(map_, tensor).colour,
            fmt::format("{}{}\n{} words at {}, banks {} to {}\ninstructions {} to {}", tensor.name,
                        tensor.halves == 1 ? "" : fmt::format(", half of plane {}", half),
                        end - begin, begin, begin / memory.depth, (end - 1) / memory.depth, first,
                        last));
      }
    }
    svg_.Put("</g>\n");
    for (int32_t bank = 0; bank <= memory.banks; ++bank) {
      const double line = y(static_cast<double>(bank) * memory.depth);
      svg_.Put("<path d=\"M{} {:.1f}H{}\" stroke=\"#888\" stroke-width=\".5\"/>\n", kLeft, line,
               kWidth - kRight);
      if (bank < memory.banks && height / memory.banks >= 12) {
        svg_.Put("<text class=\"e\" x=\"{}\" y=\"{:.1f}\" font-size=\"11\">bank {}</text>\n",
                 kLeft - 8, line - height / memory.banks / 2 + 4, bank);
      }
    }
  }

  const isa::MemoryMap& map_;
  const isa::Accelerator& machine_;
  Svg svg_;
};

}  // namespace

std::string MemorySvg(const isa::MemoryMap& map, const isa::Accelerator& machine,
                      std::string_view title) {
  return MemoryDrawing(map, machine, title).Draw();
}

}  // namespace bittern
