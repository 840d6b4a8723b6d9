// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/fuse/rewrite.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "accelerator/compiler/fuse/lowerings.h"

namespace bittern {
namespace {

// Adds sums over tokens directly to their parameters if only plain SGD reads them. The update is
// the next operation, so the parameter is not read between the two.
void UpdateDirectly(std::vector<Op>& ops) {
  for (size_t i = 0; i + 1 < ops.size(); ++i) {
    auto* sum = ops[i].As<ops::RowSum>();
    // Decay multiplies the old parameter, which an addition cannot do. So such an update stays
    // separate.
    const auto* sgd = ops[i + 1].As<ops::Sgd>();
    if (sum == nullptr || sum->accumulate || sgd == nullptr || sgd->decay > 0 ||
        ops[i + 1].Inputs<ops::Sgd>().gradient != ops[i].Outputs<ops::RowSum>().y) {
      continue;
    }
    // The vector unit can scale a sum over lanes and add it to the old scalar, which makes it one
    // instruction.
    ops[i].Become(ops::RowSum{.accumulate = true, .rate_factor = sgd->rate_factor},
                  {.x = ops[i].Inputs<ops::RowSum>().x},
                  {.y = ops[i + 1].Outputs<ops::Sgd>().parameter});
    ops.erase(ops.begin() + static_cast<std::ptrdiff_t>(i) + 1);
  }
}

// Moves the scale s of softmax(s * k q) from the contraction into the softmax. The gradient of the
// scores takes the scale of its readers, if all of them are contractions with the same scale.
void MoveScales(std::vector<Op>& ops) {
  for (size_t i = 0; i < ops.size(); ++i) {
    if (auto* softmax = ops[i].As<ops::Softmax>(); softmax != nullptr && i > 0) {
      auto* scores = ops[i - 1].As<ops::Contract>();
      // If the scores accumulated, their older terms would not have this scale.
      if (scores != nullptr && !scores->accumulate &&
          ops[i - 1].Outputs<ops::Contract>().c == ops[i].Inputs<ops::Softmax>().scores) {
        softmax->scale = std::exchange(scores->scale, 1);
      }
    }
    auto* gradient = ops[i].As<ops::SoftmaxGrad>();
    if (gradient == nullptr) continue;
    const TensorId d_scores = ops[i].Outputs<ops::SoftmaxGrad>().d_scores;
    std::vector<ops::Contract*> readers;
    bool contractions = true;
    for (size_t n = i + 1; n < ops.size(); ++n) {
      if (Contains(ops[n].in, d_scores)) {
        readers.push_back(ops[n].As<ops::Contract>());
        contractions = contractions && readers.back() != nullptr;
      }
      // From here on the tensor holds another value.
      if (Contains(ops[n].out, d_scores)) break;
    }
    const bool alike = contractions && !readers.empty() &&
                       std::all_of(readers.begin(), readers.end(), [&](const auto* reader) {
                         return reader->scale == readers[0]->scale;
                       });
    // All readers must see the same factor, because one multiplication in the gradient now serves
    // them all.
    if (!alike) continue;
    gradient->scale = readers[0]->scale;
    for (ops::Contract* reader : readers) reader->scale = 1;
  }
}

// Scales gradients of parameters by -rate in advance, so that the update is an addition.
class DirectUpdates {
 public:
  explicit DirectUpdates(Graph& graph) : graph_(graph) {}

  void Run() {
    // All updates are found before the graph changes, so their indices into `ops` stay valid until
    // Rebuild.
    std::vector<Update> updates;
    for (size_t i = 0; i < graph_.ops.size(); ++i) {
      const std::optional<size_t> update = UpdateOf(i);
      if (update) updates.push_back({i, *update, ScalesA(i)});
    }
    for (const Update& update : updates) Scale(update);
    for (const Update& update : updates) {  // the gradient comes scaled
      Op& sum = graph_.ops[update.sgd];
      const TensorId parameter = sum.Outputs<ops::Sgd>().parameter;
      sum.Become(ops::Add{},
                 {.a = parameter, .b = graph_.ops[update.product].Outputs<ops::Contract>().c},
                 {.y = parameter});
    }
    Rebuild();
  }

