// Collects the instructions of a program while its tensors still have no addresses.
//
// Instructions are appended in the order in which they are to be right when run one after the
// other; what may overlap is found later (schedule.h). Slots come in halves that are handed out in
// turn, so that a stream's tiles can be loaded and its accumulators drained beside the next one.
#ifndef BITTERN_ACCELERATOR_COMPILER_LOWER_EMITTER_H_
#define BITTERN_ACCELERATOR_COMPILER_LOWER_EMITTER_H_

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "accelerator/compiler/layout/plane_partition.h"
#include "accelerator/compiler/lower/machine_code.h"
#include "accelerator/isa/generated/accelerators.h"
#include "graph/graph.h"

namespace bittern {

// What a lowering saves where it can have one for the other.
enum class Objective { kCycles, kWords };

class Emitter {
 public:
  // `storage`: of every tensor of the graph; tensors made here follow.
  Emitter(const Graph& graph, const isa::Accelerator& machine, std::vector<TensorLayout> layout,
          Objective objective);

  const Graph& graph() const { return graph_; }
  const isa::Accelerator& machine() const { return machine_; }
  Objective objective() const { return objective_; }
  int64_t tokens() const { return graph_.tokens; }
  const TensorLayout& layout(StoredId id) const { return layouts_[static_cast<size_t>(id)]; }
  const std::vector<TensorLayout>& layouts() const { return layouts_; }

  // A tensor of the compiler's own, which lies like another one.
  StoredId NewScratch(StoredId like);
  // A scalar of the program's constants.
  StoredId Constant(float value);
  const std::map<float, StoredId>& constants() const { return constants_; }
  // The scalar that the host sets to -factor * learning rate before a step.
  StoredId Rate(double factor);
  const std::map<double, StoredId>& rates() const { return rates_; }
  // The scalar that the host sets to a loss weight before a step.
  StoredId LossWeight(int loss);
  const std::map<int, StoredId>& loss_weights() const { return loss_weights_; }
  // Which index table holds an input tensor of integers.
  uint32_t Table(TensorId tensor);
  const std::map<TensorId, uint32_t>& tables() const { return tables_; }

  // The order in which a tensor's words are wanted by what reads them first; addresses unless set.
  TraversalOrder TraversalOf(StoredId id) const {
    const auto at = orders_.find(id);
    return at == orders_.end() ? TraversalOrder::OfAddresses(layout(id).words()) : at->second;
  }
  void SetTraversal(StoredId id, const TraversalOrder& order) { orders_[id] = order; }

  // A split that a pass cannot take: the program is no good, and the tensor must lie otherwise.
  void Refuse(StoredId id);
  const std::set<RefusedPartition>& refused() const { return refused_; }

  // The first slot of the half to use next. In a loop a trip uses one half, the next trip the
  // other.
  uint32_t NextTileHalf();
  uint32_t NextAccumulatorHalf();

  // Operation that the following instructions come from.
  void SetSource(const Op& op) {
    source_ = op.name;
    part_ = op.part;
  }
  void Append(isa::Instruction instruction, std::vector<StoredId> tensors);
  // The instructions between run `trips` times; `next`: tensors that are others in the next trip.
  void BeginRolledLoop(int iterations, const std::map<TensorId, TensorId>& next, int stream_step);
  void EndRolledLoop();
  // The instructions between run once for every entry of a list.
  void BeginListLoop(int list);
  void EndListLoop();

  const std::vector<MachineOp>& ops() const { return ops_; }
  std::vector<MachineOp> Take() { return std::move(ops_); }

 private:
  void CloseLoop();
  StoredId NewScalar();

  const Graph& graph_;
  const isa::Accelerator& machine_;
  std::vector<TensorLayout> layouts_;
  const Objective objective_;
  std::map<float, StoredId> constants_;
  std::map<double, StoredId> rates_;
  std::map<int, StoredId> loss_weights_;
  std::map<TensorId, uint32_t> tables_;
  std::map<StoredId, TraversalOrder> orders_;
  std::map<StoredId, StoredId> like_;  // of scratch
  std::set<RefusedPartition> refused_;
  uint32_t tile_half_ = 0, accumulator_half_ = 0;
  std::string source_;
  int part_ = kNoPart;
  std::vector<MachineOp> ops_;
  size_t loop_ = 0;                                     // where the open loop stands
  bool in_loop_ = false;                                // over a list
  const std::map<TensorId, TensorId>* next_ = nullptr;  // of the open repeat
  int stream_step_ = 0;
};

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_LOWER_EMITTER_H_
