// SPDX-License-Identifier: Apache-2.0
// The instructions of a program, appended in program order, with the loops around them.
//
// Run one after the other, the instructions are right. The waits that let units overlap come later
// (schedule/waits.h). Addresses are offsets within tensors (machine_code.h).
#ifndef BITTERN_ACCELERATOR_COMPILER_LOWER_INSTRUCTION_STREAM_H_
#define BITTERN_ACCELERATOR_COMPILER_LOWER_INSTRUCTION_STREAM_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "accelerator/compiler/lower/machine_code.h"
#include "graph/graph.h"

namespace bittern {

class InstructionStream {
 public:
  // The operation that the following instructions compute, for listings and for sums by part.
  void SetSource(const Op& op) {
    source_ = op.name;
    part_ = op.part;
  }
  // `tensors`: those of the operands, in the order of VisitWalks.
  void Append(isa::Instruction instruction, std::vector<StoredId> tensors);

  // The instructions up to EndRolledLoop run `iterations` times. `next`: tensors that another one
  // replaces in the second iteration. `stream_step`: dropout streams from iteration to iteration.
  void BeginRolledLoop(int iterations, std::map<TensorId, TensorId> next, int stream_step);
  void EndRolledLoop();
  // The instructions up to EndListLoop run once for each entry of a list. Slots alternate between
  // their halves from iteration to iteration.
  void BeginListLoop(int list);
  void EndListLoop();
  bool in_list_loop() const { return in_list_loop_; }

  const std::vector<MachineOp>& ops() const { return ops_; }

 private:
  void OpenLoop(isa::Loop loop);
  void CloseLoop();

  std::vector<MachineOp> ops_;
  std::string source_;
  int part_ = kNoPart;
  size_t loop_ = 0;  // index of the open loop in ops_
  bool in_list_loop_ = false;
  bool in_rolled_loop_ = false;
  std::map<TensorId, TensorId> next_;  // of the open rolled loop
  int stream_step_ = 0;
};

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_LOWER_INSTRUCTION_STREAM_H_
