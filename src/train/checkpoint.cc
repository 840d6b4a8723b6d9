// SPDX-License-Identifier: Apache-2.0
#include "train/checkpoint.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "model/tasks/registry.h"
#include "model/training_step.h"

namespace bittern {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kFormatName = "bittern-1";

std::vector<int64_t> Shape(const Tensor& tensor) {
  std::vector<int64_t> shape;
  // Parameters and states do not depend on the number of tokens, so the count is the extent.
  for (const Size size : tensor.shape) shape.push_back(size.count);
  return shape;
}

bool AllFinite(std::span<const float> values) {
  return std::ranges::all_of(values, [](float value) { return std::isfinite(value); });
}

// The only list of a state's fields.
template <typename Visitor, typename State>
void VisitState(Visitor& visitor, State& state) {
  visitor.Count("epoch", state.epoch);
  visitor.Count("place", state.place);
  visitor.Count("updates", state.updates);
  visitor.Number("epoch_loss", state.epoch_loss);
  visitor.Number("recent_loss", state.recent_loss);
  visitor.Count("recent_sentences", state.recent_sentences);
  visitor.Number("best", state.best);
  visitor.Count("best_epoch", state.best_epoch);
  visitor.Count("metrics_lines", state.metrics_lines);
  visitor.Hash("data_hash", state.data_hash);
  visitor.Choice("recompute", state.recompute);
  visitor.Flag("pad", state.pad);
}

struct StateWriter {
  Json json = Json::object();

  void Count(const char* key, int64_t value) { json[key] = value; }
  void Number(const char* key, double value) { json[key] = value; }
  // JSON numbers are doubles in many readers, so a hash of 64 bits is text.
  void Hash(const char* key, uint64_t value) { json[key] = fmt::format("{:016x}", value); }
  void Choice(const char* key, Recompute value) { json[key] = Name(value); }
  void Flag(const char* key, bool value) { json[key] = value; }
};

// `place`: the file. Fails unless the fields are exactly those of the list.
class StateReader {
 public:
  StateReader(const Json& json, const std::string& place) : json_(json), place_(place) {
    if (!json.is_object()) Fail("{}: state: found {}; expected an object", place, json.type_name());
  }

  void Count(const char* key, int64_t& value) {
    const Json& field = Get(key);
    // The limit keeps counts exact in a double and sums of them within int64_t.
    if (!field.is_number_unsigned() || field.get<uint64_t>() > kMaxCount) {
      FailAt(key, field, "a whole number, 0 or more");
    }
    value = field.get<int64_t>();
  }
  void Number(const char* key, double& value) {
    const Json& field = Get(key);
    if (!field.is_number()) FailAt(key, field, "a number");
    value = field.get<double>();
  }
  void Hash(const char* key, uint64_t& value) {
    const Json& field = Get(key);
    const std::string text = field.is_string() ? field.get<std::string>() : "";
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    // from_chars accepts fewer digits, so length and end are tested, too.
    if (text.size() != 16 || error != std::errc() || end != text.data() + text.size()) {
      FailAt(key, field, "16 hexadecimal digits");
    }
  }
  void Choice(const char* key, Recompute& value) {
    const Json& field = Get(key);
    for (const Recompute candidate : kRecomputes) {
      if (field == Json(Name(candidate))) {
        value = candidate;
        return;
      }
    }
    FailAt(key, field, "elementwise, half or encoder");
  }
  void Flag(const char* key, bool& value) {
    const Json& field = Get(key);
    if (!field.is_boolean()) FailAt(key, field, "true or false");
    value = field.get<bool>();
  }
  void Finish() const {
    // All known fields were found, so a difference means that there are unknown ones.
    if (json_.size() != fields_) {
      Fail("{}: state: {} fields; expected {}", place_, json_.size(), fields_);
    }
  }

 private:
  static constexpr uint64_t kMaxCount = uint64_t{1} << 53;

