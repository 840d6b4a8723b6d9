// SPDX-License-Identifier: Apache-2.0
// Builds the graph of one training step, or of inference, from a configuration.
//
// Input tensors (i32, written by the host before each run; InputWriter does):
//   input.slot                 [K]  which row of the distinct words' rows is token t's word
//   input.embedding.N.left     [K]  for the word table's inner node N: slice or tuple of its left
//   input.embedding.N.right    [K]  and right operand, entry by entry
// and for each task, with the names that model/tasks/task.h gives them:
//   labels                     [K] or [1]  the sentence's labels, -1: no label      (training)
// Output tensors, for each task:
//   loss.TASK    [K] or [1]    times the task's weight; 0 where there is no label   (training)
//   TASK.logits  [classes][K] or [classes][1]                                       (inference)
// Lists: list n belongs to the n-th inner node of the word table's tree.
// Loss weights: one for each task, by its number.
//
// Parameters are named as in checkpoints ("encoder.0.attention.query.core.2"); a gradient is its
// parameter's name with ".gradient", an optimizer's state with ".momentum", ".first", ".second".
#ifndef BITTERN_MODEL_TRAINING_STEP_H_
#define BITTERN_MODEL_TRAINING_STEP_H_

#include "graph/graph.h"
#include "model/config.h"
#include "tensor/embedding_order.h"

namespace bittern {

// Op::loop
inline constexpr int kForwardLoop = 0;
inline constexpr int kBackwardLoop = 1;

enum class StepKind {
  kInference,
  kTraining,  // with updates
  kPart,      // adds the gradients of a batch's part, which a step of kTraining updates with; needs
              // training.batch above 1
  kGradients,  // no update: every gradient stays, for comparison with other sources
};

struct StepOptions {
  StepKind kind = StepKind::kTraining;
  Recompute recompute = Recompute::kElementwise;
  // A head that answers from token 0 computes every token and learns from token 0 alone. The
  // gradients are equal. It is for a machine on which one column costs as much as all.
  bool heads_on_every_token = false;
};

// The order in which the rows of the word table are computed; a function of the configuration.
EmbeddingTree WordTree(const ModelConfig& model);

// The step of a configuration: its embedding, its encoders and the heads of its tasks, in the order
// in which checkpoints store their parameters.
Graph BuildStep(const Config& config, const StepOptions& options);

// The parts of BuildStep, for steps with other layers in between (model/step.h).
class Step;
void AddEmbedding(const ModelConfig& model, Step& step);
void AddEncoders(const ModelConfig& model, Step& step);
void AddHeads(const Config& config, Step& step);

}  // namespace bittern

#endif  // BITTERN_MODEL_TRAINING_STEP_H_
