// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/memory/memory_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "accelerator/compiler/memory/bank_assignment.h"
#include "accelerator/compiler/memory/lifetimes.h"
#include "accelerator/compiler/memory/loop_indexed_tensors.h"
#include "accelerator/isa/accelerator.h"

namespace bittern {

MemoryPlan::MemoryPlan(const Graph& graph, const isa::Accelerator& machine,
                       const std::vector<std::vector<TensorId>>& loop_indexed,
                       const std::vector<MachineOp>& ops, const std::vector<TensorLayout>& layouts,
                       const std::vector<StoredId>& whole_step)
    : machine_(&machine),
      lives_(LifetimesOf(ops, layouts.size(), LoopIndexedTensors(loop_indexed))),
      extents_(layouts.size()) {
  // A tensor with a plane partition occupies the same offsets in both columns, so one plane's words
  // are its size.
  for (const TensorLayout& layout : layouts) spans_.push_back(layout.span());
  const auto whole = Lifetime{0, static_cast<int>(ops.size())};
  for (size_t id = 0; id < graph.tensors.size(); ++id) {
    // The host writes or reads these between two steps.
    const Tensor& tensor = graph.tensors[id];
    if (tensor.persistent || tensor.kind == TensorKind::kOutput) lives_[id] = whole;
  }
  for (const StoredId id : whole_step) lives_[static_cast<size_t>(id)] = whole;

  // Tensors that a loop indexes are one item, so that they stay adjacent. Any other tensor is an
  // item alone.
  std::vector<std::vector<StoredId>> together(layouts.size());
  for (size_t id = 0; id < layouts.size(); ++id) together[id] = {static_cast<StoredId>(id)};
  for (const std::vector<TensorId>& sequence : loop_indexed) {
    // The first tensor of the sequence stands for the item. The others have no item of their own.
    for (const TensorId id : sequence) together[static_cast<size_t>(id)].clear();
    together[static_cast<size_t>(sequence[0])] = sequence;
  }

  // Each kind of word has a memory of its own, so it is placed alone.
  for (const WordKind word : {WordKind::kToken, WordKind::kRank, WordKind::kScalar}) {
    Kind& kind = kinds_.emplace_back(Kind{.kind = word, .items = {}, .members = {}});
    for (size_t id = 0; id < layouts.size(); ++id) {
      const TensorLayout& layout = layouts[id];
      if (layout.elements == 0 || layout.kind != word || together[id].empty()) continue;
      PlacedItem item{.parts = {}, .split = layout.split != 0};
      for (const StoredId member : together[id]) {
        // All members of a loop-indexed sequence have the same layout (loop_rolling.cc), so their
        // addresses have one stride.
        const int64_t begin = item.parts.empty() ? 0 : item.words();
        item.parts.push_back({lives_[static_cast<size_t>(member)], begin, layout.span()});
      }
      if (item.life().last < item.life().first) continue;  // no instruction uses it
      kind.items.push_back(std::move(item));
      kind.members.push_back(std::move(together[id]));
    }
  }
}

void MemoryPlan::PlaceLowest() {
  for (Kind& kind : kinds_) {
    const auto number = static_cast<int32_t>(kind.kind);
    const isa::Region& region = isa::RegionOf(*machine_, number);
    const int64_t height = PlaceItems(kind.items, machine_->planes);
    // A plane has an equal share of the region, so the fuller column decides the need.
    words_[kind.kind] = height * machine_->planes;
    if (height > isa::PlaneStep(region, machine_->planes)) {
      shortfalls_.push_back(
          {fmt::format("words of {}", isa::RegionName(number)), words_[kind.kind], region.words()});
      continue;  // addresses beyond memory have no meaning
    }
    SetExtents(kind);
  }
}

void MemoryPlan::AssignBanks(const std::vector<BankConflict>& conflicts) {
  // The item of each tensor, and the tensor's part of it.
  struct Home {
    const Kind* kind = nullptr;
    ItemConflict::Part part;
  };
  std::vector<Home> homes(spans_.size());
  for (const Kind& kind : kinds_) {
    for (size_t item = 0; item < kind.items.size(); ++item) {
      int64_t begin = 0;
      for (const StoredId id : kind.members[item]) {
        homes[static_cast<size_t>(id)] = {&kind, {item, begin, Span(id)}};
        begin += Span(id);
      }
    }
  }
  // A conflict exists only between two tensors of one kind, because kinds have different banks.
  for (Kind& kind : kinds_) {
    std::vector<ItemConflict> of_kind;
    for (const BankConflict& conflict : conflicts) {
      const Home& a = homes[static_cast<size_t>(conflict.a)];
      const Home& b = homes[static_cast<size_t>(conflict.b)];
      if (a.kind == &kind && b.kind == &kind) of_kind.push_back({a.part, b.part, conflict.cycles});
    }
    const isa::Region& region = isa::RegionOf(*machine_, static_cast<int32_t>(kind.kind));
    const int64_t left =
        AssignItemsToBanks(kind.items, machine_->planes, isa::PlaneStep(region, machine_->planes),
                           region.depth, of_kind);
    // Each pair within one instruction counts kAlways. The quotients are numbers of pairs: all, and
    // those that remain.
    if (left >= kAlways) {
      int64_t pairs = 0;
      for (const ItemConflict& conflict : of_kind) pairs += conflict.cycles / kAlways;
      shortfalls_.push_back({fmt::format("pairs of operands in different banks of {}",
                                         isa::RegionName(static_cast<int32_t>(kind.kind))),
                             pairs, pairs - left / kAlways});
    }
    SetExtents(kind);
  }
}

void MemoryPlan::SetExtents(const Kind& kind) {
  const auto number = static_cast<int32_t>(kind.kind);
  const int64_t plane_step = isa::PlaneStep(isa::RegionOf(*machine_, number), machine_->planes);
  for (size_t i = 0; i < kind.items.size(); ++i) {
    const PlacedItem& item = kind.items[i];
    // A column is the part of the region that belongs to one plane.
    auto address = static_cast<uint32_t>(number) << isa::kRegionShift |
                   static_cast<uint32_t>(item.column * plane_step + item.offset);
    for (const StoredId id : kind.members[i]) {
      extents_[static_cast<size_t>(id)] = {address, Span(id), item.split ? plane_step : 0};
      address += static_cast<uint32_t>(Span(id));
    }
  }
}

void SetAddresses(const std::vector<Extent>& extents, std::vector<MachineOp>& ops) {
  const auto address = [&](StoredId id) { return extents[static_cast<size_t>(id)].address; };
  for (MachineOp& op : ops) {
    std::visit(
        [&](auto& instruction) {
          size_t n = 0;
          VisitWalks(instruction, [&](isa::Walk& walk, Access) {
            // Until here the base is an offset within the tensor.
            walk.base += address(op.tensors[n]);
            if (!op.next.empty()) {
              // The address moves to the next tensor of the sequence in each iteration of the
              // rolled loop.
              walk.outer = static_cast<int32_t>(address(op.next[n]) - address(op.tensors[n]));
            }
            ++n;
          });
        },
        op.instruction);
  }
}

}  // namespace bittern