  const Json& Get(const char* key) {
    ++fields_;
    if (!json_.contains(key)) Fail("{}: state: no field {}", place_, key);
    return json_.at(key);
  }
  [[noreturn]] void FailAt(const char* key, const Json& field, const char* expected) const {
    Fail("{}: state: {}: found {}; expected {}", place_, key,
         field.is_primitive() ? Quoted(field.dump()) : field.type_name(), expected);
  }

  const Json& json_;
  const std::string& place_;
  size_t fields_ = 0;
};

Json ParseMetadata(const SafetensorsReader& file, const char* key) {
  // Valid metadata nests once. With a limit of 2 the caller reports a wrong type, instead of the
  // parser reporting that the value is nested too deeply.
  constexpr int kDeepest = 2;
  return ParseStrictJson(file.MetadataValue(key), kDeepest,
                         fmt::format("{}: metadata '{}'", file.path(), key));
}

template <typename T>
std::vector<T> ParseList(const SafetensorsReader& file, const char* key,
                         bool (Json::*is_right)() const noexcept, const char* expected) {
  const Json json = ParseMetadata(file, key);
  // The types are tested before the conversion, so that the message names file and key.
  const bool right = json.is_array() && std::ranges::all_of(json, [&](const Json& element) {
                       return (element.*is_right)();
                     });
  if (!right) Fail("{}: metadata '{}': expected a list of {}", file.path(), key, expected);
  return json.get<std::vector<T>>();
}

std::vector<std::string> ParseNames(const SafetensorsReader& file, const char* key) {
  return ParseList<std::string>(file, key, &Json::is_string, "strings");
}

// Files of earlier versions lack it.
std::optional<bool> ParseLowerCase(const SafetensorsReader& file) {
  if (!file.metadata().contains("lower_case")) return std::nullopt;
  const std::string& value = file.MetadataValue("lower_case");
  if (value != "true" && value != "false") {
    Fail("{}: metadata 'lower_case': found {}; expected true or false", file.path(), Quoted(value));
  }
  return value == "true";
}

Lexicon ParseLexicon(const SafetensorsReader& file, const Tasks& tasks) {
  std::vector<uint32_t> counts;
  for (const uint64_t count :
       ParseList<uint64_t>(file, "counts", &Json::is_number_unsigned, "counts")) {
    if (count > UINT32_MAX) Fail("{}: metadata 'counts': {} is too large", file.path(), count);
    counts.push_back(static_cast<uint32_t>(count));
  }
  // Vocabulary and labels check themselves, but do not know the file. Their messages get its name
  // here.
  try {
    Lexicon lexicon{Vocabulary(ParseNames(file, "words"), std::move(counts), ParseLowerCase(file)),
                    {}};
    for (const auto& task : tasks) {
      lexicon.labels.push_back(task->CheckLabels(ParseNames(file, task->labels_name().c_str())));
    }
    return lexicon;
  } catch (const Error& error) {
    const std::string_view what = error.what();
    if (what.starts_with(file.path())) throw;
    Fail("{}: {}", file.path(), what);
  }
}

Thresholds ParseThresholds(const SafetensorsReader& file, const Tasks& tasks) {
  Thresholds thresholds(tasks.size());
  if (!file.metadata().contains("thresholds")) return thresholds;
  const Json json = ParseMetadata(file, "thresholds");
  const auto fail = [&](const std::string& what) {
    Fail("{}: metadata 'thresholds': {}", file.path(), what);
  };
  if (!json.is_object()) fail(fmt::format("found {}; expected an object", json.type_name()));
  for (const auto& [field, value] : json.items()) {
    const auto task = std::ranges::find(tasks, field, [](const auto& t) { return t->field(); });
    if (task == tasks.end()) fail(fmt::format("the model has no task {}", Quoted(field)));
    if (!value.is_number() || !(value.get<double>() >= 0 && value.get<double>() <= 1)) {
      fail(fmt::format("{} is {}; expected a number, 0 to 1", Quoted(field), value.dump()));
    }
    thresholds[static_cast<size_t>(task - tasks.begin())] = value.get<double>();
  }
  return thresholds;
}

void CheckLexicon(const Lexicon& lexicon, const Tasks& tasks, const ModelConfig& model,
                  const std::string& path) {
  for (size_t i = 0; i < tasks.size(); ++i) {
    if (lexicon.labels[i].size() != tasks[i]->classes()) {
      Fail("{}: {} {} in the metadata, but the configuration says {}", path,
           lexicon.labels[i].size(), tasks[i]->labels_name(), tasks[i]->classes());
    }
  }
  // The word table may have more rows than words, because its modes are padded.
  if (lexicon.vocabulary.size() > model.embedding.rows()) {
    Fail("{}: {} words in the metadata, but the word table has {} rows", path,
         lexicon.vocabulary.size(), model.embedding.rows());
  }
}

void CheckState(const TrainingState& state, const Config& config, const std::string& path) {
  const int64_t epochs = config.training.epochs;
  if (state.epoch > epochs || state.best_epoch > state.epoch) {
    Fail("{}: state: epoch {} (best {}) of {}; expected best epoch <= epoch <= epochs", path,
         state.epoch, state.best_epoch, epochs);
  }
  if (!std::isfinite(state.epoch_loss) || !std::isfinite(state.recent_loss) ||
      !std::isfinite(state.best)) {
    Fail("{}: state: a figure is not finite", path);
  }
}

// Fails unless the file holds exactly the tensors of the configuration.
void CheckTensors(const SafetensorsReader& file, const Config& config) {
  // Parameters and states do not depend on the options of a step, so the defaults serve.
  const Graph graph = BuildStep(config, {});
  size_t expected = 0;
  for (const Tensor& tensor : graph.tensors) {
    if (!tensor.IsCheckpointed()) continue;
    ++expected;
    const TensorEntry& entry = file.Entry(tensor.name);
    if (entry.dtype != Dtype::kF32 || entry.shape != Shape(tensor)) {
      Fail("{}: tensor {} is {} [{}]; the configuration asks for {} [{}]", file.path(),
           Quoted(tensor.name), Name(entry.dtype), fmt::join(entry.shape, ", "), Name(Dtype::kF32),
           fmt::join(Shape(tensor), ", "));
    }
  }
  // All expected tensors are present. If the counts differ, the file has others in addition.
  if (file.entries().size() == expected) return;
  for (const TensorEntry& entry : file.entries()) {
    const TensorId id = graph.Find(entry.name);
    if (id == kNoTensor || !graph.At(id).IsCheckpointed()) {
      Fail("{}: tensor {} does not belong to the configuration's model", file.path(),
           Quoted(entry.name));
    }
  }
}

Checkpoint ReadContents(const SafetensorsReader& file) {
  const std::string& path = file.path();
  // The format comes first: metadata of another version may have another meaning.
  if (file.MetadataValue("format") != kFormatName) {
    Fail("{}: format {}; this program reads '{}'", path, Quoted(file.MetadataValue("format")),
         kFormatName);
  }
  Checkpoint contents;
  // Each part is checked against the ones before it: configuration, lexicon, state, tensors.
  contents.config = ParseConfig(file.MetadataValue("toml"), path + ": configuration");
  const Tasks tasks = MakeTasks(contents.config);
  contents.lexicon = ParseLexicon(file, tasks);
  CheckLexicon(contents.lexicon, tasks, contents.config.model, path);
  contents.thresholds = ParseThresholds(file, tasks);
  const Json state = ParseMetadata(file, "state");
  StateReader reader(state, path);
  VisitState(reader, contents.state);
  reader.Finish();
  CheckState(contents.state, contents.config, path);
  CheckTensors(file, contents.config);
  return contents;
}

SafetensorsWriter Writer(const std::string& path, const Checkpoint& checkpoint, const Graph& graph,
                         const TensorValues& values) {
  SafetensorsWriter writer;
  for (TensorId id = 0; id < static_cast<TensorId>(graph.tensors.size()); ++id) {
    const Tensor& tensor = graph.At(id);
    if (!tensor.IsCheckpointed()) continue;
    const std::span<const float> numbers = values(id);
    if (!AllFinite(numbers)) {
      Fail("{}: not written: {} holds a number that is not finite", path, Quoted(tensor.name));
    }
    writer.Add(tensor.name, Shape(tensor), numbers);
  }
  const ModelConfig& model = checkpoint.config.model;
  const Lexicon& lexicon = checkpoint.lexicon;
  StateWriter state;
  VisitState(state, checkpoint.state);
  // This is for other programs, which need no parser of TOML.
  const Json summary = {{"model",
                         {{"heads", model.heads},
                          {"output_cores", model.map.train.output_cores()},
                          {"tokens", model.tokens}}}};
  writer.SetMetadata("format", std::string(kFormatName));
  writer.SetMetadata("toml", ToToml(checkpoint.config));
  writer.SetMetadata("config", summary.dump());
  writer.SetMetadata("words", Json(lexicon.vocabulary.words()).dump());
  writer.SetMetadata("counts", Json(lexicon.vocabulary.counts()).dump());
  writer.SetMetadata("lower_case", lexicon.vocabulary.lower_case() ? "true" : "false");
  const Tasks tasks = MakeTasks(checkpoint.config);
  for (size_t i = 0; i < tasks.size(); ++i) {
    writer.SetMetadata(tasks[i]->labels_name(), Json(lexicon.labels[i].names()).dump());
  }
  Json thresholds = Json::object();
  for (size_t i = 0; i < checkpoint.thresholds.size(); ++i) {
    if (checkpoint.thresholds[i]) thresholds[tasks[i]->field()] = *checkpoint.thresholds[i];
  }
  if (!thresholds.empty()) writer.SetMetadata("thresholds", thresholds.dump());
  writer.SetMetadata("state", state.json.dump());
  return writer;
}

}  // namespace

