// SPDX-License-Identifier: Apache-2.0
#include "cli/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>
#include <thread>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "data/corpus_generator.h"
#include "data/source.h"

namespace bittern {

CLI::Option* AddInteger(CLI::App& parser, const std::string& name, std::optional<uint64_t>& value,
                        uint64_t least, uint64_t most, const std::string& help) {
  const auto parse = [name, &value, least, most](const std::string& text) {
    uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, fault] = std::from_chars(text.data(), end, number);
    if (fault != std::errc() || rest != end || number < least || number > most) {
      Fail("{} is {}; expected a whole number from {} to {}", name, Quoted(text), least, most);
    }
    value = number;
  };
  return parser.add_option_function<std::string>(name, parse, help)->option_text("N");
}

void DataOption::Add(CLI::App& parser) {
  parser
      .add_option("--data", path_,
                  "directory with train, valid and test, each a .jsonl, .csv, .tsv or .txt, or a\n"
                  "folder with seq.in, seq.out and label; or one such file\n"
                  "[default: the corpus that comes with the program]")
      ->option_text("DIR|FILE")
      ->group(kDataGroup);
  parser
      .add_option("--text", fields_.text,
                  "column of the table, or field of the JSON lines, with the sentence\n"
                  "[default: text]")
      ->option_text("COLUMN")
      ->group(kDataGroup);
  parser
      .add_option("--label", fields_.classes,
                  "column or field with a class of the sentence (can be repeated)")
      ->option_text("COLUMN")
      ->expected(1)
      ->take_all()
      ->group(kDataGroup);
}

SplitSource DataOption::Source() const {
  if (path_.empty()) {
    if (!fields_.empty()) {
      Fail(
          "--text and --label name columns of --data, which is not given; give it, or remove them");
    }
    return [](const std::string& name) {
      Corpus corpus = GenerateCorpus(kCorpusSeed);
      return std::move(name == "train"   ? corpus.train
                       : name == "valid" ? corpus.valid
                                         : corpus.test);
    };
  }
  if (IsFile()) {
    Fail("--data is the file {}; expected a directory with train, valid and test", Quoted(path_));
  }
  return [directory = path_, fields = fields_](const std::string& name) {
    return ReadSplit(directory, name, fields);
  };
}

bool DataOption::Has(const std::string& split) const {
  return path_.empty() || HasSplit(path_, split);
}

bool DataOption::IsFile() const { return FileExists(path_); }

Split DataOption::ReadFile() const { return ReadDataFile(path_, fields_); }

std::string DataOption::Name() const { return path_.empty() ? "the generated corpus" : path_; }

void DataOption::SetLabels(Config& config) const {
  bittern::SetLabels(BuildLabels(config, Source()("train")), config);
}

void AddJson(CLI::App& parser, std::string& path, const std::string& help) {
  parser.add_option("--json", path, help)->option_text("FILE|-")->group(kOutputGroup);
}

void DecodeOption::Add(CLI::App& parser) {
  parser
      .add_option("--decode", name_,
                  "how tags are chosen: bio (the best sequence in which I-x comes only after\n"
                  "B-x or I-x) or argmax (each word on its own) [default: bio]")
      ->option_text("bio|argmax")
      ->group(kRunGroup);
}

void DeviceOption::Add(CLI::App& parser) {
  // Puts as many on a line as a terminal has room for.
  constexpr size_t kLine = 70;
  std::string devices;
  size_t begin = 0;  // start of the last line
  for (const std::string& device : StepDevices()) {
    if (!devices.empty()) devices += ',';
    const bool fits = devices.size() - begin + device.size() < kLine;
    devices += devices.empty() ? "" : fits ? " " : "\n";
    if (!fits) begin = devices.size();
    devices += device;
  }
  parser
      .add_option(
          "--device", name_,
          fmt::format("what runs the steps: this machine's engine, or an accelerator (sim: its\n"
                      "simulator, rtl: its RTL, xrt: a board); one of\n{} [default: {}]",
                      devices, kCpu))
      ->option_text("DEVICE")
      ->group(kRunGroup);
}

const std::string& DeviceOption::Value() const {
  const std::vector<std::string> known = StepDevices();
  if (std::find(known.begin(), known.end(), name_) == known.end()) {
    Fail("--device is {}; expected one of {}{}", Quoted(name_), fmt::join(known, ", "),
         DidYouMean(name_, known));
  }
  return name_;
}

