#include "compiler/compile.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/error.h"
#include "compiler/contraction.h"
#include "compiler/elementwise.h"
#include "compiler/emitter.h"
#include "compiler/groups.h"
#include "compiler/layout.h"
#include "compiler/list_schedule.h"
#include "compiler/normalization.h"
#include "compiler/orders.h"
#include "compiler/placement.h"
#include "compiler/rewrite.h"
#include "compiler/sections.h"
#include "isa/accelerator.h"
#include "isa/memory_map.h"
#include "memory/arena.h"

namespace bittern {
namespace {

constexpr int kKindShift = 18;                   // the kind of word in an address
constexpr int64_t kLongestBody = (1 << 14) - 1;  // isa::Loop's field

// From the first to the last instruction that touches each tensor. What is touched in a loop and
// outside of it, or is another tensor in the next trip, lives for the whole loop; so does
// everything in a loop over a list.
std::vector<Lifetime> LifetimesOf(const std::vector<MachineOp>& ops, size_t tensors) {
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
        touch(op.tensors[n], begin, end);
        touch(next, begin, end);
      }
    }
  }
  return lives;
}

// Places every kind of word by itself. Where one is short, nothing has an address.
void Place(const Graph& graph, const isa::Accelerator& machine,
           const std::vector<std::vector<TensorId>>& families, CompiledStep& step) {
  const auto whole = Lifetime{0, static_cast<int>(step.ops.size())};
  std::vector<Lifetime>& lives = step.lives = LifetimesOf(step.ops, step.storage.size());
  for (size_t id = 0; id < lives.size(); ++id) {
    const bool of_graph = id < graph.tensors.size();
    // What the host writes or reads keeps its place for the whole step.
    if (of_graph &&
        (graph.tensors[id].persistent || graph.tensors[id].kind == TensorKind::kOutput)) {
      lives[id] = whole;
    }
  }
  for (const auto* scalars : {&step.constants}) {
    for (const auto& [value, id] : *scalars) lives[static_cast<size_t>(id)] = whole;
  }
  for (const auto& [factor, id] : step.rates) lives[static_cast<size_t>(id)] = whole;
  for (const auto& [loss, id] : step.loss_weights) lives[static_cast<size_t>(id)] = whole;

  // A family is one block; the others stand for themselves.
  std::vector<std::vector<StoredId>> together(step.storage.size());
  for (size_t id = 0; id < step.storage.size(); ++id) together[id] = {static_cast<StoredId>(id)};
  for (const std::vector<TensorId>& family : families) {
    Lifetime all{static_cast<int>(step.ops.size()), -1};
    for (const TensorId id : family) {
      const Lifetime& life = lives[static_cast<size_t>(id)];
      all = {std::min(all.first, life.first), std::max(all.last, life.last)};
      together[static_cast<size_t>(id)].clear();
    }
    together[static_cast<size_t>(family[0])] = family;
    for (const TensorId id : family) lives[static_cast<size_t>(id)] = all;
  }

  step.extents.resize(step.storage.size());
  for (const WordKind kind : {WordKind::kToken, WordKind::kRank, WordKind::kScalar}) {
    std::vector<PlacedItem> items;
    std::vector<size_t> ids;
    for (size_t id = 0; id < step.storage.size(); ++id) {
      const Storage& storage = step.storage[id];
      if (storage.elements == 0 || storage.kind != kind || together[id].empty()) continue;
      if (lives[id].last < lives[id].first) continue;  // nothing touches it
      ids.push_back(id);
      items.push_back({.life = lives[id],
                       .words = storage.span() * std::ssize(together[id]),
                       .split = storage.split != 0});
    }
    const isa::Region& region = isa::RegionOf(machine, static_cast<int32_t>(kind));
    const int64_t step_of_plane = isa::PlaneStep(region, machine.planes);
    const int64_t height = PlaceItems(items, machine.planes);
    step.words[kind] = height * machine.planes;
    if (height > step_of_plane) {
      step.shortfalls.push_back(
          {fmt::format("words of {}", isa::RegionName(static_cast<int32_t>(kind))),
           step.words[kind], region.words()});
      continue;  // addresses beyond memory have no meaning
    }
    for (size_t i = 0; i < ids.size(); ++i) {
      const PlacedItem& item = items[i];
      auto address = static_cast<uint32_t>(kind) << kKindShift |
                     static_cast<uint32_t>(item.column * step_of_plane + item.offset);
      const int64_t span = step.storage[ids[i]].span();
      for (const StoredId id : together[ids[i]]) {
        step.extents[static_cast<size_t>(id)] = {address, span, item.split ? step_of_plane : 0};
        address += static_cast<uint32_t>(span);
      }
    }
  }
  if (!step.shortfalls.empty()) return;
  for (MachineOp& op : step.ops) {
    std::visit(
        [&](auto& instruction) {
          size_t n = 0;
          VisitWalks(instruction, [&](isa::Walk& walk, Access) {
            const auto address = [&](StoredId id) {
              return step.extents[static_cast<size_t>(id)].address;
            };
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

// Lives by the instructions as they are with those that were added.
void Renumber(CompiledStep& step) {
  std::vector<int> number;
  for (int i = 0; i < std::ssize(step.ops); ++i) {
    const bool added =
        std::holds_alternative<isa::Sync>(step.ops[static_cast<size_t>(i)].instruction);
    if (!added) number.push_back(i);
  }
  number.push_back(static_cast<int>(step.ops.size()));  // the end
  for (Lifetime& life : step.lives) {
    if (life.last < life.first) continue;
    life = {number[static_cast<size_t>(life.first)], number[static_cast<size_t>(life.last)]};
  }
}

std::vector<uint32_t> EncodeAll(const std::vector<MachineOp>& ops,
                                std::vector<Shortfall>& shortfalls) {
  std::vector<uint32_t> code;
  for (size_t i = 0; i < ops.size(); ++i) {
    isa::Instruction instruction = ops[i].instruction;
    if (auto* loop = std::get_if<isa::Loop>(&instruction)) {
      std::vector<uint32_t> body;
      for (size_t n = i + 1; n <= i + loop->body; ++n) isa::Encode(ops[n].instruction, body);
      if (std::ssize(body) > kLongestBody) {
        shortfalls.push_back({"words in a hardware loop", std::ssize(body), kLongestBody});
        return {};
      }
      loop->body = static_cast<uint32_t>(body.size());
    }
    isa::Encode(instruction, code);
  }
  isa::Encode(isa::End{}, code);
  return code;
}

void Lower(const Group& group, Emitter& emitter) {
  emitter.SetSource(group[0].name);
  if (group[0].kind == OpKind::kContract) {
    LowerContraction(group[0], emitter);
  } else if (IsNormalization(group)) {
    LowerNormalization(group, emitter);
  } else {
    LowerElementwise(group, emitter);
  }
}

// The program but for its waits, or what is short.
CompiledStep Lower(Graph graph, const isa::Accelerator& machine) {
  Emitter emitter(graph, machine, ChooseLayouts(graph, machine));
  AccumulateDirectly(graph, [&](const Op& op) { return WritesOnce(op, emitter); });
  const std::vector<Group> groups = MakeGroups(graph);
  ChooseOrders(groups, emitter);
  Sections sections = MakeSections(groups, graph, emitter.storages());
  for (Section& section : sections.list) {
    ListSchedule(section, emitter);
    if (section.trips > 1) emitter.BeginRepeat(section.trips, section.next, section.stream_step);
    for (const Group& group : section.groups) Lower(group, emitter);
    if (section.trips > 1) emitter.EndRepeat();
  }
  CompiledStep step;
  step.storage = emitter.storages();
  step.constants = emitter.constants();
  step.rates = emitter.rates();
  step.loss_weights = emitter.loss_weights();
  step.tables = emitter.tables();
  step.ops = emitter.Take();
  Place(graph, machine, sections.families, step);
  return step;
}

}  // namespace

int64_t WordLanes(const isa::Accelerator& machine, WordKind kind) {
  return kind == WordKind::kToken ? machine.lanes : kind == WordKind::kRank ? machine.rows : 1;
}

CompiledStep TryCompile(const Graph& graph, const isa::Accelerator& machine) {
  if (graph.update_begin != std::ssize(graph.ops)) {
    Fail(
        "accelerator: it cannot train with training.batch above 1 or training.clip_scope "
        "\"global\"; train on the CPU, or without them");
  }
  Graph rewritten = Rewrite(graph);
  Graph zeroed = rewritten;
  ZeroFirst(zeroed);
  CompiledStep step = Lower(std::move(zeroed), machine);
  if (!step.shortfalls.empty()) step = Lower(std::move(rewritten), machine);
  if (!step.shortfalls.empty()) return step;
  step.ops = AddWaits(std::move(step.ops), step.extents, machine);
  Renumber(step);
  step.code = EncodeAll(step.ops, step.shortfalls);
  const auto words = static_cast<int64_t>(step.code.size());
  if (words > machine.program_words) {
    step.shortfalls.push_back({"program words", words, machine.program_words});
  }
  return step;
}

CompiledStep Compile(const Graph& graph, const isa::Accelerator& machine) {
  CompiledStep step = TryCompile(graph, machine);
  for (const Shortfall& missing : step.shortfalls) {
    Fail("accelerator: the step needs {} {}, {} has {}: {} short", missing.needed, missing.what,
         machine.name, missing.available, missing.needed - missing.available);
  }
  return step;
}

}  // namespace bittern
