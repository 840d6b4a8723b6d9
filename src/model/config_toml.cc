// SPDX-License-Identifier: Apache-2.0
// A configuration as TOML, both ways.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <sstream>  // toml++ needs it
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "data/dataset.h"
#include "model/config.h"
#include "model/presets.h"

namespace bittern {
namespace {

constexpr size_t kMaxFileBytes = size_t{1} << 20;
constexpr int kMaxExtends = 8;  // a longer chain goes in a circle
constexpr int kMaxKeyParts = 16;

std::string Where(const toml::source_region& source) {
  return fmt::format("{}:{}", source.path ? *source.path : std::string(), source.begin.line);
}

std::string Found(const toml::node& node) {
  if (const auto* value = node.as_string()) return Quoted(value->get());
  if (const auto* value = node.as_integer()) return fmt::format("{}", value->get());
  if (const auto* value = node.as_floating_point()) return fmt::format("{}", value->get());
  if (const auto* value = node.as_boolean()) return value->get() ? "true" : "false";
  std::ostringstream type;
  type << node.type();
  return fmt::format("a value of type {}", type.str());
}

// Reads one table, field by field; a visitor of config.h. Missing keys leave the value.
class Section {
 public:
  Section(const toml::table* table, std::string path) : table_(table), path_(std::move(path)) {}

  template <typename T>
  void Integer(std::string_view key, T& value, int64_t least, int64_t most) {
    const toml::node* node = Get(key);
    if (node == nullptr) return;
    const auto* integer = node->as_integer();
    if (integer == nullptr || integer->get() < least || integer->get() > most) {
      FailAt(*node, key, fmt::format("an integer, {} to {}", least, most));
    }
    value = static_cast<T>(integer->get());
  }

  void Number(std::string_view key, double& value, double least, double most) {
    const toml::node* node = Get(key);
    if (node == nullptr) return;
    const std::optional<double> number = node->value<double>();
    if (!node->is_number() || !number || !(*number >= least && *number <= most)) {
      FailAt(*node, key, fmt::format("a number, {} to {}", least, most));
    }
    value = *number;
  }

  template <HasChoices T>
  void Choice(std::string_view key, T& value) {
    const toml::node* node = Get(key);
    if (node == nullptr) return;
    std::vector<std::string> names;
    for (const auto& choice : Choices(T{})) names.emplace_back(choice.name);
    const auto* text = node->as_string();
    const auto found = text == nullptr ? names.end() : std::ranges::find(names, text->get());
    if (found == names.end()) {
      FailAt(*node, key,
             fmt::format("\"{}\"{}", fmt::join(names, "\", \""),
                         text == nullptr ? "" : DidYouMean(text->get(), names)));
    }
    value = AllValues<T>()[static_cast<size_t>(found - names.begin())];
  }

  template <HasChoices T>
  void AddedChoice(std::string_view key, T& value, T) {
    Choice(key, value);
  }
  // [fine_tuning] takes over the parts of [training], unless it has another batch.
  void Parts(std::string_view key, TrainingConfig& training) {
    if (Has("batch")) training.parts = 0;
    int parts = training.parts_of_batch();
    Integer(key, parts, 1, 1 << 20);
    training.parts = parts;
    training.NormalizeParts();
  }

  void Rates(std::string_view key, std::vector<RateRule>& rules) {
    const toml::node* node = Get(key);
    if (node == nullptr) return;
    const auto* array = node->as_array();
    if (array == nullptr) FailAt(*node, key, fmt::format("tables [[{}{}]]", path_, key));
    rules.clear();
    for (const toml::node& element : *array) {
      if (!element.is_table()) FailAt(element, key, fmt::format("a table [[{}{}]]", path_, key));
      Section section(element.as_table(), fmt::format("{}{}.", path_, key));
      RateRule rule;
      section.String("parameters", rule.parameters);
      section.Number("factor", rule.factor, 0, 1e6);
      section.Finish();
      if (rule.parameters.empty()) {
        Fail(
            "{}: {}{}: a rule without parameters; give a pattern, such as parameters = "
            "\"*.head.*\"",
            Where(element.source()), path_, key);
      }
      rules.push_back(std::move(rule));
    }
  }

