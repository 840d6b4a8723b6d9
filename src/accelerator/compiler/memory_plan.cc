#include "accelerator/compiler/memory_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "accelerator/compiler/families.h"
#include "accelerator/isa/accelerator.h"

namespace bittern {
namespace {

// From the first to the last instruction that touches each tensor. What is touched in a loop and
// outside of it, or is another tensor in the next trip, lives for the whole loop; so does
// everything in a loop over a list.
std::vector<Lifetime> LifetimesOf(const std::vector<MachineOp>& ops, size_t tensors,
                                  const Families& families) {
  std::vector<Lifetime> lives(tensors, Lifetime{static_cast<int>(ops.size()), -1});
  const auto touch = [&](StoredId id, int first, int last) {
    Lifetime& life = lives[static_cast<size_t>(id)];
    life.first = std::min(life.first, first);
    life.last = std::max(life.last, last);
  };
  for (int i = 0; i < std::ssize(ops); ++i) {
    const MachineOp& op = ops[static_cast<size_t>(i)];
    for (const StoredId id : op.tensors) touch(id, i, i);
  }
  for (int begin = 0; begin < std::ssize(ops); ++begin) {
    const auto* loop = std::get_if<isa::Loop>(&ops[static_cast<size_t>(begin)].instruction);
    if (loop == nullptr) continue;
    const int end = begin + static_cast<int>(loop->body);
    for (int i = begin + 1; i <= end; ++i) {
      const MachineOp& op = ops[static_cast<size_t>(i)];
      for (size_t n = 0; n < op.tensors.size(); ++n) {
        const Lifetime& life = lives[static_cast<size_t>(op.tensors[n])];
        const bool local = loop->source == 0 && life.first > begin && life.last <= end;
        const StoredId next = n < op.next.size() ? op.next[n] : op.tensors[n];
        if (local && next == op.tensors[n]) continue;
        for (int64_t trip = 0; trip < (next == op.tensors[n] ? 1 : loop->count); ++trip) {
          touch(families.InTrip(op.tensors[n], next, trip), begin, end);
        }
      }
    }
  }
  return lives;
}

}  // namespace

MemoryPlan::MemoryPlan(const Graph& graph, const isa::Accelerator& machine,
                       const std::vector<std::vector<TensorId>>& families, const CompiledStep& step)
    : machine_(&machine), lives_(LifetimesOf(step.ops, step.storage.size(), Families(families))) {
  const auto whole = Lifetime{0, static_cast<int>(step.ops.size())};
  for (size_t id = 0; id < graph.tensors.size(); ++id) {
    // What the host writes or reads keeps its place for the whole step.
    const Tensor& tensor = graph.tensors[id];
    if (tensor.persistent || tensor.kind == TensorKind::kOutput) lives_[id] = whole;
  }
  for (const auto& [value, id] : step.constants) lives_[static_cast<size_t>(id)] = whole;
  for (const auto& [factor, id] : step.rates) lives_[static_cast<size_t>(id)] = whole;
  for (const auto& [loss, id] : step.loss_weights) lives_[static_cast<size_t>(id)] = whole;

  // A family is one block; the others stand for themselves.
  std::vector<std::vector<StoredId>> together(step.storage.size());
  for (size_t id = 0; id < step.storage.size(); ++id) together[id] = {static_cast<StoredId>(id)};
  for (const std::vector<TensorId>& family : families) {
    for (const TensorId id : family) together[static_cast<size_t>(id)].clear();
    together[static_cast<size_t>(family[0])] = family;
  }

  for (const WordKind word : {WordKind::kToken, WordKind::kRank, WordKind::kScalar}) {
    Kind& kind = kinds_.emplace_back(Kind{.kind = word, .items = {}, .members = {}});
    for (size_t id = 0; id < step.storage.size(); ++id) {
      const Storage& storage = step.storage[id];
      if (storage.elements == 0 || storage.kind != word || together[id].empty()) continue;
      PlacedItem item{.parts = {}, .split = storage.split != 0};
      for (const StoredId member : together[id]) {
        const int64_t begin = item.parts.empty() ? 0 : item.words();
        item.parts.push_back({lives_[static_cast<size_t>(member)], begin, storage.span()});
      }
      if (item.life().last < item.life().first) continue;  // nothing touches it
      kind.items.push_back(std::move(item));
      kind.members.push_back(std::move(together[id]));
    }
  }
}

void MemoryPlan::PlaceLow(CompiledStep& step) {
  step.lives = lives_;
  step.extents.assign(step.storage.size(), {});
  for (Kind& kind : kinds_) {
    const auto number = static_cast<int32_t>(kind.kind);
    const isa::Region& region = isa::RegionOf(*machine_, number);
    const int64_t height = PlaceItems(kind.items, machine_->planes);
    step.words[kind.kind] = height * machine_->planes;
    if (height > isa::PlaneStep(region, machine_->planes)) {
      step.shortfalls.push_back({fmt::format("words of {}", isa::RegionName(number)),
                                 step.words[kind.kind], region.words()});
      continue;  // addresses beyond memory have no meaning
    }
    SetExtents(kind, step);
  }
}

void MemoryPlan::Spread(const std::vector<TensorMeeting>& meetings, CompiledStep& step) {
  struct Home {
    const Kind* kind = nullptr;
    Meeting::Part part;
  };
  std::vector<Home> homes(step.storage.size());
  for (const Kind& kind : kinds_) {
    for (size_t item = 0; item < kind.items.size(); ++item) {
      int64_t begin = 0;
      for (const StoredId id : kind.members[item]) {
        const int64_t words = step.storage[static_cast<size_t>(id)].span();
        homes[static_cast<size_t>(id)] = {&kind, {item, begin, words}};
        begin += words;
      }
    }
  }
  for (Kind& kind : kinds_) {
    std::vector<Meeting> of_kind;
    for (const TensorMeeting& meeting : meetings) {
      const Home& a = homes[static_cast<size_t>(meeting.a)];
      const Home& b = homes[static_cast<size_t>(meeting.b)];
      if (a.kind == &kind && b.kind == &kind) of_kind.push_back({a.part, b.part, meeting.cycles});
    }
    const isa::Region& region = isa::RegionOf(*machine_, static_cast<int32_t>(kind.kind));
    const int64_t left =
        SpreadItems(kind.items, machine_->planes, isa::PlaneStep(region, machine_->planes),
                    region.depth, of_kind);
    if (left >= kAlways) {
      int64_t pairs = 0;
      for (const Meeting& meeting : of_kind) pairs += meeting.cycles / kAlways;
      step.shortfalls.push_back({fmt::format("pairs of operands in different banks of {}",
                                             isa::RegionName(static_cast<int32_t>(kind.kind))),
                                 pairs, pairs - left / kAlways});
    }
    SetExtents(kind, step);
  }
}

void MemoryPlan::SetExtents(const Kind& kind, CompiledStep& step) const {
  const auto number = static_cast<int32_t>(kind.kind);
  const int64_t step_of_plane = isa::PlaneStep(isa::RegionOf(*machine_, number), machine_->planes);
  for (size_t i = 0; i < kind.items.size(); ++i) {
    const PlacedItem& item = kind.items[i];
    auto address = static_cast<uint32_t>(number) << isa::kRegionShift |
                   static_cast<uint32_t>(item.column * step_of_plane + item.offset);
    for (const StoredId id : kind.members[i]) {
      const int64_t span = step.storage[static_cast<size_t>(id)].span();
      step.extents[static_cast<size_t>(id)] = {address, span, item.split ? step_of_plane : 0};
      address += static_cast<uint32_t>(span);
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
            walk.base += address(op.tensors[n]);
            if (!op.next.empty()) {
              walk.outer = static_cast<int32_t>(address(op.next[n]) - address(op.tensors[n]));
            }
            ++n;
          });
        },
        op.instruction);
  }
}

}  // namespace bittern
