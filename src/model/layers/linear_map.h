// SPDX-License-Identifier: Apache-2.0
// y = W x + b, where W is a chain of cores in one of two formats, or one dense matrix
// (tensor/matrix_shape.h), in any contraction order.
//
// x: [N][T], y: [M][T]; T is 1 in a task that reads one token. The planner's tree says which
// products are made. Backward is the reverse mode of the same tree: for a node C = A * B it makes
// dA = dC * B and dB = dC * A.
#ifndef BITTERN_MODEL_LAYERS_LINEAR_MAP_H_
#define BITTERN_MODEL_LAYERS_LINEAR_MAP_H_

#include <string>
#include <vector>

#include "model/step_builder.h"
#include "tensor/tree.h"

namespace bittern {

class LinearMap {
 public:
  enum class BiasGradient {
    kComputed,
    kZero,  // the loss does not depend on the bias, so the bias stays as it is
  };

  // Declares the parameters NAME.core.0 ... (dense: NAME.weight) and NAME.bias.
  // columns: kTokens, or Constant(1) for one token.
  LinearMap(StepBuilder& step, const std::string& name, const MapShape& shape,
            Size columns = kTokens, BiasGradient bias_gradient = BiasGradient::kComputed);

  // y. Reads x again in Backward.
  TensorId Forward(TensorId x);
  // dx (=, +=) Wᵀ dy, and the updates of cores and bias. dx: a tensor of the caller, [N][T].
  void Backward(TensorId dy, TensorId dx, Result result);

 private:
  View NodeView(int node, TensorId tensor) const;
  View BiasView() const;

  StepBuilder& step_;
  std::string name_;
  Size columns_;
  Chain chain_;
  ContractionTree tree_;
  std::vector<TensorId> cores_;
  TensorId bias_;
  BiasGradient bias_gradient_;
  std::vector<TensorId> values_;  // by node of the tree: cores, x, products
};

}  // namespace bittern

#endif  // BITTERN_MODEL_LAYERS_LINEAR_MAP_H_
