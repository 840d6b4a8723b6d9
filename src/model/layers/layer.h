// What a step asks of a layer: its forward and its backward pass, as operations of a graph.
//
// A layer is built with a StepBuilder, with which it declares its parameters in the constructor and
// appends its operations in Forward and Backward. The constructor takes the layer's name, which its
// tensors and operations begin with, and the layer's own sizes. A parameter's place in checkpoints,
// and its stream of random numbers, follow from the order of the constructors.
//
// Forward and Backward are called once each, Backward never in inference. Backward reads whatever
// tensors Forward made and the layer kept the ids of. Whether those still hold the values of the
// first pass or of a second one is no matter of the layer: see graph/recomputation.h.
#ifndef BITTERN_MODEL_LAYERS_LAYER_H_
#define BITTERN_MODEL_LAYERS_LAYER_H_

#include "graph/builder.h"

namespace bittern {

// A layer of the stack: activations [features][T] to activations.
class Layer {
 public:
  virtual ~Layer() = default;
  // y. Leaves x as it is.
  virtual TensorId Forward(TensorId x) = 0;
  // dx, and the updates of the layer's parameters. May overwrite dy, and return it as dx.
  virtual TensorId Backward(TensorId dy) = 0;
};

// The first layer: it reads what the host wrote, so it has no gradient to pass on.
class InputLayer {
 public:
  virtual ~InputLayer() = default;
  virtual TensorId Forward() = 0;
  // The updates of the layer's parameters. May overwrite dy.
  virtual void Backward(TensorId dy) = 0;
};

// The last layer of a task (model/tasks/task.h): it turns activations into answers, or into a loss
// and its gradient.
class Head {
 public:
  virtual ~Head() = default;
  // x: [features][T], the last layer's output. Appends the operations that write the output tensor
  // Task::logits_name().
  virtual void BuildInference(TensorId x) = 0;
  // Appends forward pass, loss, backward pass and updates. Makes the input tensor
  // Task::input_name() and the output tensor Task::loss_name(). dx (=, +=) the gradient of x.
  virtual void BuildTraining(TensorId x, TensorId dx, Result result) = 0;
};

}  // namespace bittern

#endif  // BITTERN_MODEL_LAYERS_LAYER_H_
