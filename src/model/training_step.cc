#include "model/training_step.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "base/error.h"
#include "graph/passes.h"
#include "model/layers/encoder.h"
#include "model/layers/normalization.h"
#include "model/layers/word_embedding.h"
#include "model/tasks/registry.h"

namespace bittern {
namespace {

// The layers of the model and the order in which a step runs through them.
class Step {
 public:
  Step(const Config& config, const StepOptions& options)
      : step_(config, options),
        words_(step_),
        norm_(step_, "embedding.norm", Normalization::Affine::kNone),
        stream_(step_.NewDropoutStream()) {
    for (int encoder = 0; encoder < config.model.encoders; ++encoder) {
      const std::string name = fmt::format("encoder.{}.", encoder);
      halves_.push_back(std::make_unique<AttentionHalf>(step_, name + "attention"));
      halves_.push_back(std::make_unique<FeedForwardHalf>(step_, name + "feed_forward"));
    }
    const Tasks tasks = MakeTasks(config);
    for (size_t i = 0; i < tasks.size(); ++i) {
      if (tasks[i]->has_head()) heads_.push_back(tasks[i]->MakeHead(step_, static_cast<int>(i)));
    }
  }

  Graph Build() {
    const TensorId x = Forward();
    // Heads run from the last to the first.
    std::reverse(heads_.begin(), heads_.end());
    if (!step_.training()) {
      for (const auto& head : heads_) head->BuildInference(x);
    } else {
      const TensorId dx = step_.Scratch("dx", Constant(step_.model().hidden));
      Result result = Result::kOverwrite;
      for (const auto& head : heads_) {
        head->BuildTraining(x, dx, result);
        result = Result::kAccumulate;
      }
      Backward(dx);
    }
    step_.FinishBatch();
    return step_.Take();
  }

 private:
  TensorId Dropout(TensorId x) {
    if (step_.dropout() > 0) {
      Op& op = step_.Append(OpKind::kDropout, "embedding: dropout", {x}, {x});
      op.stream = stream_;
      op.rate = step_.dropout();
    }
    return x;
  }

  TensorId Forward() {
    TensorId x = Dropout(norm_.Forward(words_.Forward()));
    for (size_t i = 0; i < halves_.size(); ++i) {
      step_.BeginTrip(kForwardRepeat, static_cast<int>(i / 2));
      inputs_.push_back(x);
      x = halves_[i]->Forward(x);
    }
    step_.EndTrips();
    return x;
  }

  // What half `i` needs of its forward pass, from the input that is kept before it. What halves on
  // the way compute is dropped at once, and computed once more when their turn comes.
  void RunAgain(size_t i) {
    const size_t kept = step_.recompute() == Recompute::kEncoder ? i / 2 * 2 : i;
    TensorId x = inputs_[kept];
    for (size_t half = kept; half <= i; ++half) x = halves_[half]->Forward(x);
  }

  void Backward(TensorId dx) {
    for (size_t i = halves_.size(); i-- > 0;) {
      step_.BeginTrip(kBackwardRepeat, static_cast<int>((halves_.size() - 1 - i) / 2));
      if (step_.runs_again()) {
        RunAgain(i);
      } else if (step_.recompute() != Recompute::kGelu) {
        // The output of the half before, one elementwise pass away.
        halves_[i]->ReplaceInput(i == 0 ? Dropout(norm_.Again()) : halves_[i - 1]->Again());
      }
      halves_[i]->Backward(dx);
    }
    step_.EndTrips();
    Dropout(dx);
    if (step_.runs_again()) norm_.ReplaceInput(words_.Forward());
    norm_.Backward(dx);
    words_.Backward(dx);
  }

  StepBuilder step_;
  WordEmbedding words_;
  Normalization norm_;
  int stream_;
  std::vector<std::unique_ptr<EncoderHalf>> halves_;
  std::vector<std::unique_ptr<Head>> heads_;
  std::vector<TensorId> inputs_;  // of the halves
};

}  // namespace

Graph BuildStep(const Config& config, const StepOptions& options) {
  const Tasks tasks = MakeTasks(config);
  if (std::ranges::none_of(tasks, [](const auto& task) { return task->has_head(); })) {
    Fail("{}: no task of the model has labels, so there is nothing to train", config.name);
  }
  Graph graph = Step(config, options).Build();
  RemoveDeadOps(graph);
  HoistUpdates(graph);
  return graph;
}

}  // namespace bittern