void CheckCheckpoint(const std::string& path, const Checkpoint& checkpoint, const Graph& graph,
                     const TensorValues& values) {
  // The tensors' bytes do not grow during a run, but numbers in the state do, and thresholds are
  // added.
  const uint64_t kSpare = 1024 + 256 * checkpoint.lexicon.labels.size();
  Writer(path, checkpoint, graph, values).Check(path, kSpare);
}

void WriteCheckpoint(const std::string& path, const Checkpoint& checkpoint, const Graph& graph,
                     const TensorValues& values) {
  Writer(path, checkpoint, graph, values).Write(path);
}

CheckpointReader::CheckpointReader(const std::string& path)
    : file_(path), contents_(ReadContents(file_)) {}

void CheckpointReader::ReadParameters(const Graph& graph, const TensorValues& values) {
  ReadKind(TensorKind::kParameter, graph, values);
}

void CheckpointReader::ReadAll(const Graph& graph, const TensorValues& values) {
  ReadKind(TensorKind::kParameter, graph, values);
  ReadKind(TensorKind::kState, graph, values);
}

void CheckpointReader::ReadKind(TensorKind kind, const Graph& graph, const TensorValues& values) {
  for (TensorId id = 0; id < static_cast<TensorId>(graph.tensors.size()); ++id) {
    const Tensor& tensor = graph.At(id);
    if (tensor.kind == kind) ReadTensor(tensor.name, Shape(tensor), values(id));
  }
}

std::vector<float> CheckpointReader::ReadTensor(const std::string& name) {
  const TensorEntry& entry = file_.Entry(name);
  std::vector<float> values(entry.elements());
  ReadTensor(name, entry.shape, values);
  return values;
}

void CheckpointReader::ReadTensor(const std::string& name, std::span<const int64_t> shape,
                                  std::span<float> values) {
  file_.Read(name, shape, values);
  if (!AllFinite(values)) {
    Fail("{}: tensor {} holds a number that is not finite", path(), Quoted(name));
  }
}

}  // namespace bittern
