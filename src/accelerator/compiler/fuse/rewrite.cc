#include "accelerator/compiler/fuse/rewrite.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace bittern {
namespace {

// Reads and writes a tensor word by word, and is followed closely. (The gradient of tanh stays in
// place: apart it cost 3,000 cycles on two planes.)
bool IsVectorOp(OpKind kind) {
  switch (kind) {
    case OpKind::kTanh:
    case OpKind::kGeluGrad:
    case OpKind::kDropout:
    case OpKind::kSoftmax:
    case OpKind::kSoftmaxGrad:
      return true;
    default:
      return false;
  }
}

// Sums over tokens that are gradients of plain SGD alone go straight into their parameters: the
// update follows its gradient at once, and nothing reads the parameter between.
void UpdateDirectly(std::vector<Op>& ops) {
  for (size_t i = 0; i + 1 < ops.size(); ++i) {
    Op& sum = ops[i];
    const Op& next = ops[i + 1];
    if (sum.kind != OpKind::kRowSum || sum.accumulate || next.kind != OpKind::kSgd ||
        next.in[0] != sum.out[0] || next.decay > 0) {
      continue;
    }
    sum.out = next.out;
    sum.scale = next.scale;
    ops.erase(ops.begin() + static_cast<std::ptrdiff_t>(i) + 1);
  }
}

// softmax(s * k q) takes the scale with it; so does the gradient of the scores, where all that
// reads it is scaled alike.
void MoveScales(std::vector<Op>& ops) {
  for (size_t i = 0; i < ops.size(); ++i) {
    Op& op = ops[i];
    if (op.kind == OpKind::kSoftmax && i > 0) {
      Op& scores = ops[i - 1];
      if (scores.kind == OpKind::kContract && scores.out[0] == op.in[0] && !scores.accumulate) {
        op.scale = scores.scale;
        scores.scale = 1;
      }
    }
    if (op.kind != OpKind::kSoftmaxGrad) continue;
    std::vector<Op*> readers;
    for (size_t n = i + 1; n < ops.size(); ++n) {
      if (Among(op.out[0], ops[n].in)) readers.push_back(&ops[n]);
      if (Among(op.out[0], ops[n].out)) break;
    }
    const bool alike =
        !readers.empty() && std::all_of(readers.begin(), readers.end(), [&](const Op* reader) {
          return reader->kind == OpKind::kContract && reader->scale == readers[0]->scale;
        });
    if (!alike) continue;
    op.scale = readers[0]->scale;
    for (Op* reader : readers) reader->scale = 1;
  }
}

// Gradients of parameters come scaled, so that adding them is the update.
class DirectUpdates {
 public:
  explicit DirectUpdates(Graph& graph) : graph_(graph) {}

  void Run() {
    std::vector<Update> updates;
    for (size_t i = 0; i < graph_.ops.size(); ++i) {
      const std::optional<size_t> update = UpdateOf(i);
      if (update) updates.push_back({i, *update, Factor(i)});
    }
    for (const Update& update : updates) Scale(update);
    for (const Update& update : updates) {  // the gradient comes scaled
      Op& sum = graph_.ops[update.sgd];
      sum.kind = OpKind::kAdd;
      sum.in = {sum.out[0], graph_.ops[update.product].out[0]};
    }
    Rebuild();
  }

 private:
  struct Update {
    size_t product;  // the contraction that makes the gradient
    size_t sgd;      // the operation that takes it
    size_t factor;   // operand of the product that is scaled
  };

  // The kSgd that is all that reads the result of this contraction.
  std::optional<size_t> UpdateOf(size_t product) const {
    const Op& op = graph_.ops[product];
    if (op.kind != OpKind::kContract || op.accumulate || op.gather.list >= 0 || op.scale != 1 ||
        op.in.size() != 2) {
      return std::nullopt;
    }
    std::optional<size_t> update;
    for (size_t i = 0; i < graph_.ops.size(); ++i) {
      const Op& reader = graph_.ops[i];
      if (i != product && Among(op.out[0], reader.out)) return std::nullopt;
      if (!Among(op.out[0], reader.in)) continue;
      if (update || i < product || reader.kind != OpKind::kSgd || reader.decay > 0) {
        return std::nullopt;
      }
      update = i;
    }
    return update;
  }

  // When a tensor has been written for the last time before operation `before`; 0: at the start.
  size_t MadeAt(TensorId id, size_t before) const {
    for (size_t i = before; i-- > 0;) {
      if (Among(id, graph_.ops[i].out)) return i + 1;
    }
    return 0;
  }

  size_t Factor(size_t product) const {
    const Op& op = graph_.ops[product];
    return MadeAt(op.in[0], product) <= MadeAt(op.in[1], product) ? 0 : 1;
  }