 private:
  struct Update {
    size_t product;  // the contraction that makes the gradient
    size_t sgd;      // the operation that takes it
    bool scales_a;   // the operand of the product that is scaled is a; else it is b
  };

  // The Sgd operation that is the only reader of this contraction's result; nullopt if there is
  // none.
  std::optional<size_t> UpdateOf(size_t product) const {
    const Op& op = graph_.ops[product];
    const auto* contract = op.As<ops::Contract>();
    if (contract == nullptr || contract->accumulate || contract->gather.list >= 0 ||
        contract->scale != 1 || op.Inputs<ops::Contract>().start != kNoTensor) {
      return std::nullopt;
    }
    const TensorId result = op.Outputs<ops::Contract>().c;
    std::optional<size_t> update;
    for (size_t i = 0; i < graph_.ops.size(); ++i) {
      const Op& reader = graph_.ops[i];
      // Another operation adds to the gradient or reuses its tensor, so the product does not make
      // all of it.
      if (i != product && Contains(reader.out, result)) return std::nullopt;
      if (!Contains(reader.in, result)) continue;
      const auto* sgd = reader.As<ops::Sgd>();
      // A second reader would see a scaled gradient.
      if (update || i < product || sgd == nullptr || sgd->decay > 0) return std::nullopt;
      update = i;
    }
    return update;
  }

  // When a tensor has been written for the last time before operation `before`; 0: at the start.
  size_t MadeAt(TensorId id, size_t before) const {
    for (size_t i = before; i-- > 0;) {
      if (Contains(graph_.ops[i].out, id)) return i + 1;
    }
    return 0;
  }

  bool ScalesA(size_t product) const {
    const auto in = graph_.ops[product].Inputs<ops::Contract>();
    // The factor that exists first is scaled, so the scaling is off the critical path.
    return MadeAt(in.a, product) <= MadeAt(in.b, product);
  }

  // Puts a scaled copy in the place of the factor.
  void Scale(const Update& update) {
    Op& product = graph_.ops[update.product];
    const auto in = product.Inputs<ops::Contract>();
    const TensorId factor = update.scales_a ? in.a : in.b;
    Tensor copy = graph_.At(factor);
    // The copy has the factor's shape and lives only until the product.
    copy.name += ": descend";
    copy.kind = TensorKind::kScratch;
    copy.persistent = false;
    const auto id = static_cast<TensorId>(graph_.tensors.size());
    graph_.tensors.push_back(std::move(copy));
    const double rate_factor = graph_.ops[update.sgd].As<ops::Sgd>()->rate_factor;
    Op scaling = MakeOp(product.name + ": factor", ops::ScaleByRate{.rate_factor = rate_factor},
                        {.x = factor}, {.y = id});
    // The loop that is rolled must contain the scaling, or its iterations would differ.
    scaling.loop = product.loop;
    scaling.iteration = product.iteration;
    scaling.part = product.part;
    // It comes as soon as the factor exists, in the iteration of the product.
    size_t place = update.product;
    const size_t made = MadeAt(factor, update.product);
    while (place > made && graph_.ops[place - 1].loop == product.loop &&
           graph_.ops[place - 1].iteration == product.iteration) {
      --place;
    }
    added_[place].push_back(std::move(scaling));
    product.Become(*product.As<ops::Contract>(),
                   {.a = update.scales_a ? id : in.a, .b = update.scales_a ? in.b : id},
                   {.c = product.Outputs<ops::Contract>().c});
  }

  void Rebuild() {
    std::vector<Op> ops;
    for (size_t i = 0; i < graph_.ops.size(); ++i) {
      for (Op& op : added_[i]) ops.push_back(std::move(op));
      ops.push_back(std::move(graph_.ops[i]));
    }
    graph_.ops = std::move(ops);
    // The accelerator takes no updates that run once a batch (compile.cc).
    graph_.update_begin = static_cast<int>(graph_.ops.size());
  }

