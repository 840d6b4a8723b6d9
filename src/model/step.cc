// SPDX-License-Identifier: Apache-2.0
#include "model/step.h"

#include "base/error.h"
#include "graph/passes.h"

namespace bittern {

Graph Step::Build() {
  BITTERN_CHECK(input_ != nullptr && (layers_.empty() || !blocks_.empty()));
  const TensorId x = Forward();
  if (builder_.training()) {
    Backward(Heads(x));
  } else {
    for (size_t i = heads_.size(); i-- > 0;) {
      const PartScope scope(builder_, heads_[i].part);
      heads_[i].head->BuildInference(x);
    }
  }
  builder_.FinishBatch();

  const std::vector<Recomputation> recomputations = builder_.recomputations();
  Graph graph = builder_.Take();
  InsertRecomputations(recomputations, graph);
  RemoveDeadOps(graph);
  HoistUpdates(graph);
  return graph;
}

TensorId Step::Forward() {
  TensorId x = kNoTensor;
  {
    const PartScope scope(builder_, input_part_);
    x = input_->Forward();
  }
  for (size_t block = 0; block < blocks_.size(); ++block) {
    builder_.BeginIteration(kForwardLoop, static_cast<int>(block));
    const size_t end = block + 1 < blocks_.size() ? blocks_[block + 1] : layers_.size();
    for (size_t i = blocks_[block]; i < end; ++i) {
      PlacedLayer& placed = layers_[i];
      const PartScope scope(builder_, placed.part);
      const int begin = builder_.position();
      placed.x = x;
      x = placed.layer->Forward(x);
      placed.forward = builder_.Since(begin);
    }
  }
  builder_.EndLoop();
  return x;
}

// Returns the gradient of x.
TensorId Step::Heads(TensorId x) {
  const TensorId dx =
      builder_.Scratch("dx", builder_.graph().At(x).shape[0], builder_.graph().At(x).shape[1]);
  Result result = Result::kOverwrite;
  for (size_t i = heads_.size(); i-- > 0;) {
    const PartScope scope(builder_, heads_[i].part);
    heads_[i].head->BuildTraining(x, dx, result);
    result = Result::kAccumulate;
  }
  return dx;
}

void Step::Backward(TensorId dy) {
  for (size_t block = blocks_.size(); block-- > 0;) {
    builder_.BeginIteration(kBackwardLoop, static_cast<int>(blocks_.size() - 1 - block));
    const size_t end = block + 1 < blocks_.size() ? blocks_[block + 1] : layers_.size();
    for (size_t i = end; i-- > blocks_[block];) {
      const PartScope scope(builder_, layers_[i].part);
      RecomputeFor(i, blocks_[block]);
      dy = layers_[i].layer->Backward(dy);
    }
  }
  builder_.EndLoop();
  const PartScope scope(builder_, input_part_);
  input_->Backward(dy);
}

// The part of a layer's forward pass that its backward pass needs, from the tensor that is kept.
void Step::RecomputeFor(size_t layer, size_t first_of_block) {
  const Segment forward = layers_[layer].forward;
  switch (builder_.recompute()) {
    case Recompute::kGelu:
      return;
    case Recompute::kElementwise:
      // The input, which the layer before made last.
      builder_.RunAgain(builder_.CheapSegment(layers_[layer].x));
      return;
    case Recompute::kHalf:
      builder_.RunAgain(forward);
      return;
    case Recompute::kEncoder:
      // Layers on the way are run again once more when their own turn comes.
      builder_.RunAgain({layers_[first_of_block].forward.begin, forward.end});
      return;
  }
}

}  // namespace bittern
