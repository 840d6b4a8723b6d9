// SPDX-License-Identifier: Apache-2.0
// Options that several commands share.
//
// If a value is out of its range, the message names the option, the value and the range.
#ifndef BITTERN_CLI_OPTIONS_H_
#define BITTERN_CLI_OPTIONS_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/readers.h"
#include "model/config.h"
#include "train/inference.h"
#include "train/lexicon.h"
#include "train/step_runner.h"

namespace bittern {

// Titles of the groups of options in the help.
inline constexpr char kModelGroup[] = "Model";
inline constexpr char kDataGroup[] = "Data";
inline constexpr char kRunGroup[] = "Run";
inline constexpr char kOutputGroup[] = "Output";

// The seed of the corpus that is used without --data.
inline constexpr uint64_t kCorpusSeed = 1;

// Adds the option `name` with an integer of [least, most] in decimal digits. Without the option,
// `value` stays as it is.
CLI::Option* AddInteger(CLI::App& parser, const std::string& name, std::optional<uint64_t>& value,
                        uint64_t least, uint64_t most, const std::string& help);

// --data PATH, --text COLUMN, --label COLUMN: the source of sentences.
class DataOption {
 public:
  void Add(CLI::App& parser);

  // Reads the splits of the directory, or generates the corpus that comes with the program.
  SplitSource Source() const;
  bool Has(const std::string& split) const;
  // True if --data is a single file, which has no splits.
  bool IsFile() const;
  // The whole of that file.
  Split ReadFile() const;
  // "data/atis", "the generated corpus".
  std::string Name() const;
  // Sets the numbers of labels in the configuration to those of the training split.
  void SetLabels(Config& config) const;

 private:
  std::string path_;  // empty: the generated corpus
  DataFields fields_;
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

// --device cpu|sim:NAME: the machine that runs the steps.
class DeviceOption {
 public:
  void Add(CLI::App& parser);
  // A name for MakeStepRunner. Fails if there is no such device.
  const std::string& Value() const;

 private:
  std::string name_ = kCpu;
};

// --threads. Each thread costs the memory of an executor.
class ThreadsOption {
 public:
  // `otherwise`: the number without the option; 0: one for each core.
  void Add(CLI::App& parser, const std::string& what, int otherwise);
  int Value() const;

 private:
  std::optional<uint64_t> threads_;
  int otherwise_ = 0;
};

// The configuration of a command: a preset or a file, and the options that change it.
class ConfigOptions {
 public:
  static constexpr char kDefault[] = "atis-2enc";

  void Add(CLI::App& parser);

  bool config_given() const { return !config_.empty(); }
  bool format_given() const { return !format_.empty(); }

  // Loads the configuration that --config names, with --set.
  Config Load() const;
  // Applies --set to `config`, as if its text had been loaded.
  Config Change(const Config& config) const;
  // Applies the other options.
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
