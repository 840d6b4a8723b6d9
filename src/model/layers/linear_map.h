// y = W x + b, where W is a chain of tensor-train cores (or one dense core), in any contraction
// order.
//
// x: [N][T], y: [M][T] (T = 1 in a branch on one token). The planner's tree says which products are
// made; backward is the reverse mode of the same tree: for a node C = A * B, dA = dC * B and
// dB = dC * A.
#ifndef BITTERN_MODEL_LAYERS_LINEAR_MAP_H_
#define BITTERN_MODEL_LAYERS_LINEAR_MAP_H_

#include <string>
#include <vector>

#include "model/step_builder.h"
#include "tensor/tree.h"

namespace bittern {

class LinearMap {
 public:
  // Makes the parameters NAME.core.0 ... (dense: NAME.weight) and NAME.bias. `columns`: kTokens or
  // Constant(1).
  // kZero: the loss does not depend on the bias, so it stays as it is.
  enum class BiasGradient { kComputed, kZero };
  LinearMap(StepBuilder& step, const std::string& name, Size columns,
            BiasGradient bias_gradient = BiasGradient::kComputed);

  TensorId Forward(TensorId x);
  // Backward is to read x from another tensor that holds the same values.
  void ReplaceInput(TensorId x) { values_[static_cast<size_t>(chain_.cores())] = x; }
  // dx (=, +=) Wᵀ dy, and the updates of cores and bias. Reads what the latest Forward kept.
  void Backward(TensorId dy, TensorId dx, Result result);

 private:
  View NodeView(int node, TensorId tensor) const;

  StepBuilder& step_;
  std::string name_;
  Size columns_;
  Chain chain_;
  ContractionTree tree_;
  std::vector<TensorId> cores_;
  TensorId bias_;
  BiasGradient bias_gradient_;
  std::vector<TensorId> values_;  // of the tree's nodes in the latest Forward: cores, x, products
};

}  // namespace bittern

#endif  // BITTERN_MODEL_LAYERS_LINEAR_MAP_H_
