// SPDX-License-Identifier: Apache-2.0
// Training steps of the nano model on the RTL and on the simulator, with and without stalls.
//
// An instruction that has started is never held up, so what can come late is an instruction, or the
// host. Stalls hold the sequencer in one cycle of four and make the host wait between its writes:
// the cycles change, and nothing else may (the order in which memory is read and written has to be
// kept by waits alone).
#include <gtest/gtest.h>

#include "model/config.h"
#include "rtl_device.h"
#include "step_testing.h"

namespace bittern {
namespace {

using Make = std::unique_ptr<RtlDevice> (*)(int seed);

void Compare(Recompute recompute, size_t steps, uint32_t stalls, Make make = MakeRtlNano) {
  Config config = LoadConfig("nano");
  config.training.dropout = 0.1;
  const std::unique_ptr<RtlDevice> rtl = make(static_cast<int>(stalls) + 1);
  if (stalls != 0) rtl->SetStalls(stalls);
  CompareSteps(config, InitialParameters(config), RandomSentences(config.model, steps), *rtl,
               {.recompute = recompute, .same_cycles = stalls == 0, .memory_every = 25});
}

TEST(RtlStep, Stored) { Compare(Recompute::kGelu, 12, 0); }
TEST(RtlStep, Recomputed) { Compare(Recompute::kHalf, 12, 0); }
TEST(RtlStep, Folded) { Compare(Recompute::kHalf, 3, 0, MakeRtlNanoFolded); }
TEST(RtlStep, FoldedWithStalls) { Compare(Recompute::kGelu, 3, 3, MakeRtlNanoFolded); }
TEST(RtlStep, StoredWithStalls) { Compare(Recompute::kGelu, 50, 1); }
TEST(RtlStep, RecomputedWithStalls) { Compare(Recompute::kHalf, 50, 2); }

}  // namespace
}  // namespace bittern
