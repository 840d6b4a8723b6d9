// A step of a model, put together from an input layer, a stack of layers and the heads of tasks.
//
// BuildStep (training_step.h) places the layers and tasks of a configuration. Other programs place
// their own:
//   Step step(config, options);
//   step.SetInput<Embedding>(part, shape);
//   step.BeginBlock();
//   step.Add<MyLayer>({.name = "mine", .block = "mine"}, my_sizes);
//   step.AddHead(...);
//   Graph graph = step.Build();
//
// Blocks are stretches of layers that repeat: blocks of the same layers and sizes can run as the
// iterations of one loop, and activation checkpoints are kept by layer or by block.
#ifndef BITTERN_MODEL_STEP_H_
#define BITTERN_MODEL_STEP_H_

#include <memory>
#include <utility>
#include <vector>

#include "model/layers/layer.h"
#include "model/step_builder.h"

namespace bittern {

class Step {
 public:
  // Keeps a reference to `config`.
  Step(const Config& config, const StepOptions& options) : builder_(config, options) {}

  StepBuilder& builder() { return builder_; }

  // Makes the input layer, or a layer at the end of the stack: T(builder, part.name, sizes...).
  // What it declares and appends belongs to `part`.
  template <typename T, typename... Sizes>
  void SetInput(ModelPart part, Sizes&&... sizes) {
    part.kind = PartKind::kInput;
    const std::string name = part.name;
    input_part_ = builder_.NewPart(std::move(part));
    const PartScope scope(builder_, input_part_);
    input_ = std::make_unique<T>(builder_, name, std::forward<Sizes>(sizes)...);
  }
  void BeginBlock() { blocks_.push_back(layers_.size()); }
  template <typename T, typename... Sizes>
  void Add(ModelPart part, Sizes&&... sizes) {
    part.kind = PartKind::kLayers;
    const std::string name = part.name;
    const int number = builder_.NewPart(std::move(part));
    const PartScope scope(builder_, number);
    layers_.push_back(
        {number, std::make_unique<T>(builder_, name, std::forward<Sizes>(sizes)...), {}, {}});
  }

  // Makes the head of a task: make(builder) returns it. Heads run from the last to the first, so
  // that the first one's gradient is added last.
  template <typename Make>
  void AddHead(ModelPart part, Make&& make) {
    part.kind = PartKind::kTasks;
    const int number = builder_.NewPart(std::move(part));
    const PartScope scope(builder_, number);
    heads_.push_back({number, std::forward<Make>(make)(builder_)});
  }

  // Appends forward and backward pass and the updates, and runs the passes over the graph. Call it
  // once, last.
  Graph Build();

 private:
  struct PlacedLayer {
    int part;
    std::unique_ptr<Layer> layer;
    TensorId x;       // what its forward pass reads
    Segment forward;  // its operations
  };

  struct PlacedHead {
    int part;
    std::unique_ptr<Head> head;
  };

  TensorId Forward();
  TensorId Heads(TensorId x);
  void Backward(TensorId dy);
  void RecomputeFor(size_t layer, size_t first_of_block);

  StepBuilder builder_;
  int input_part_ = kNoPart;
  std::unique_ptr<InputLayer> input_;
  std::vector<PlacedLayer> layers_;
  std::vector<PlacedHead> heads_;
  std::vector<size_t> blocks_;  // the first layer of each
};

}  // namespace bittern

#endif  // BITTERN_MODEL_STEP_H_