  void Classes(std::string_view key, std::vector<ClassConfig>& classes) {
    const toml::node* node = Get(key);
    if (node == nullptr) return;
    const auto* array = node->as_array();
    if (array == nullptr) FailAt(*node, key, fmt::format("tables [[{}{}]]", path_, key));
    classes.clear();
    for (const toml::node& element : *array) {
      if (!element.is_table()) FailAt(element, key, fmt::format("a table [[{}{}]]", path_, key));
      Section section(element.as_table(), fmt::format("{}{}.", path_, key));
      ClassConfig& field = classes.emplace_back();
      section.String("name", field.name);
      section.Integer("labels", field.labels, 0, kMaxLabels);
      section.Number("weight", field.weight, 0, 1e6);
      section.Finish();
      if (field.name.empty()) {
        Fail("{}: {}{}: a class without a name; give that of its field, such as name = \"topic\"",
             Where(element.source()), path_, key);
      }
    }
  }

  void Text(std::string_view key, std::string& value, std::string_view) { String(key, value); }
  void String(std::string_view key, std::string& value) {
    const toml::node* node = Get(key);
    if (node == nullptr) return;
    if (!node->is_string()) FailAt(*node, key, "a string");
    value = node->as_string()->get();
  }

  // Modes or ranks; nullopt where the key is missing.
  std::optional<std::vector<int>> Integers(std::string_view key) {
    const toml::node* node = Get(key);
    if (node == nullptr) return std::nullopt;
    const auto* array = node->as_array();
    const std::string expected =
        fmt::format("an array of 1 to {} integers, each 1 to {}", kMaxCores + 1, kMaxRows);
    if (array == nullptr || array->empty() || array->size() > kMaxCores + 1) {
      FailAt(*node, key, expected);
    }
    std::vector<int> integers;
    for (const toml::node& element : *array) {
      const auto* integer = element.as_integer();
      if (integer == nullptr || integer->get() < 1 || integer->get() > kMaxRows) {
        FailAt(element, key, expected);
      }
      integers.push_back(static_cast<int>(integer->get()));
    }
    return integers;
  }

  Section Subsection(std::string_view key) {
    const toml::node* node = Get(key);
    if (node != nullptr && !node->is_table()) {
      FailAt(*node, key, fmt::format("a section [{}{}]", path_, key));
    }
    return {node == nullptr ? nullptr : node->as_table(), fmt::format("{}{}.", path_, key)};
  }

  bool Has(std::string_view key) const { return table_ != nullptr && table_->contains(key); }

  // "file:line: model.map", or the section alone where the file has none.
  std::string Place() const {
    const std::string section = path_.substr(0, path_.size() - 1);
    return table_ == nullptr ? section : fmt::format("{}: {}", Where(table_->source()), section);
  }

  // Every key must have been asked for.
  void Finish() const {
    if (table_ == nullptr) return;
    for (const auto& [key, node] : *table_) {
      if (std::ranges::find(known_, key.str()) == known_.end()) {
        Fail("{}: unknown key {}{}", Where(key.source()), Quoted(path_ + std::string(key.str())),
             DidYouMean(key.str(), known_));
      }
    }
  }

 private:
  const toml::node* Get(std::string_view key) {
    known_.emplace_back(key);
    return table_ == nullptr ? nullptr : table_->get(key);
  }

  [[noreturn]] void FailAt(const toml::node& node, std::string_view key,
                           const std::string& expected) const {
    Fail("{}: {}{}: found {}; expected {}", Where(node.source()), path_, key, Found(node),
         expected);
  }

