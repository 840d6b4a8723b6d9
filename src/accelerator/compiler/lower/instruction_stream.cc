// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/lower/instruction_stream.h"

#include <utility>

namespace bittern {

void InstructionStream::Append(isa::Instruction instruction, std::vector<StoredId> tensors) {
  if (in_list_loop_) {
    std::visit(
        [](auto& of) {
          if constexpr (requires { of.slot; }) of.alternate = 1;
        },
        instruction);
  }
  std::vector<StoredId> next;
  if (in_rolled_loop_) {
    for (const StoredId id : tensors) {
      const auto at = next_.find(id);
      next.push_back(at == next_.end() ? id : at->second);
    }
    if (auto* vector = std::get_if<isa::Vector>(&instruction); vector && vector->dropout) {
      vector->dropout->stream_outer = stream_step_;
    }
  }
  ops_.push_back({instruction, std::move(tensors), std::move(next), source_, part_});
}

void InstructionStream::BeginRolledLoop(int iterations, std::map<TensorId, TensorId> next,
                                        int stream_step) {
  isa::Loop loop;
  loop.count = static_cast<uint32_t>(iterations);
  OpenLoop(loop);
  in_rolled_loop_ = true;
  next_ = std::move(next);
  stream_step_ = stream_step;
}

void InstructionStream::EndRolledLoop() {
  in_rolled_loop_ = false;
  CloseLoop();
}

void InstructionStream::BeginListLoop(int list) {
  isa::Loop loop;
  loop.source = static_cast<uint32_t>(list) + 1;  // 0 is a count in the instruction
  OpenLoop(loop);
  in_list_loop_ = true;
}

void InstructionStream::EndListLoop() {
  in_list_loop_ = false;
  CloseLoop();
}

void InstructionStream::OpenLoop(isa::Loop loop) {
  loop_ = ops_.size();
  Append(loop, {});
}

void InstructionStream::CloseLoop() {
  // The length in instructions; the encoder turns it into words.
  std::get<isa::Loop>(ops_[loop_].instruction).body =
      static_cast<uint32_t>(ops_.size() - loop_ - 1);
}

}  // namespace bittern
