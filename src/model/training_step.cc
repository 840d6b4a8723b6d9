#include "model/training_step.h"

#include <fmt/format.h>

#include <memory>
#include <vector>

#include "base/error.h"
#include "graph/passes.h"
#include "model/layers/encoder.h"
#include "model/layers/normalization.h"
#include "model/layers/word_embedding.h"
#include "model/tasks/branch.h"

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
    if (config.model.intents > 0) {
      intent_ = std::make_unique<Branch>(
          step_, "intent", config.model.intents,
          options.intent_on_every_token ? Branch::Reads::kEveryToken : Branch::Reads::kFirstToken);
    }
    if (config.model.tags > 0) {
      slot_ =
          std::make_unique<Branch>(step_, "slot", config.model.tags, Branch::Reads::kEveryToken);
    }
  }

  Graph Build() {
    const TensorId x = Forward();
    if (!step_.training()) {
      if (slot_) slot_->Answer(x);
      if (intent_) intent_->Answer(x);
    } else {
      const TensorId dx = step_.Scratch("dx", Constant(step_.model().hidden));
      Result result = Result::kOverwrite;
      if (slot_) {
        slot_->Train(x, dx, result, kSlotLoss);
        result = Result::kAccumulate;
      }
      if (intent_) intent_->Train(x, dx, result, kIntentLoss);
      Backward(dx);
    }
    step_.FinishBatch();
    return step_.Take();
  }

 private:
  TensorId Dropout(TensorId x) {
    if (step_.dropout() > 0) {
      step_.Append("embedding: dropout", ops::Dropout{{.stream = stream_, .rate = step_.dropout()}},
                   {.x = x}, {.y = x});
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
  std::unique_ptr<Branch> intent_, slot_;
  std::vector<TensorId> inputs_;  // of the halves
};

}  // namespace

Graph BuildStep(const Config& config, const StepOptions& options) {
  if (config.model.intents == 0 && config.model.tags == 0) {
    Fail("{}: the model has neither intents nor tags, so there is nothing to train", config.name);
  }
  Graph graph = Step(config, options).Build();
  RemoveDeadOps(graph);
  HoistUpdates(graph);
  return graph;
}

}  // namespace bittern
