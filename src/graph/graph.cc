#include "graph/graph.h"

#include <algorithm>
#include <array>

namespace bittern {

std::string_view Name(TensorKind kind) {
  constexpr std::array<std::string_view, 7> kNames = {
      "parameter", "state", "gradient", "activation", "scratch", "input", "output"};
  return kNames[static_cast<size_t>(kind)];
}

std::string_view Name(PartKind kind) {
  constexpr std::array<std::string_view, 3> kNames = {"embedding", "encoders", "heads"};
  return kNames[static_cast<size_t>(kind)];
}

std::string_view Name(OpKind kind) {
  constexpr std::array<std::string_view, 29> kNames = {"contract",
                                                       "add",
                                                       "gelu",
                                                       "gelu_grad",
                                                       "tanh",
                                                       "tanh_grad",
                                                       "dropout",
                                                       "dropout_add",
                                                       "fill",
                                                       "take_column",
                                                       "add_column",
                                                       "add_columns",
                                                       "moments",
                                                       "normalize",
                                                       "normalize_grad_sums",
                                                       "normalize_grad_affine",
                                                       "normalize_grad",
                                                       "softmax",
                                                       "softmax_grad",
                                                       "cross_entropy",
                                                       "row_sum",
                                                       "gather_columns",
                                                       "scatter_columns",
                                                       "descend",
                                                       "sum_squares",
                                                       "clip",
                                                       "sgd",
                                                       "momentum",
                                                       "adamw"};
  return kNames[static_cast<size_t>(kind)];
}

int64_t Tensor::Elements(int64_t tokens) const {
  int64_t elements = 1;
  for (const Size& extent : shape) elements *= extent.At(tokens);
  return elements;
}

int64_t Op::MultiplyAdds(int64_t tokens, int64_t list_size) const {
  if (kind != OpKind::kContract) return 0;
  int64_t products = gather.list >= 0 ? list_size : 1;
  for (const Loop& loop : loops) products *= loop.extent.At(tokens);
  return products;
}

TensorId Graph::Find(std::string_view name) const {
  const auto found = std::find_if(tensors.begin(), tensors.end(),
                                  [name](const Tensor& tensor) { return tensor.name == name; });
  return found == tensors.end() ? kNoTensor : static_cast<TensorId>(found - tensors.begin());
}

int64_t Graph::MultiplyAdds(int64_t tokens_now, int64_t list_size) const {
  int64_t total = 0;
  for (const Op& op : ops) total += op.MultiplyAdds(tokens_now, list_size);
  return total;
}

bool Among(TensorId id, const std::vector<TensorId>& ids) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

std::vector<TensorId> Reads(const Op& op) {
  std::vector<TensorId> reads = op.in;
  for (const TensorId table : {op.gather.a_table, op.gather.b_table, op.gather.c_table}) {
    if (table != kNoTensor) reads.push_back(table);
  }
  const bool updates =
      op.kind == OpKind::kSgd || op.kind == OpKind::kMomentum || op.kind == OpKind::kAdamW;
  if (updates || op.accumulate || op.kind == OpKind::kAddColumns || op.kind == OpKind::kAddColumn) {
    reads.insert(reads.end(), op.out.begin(), op.out.end());
  }
  return reads;
}

}  // namespace bittern