  // Puts a scaled copy in the place of the factor.
  void Scale(const Update& update) {
    Op& product = graph_.ops[update.product];
    const TensorId factor = product.in[update.factor];
    Tensor copy = graph_.At(factor);
    copy.name += ": descend";
    copy.kind = TensorKind::kScratch;
    copy.persistent = false;
    const auto id = static_cast<TensorId>(graph_.tensors.size());
    graph_.tensors.push_back(std::move(copy));
    Op descend{.kind = OpKind::kDescend, .name = product.name + ": factor"};
    descend.in = {factor};
    descend.out = {id};
    descend.scale = graph_.ops[update.sgd].scale;
    descend.repeat = product.repeat;
    descend.trip = product.trip;
    descend.part = product.part;
    // As soon as the factor is there, in the trip of the product.
    size_t place = update.product;
    const size_t made = MadeAt(factor, update.product);
    while (place > made && graph_.ops[place - 1].repeat == product.repeat &&
           graph_.ops[place - 1].trip == product.trip) {
      --place;
    }
    added_[place].push_back(std::move(descend));
    product.in[update.factor] = id;
  }

  void Rebuild() {
    std::vector<Op> ops;
    for (size_t i = 0; i < graph_.ops.size(); ++i) {
      for (Op& op : added_[i]) ops.push_back(std::move(op));
      ops.push_back(std::move(graph_.ops[i]));
    }
    graph_.ops = std::move(ops);
    graph_.update_begin = static_cast<int>(graph_.ops.size());
  }

  Graph& graph_;
  std::map<size_t, std::vector<Op>> added_;  // before which operation
};

}  // namespace

Graph Rewrite(const Graph& graph) {
  Graph result = graph;
  UpdateDirectly(result.ops);
  MoveScales(result.ops);
  DirectUpdates(result).Run();
  return result;
}

void SeparateResults(Graph& graph) {
  std::vector<Op>& ops = graph.ops;
  for (size_t i = 0; i < ops.size(); ++i) {
    const TensorId operand = ops[i].out.empty() ? kNoTensor : ops[i].out[0];
    if (!IsVectorOp(ops[i].kind) || !Among(operand, ops[i].in) || graph.At(operand).persistent ||
        graph.At(operand).kind == TensorKind::kOutput) {
      continue;
    }
    // One pass does both.
    if (ops[i].kind == OpKind::kDropout && i > 0 && ops[i - 1].kind == OpKind::kNormalize) continue;
    const auto result = static_cast<TensorId>(graph.tensors.size());
    Tensor tensor = graph.At(operand);
    tensor.name += ": " + std::string(Name(ops[i].kind));
    graph.tensors.push_back(std::move(tensor));
    ops[i].out[0] = result;
    for (size_t n = i + 1; n < ops.size(); ++n) {
      const bool reads = Among(operand, Reads(ops[n]));
      if (!reads && Among(operand, ops[n].out)) break;  // another value from here on
      std::replace(ops[n].in.begin(), ops[n].in.end(), operand, result);
      std::replace(ops[n].out.begin(), ops[n].out.end(), operand, result);
    }
  }
}

void ZeroFirst(Graph& graph) {
  std::vector<Op>& ops = graph.ops;
  const auto behind = std::stable_partition(ops.begin(), ops.end(),
                                            [](const Op& op) { return op.kind == OpKind::kFill; });
  // The same section as what the step begins with.
  for (auto op = ops.begin(); op != behind; ++op) op->repeat = -1;
}

void AccumulateDirectly(Graph& graph, const std::function<bool(const Op&)>& at_once) {
  std::vector<Op>& ops = graph.ops;
  for (size_t i = 0; i < ops.size(); ++i) {
    Op& product = ops[i];
    if (product.kind != OpKind::kContract || product.accumulate || product.in.size() != 2) continue;
    const TensorId gradient = product.out[0];
    const auto sum = std::find_if(ops.begin() + static_cast<std::ptrdiff_t>(i) + 1, ops.end(),
                                  [&](const Op& op) { return Among(gradient, op.in); });
    if (sum == ops.end() || sum->kind != OpKind::kAdd || sum->in[1] != gradient ||
        sum->in[0] != sum->out[0]) {
      continue;
    }
    const TensorId parameter = sum->out[0];
    const bool read = std::any_of(ops.begin() + static_cast<std::ptrdiff_t>(i), sum,
                                  [&](const Op& op) { return Among(parameter, Reads(op)); });
    if (read || !at_once(product)) continue;
    product.out[0] = parameter;
    product.accumulate = true;
    ops.erase(sum);
  }
  graph.update_begin = static_cast<int>(ops.size());
}

}  // namespace bittern
