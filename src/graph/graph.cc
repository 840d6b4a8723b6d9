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

int64_t Tensor::Elements(int64_t tokens) const {
  int64_t elements = 1;
  for (const Size& extent : shape) elements *= extent.At(tokens);
  return elements;
}

int64_t ops::Contract::MultiplyAdds(int64_t tokens, int64_t list_size) const {
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
  for (const Op& op : ops) {
    const auto* contract = op.As<ops::Contract>();
    if (contract != nullptr) total += contract->MultiplyAdds(tokens_now, list_size);
  }
  return total;
}

bool Contains(const std::vector<TensorId>& ids, TensorId id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

std::vector<TensorId> Operands(const Op& op) {
  std::vector<TensorId> operands = op.in;
  std::erase(operands, kNoTensor);
  return operands;
}

std::vector<TensorId> Reads(const Op& op) {
  std::vector<TensorId> reads = Operands(op);
  if (ReadsResults(op.operation)) reads.insert(reads.end(), op.out.begin(), op.out.end());
  return reads;
}

}  // namespace bittern
