// SPDX-License-Identifier: Apache-2.0
#include "model/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <concepts>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "data/dataset.h"
#include "model/presets.h"
#include "model/tasks/registry.h"
#include "tensor/modes.h"

namespace bittern {
namespace {

constexpr int kModesPerSide = 3;

bool IsPrintable(std::string_view text) {
  return FirstInvalidUtf8(text) == std::string_view::npos &&
         FirstControlCharacter(text) == std::string_view::npos;
}

class RangeChecker {
 public:
  explicit RangeChecker(std::string section) : section_(std::move(section)) {}

  template <typename T>
  void Integer(std::string_view key, const T& value, int64_t least, int64_t most) {
    const bool fits = std::cmp_greater_equal(value, least) && std::cmp_less_equal(value, most);
    if (!fits) Fail("{}{}: found {}; expected {} to {}", section_, key, value, least, most);
  }
  void Number(std::string_view key, double value, double least, double most) {
    if (!(value >= least && value <= most)) {
      Fail("{}{}: found {}; expected {} to {}", section_, key, value, least, most);
    }
  }
  template <HasChoices T>
  void Choice(std::string_view, T) {}
  template <HasChoices T>
  void AddedChoice(std::string_view, T, T) {}
  void Parts(std::string_view key, const TrainingConfig& training) {
    const int parts = training.parts_of_batch();
    if (parts < 1 || parts > training.batch || !std::has_single_bit(static_cast<unsigned>(parts))) {
      Fail("{}{}: found {}; expected a power of two, at most the batch, {}", section_, key, parts,
           training.batch);
    }
  }
  void Rates(std::string_view key, const std::vector<RateRule>& rules) {
    for (const RateRule& rule : rules) {
      if (rule.parameters.empty()) Fail("{}{}: a rule without parameters", section_, key);
      Number(fmt::format("{}: factor of {}", key, Quoted(rule.parameters)), rule.factor, 0, 1e6);
    }
  }
  void Text(std::string_view key, std::string_view value, std::string_view) {
    if (value.empty() || value.size() > kMaxNameBytes || !IsPrintable(value)) {
      Fail("{}{}: found {}; expected 1 to {} bytes of printable text", section_, key, Quoted(value),
           kMaxNameBytes);
    }
  }
  void Classes(std::string_view key, const std::vector<ClassConfig>& classes) {
    if (classes.size() > kMaxClassTasks) {
      Fail("{}{}: found {} of them; expected at most {}", section_, key, classes.size(),
           kMaxClassTasks);
    }
    for (size_t i = 0; i < classes.size(); ++i) {
      const auto& [name, labels, weight] = classes[i];
      Text(fmt::format("{}: name", key), name, "");
      for (const std::string_view reserved : {"text", "tokens", "tags", kIntentField}) {
        if (name == reserved) {
          Fail("{}{}: found the name {}, which the program reads by itself; expected another field",
               section_, key, Quoted(name));
        }
      }
      for (size_t earlier = 0; earlier < i; ++earlier) {
        if (classes[earlier].name == name) {
          Fail("{}{}: found the name {} twice; each field needs one entry", section_, key,
               Quoted(name));
        }
      }
      Integer(fmt::format("{}: labels of {}", key, Quoted(name)), labels, 0, kMaxLabels);
      Number(fmt::format("{}: weight of {}", key, Quoted(name)), weight, 0, 1e6);
    }
  }

 private:
  std::string section_;
};

}  // namespace

int TrainingConfig::parts_of_batch() const {
  if (parts != 0) return parts;
  return static_cast<int>(std::bit_floor(static_cast<unsigned>(std::min(batch, 4))));
}

void TrainingConfig::NormalizeParts() {
  const int given = std::exchange(parts, 0);
  if (given != parts_of_batch()) parts = given;
}

std::vector<std::string_view> PresetNames() {
  std::vector<std::string_view> names;
  for (const Preset& preset : Presets()) names.push_back(preset.name);
  std::ranges::sort(names);
  return names;
}

TtmShape AutomaticEmbedding(int vocabulary, int hidden, int rank, std::string_view field) {
  TtmShape shape;
  shape.vocabulary_modes = AutomaticPaddedModes(vocabulary, kModesPerSide, field).modes;
  shape.feature_modes = AutomaticModes(hidden, kModesPerSide, field);
  shape.ranks = UniformRanks(shape.cores(), rank);
  return shape;
}

void SetFormat(Format format, ModelConfig& model) {
  if (format == Format::kDense) {
    model.map = {.format = MatrixFormat::kDense};
    model.embedding = {{model.vocabulary}, {model.hidden}, {1, 1}};
  } else if (model.format == Format::kDense) {
    model.map =
        AutomaticMatrix(MatrixFormat::kTt, model.hidden, model.hidden, kMapRank, "model.map");
    model.embedding =
        AutomaticEmbedding(model.vocabulary, model.hidden, kEmbeddingRank, "model.embedding");
    LimitRanks(model.embedding);
  }
  model.format = format;
}

void Validate(const Config& config, std::string_view place) {
  const ModelConfig& model = config.model;
  const std::string prefix = fmt::format("{}: ", place);
  RangeChecker in_model(prefix + "model.");
  VisitModel(in_model, model);
  RangeChecker in_training(prefix + "training.");
  VisitTraining(in_training, config.training);
  RangeChecker in_fine_tuning(prefix + "fine_tuning.");
  VisitTraining(in_fine_tuning, config.fine_tuning);

  if (config.name.size() > kMaxNameBytes || !IsPrintable(config.name)) {
    Fail("{}name: found {}; expected at most {} bytes of printable text", prefix,
         Quoted(config.name), kMaxNameBytes);
  }
  if (config.name.empty() || config.name.starts_with('.') ||
      config.name.find('/') != std::string::npos) {
    Fail(
        "{}name: found {}; expected a name without /, that does not begin with a dot: runs are "
        "kept in a directory of that name; give name = \"...\"",
        prefix, Quoted(config.name));
  }
  if (model.hidden % model.heads != 0) {
    Fail("{}model.heads: found {}; expected a divisor of model.hidden, {}", prefix, model.heads,
         model.hidden);
  }
  if (model.tokens % 4 != 0) {
    Fail("{}model.tokens: found {}; expected a multiple of 4", prefix, model.tokens);
  }
  const Tasks tasks = MakeTasks(config);
  if (std::ranges::none_of(tasks, [](const auto& task) { return task->has_head(); })) {
    std::string counts;
    for (const auto& task : tasks) {
      counts += fmt::format("{}{}", counts.empty() ? "" : ", ", task->labels_name());
    }
    Fail("{}model: found 0 of each of {}; without labels there is nothing to train", prefix,
         counts);
  }
  const std::string embedding = prefix + "model.embedding";
  int64_t rows = model.vocabulary;
  if (model.format == Format::kTensor) {
    Validate(model.map, model.hidden, model.hidden, prefix + "model.map");
    // The modes may give some rows more than the vocabulary asks for.
    rows = std::max(rows, model.embedding.rows());
  }
  Validate(model.embedding, rows, model.hidden, embedding);
  if (rows > kMaxRows) {
    Fail("{}: the vocabulary modes multiply to {}; expected at most {}", embedding, rows, kMaxRows);
  }
}

bool MatchesPattern(std::string_view pattern, std::string_view name) {
  // Greedy with one way back: only the latest * ever needs to take more.
  size_t p = 0, n = 0;
  size_t star = pattern.npos, taken = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != pattern.npos) {
      p = star + 1;
      n = ++taken;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace bittern