  const toml::table* table_;
  std::string path_;  // "training.", empty at the root
  std::vector<std::string> known_;
};

// Ranks of a chain of `cores`: "rank" at every inner bond, "ranks" for each bond, or the default.
std::vector<int> ReadRanks(Section& section, int cores, int rank) {
  if (section.Has("rank") && section.Has("ranks")) {
    Fail("{}: both rank and ranks; give one of them", section.Place());
  }
  section.Integer("rank", rank, 1, kMaxRows);
  return section.Integers("ranks").value_or(UniformRanks(cores, rank));
}

// Lowers the ranks that a bond can't use, and says so once.
template <typename Shape>
void LowerRanks(const Section& section, Shape& shape, std::vector<std::string>* notes) {
  const std::vector<int> given = shape.ranks;
  const int bond = LimitRanks(shape);
  if (bond < 0 || notes == nullptr) return;
  notes->push_back(
      fmt::format("{}: bond {} can use a rank of at most {}, not {}; the ranks are [{}]",
                  section.Place(), bond, shape.ranks[static_cast<size_t>(bond)],
                  given[static_cast<size_t>(bond)], fmt::join(shape.ranks, ", ")));
}

// The modes of a section, under the keys FIRST_modes and SECOND_modes: both, or neither.
using Modes = std::optional<std::pair<std::vector<int>, std::vector<int>>>;
Modes ReadModes(Section& section, std::string_view first, std::string_view second) {
  auto left = section.Integers(fmt::format("{}_modes", first));
  auto right = section.Integers(fmt::format("{}_modes", second));
  if (left.has_value() != right.has_value()) {
    Fail("{}: found {}_modes alone; give {}_modes and {}_modes, or neither", section.Place(),
         left ? first : second, first, second);
  }
  if (!left) return std::nullopt;
  return std::pair(*std::move(left), *std::move(right));
}

// The matrix of a map, `rows` x `columns`. Modes that are not given are automatic ones. A dense
// matrix has neither modes nor ranks; those of a file that it extends are ignored.
MatrixShape ReadMatrix(Section& section, bool dense, int rows, int columns,
                       std::vector<std::string>* notes) {
  MatrixShape matrix;
  section.Choice("format", matrix.format);
  if (dense) matrix.format = MatrixFormat::kDense;
  const auto read = [&](auto& shape, auto MatrixShape::*member) {
    const Modes modes = ReadModes(section, "output", "input");
    if (modes) {
      shape = {modes->first, modes->second, {}};
    } else if (matrix.format != MatrixFormat::kDense) {
      shape = AutomaticMatrix(matrix.format, rows, columns, 1, section.Place()).*member;
    }
    shape.ranks = ReadRanks(section, std::max(shape.cores(), 1), kMapRank);
    LowerRanks(section, shape, notes);
  };
  if (matrix.format == MatrixFormat::kTtm) {
    read(matrix.blocks, &MatrixShape::blocks);
  } else {
    read(matrix.train, &MatrixShape::train);
  }
  if (matrix.format == MatrixFormat::kDense) matrix.train = {};
  return matrix;
}

TtmShape ReadEmbedding(Section& section, const ModelConfig& model,
                       std::vector<std::string>* notes) {
  MatrixFormat format = MatrixFormat::kTtm;
  section.Choice("format", format);
  if (format == MatrixFormat::kTt) {
    Fail("{}: format: found \"tt\"; expected \"ttm\" or \"dense\", where a word is a row",
         section.Place());
  }
  if (model.format == Format::kDense) format = MatrixFormat::kDense;
  const Modes modes = ReadModes(section, "vocabulary", "feature");
  TtmShape table;
  if (modes) {
    table = {modes->first, modes->second, {}};
  } else if (format == MatrixFormat::kTtm) {
    table = AutomaticEmbedding(model.vocabulary, model.hidden, 1, section.Place());
  }
  table.ranks = ReadRanks(section, std::max(table.cores(), 1), kEmbeddingRank);
  if (format == MatrixFormat::kDense) return {{model.vocabulary}, {model.hidden}, {1, 1}};
  LowerRanks(section, table, notes);
  if (table.cores() == 1) {
    Fail("{}: one core is a dense table; give two or more, or format = \"dense\"", section.Place());
  }
  return table;
}

Config FromTable(const toml::table& table, std::string_view place, std::string_view name,
                 std::vector<std::string>* notes) {
  Config config;
  config.name = name;
  Section root(&table, "");
  root.String("name", config.name);
  VisitRoot(root, config);

  Section model = root.Subsection("model");
  VisitModel(model, config.model);
  Section map = model.Subsection("map");
  config.model.map = ReadMatrix(map, config.model.format == Format::kDense, config.model.hidden,
                                config.model.hidden, notes);
  map.Finish();
  Section embedding = model.Subsection("embedding");
  config.model.embedding = ReadEmbedding(embedding, config.model, notes);
  embedding.Finish();
  model.Finish();

  Section training = root.Subsection("training");
  VisitTraining(training, config.training);
  training.Finish();
  config.fine_tuning = config.training;
  Section fine_tuning = root.Subsection("fine_tuning");
  VisitTraining(fine_tuning, config.fine_tuning);
  fine_tuning.Finish();

  root.Finish();
  Validate(config, place);
  return config;
}

// Takes over what `over` says. A rank given one way replaces one given the other way. A batch
// replaces the parts as well, unless `over` gives them after it.
void Merge(toml::table& base, toml::table&& over) {
  for (auto&& [key, node] : over) {
    toml::node* const old = base.get(key.str());
    if (old != nullptr && old->is_table() && node.is_table()) {
      Merge(*old->as_table(), std::move(*node.as_table()));
      continue;
    }
    if (key.str() == "rank") base.erase("ranks");
    if (key.str() == "ranks") base.erase("rank");
    if (key.str() == "batch") base.erase("parts");  // these belong to the batch
    base.insert_or_assign(key, std::move(node));
  }
}

const Preset* FindPreset(std::string_view name) {
  const std::span<const Preset> presets = Presets();
  const auto found = std::ranges::find(presets, name, &Preset::name);
  return found == presets.end() ? nullptr : &*found;
}

// Where the string ends whose opening quote is text[at].
size_t EndOfString(std::string_view text, size_t at) {
  const char quote = text[at];
  const std::string block(3, quote);
  const bool is_block = text.substr(at).starts_with(block);
  for (size_t i = at + (is_block ? 3 : 1); i < text.size(); ++i) {
    if (text[i] == '\\' && quote == '"') {
      ++i;
    } else if (is_block && text.substr(i).starts_with(block)) {
      // If up to five quotes follow each other, the last three end it.
      return std::min(text.find_first_not_of(quote, i), std::min(i + 5, text.size()));
    } else if (!is_block && (text[i] == quote || text[i] == '\n')) {
      return text[i] == quote ? i + 1 : i;
    }
  }
  return text.size();
}

// The parser makes a table inside of a table for every dot of a key; it, and every walk over what
// it made, needs stack for each.
void CheckKeyDepth(std::string_view text, std::string_view place) {
  int dots = 0;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '"' || c == '\'') {
      i = EndOfString(text, i);
    } else if (c == '#') {
      i = std::min(text.find('\n', i), text.size());
    } else {
      if (c == '.' && ++dots >= kMaxKeyParts) {
        Fail("{}:{}: a key of more than {} parts; no key of a configuration is as deep", place,
             1 + std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(i), '\n'),
             kMaxKeyParts);
      }
      if (std::string_view("\n=,[]{}").find(c) != std::string_view::npos) dots = 0;
      ++i;
    }
  }
}

