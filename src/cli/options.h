// Options that several commands share, read the same way everywhere.
//
// A value out of its range is an Error that names the option, the value and the range.
#ifndef BITTERN_CLI_OPTIONS_H_
#define BITTERN_CLI_OPTIONS_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/config.h"
#include "train/inference.h"
#include "train/lexicon.h"
#include "train/step_runner.h"

namespace bittern {

// Titles under which the help lists options.
inline constexpr char kModelGroup[] = "Model";
inline constexpr char kDataGroup[] = "Data";
inline constexpr char kRunGroup[] = "Run";
inline constexpr char kOutputGroup[] = "Output";

// The seed of the corpus that is used where no data are given.
inline constexpr uint64_t kCorpusSeed = 1;

// `name` with an integer of [least, most], decimal digits alone. `value` keeps what it holds unless
// the option is given.
CLI::Option* AddInteger(CLI::App& parser, const std::string& name, std::optional<uint64_t>& value,
                        uint64_t least, uint64_t most, const std::string& help);

// --data DIR: where sentences come from.
class DataOption {
 public:
  void Add(CLI::App& parser);

  // Reads the splits of the directory, or generates the corpus that comes with the program.
  SplitSource Source() const;
  bool Has(const std::string& split) const;
  // "data/atis", "the generated corpus".
  std::string Name() const;
  // Sets the numbers of labels in the configuration to those of the training split.
  void SetLabels(Config& config) const;

 private:
  std::string directory_;
};

// --json FILE|-.
void AddJson(CLI::App& parser, std::string& path, const std::string& help);

// --decode bio|argmax.
class DecodeOption {
 public:
  void Add(CLI::App& parser);
  Decoding Value() const { return ParseDecoding(name_, "--decode"); }

 private:
  std::string name_ = "bio";
};

// --device cpu|sim:NAME: what steps run on.
class DeviceOption {
 public:
  void Add(CLI::App& parser);
  // As MakeStepRunner takes it; an Error if there is none of the name.
  const std::string& Value() const;

 private:
  std::string name_ = kCpu;
};

// --threads. Each costs the memory of an executor of its own.
class ThreadsOption {
 public:
  // `otherwise`: how many where none are given; 0: one a core.
  void Add(CLI::App& parser, const std::string& what, int otherwise);
  int Value() const;

 private:
  std::optional<uint64_t> threads_;
  int otherwise_ = 0;
};

// What to train or to plan: a preset or a file, and the options that change it.
class ConfigOptions {
 public:
  static constexpr char kDefault[] = "atis-2enc";

  void Add(CLI::App& parser);

  bool config_given() const { return !config_.empty(); }
  bool format_given() const { return !format_.empty(); }

  // The configuration named, with --set.
  Config Load() const;
  // `config` with --set, as if its text had been loaded.
  Config Change(const Config& config) const;
  // Makes the changes that the other options ask for.
  void Apply(Config& config) const;

 private:
  std::string Changes() const;  // --set as TOML

  std::string config_, format_, contraction_;
  std::vector<std::string> settings_;
};

// The numbers of labels of a configuration's tasks: "26 intents, 127 tags".
std::string LabelCounts(const Config& config);

// Parses a byte size; nullopt for an empty string.
std::optional<int64_t> ParseBudget(const std::string& text);

}  // namespace bittern

#endif  // BITTERN_CLI_OPTIONS_H_
