// Checkpoints: one safetensors file with everything that a run, an evaluation or a reader needs.
//
// Tensors: every parameter and every state of the optimizer under its name in the graph, so the
// file does not depend on contraction order or recomputation. Metadata (strings):
//   format        "bittern-1"
//   toml          the configuration, as ToToml writes it
//   config        JSON {"model": {heads, output_cores, tokens}}, derived from `toml` for
//                 readers that are not this program; ignored when reading
//   words, counts, tags, intents      JSON arrays of the lexicon
//   state         JSON object, TrainingState
// The bytes are a function of the content alone. Writing is atomic. Reading believes nothing:
// every error names the file and, where there is one, the tensor or the field.
#ifndef BITTERN_TRAIN_CHECKPOINT_H_
#define BITTERN_TRAIN_CHECKPOINT_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "model/config.h"
#include "train/lexicon.h"
#include "train/safetensors.h"

namespace bittern {

// Where a run stands, always between two updates. With the configuration and the data it says
// everything about what comes next: random numbers are functions of seed and position.
struct TrainingState {
  int64_t epoch = 0;    // epochs that are finished
  int64_t place = 0;    // sentences of the running epoch that are done
  int64_t updates = 0;  // in all epochs
  // Sums of the sentences' losses, for the figures of the running epoch and of the metrics line in
  // preparation.
  double epoch_loss = 0;
  double recent_loss = 0;
  int64_t recent_sentences = 0;
  double best = -1;  // best figure on valid so far, percent; -1: none
  int64_t best_epoch = 0;
  int64_t metrics_lines = 0;  // of metrics.jsonl that belong to this state
  // What must be the same again when the run is resumed:
  uint64_t data_hash = 0;
  Recompute recompute = Recompute::kElementwise;
  bool pad = false;

  friend bool operator==(const TrainingState&, const TrainingState&) = default;
};

struct Checkpoint {
  Config config;
  Lexicon lexicon;
  TrainingState state;
};

// Gives a tensor's values: Executor::Values.
using TensorValues = std::function<std::span<float>(TensorId)>;

// Writes parameters and states of `graph`. A value that is not finite is an Error that names the
// tensor; nothing is written then.
void WriteCheckpoint(const std::string& path, const Checkpoint& checkpoint, const Graph& graph,
                     const TensorValues& values);

// Fails if WriteCheckpoint would, or could later in a run: more words than a checkpoint takes, say.
void CheckCheckpoint(const std::string& path, const Checkpoint& checkpoint, const Graph& graph,
                     const TensorValues& values);

class CheckpointReader {
 public:
  // Opens and checks all but the tensors' values: the configuration, the lexicon against it, and
  // that the file holds exactly the tensors, in the shapes, that the configuration asks for.
  explicit CheckpointReader(const std::string& path);

  const std::string& path() const { return file_.path(); }
  const Checkpoint& contents() const { return contents_; }

  // Reads the parameters, and with `ReadAll` the optimizer's states too, into a graph of the same
  // model. A value that is not finite is an Error.
  void ReadParameters(const Graph& graph, const TensorValues& values);
  void ReadAll(const Graph& graph, const TensorValues& values);
  // One tensor, whose shape is that in the file.
  std::vector<float> ReadTensor(const std::string& name);

 private:
  void ReadKind(TensorKind kind, const Graph& graph, const TensorValues& values);
  void ReadTensor(const std::string& name, std::span<const int64_t> shape, std::span<float> values);

  SafetensorsReader file_;
  Checkpoint contents_;
};

}  // namespace bittern

#endif  // BITTERN_TRAIN_CHECKPOINT_H_
