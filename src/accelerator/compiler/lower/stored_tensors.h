// SPDX-License-Identifier: Apache-2.0
// The tensors of a program: those of the graph, then those that the lowering adds.
#ifndef BITTERN_ACCELERATOR_COMPILER_LOWER_STORED_TENSORS_H_
#define BITTERN_ACCELERATOR_COMPILER_LOWER_STORED_TENSORS_H_

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "accelerator/compiler/layout/plane_partition.h"
#include "accelerator/compiler/layout/tensor_layout.h"
#include "accelerator/compiler/lower/machine_code.h"

namespace bittern {

class StoredTensors {
 public:
  // `layouts`: of the graph's tensors, by TensorId, which is also their StoredId.
  explicit StoredTensors(std::vector<TensorLayout> layouts) : layouts_(std::move(layouts)) {}

  const TensorLayout& layout(StoredId id) const { return layouts_[static_cast<size_t>(id)]; }
  const std::vector<TensorLayout>& layouts() const { return layouts_; }

  // A tensor with the layout of `like`, for intermediate results.
  StoredId NewScratch(StoredId like) {
    const StoredId id = Add(TensorLayout(layout(like)));
    scratch_of_[id] = like;
    return id;
  }
  StoredId NewScalar() { return Add({.kind = WordKind::kScalar, .elements = 1}); }

  // Reports that a vector op cannot run over the plane partition of this tensor. The program is
  // then of no use: the caller partitions the graph again, without the partitions refused here.
  void RefusePartition(StoredId id) {
    for (auto at = scratch_of_.find(id); at != scratch_of_.end(); at = scratch_of_.find(id)) {
      id = at->second;
    }
    refused_.emplace(id, layout(id).split);
  }
  const std::set<RefusedPartition>& refused() const { return refused_; }

 private:
  StoredId Add(TensorLayout layout) {
    layouts_.push_back(layout);
    return static_cast<StoredId>(layouts_.size()) - 1;
  }

  std::vector<TensorLayout> layouts_;
  std::map<StoredId, StoredId> scratch_of_;  // the tensor whose layout a scratch tensor has
  std::set<RefusedPartition> refused_;
};

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_LOWER_STORED_TENSORS_H_