  Graph& graph_;
  std::map<size_t, std::vector<Op>> added_;  // before which operation
};

}  // namespace

Graph Rewrite(const Graph& graph) {
  Graph result = graph;
  // The first two passes change operations in their place. The last one adds operations and must
  // not invalidate indices of the others.
  UpdateDirectly(result.ops);
  MoveScales(result.ops);
  DirectUpdates(result).Run();
  return result;
}

void SeparateResults(Graph& graph) {
  std::vector<Op>& ops = graph.ops;
  for (size_t i = 0; i < ops.size(); ++i) {
    const TensorId operand = ops[i].out.empty() ? kNoTensor : ops[i].out[0];
    if (!LoweringOf(ops[i]).apart || !Contains(ops[i].in, operand) ||
        graph.At(operand).persistent || graph.At(operand).kind == TensorKind::kOutput) {
      continue;
    }
    // One vector op computes both.
    if (ops[i].Is<ops::Dropout>() && i > 0 && ops[i - 1].Is<ops::Normalize>()) continue;
    // From here to the next overwriting, every use of the operand becomes a use of the new tensor.
    const auto result = static_cast<TensorId>(graph.tensors.size());
    Tensor tensor = graph.At(operand);
    tensor.name += ": " + std::string(Name(ops[i].operation));
    graph.tensors.push_back(std::move(tensor));
    ops[i].out[0] = result;
    for (size_t n = i + 1; n < ops.size(); ++n) {
      const bool reads = Contains(Reads(ops[n]), operand);
      if (!reads && Contains(ops[n].out, operand)) break;  // another value from here on
      std::replace(ops[n].in.begin(), ops[n].in.end(), operand, result);
      std::replace(ops[n].out.begin(), ops[n].out.end(), operand, result);
    }
  }
}

void ZeroFirst(Graph& graph) {
  std::vector<Op>& ops = graph.ops;
  // A Fill has no operands, so it may move before everything. The order of all other operations
  // stays.
  const auto behind = std::stable_partition(ops.begin(), ops.end(),
                                            [](const Op& op) { return op.Is<ops::Fill>(); });
  // They belong to no loop, so they join the first section of the step.
  for (auto op = ops.begin(); op != behind; ++op) op->loop = -1;
}

void AccumulateDirectly(Graph& graph, const std::function<bool(const Op&)>& at_once) {
  std::vector<Op>& ops = graph.ops;
  for (size_t i = 0; i < ops.size(); ++i) {
    Op& product = ops[i];
    auto* contract = product.As<ops::Contract>();
    if (contract == nullptr || contract->accumulate) continue;
    const auto in = product.Inputs<ops::Contract>();
    // The array adds one start to a sum, and that would now be the parameter.
    if (in.start != kNoTensor) continue;
    const TensorId gradient = product.Outputs<ops::Contract>().c;
    // The first reader of the gradient is the addition to the parameter, if the gradient has one
    // reader only.
    const auto sum = std::find_if(ops.begin() + static_cast<std::ptrdiff_t>(i) + 1, ops.end(),
                                  [&](const Op& op) { return Contains(op.in, gradient); });
    if (sum == ops.end() || !sum->Is<ops::Add>()) continue;
    const TensorId parameter = sum->Outputs<ops::Add>().y;
    const auto added = sum->Inputs<ops::Add>();
    // The addition must have the form parameter += gradient.
    if (added.a != parameter || added.b != gradient) continue;
    // The addition moves up to the product, so no operation between them may read the old
    // parameter.
    const bool read = std::any_of(ops.begin() + static_cast<std::ptrdiff_t>(i), sum,
                                  [&](const Op& op) { return Contains(Reads(op), parameter); });
    if (read || !at_once(product)) continue;
    product.out = {parameter};
    contract->accumulate = true;
    ops.erase(sum);
  }
  graph.update_begin = static_cast<int>(ops.size());
}

}  // namespace bittern
