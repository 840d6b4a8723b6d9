#include "accelerator/compiler/lower/emitter.h"

#include <utility>

#include "base/error.h"

namespace bittern {

Emitter::Emitter(const Graph& graph, const isa::Accelerator& machine,
                 std::vector<TensorLayout> layout, Objective objective)
    : graph_(graph), machine_(machine), layouts_(std::move(layout)), objective_(objective) {}

StoredId Emitter::NewScratch(StoredId like) {
  layouts_.push_back(TensorLayout(layout(like)));
  const StoredId id = static_cast<StoredId>(layouts_.size()) - 1;
  like_[id] = like;
  return id;
}

StoredId Emitter::NewScalar() {
  layouts_.push_back({.kind = WordKind::kScalar, .elements = 1});
  return static_cast<StoredId>(layouts_.size()) - 1;
}

void Emitter::Refuse(StoredId id) {
  for (auto at = like_.find(id); at != like_.end(); at = like_.find(id)) id = at->second;
  refused_.emplace(id, layout(id).split);
}

StoredId Emitter::Constant(float value) {
  const auto [at, is_new] = constants_.try_emplace(value, 0);
  if (is_new) at->second = NewScalar();
  return at->second;
}

StoredId Emitter::Rate(double factor) {
  const auto [at, is_new] = rates_.try_emplace(factor, 0);
  if (is_new) at->second = NewScalar();
  return at->second;
}

StoredId Emitter::LossWeight(int loss) {
  const auto [at, is_new] = loss_weights_.try_emplace(loss, 0);
  if (is_new) at->second = NewScalar();
  return at->second;
}

uint32_t Emitter::Table(TensorId tensor) {
  const auto next = static_cast<uint32_t>(tables_.size());
  const auto [at, is_new] = tables_.try_emplace(tensor, next + 1);
  if (next >= static_cast<uint32_t>(machine_.tables) && is_new) {
    Fail(
        "accelerator: the model needs more than {} index tables; use fewer cores in the word table",
        machine_.tables);
  }
  return at->second;
}

uint32_t Emitter::NextTileHalf() {
  if (in_loop_) return 0;
  const uint32_t half = tile_half_;
  tile_half_ ^= static_cast<uint32_t>(machine_.tile_slots / 2);
  return half;
}

uint32_t Emitter::NextAccumulatorHalf() {
  if (in_loop_) return 0;
  const uint32_t half = accumulator_half_;
  accumulator_half_ ^= static_cast<uint32_t>(machine_.accumulator_slots / 2);
  return half;
}

void Emitter::Append(isa::Instruction instruction, std::vector<StoredId> tensors) {
  if (in_loop_) {
    std::visit(
        [](auto& of) {
          if constexpr (requires { of.slot; }) of.alternate = 1;
        },
        instruction);
  }
  std::vector<StoredId> next;
  if (next_ != nullptr) {
    for (const StoredId id : tensors) {
      const auto at = next_->find(id);
      next.push_back(at == next_->end() ? id : at->second);
    }
    if (auto* vector = std::get_if<isa::Vector>(&instruction); vector && vector->dropout) {
      vector->dropout->stream_outer = stream_step_;
    }
  }
  ops_.push_back({instruction, std::move(tensors), std::move(next), source_, part_});
}

void Emitter::BeginRolledLoop(int iterations, const std::map<TensorId, TensorId>& next,
                              int stream_step) {
  isa::Loop loop;
  loop.count = static_cast<uint32_t>(iterations);
  loop_ = ops_.size();
  Append(loop, {});
  next_ = &next;
  stream_step_ = stream_step;
}

void Emitter::EndRolledLoop() {
  next_ = nullptr;
  CloseLoop();
}

void Emitter::BeginListLoop(int list) {
  isa::Loop loop;
  loop.source = static_cast<uint32_t>(list) + 1;
  loop_ = ops_.size();
  Append(loop, {});
  in_loop_ = true;
}

void Emitter::EndListLoop() {
  in_loop_ = false;
  CloseLoop();
}

void Emitter::CloseLoop() {
  // In operations; the encoder turns it into words.
  std::get<isa::Loop>(ops_[loop_].instruction).body =
      static_cast<uint32_t>(ops_.size() - loop_ - 1);
}

}  // namespace bittern