toml::table ParseToml(std::string_view text, std::string_view place) {
  const size_t bad = FirstInvalidUtf8(text);
  if (bad != text.npos) {
    Fail("{}:{}: byte {} is not valid UTF-8", place,
         1 + std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(bad), '\n'), bad);
  }
  CheckKeyDepth(text, place);
  try {
    return toml::parse(text, place);
  } catch (const toml::parse_error& error) {
    Fail("{}: malformed TOML: {}", Where(error.source()), error.description());
  }
}

// A preset or a file.
struct Source {
  std::string text;
  std::string place;      // for messages
  std::string directory;  // of a file, with its slash
  bool is_file = false;
};

Source FromPreset(const Preset& preset) {
  return {std::string(preset.toml), fmt::format("preset {}", preset.name), "", false};
}

Source FromFile(const std::string& path) {
  const size_t slash = path.rfind('/');
  return {ReadFile(path, kMaxFileBytes), path, slash == path.npos ? "" : path.substr(0, slash + 1),
          true};
}

std::vector<std::string> PresetNameStrings() {
  std::vector<std::string> names;
  for (const std::string_view name : PresetNames()) names.emplace_back(name);
  return names;
}

// The table of `source` over that of what it extends.
toml::table LoadTable(const Source& source, int depth) {
  toml::table table = ParseToml(source.text, source.place);
  if (!table.contains("extends")) return table;
  Section root(&table, "");
  std::string base_name;
  root.String("extends", base_name);
  const std::string where = Where(table.get("extends")->source());
  if (depth == kMaxExtends) Fail("{}: extends: more than {} files deep", where, kMaxExtends);

  Source base;
  if (const Preset* preset = FindPreset(base_name)) {
    base = FromPreset(*preset);
  } else if (source.is_file && base_name.ends_with(".toml")) {
    base = FromFile(base_name.starts_with('/') ? base_name : source.directory + base_name);
  } else {
    Fail("{}: extends: found {}; expected a preset ({}){}{}", where, Quoted(base_name),
         fmt::join(PresetNames(), ", "), source.is_file ? " or the path of a .toml file" : "",
         DidYouMean(base_name, PresetNameStrings()));
  }
  toml::table merged = LoadTable(base, depth + 1);
  merged.erase("name");
  table.erase("extends");
  Merge(merged, std::move(table));
  return merged;
}

