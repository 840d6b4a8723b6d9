// SPDX-License-Identifier: Apache-2.0
#include "graph/recomputation.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/error.h"

namespace bittern {
namespace {

class Rewriter {
 public:
  explicit Rewriter(Graph& graph) : old_(std::move(graph)), current_(old_.tensors.size()) {
    written_.resize(old_.tensors.size());
    new_.tokens = old_.tokens;
    new_.lists = old_.lists;
    new_.parts = old_.parts;
  }

  // Takes over what was recorded in front of operation `op`.
  void CopyUntil(int op, int tensor) {
    // Tensors keep their order, so that copies for a recomputation come before the tensors that
    // were made after it.
    for (; next_tensor_ < tensor; ++next_tensor_) CopyTensor(next_tensor_);
    for (; next_op_ < op; ++next_op_) {
      if (next_op_ == old_.update_begin) new_.update_begin = static_cast<int>(new_.ops.size());
      new_.ops.push_back(Renamed(old_.ops[static_cast<size_t>(next_op_)]));
    }
    if (next_op_ == old_.update_begin) new_.update_begin = static_cast<int>(new_.ops.size());
  }

  void RunAgain(Segment segment) {
    BITTERN_CHECK(0 <= segment.begin && segment.end <= next_op_);
    std::fill(written_.begin(), written_.end(), false);
    for (int i = segment.begin; i < segment.end; ++i) {
      for (const TensorId id : old_.ops[static_cast<size_t>(i)].out) {
        written_[static_cast<size_t>(id)] = true;
      }
    }
    for (TensorId id = 0; id < static_cast<TensorId>(written_.size()); ++id) {
      if (!written_[static_cast<size_t>(id)]) continue;
      // The next step reads a persistent tensor itself, so a copy would be lost.
      BITTERN_CHECK(!old_.At(id).persistent);
      CopyTensor(id);
    }
    // The copies belong to the iteration of the loop in which they stand.
    const Op* place =
        next_op_ < std::ssize(old_.ops) ? &old_.ops[static_cast<size_t>(next_op_)] : nullptr;
    for (int i = segment.begin; i < segment.end; ++i) {
      const Op& op = old_.ops[static_cast<size_t>(i)];
      // A tensor that the segment writes later would be read from a copy that is still empty.
      for (const TensorId id : Reads(op)) BITTERN_CHECK(!written_[static_cast<size_t>(id)]);
      for (const TensorId id : op.out) written_[static_cast<size_t>(id)] = false;
      // From CopyTensor on, the names of the segment's results mean the copies, for this and all
      // later operations.
      Op copy = Renamed(op);
      copy.loop = place == nullptr ? -1 : place->loop;
      copy.iteration = place == nullptr ? 0 : place->iteration;
      new_.ops.push_back(std::move(copy));
    }
  }

  Graph Finish() {
    CopyUntil(static_cast<int>(old_.ops.size()), static_cast<int>(old_.tensors.size()));
    return std::move(new_);
  }

 private:
  void CopyTensor(TensorId id) {
    new_.tensors.push_back(old_.At(id));
    // The copy is the newest one until the next recomputation of the same tensor.
    current_[static_cast<size_t>(id)] = static_cast<TensorId>(new_.tensors.size() - 1);
  }

  // The operation on the newest copies of its operands.
  Op Renamed(Op op) const {
    const auto rename = [this](TensorId& id) {
      if (id != kNoTensor) id = current_[static_cast<size_t>(id)];
    };
    for (TensorId& id : op.in) rename(id);
    for (TensorId& id : op.out) rename(id);
    return op;
  }

  const Graph old_;
  Graph new_;
  std::vector<TensorId> current_;  // by id in old_: the newest copy's in new_
  std::vector<bool> written_;      // by id in old_: the segment's next write is still to come
  int next_op_ = 0, next_tensor_ = 0;
};

}  // namespace

void InsertRecomputations(std::span<const Recomputation> recomputations, Graph& graph) {
  Rewriter rewriter(graph);
  for (const Recomputation& recomputation : recomputations) {
    rewriter.CopyUntil(recomputation.op, recomputation.tensor);
    rewriter.RunAgain(recomputation.segment);
  }
  graph = rewriter.Finish();
}

}  // namespace bittern
