// What the layers of one step share: the graph under construction, the parameters, and the way
// from a gradient to an update.
#ifndef BITTERN_MODEL_STEP_BUILDER_H_
#define BITTERN_MODEL_STEP_BUILDER_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "graph/builder.h"
#include "graph/recomputation.h"
#include "model/config.h"
#include "model/training_step.h"

namespace bittern {

class StepBuilder : public Builder {
 public:
  StepBuilder(const Config& config, const StepOptions& options);

  const Config& config() const { return config_; }
  const ModelConfig& model() const { return config_.model; }
  const StepOptions& options() const { return options_; }
  Recompute recompute() const { return options_.recompute; }
  // Whether memory is so short that whole layers are run again before their backward pass.
  bool saves_memory() const {
    return recompute() == Recompute::kHalf || recompute() == Recompute::kEncoder;
  }
  bool training() const { return options_.kind != StepKind::kInference; }
  double dropout() const { return training() ? config_.training.dropout : 0; }
  // Every place of dropout has a stream of its own; a recomputed pass names the same one again.
  int NewDropoutStream() { return dropout_streams_++; }

  // Activation checkpointing. A layer that can make a tensor again notes the segment of operations
  // that made it:
  //   const int begin = step.position();  ...append...  segment = step.Since(begin);
  int position() const { return static_cast<int>(graph().ops.size()); }
  Segment Since(int begin) const { return {begin, position()}; }
  // Runs a segment again here. What is appended from here on reads the second run's results where
  // it names the first one's. Carried out when the step is complete: graph/recomputation.h.
  void RunAgain(Segment segment);
  const std::vector<Recomputation>& recomputations() const { return recomputations_; }
  // Notes that `segment` makes y from tensors that the backward pass keeps anyway, at the cost of
  // an elementwise operation or two; and that operations appended since then change y in place.
  void SetCheap(TensorId y, Segment segment) { cheap_[y] = segment; }
  void ExtendCheap(TensorId y) { cheap_.at(y).end = position(); }
  Segment CheapSegment(TensorId y) const;  // empty where there is none

  // Declares a trained tensor: its starting values, and what rows that are added later get.
  TensorId Parameter(std::string name, std::vector<Size> shape, const InitialValues& initial,
                     AddedRows added_rows = AddedRows::kNone);
  // [rows][T], or [rows][1] for a branch on one token.
  TensorId Activation(std::string name, Size rows, Size columns = kTokens);
  TensorId Scratch(std::string name, Size rows, Size columns = kTokens);

  // The tensor that a parameter's gradient is written to. Write it with gradient_result(): where
  // gradients of several sentences are summed they are added up.
  TensorId Gradient(TensorId parameter);
  Result gradient_result() const { return accumulates_ ? Result::kAccumulate : Result::kOverwrite; }
  bool keeps_gradients() const { return options_.kind == StepKind::kGradients; }
  // A gradient that is added to entry by entry starts here at 0.
  void ClearGradient(TensorId gradient);
  // The gradient is complete: appends the update, at once or for the end of the batch.
  void Update(TensorId parameter, TensorId gradient);
  // Whether a large gradient may be added to its parameter as it is made, so that it never exists
  // as a tensor: turn one of the two factors of its product into -rate * factor with ScaleByRate,
  // then accumulate the product into the parameter. True of plain SGD, sentence by sentence.
  bool updates_directly() const;
  void ScaleByRate(TensorId parameter, TensorId factor);  // in place
  // After the last layer: the part that runs once a batch.
  void FinishBatch();

 private:
  void Clip(const std::vector<TensorId>& gradients);  // by their common norm, in place
  void AppendUpdate(TensorId parameter, TensorId gradient);
  double RateFactor(const std::string& parameter) const;

  const Config& config_;
  const StepOptions options_;
  const bool accumulates_;  // gradients are kept until the batch ends
  int dropout_streams_ = 0;
  int clip_part_ = kNoPart;
  std::vector<std::pair<TensorId, TensorId>> pending_;  // parameter, gradient
  std::vector<Recomputation> recomputations_;
  std::map<TensorId, Segment> cheap_;
};

// The attribute `accumulate` of an operation, from a Result.
inline bool Accumulates(Result result) { return result == Result::kAccumulate; }

}  // namespace bittern

#endif  // BITTERN_MODEL_STEP_BUILDER_H_