Config Load(const Source& source, std::string_view name, std::string_view changes,
            std::vector<std::string>* notes) {
  toml::table table = LoadTable(source, 0);
  Merge(table, ParseToml(changes, "--set"));
  return FromTable(table, source.place, name, notes);
}

std::string TomlString(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      fmt::format_to(std::back_inserter(quoted), "\\u{:04X}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

// Writes every field of a section; a visitor of config.h. Numbers get the fewest digits that
// read back to the same bits.
class Writer {
 public:
  template <typename... Args>
  void Line(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
    text_ += '\n';
  }
  void BeginSection(std::string path) {
    path_ = std::move(path);
    Line("\n[{}]", path_);
  }

  template <typename T>
  void Integer(std::string_view key, const T& value, int64_t, int64_t) {
    Line("{} = {}", key, value);
  }
  void Number(std::string_view key, double value, double, double) { Line("{} = {}", key, value); }
  template <HasChoices T>
  void Choice(std::string_view key, T value) {
    Line("{} = \"{}\"", key, Name(value));
  }
  template <HasChoices T>
  void AddedChoice(std::string_view key, T value, T standard) {
    if (value != standard) Choice(key, value);
  }
  void Parts(std::string_view key, const TrainingConfig& training) {
    if (training.batch > 1) Line("{} = {}", key, training.parts_of_batch());
  }
  void Rates(std::string_view key, const std::vector<RateRule>& rules) {
    if (rules.empty()) Line("{} = []", key);  // [fine_tuning] would take over those of [training]
    for (const RateRule& rule : rules) {
      Line("\n[[{}.{}]]\nparameters = {}\nfactor = {}", path_, key, TomlString(rule.parameters),
           rule.factor);
    }
  }
  // Not written: values that files before this key have by default. So their text stays the same.
  void Text(std::string_view key, const std::string& value, std::string_view otherwise) {
    if (value != otherwise) Line("{} = {}", key, TomlString(value));
  }
  void Classes(std::string_view key, const std::vector<ClassConfig>& classes) {
    for (const auto& [name, labels, weight] : classes) {
      Line("\n[[{}.{}]]\nname = {}\nlabels = {}\nweight = {}", path_, key, TomlString(name), labels,
           weight);
    }
  }
  void Integers(std::string_view key, const std::vector<int>& values) {
    Line("{} = [{}]", key, fmt::join(values, ", "));
  }

  // Files without a format have tensor-train maps.
  void Matrix(const MatrixShape& matrix) {
    if (matrix.format != MatrixFormat::kTt) Choice("format", matrix.format);
    const auto modes = [&](const auto& output, const auto& input, const auto& ranks) {
      Integers("output_modes", output);
      Integers("input_modes", input);
      Integers("ranks", ranks);
    };
    if (matrix.format == MatrixFormat::kTt) {
      modes(matrix.train.output_modes, matrix.train.input_modes, matrix.train.ranks);
    } else if (matrix.format == MatrixFormat::kTtm) {
      modes(matrix.blocks.vocabulary_modes, matrix.blocks.feature_modes, matrix.blocks.ranks);
    }
  }

  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
  std::string path_;
};

}  // namespace

Config LoadConfig(const std::string& name_or_path, std::string_view changes,
                  std::vector<std::string>* notes) {
  if (const Preset* preset = FindPreset(name_or_path)) {
    return Load(FromPreset(*preset), name_or_path, changes, notes);
  }
  const bool is_path = name_or_path.find('/') != std::string::npos ||
                       name_or_path.ends_with(".toml") || FileExists(name_or_path);
  if (!is_path) {
    Fail(
        "configuration {}: found no such preset or file; expected one of {}, or the path of a "
        "TOML file{}",
        Quoted(name_or_path), fmt::join(PresetNames(), ", "),
        DidYouMean(name_or_path, PresetNameStrings()));
  }
  std::string name = name_or_path.substr(name_or_path.rfind('/') + 1);
  if (name.ends_with(".toml")) name.resize(name.size() - 5);
  return Load(FromFile(name_or_path), name, changes, notes);
}

Config ParseConfig(std::string_view toml, std::string_view place, std::string_view changes,
                   std::vector<std::string>* notes) {
  // Where the text gives no name, that of the file will do, but for what a name may not hold.
  std::string_view name = place.substr(place.rfind('/') + 1);
  name.remove_prefix(std::min(name.find_first_not_of('.'), name.size()));
  return Load({std::string(toml), std::string(place), "", false}, name, changes, notes);
}

std::string ToToml(const Config& config) {
  Writer writer;
  writer.Line("name = {}", TomlString(config.name));
  VisitRoot(writer, config);
  const ModelConfig& model = config.model;
  writer.BeginSection("model");
  VisitModel(writer, model);
  if (model.format == Format::kTensor) {
    writer.BeginSection("model.map");
    writer.Matrix(model.map);
    writer.BeginSection("model.embedding");
    if (model.embedding.cores() == 1) {
      writer.Choice("format", MatrixFormat::kDense);
    } else {
      writer.Integers("vocabulary_modes", model.embedding.vocabulary_modes);
      writer.Integers("feature_modes", model.embedding.feature_modes);
      writer.Integers("ranks", model.embedding.ranks);
    }
  }
  writer.BeginSection("training");
  VisitTraining(writer, config.training);
  writer.BeginSection("fine_tuning");
  VisitTraining(writer, config.fine_tuning);
  return writer.Take();
}

}  // namespace bittern