void ThreadsOption::Add(CLI::App& parser, const std::string& what, int otherwise) {
  otherwise_ = otherwise;
  AddInteger(parser, "--threads", threads_, 1, 256,
             fmt::format("{};\nthe result is the same for any number [default: {}]", what,
                         otherwise == 0 ? "one a core" : fmt::format("{}", otherwise)))
      ->group(kRunGroup);
}

int ThreadsOption::Value() const {
  if (threads_) return static_cast<int>(*threads_);
  return otherwise_ > 0 ? otherwise_
                        : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

namespace {

// The names of the presets, on lines that fit the help.
std::string Presets() {
  constexpr size_t kLine = 72;
  std::string text;
  size_t line = 0;
  for (const std::string_view name : PresetNames()) {
    if (!text.empty()) text += ',';
    const bool fits = line + name.size() + 2 <= kLine;
    if (!text.empty()) text += fits ? ' ' : '\n';
    line = fits ? line + name.size() + 2 : name.size();
    text += name;
  }
  return text;
}

}  // namespace

void ConfigOptions::Add(CLI::App& parser) {
  parser
      .add_option("--config", config_,
                  fmt::format("a TOML file, or a preset [default: {}]:\n{}", kDefault, Presets()))
      ->option_text("NAME|FILE")
      ->group(kModelGroup);
  parser.add_option("--format", format_, "how weights are stored [default: the configuration's]")
      ->option_text("tensor|dense")
      ->group(kModelGroup);
  parser
      .add_option("--contraction", contraction_,
                  "order of a map's products: matrix, right-to-left, btt or optimal\n"
                  "[default: the configuration's]")
      ->option_text("ORDER")
      ->group(kModelGroup);
  parser
      .add_option("--set", settings_,
                  "change one value of the configuration, e.g. training.dropout=0.1\n"
                  "(can be repeated; `bittern plan --toml` prints them all)")
      ->option_text("KEY=VALUE")
      ->expected(1)
      ->take_all()
      ->group(kModelGroup);
}

Config ConfigOptions::Load() const {
  std::vector<std::string> notes;
  Config config = LoadConfig(config_given() ? config_ : kDefault, Changes(), &notes);
  for (const std::string& note : notes) fmt::print(stderr, "note: {}\n", note);
  return config;
}

Config ConfigOptions::Change(const Config& config) const {
  return settings_.empty() ? config : ParseConfig(ToToml(config), config.name, Changes());
}

std::string ConfigOptions::Changes() const {
  std::string changes;
  for (const std::string& setting : settings_) {
    const size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0) {
      Fail("--set is {}; expected KEY=VALUE, for example training.learning_rate=0.02",
           Quoted(setting));
    }
    const std::string key = setting.substr(0, equals), value = setting.substr(equals + 1);
    // A plain word is text, as in training.optimizer=adamw.
    const bool word = !value.empty() && value != "true" && value != "false" &&
                      std::all_of(value.begin(), value.end(), [](unsigned char c) {
                        return std::isalpha(c) != 0 || c == '-' || c == '_';
                      });
    changes +=
        word ? fmt::format("{} = \"{}\"\n", key, value) : fmt::format("{} = {}\n", key, value);
  }
  return changes;
}

void ConfigOptions::Apply(Config& config) const {
  if (format_given()) {
    if (format_ != Name(Format::kTensor) && format_ != Name(Format::kDense)) {
      Fail("--format is {}; expected tensor or dense", Quoted(format_));
    }
    SetFormat(format_ == Name(Format::kDense) ? Format::kDense : Format::kTensor, config.model);
  }
  if (!contraction_.empty()) config.order = ParseOrder(contraction_, "--contraction");
}

std::string LabelCounts(const Config& config) {
  std::string counts;
  for (const auto& task : MakeTasks(config)) {
    counts +=
        fmt::format("{}{} {}", counts.empty() ? "" : ", ", task->classes(), task->labels_name());
  }
  return counts;
}

std::optional<int64_t> ParseBudget(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const uint64_t bytes = ParseBytes(text, "--memory");
  return static_cast<int64_t>(std::min<uint64_t>(bytes, std::numeric_limits<int64_t>::max()));
}

}  // namespace bittern
