// SPDX-License-Identifier: Apache-2.0
#include "cli/arena_svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "base/svg.h"
#include "base/text.h"

namespace bittern {
namespace {

struct KindStyle {
  TensorKind kind;
  const char* colour;
  const char* legend;
};
constexpr std::array kStyles = {
    KindStyle{TensorKind::kParameter, "#3b6ea8", "parameters"},
    KindStyle{TensorKind::kState, "#7aa6d6", "optimizer state"},
    KindStyle{TensorKind::kActivation, "#e8a33d", "activations"},
    KindStyle{TensorKind::kGradient, "#c8473f", "gradients"},
    KindStyle{TensorKind::kScratch, "#9bbf8a", "intermediates"},
    KindStyle{TensorKind::kInput, "#8d7aa8", "inputs"},
    KindStyle{TensorKind::kOutput, "#5c4d6e", "outputs"},
};

struct PhaseMark {
  std::string part;
  int begin, end;  // operations
};

// Which part of the model is at work when. Stretches too short to see (an update that was moved
// next to its gradient) are counted to the one before them.
std::vector<PhaseMark> Phases(const Graph& graph) {
  const int count = static_cast<int>(graph.ops.size());
  const int least = std::max(1, count / 60);
  std::vector<PhaseMark> runs;
  for (int i = 0; i < count; ++i) {
    const int number = graph.ops[static_cast<size_t>(i)].part;
    const std::string part =
        number == kNoPart ? "" : graph.parts[static_cast<size_t>(number)].block;
    if (!runs.empty() && runs.back().part == part) {
      runs.back().end = i + 1;
    } else {
      runs.push_back({part, i, i + 1});
    }
  }
  std::vector<PhaseMark> phases;
  for (const PhaseMark& run : runs) {
    if (!phases.empty() && (run.end - run.begin < least || phases.back().part == run.part)) {
      phases.back().end = run.end;
    } else {
      phases.push_back(run);
    }
  }
  return phases;
}

// 1, 2 or 5 times a power of ten, for at most eight steps to `most`.
double TickStep(double most) {
  const double least = most / 8;
  const double power = std::pow(10.0, std::floor(std::log10(least)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= least) return factor * power;
  }
  return 10 * power;
}

class ArenaDrawing {
 public:
  ArenaDrawing(const Graph& graph, const ArenaPlan& plan, std::string_view title)
      : graph_(graph),
        plan_(plan),
        operations_(std::max<double>(1, static_cast<double>(graph.ops.size()))),
        // A little air above the arena's end.
        bytes_(std::max<double>(1, static_cast<double>(plan.peak_bytes)) * 1.03),
        svg_(kWidth, kHeight, kLeft, title, Svg::kTileStyle) {}

  std::string Draw() {
    Legend();
    Bytes();
    Blocks();
    Parts();
    Marks();
    return svg_.Finish();
  }

 private:
  static constexpr double kWidth = 1200, kHeight = 640;
  static constexpr double kLeft = 76, kRight = 20, kTop = 92, kBottom = 78;
  static constexpr double kPlotWidth = kWidth - kLeft - kRight;
  static constexpr double kPlotHeight = kHeight - kTop - kBottom;

  double X(double operation) const { return kLeft + operation / operations_ * kPlotWidth; }
  double Y(double bytes) const { return kTop + (1 - bytes / bytes_) * kPlotHeight; }

  void Legend() {
    double x = kLeft;
    for (const KindStyle& style : kStyles) {
      const bool used = std::any_of(plan_.blocks.begin(), plan_.blocks.end(), [&](const Block& b) {
        const auto tensor = static_cast<TensorId>(&b - plan_.blocks.data());
        return b.bytes > 0 && graph_.At(tensor).kind == style.kind;
      });
      if (!used) continue;
      svg_.LegendEntry(x, 49, style.colour, style.legend);
      x += 46 + 7.2 * static_cast<double>(std::string_view(style.legend).size());
    }
  }

  // The axis of bytes and its lines.
  void Bytes() {
    const double step = TickStep(bytes_);
    for (double bytes = 0; bytes <= bytes_; bytes += step) {
      svg_.Put(
          "<path d=\"M{} {:.1f}H{}\" stroke=\"#e4e4e4\"/><text class=\"e\" x=\"{}\" "
          "y=\"{:.1f}\">{}</text>\n",
          kLeft, Y(bytes), kWidth - kRight, kLeft - 8, Y(bytes) + 4.5,
          bytes == 0 ? "0" : FormatBytes(static_cast<uint64_t>(std::llround(bytes))));
    }
  }

