// SPDX-License-Identifier: Apache-2.0
// The forward and backward passes of a batch, on one thread or several.
//
// A batch is cut into `training.parts` parts. Which sentence goes to which part depends on the
// sentences' lengths alone (DealParts). A part starts from zero and adds its sentences in their
// order; GradientSum adds the parts. Threads take whole parts. So any number of threads gives the
// same bits. With one part the gradients are added up where the update reads them, sentence by
// sentence.
//
// Memory: each thread beyond the first has a step of its own, with a copy of the parameters; the
// sum takes GradientSum::Buffers gradients. A batch on one thread allocates nothing.
#ifndef BITTERN_TRAIN_BATCH_STEP_H_
#define BITTERN_TRAIN_BATCH_STEP_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/encode.h"
#include "model/config.h"
#include "model/inputs.h"
#include "train/gradient_sum.h"
#include "train/step_runner.h"

namespace bittern {

// Deals sentences out to parts of about equal length: the longest first, each to the part that is
// shortest so far. The first one counts among equals. Overwrites part_of[i] with the part of
// sentence i. order: workspace, as long as the batch. Deterministic.
void DealParts(std::span<const int> lengths, int parts, std::span<int> part_of,
               std::span<int> order, std::span<int64_t> totals);

class BatchStep {
 public:
  // A sentence of the batch, as the step reads it.
  struct Example {
    std::span<const uint16_t> ids;  // of which the first `ids.size()` words of `room` may be used
    SentenceLabels labels;
    uint64_t dropout_key = 0;
  };
  // Gives sentence i of the batch. `room` has space for the ids of one sentence. Is called from
  // several threads at once.
  using Read = std::function<Example(size_t i, std::span<uint16_t> room)>;

  // `runner` is a training step; it has to live as long. Fails as MakeStepRunner does.
  BatchStep(const Config& config, StepRunner& runner, const std::string& device,
            Recompute recompute, bool pad, int threads);

  // Runs the sentences and leaves the batch's gradient in the runner, whose RunUpdates must follow.
  // lengths: ids of each sentence. losses: overwritten with the loss of each one, without the
  // division by the batch. `inputs` gives learning rate and update.
  void Run(const StepInputs& inputs, std::span<const int> lengths, const Read& read,
           std::span<double> losses);

  // The memory of all steps and of the sum.
  int64_t bytes() const;

 private:
  struct Worker {
    StepRunner* runner = nullptr;
    std::unique_ptr<StepRunner> own;  // all but the first worker
    std::unique_ptr<InputWriter> writer;
    StepInputs inputs;
    std::vector<uint16_t> room;
    std::vector<TensorId> losses;
    std::vector<std::span<float>> parameters;
    GradientSum::Tensors gradients;
  };

  void AddWorker(StepRunner& runner, std::unique_ptr<StepRunner> own);
  double Step(Worker& worker, const Example& example, size_t size);

  const Config config_;
  const bool pad_;
  const int parts_;
  std::vector<Worker> workers_;
  std::optional<GradientSum> sum_;
  int64_t sum_bytes_ = 0;
  std::vector<int> part_of_, order_;
  std::vector<int64_t> totals_;
};

// The bytes of BatchStep::bytes(), without allocating them.
int64_t BatchBytes(const Config& config, Recompute recompute, int threads);

}  // namespace bittern

#endif  // BITTERN_TRAIN_BATCH_STEP_H_
