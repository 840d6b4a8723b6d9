// SPDX-License-Identifier: Apache-2.0
// Checkpoints: one safetensors file with everything that a run, an evaluation or a reader needs.
//
// Tensors: every parameter and every state of the optimizer under its name in the graph. So the
// file does not depend on contraction order or recomputation. Metadata (strings):
//   format        "bittern-1"
//   toml          the configuration, as ToToml writes it
//   config        JSON {"model": {heads, output_cores, tokens}}, derived from `toml` for
//                 other programs; this one ignores it
//   words, counts                     JSON arrays of the vocabulary
//   lower_case    "true" if words are looked up in lower case, otherwise "false"
//   intents, tags                     a JSON array of labels for each task, under its labels_name()
//   thresholds    JSON object: a task's field and its threshold, 0 to 1. Absent if no task
//                 has one
//   state         JSON object, TrainingState
// Equal contents give equal bytes. Writing is atomic. Reading checks everything; an error names the
// file and, if there is one, the tensor or the field.
#ifndef BITTERN_TRAIN_CHECKPOINT_H_
#define BITTERN_TRAIN_CHECKPOINT_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "model/config.h"
#include "model/lexicon.h"
#include "train/safetensors.h"

namespace bittern {

// The position of a run, always between two updates. With the configuration and the data it decides
// all that follows, because random numbers are functions of seed and position.
struct TrainingState {
  int64_t epoch = 0;    // finished epochs
  int64_t place = 0;    // sentences of the running epoch that are done
  int64_t updates = 0;  // in all epochs
  // Sums of the sentences' losses: in the running epoch, and since the latest line of metrics.
  double epoch_loss = 0;
  double recent_loss = 0;
  int64_t recent_sentences = 0;
  double best = -1;  // best figure on valid so far, percent; -1 before the first
  int64_t best_epoch = 0;
  int64_t metrics_lines = 0;  // of metrics.jsonl that belong to this state
  // These must be the same when the run is resumed:
  uint64_t data_hash = 0;
  Recompute recompute = Recompute::kElementwise;
  bool pad = false;

  friend bool operator==(const TrainingState&, const TrainingState&) = default;
};

struct Checkpoint {
  Config config;
  Lexicon lexicon;
  TrainingState state;
  // [task] As they were chosen at the end of the latest epoch.
  Thresholds thresholds;
};

// Gives the memory of a tensor's values: Executor::Values.
using TensorValues = std::function<std::span<float>(TensorId)>;

// Writes parameters and states of `graph`. If a value is not finite, fails with the tensor's name
// and writes nothing.
void WriteCheckpoint(const std::string& path, const Checkpoint& checkpoint, const Graph& graph,
                     const TensorValues& values);

// Fails if WriteCheckpoint would fail now or could fail later in the run, for example because there
// are more words than a checkpoint takes.
void CheckCheckpoint(const std::string& path, const Checkpoint& checkpoint, const Graph& graph,
                     const TensorValues& values);

class CheckpointReader {
 public:
  // Opens the file and checks everything but the tensors' values: the configuration, the lexicon
  // against it, and that the tensors and their shapes are exactly those of the configuration.
  explicit CheckpointReader(const std::string& path);

  const std::string& path() const { return file_.path(); }
  const Checkpoint& contents() const { return contents_; }

  // True if the file has a tensor of this name.
  bool Has(const std::string& name) const { return file_.Find(name) != nullptr; }

  // Reads the parameters into a graph of the same model; ReadAll reads the optimizer's states too.
  // Fails if a value is not finite.
  void ReadParameters(const Graph& graph, const TensorValues& values);
  void ReadAll(const Graph& graph, const TensorValues& values);
  // Reads one tensor, in the shape that the file says.
  std::vector<float> ReadTensor(const std::string& name);

 private:
  void ReadKind(TensorKind kind, const Graph& graph, const TensorValues& values);
  void ReadTensor(const std::string& name, std::span<const int64_t> shape, std::span<float> values);

  SafetensorsReader file_;
  Checkpoint contents_;
};

}  // namespace bittern

#endif  // BITTERN_TRAIN_CHECKPOINT_H_