  void Blocks() {
    // In a group by kind, so that the colour is written once.
    for (const KindStyle& style : kStyles) {
      svg_.Put("<g class=\"b\" fill=\"{}\">\n", style.colour);
      Ground(style.kind);
      for (size_t i = 0; i < plan_.blocks.size(); ++i) {
        const Block& block = plan_.blocks[i];
        const Tensor& tensor = graph_.tensors[i];
        if (tensor.kind != style.kind || block.bytes == 0) continue;
        const int first = std::max(0, block.life.first);
        const int last = std::min(static_cast<int>(graph_.ops.size()) - 1, block.life.last);
        if (last < first) continue;
        const auto bytes = static_cast<double>(block.bytes);
        const auto offset = static_cast<double>(block.offset);
        const double width = X(last + 1) - X(first);
        const double height = Y(offset) - Y(offset + bytes);
        svg_.Tile(X(first), Y(offset + bytes), width, height, "",
                  fmt::format("{}\n{}: {} bytes at {}\n{}", tensor.name, Name(tensor.kind),
                              block.bytes, block.offset,
                              tensor.persistent
                                  ? "lives for ever"
                                  : fmt::format("lives from operation {} to {}", first, last)));
      }
      svg_.Put("</g>\n");
    }
  }

  // Fills the bytes of persistent tensors of a kind: side by side, many tensors thinner than a
  // pixel would look pale.
  void Ground(TensorKind kind) {
    std::vector<std::pair<int64_t, int64_t>> ranges;  // begin, end
    for (size_t i = 0; i < plan_.blocks.size(); ++i) {
      const Block& block = plan_.blocks[i];
      if (!graph_.tensors[i].persistent || graph_.tensors[i].kind != kind) continue;
      if (block.bytes > 0) ranges.emplace_back(block.offset, block.offset + block.bytes);
    }
    std::sort(ranges.begin(), ranges.end());
    for (size_t i = 0; i < ranges.size();) {
      const int64_t begin = ranges[i].first;
      int64_t end = begin;
      while (i < ranges.size() && ranges[i].first < end + kArenaAlignment) end = ranges[i++].second;
      svg_.Put("<rect x=\"{}\" y=\"{:.2f}\" width=\"{}\" height=\"{:.2f}\"/>\n", kLeft,
               Y(static_cast<double>(end)), kPlotWidth,
               Y(static_cast<double>(begin)) - Y(static_cast<double>(end)));
    }
  }

  void Parts() {
    const double top = kTop + kPlotHeight + 8;
    bool dark = false;
    for (const PhaseMark& phase : Phases(graph_)) {
      const double x = X(phase.begin), width = X(phase.end) - x;
      svg_.Put(
          "<rect x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"22\" fill=\"{}\"><title>{}</title>"
          "</rect>\n",
          x, top, width, (dark = !dark) ? "#dfe5ec" : "#eef1f5", XmlEscaped(phase.part));
      if (width > 7.5 * static_cast<double>(phase.part.size())) {
        svg_.Put("<text class=\"m\" x=\"{:.1f}\" y=\"{}\">{}</text>\n", x + width / 2, top + 15.5,
                 XmlEscaped(phase.part));
      }
    }
    svg_.Put("<text class=\"m\" x=\"{}\" y=\"{}\">{} operations of one training step</text>\n",
             kLeft + kPlotWidth / 2, top + 48, graph_.ops.size());
  }

  // The end of the arena, the least that any plan needs, and the loss.
  void Marks() {
    const auto peak = static_cast<double>(plan_.peak_bytes);
    svg_.Put(
        "<path d=\"M{} {:.1f}H{}\" stroke=\"#222\" stroke-width=\"1.2\"/><text class=\"e\" "
        "x=\"{}\" "
        "y=\"{:.1f}\">arena {}; at least {} are alive at once</text>\n",
        kLeft, Y(peak), kWidth - kRight, kWidth - kRight, Y(peak) - 6,
        FormatBytes(static_cast<uint64_t>(plan_.peak_bytes)),
        FormatBytes(static_cast<uint64_t>(plan_.lower_bound_bytes)));
    const auto loss = std::find_if(graph_.ops.begin(), graph_.ops.end(), [](const Op& op) {
      return InfoOf(op.operation).stage == Stage::kLoss;
    });
    if (loss == graph_.ops.end()) return;
    const double x = X(static_cast<double>(loss - graph_.ops.begin()));
    svg_.Put("<path d=\"M{0:.1f} {1}V{2}\" stroke=\"#222\" stroke-dasharray=\"4 3\"/>", x,
             kTop - 22, kTop + kPlotHeight);
    svg_.Put(
        "<text class=\"e\" x=\"{:.1f}\" y=\"{}\">forward &#8592;</text><text x=\"{:.1f}\" "
        "y=\"{}\">&#8594; backward</text>\n",
        x - 6, kTop - 10, x + 6, kTop - 10);
  }

  const Graph& graph_;
  const ArenaPlan& plan_;
  double operations_, bytes_;
  Svg svg_;
};

}  // namespace

std::string ArenaSvg(const Graph& graph, const ArenaPlan& plan, std::string_view title) {
  return ArenaDrawing(graph, plan, title).Draw();
}

}  // namespace bittern
