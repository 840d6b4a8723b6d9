#include "cli/arena_svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <utility>
#include <vector>

#include "base/text.h"

namespace bittern {
namespace {

constexpr double kWidth = 1200, kHeight = 640;
constexpr double kLeft = 76, kRight = 20, kTop = 92, kBottom = 78;
constexpr double kPlotWidth = kWidth - kLeft - kRight;
constexpr double kPlotHeight = kHeight - kTop - kBottom;

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

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '&':
        escaped += "&amp;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

struct Phase {
  std::string part;
  int begin, end;  // operations
};

// Which part of the model is at work when. Stretches too short to see (an update that was moved
// next to its gradient) are counted to the one before them.
std::vector<Phase> Phases(const Graph& graph) {
  const int count = static_cast<int>(graph.ops.size());
  const int least = std::max(1, count / 60);
  std::vector<Phase> runs;
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
  std::vector<Phase> phases;
  for (const Phase& run : runs) {
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

class Drawing {
 public:
  Drawing(const Graph& graph, const ArenaPlan& plan)
      : graph_(graph),
        plan_(plan),
        operations_(std::max<double>(1, static_cast<double>(graph.ops.size()))),
        // A little air above the arena's end.
        bytes_(std::max<double>(1, static_cast<double>(plan.peak_bytes)) * 1.03) {}

  std::string Draw(std::string_view title) {
    Open(title);
    Bytes();
    Blocks();
    Parts();
    Marks();
    out_ += "</svg>\n";
    return std::move(out_);
  }

 private:
  template <typename... Args>
  void Put(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }

  double X(double operation) const { return kLeft + operation / operations_ * kPlotWidth; }
  double Y(double bytes) const { return kTop + (1 - bytes / bytes_) * kPlotHeight; }

  void Open(std::string_view title) {
    Put("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
        "height=\"{1}\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"13\" "
        "fill=\"#333\">\n",
        kWidth, kHeight);
    Put("<style>.o{{stroke:#fff;stroke-width:.4}}.b rect:hover{{stroke:#000;stroke-width:1.5}}"
        ".m{{text-anchor:middle}}.e{{text-anchor:end}}</style>\n");
    Put("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
    Put("<text x=\"{}\" y=\"30\" font-size=\"18\" font-weight=\"bold\">{}</text>\n", kLeft,
        Escaped(title));
    double x = kLeft;
    for (const KindStyle& style : kStyles) {
      const bool used = std::any_of(plan_.blocks.begin(), plan_.blocks.end(), [&](const Block& b) {
        const auto tensor = static_cast<TensorId>(&b - plan_.blocks.data());
        return b.bytes > 0 && graph_.At(tensor).kind == style.kind;
      });
      if (!used) continue;
      Put("<rect x=\"{:.0f}\" y=\"49\" width=\"14\" height=\"14\" rx=\"2\" fill=\"{}\"/>"
          "<text x=\"{:.0f}\" y=\"61\">{}</text>\n",
          x, style.colour, x + 20, style.legend);
      x += 46 + 7.2 * static_cast<double>(std::string_view(style.legend).size());
    }
  }

  // The axis of bytes and its lines.
  void Bytes() {
    const double step = TickStep(bytes_);
    for (double bytes = 0; bytes <= bytes_; bytes += step) {
      Put("<path d=\"M{} {:.1f}H{}\" stroke=\"#e4e4e4\"/><text class=\"e\" x=\"{}\" "
          "y=\"{:.1f}\">{}</text>\n",
          kLeft, Y(bytes), kWidth - kRight, kLeft - 8, Y(bytes) + 4.5,
          bytes == 0 ? "0" : FormatBytes(static_cast<uint64_t>(std::llround(bytes))));
    }
  }

  void Blocks() {
    // In a group by kind, so that the colour is written once.
    for (const KindStyle& style : kStyles) {
      Put("<g class=\"b\" fill=\"{}\">\n", style.colour);
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
        // An outline would hide what is hardly wider than it.
        const bool outlined = std::min(width, height) > 2.5;
        Put("<rect{} x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\"><title>{}\n{}: "
            "{} bytes at {}\n{}</title></rect>\n",
            outlined ? " class=\"o\"" : "", X(first), Y(offset + bytes), width, height,
            Escaped(tensor.name), Name(tensor.kind), block.bytes, block.offset,
            tensor.persistent ? "lives for ever"
                              : fmt::format("lives from operation {} to {}", first, last));
      }
      Put("</g>\n");
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
      Put("<rect x=\"{}\" y=\"{:.2f}\" width=\"{}\" height=\"{:.2f}\"/>\n", kLeft,
          Y(static_cast<double>(end)), kPlotWidth,
          Y(static_cast<double>(begin)) - Y(static_cast<double>(end)));
    }
  }

  void Parts() {
    const double top = kTop + kPlotHeight + 8;
    bool dark = false;
    for (const Phase& phase : Phases(graph_)) {
      const double x = X(phase.begin), width = X(phase.end) - x;
      Put("<rect x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"22\" fill=\"{}\"><title>{}</title>"
          "</rect>\n",
          x, top, width, (dark = !dark) ? "#dfe5ec" : "#eef1f5", Escaped(phase.part));
      if (width > 7.5 * static_cast<double>(phase.part.size())) {
        Put("<text class=\"m\" x=\"{:.1f}\" y=\"{}\">{}</text>\n", x + width / 2, top + 15.5,
            Escaped(phase.part));
      }
    }
    Put("<text class=\"m\" x=\"{}\" y=\"{}\">{} operations of one training step</text>\n",
        kLeft + kPlotWidth / 2, top + 48, graph_.ops.size());
  }

  // The end of the arena, the least that any plan needs, and the loss.
  void Marks() {
    const auto peak = static_cast<double>(plan_.peak_bytes);
    Put("<path d=\"M{} {:.1f}H{}\" stroke=\"#222\" stroke-width=\"1.2\"/><text class=\"e\" "
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
    Put("<path d=\"M{0:.1f} {1}V{2}\" stroke=\"#222\" stroke-dasharray=\"4 3\"/>", x, kTop - 22,
        kTop + kPlotHeight);
    Put("<text class=\"e\" x=\"{:.1f}\" y=\"{}\">forward &#8592;</text><text x=\"{:.1f}\" "
        "y=\"{}\">&#8594; backward</text>\n",
        x - 6, kTop - 10, x + 6, kTop - 10);
  }

  const Graph& graph_;
  const ArenaPlan& plan_;
  double operations_, bytes_;
  std::string out_;
};

}  // namespace

std::string ArenaSvg(const Graph& graph, const ArenaPlan& plan, std::string_view title) {
  return Drawing(graph, plan).Draw(title);
}

}  // namespace bittern
