// SPDX-License-Identifier: Apache-2.0
// The RTL's core under Verilator, as a device: "rtl:nano".
//
// Memory, registers of lanes, tiles and accumulators begin with random contents, the same for the
// same seed.
#ifndef BITTERN_RTL_RTL_DEVICE_H_
#define BITTERN_RTL_RTL_DEVICE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "accelerator/device/device.h"

namespace bittern {

// Cycles that Wait gives a run before it counts as hung.
inline constexpr int64_t kMostCycles = int64_t{1} << 24;

// Wait fails when two requests met at a port of a bank, and when the run does not end. Counters
// are cycles and busy cycles; stalls are not told apart.
class RtlDevice : public Device {
 public:
  // Writes waveforms from now on, all of them, as an FST file. Fails where the model was built
  // without (cmake -DBITTERN_RTL_TRACE=ON), or the file cannot be written.
  virtual void Trace(const std::string& path) = 0;

  // Sets the number of cycles after which Wait gives up, for later runs.
  virtual void SetMostCycles(int64_t cycles) = 0;

  // `Wait` does not fail from now on when two requests met at a port.
  virtual void AllowClashes() = 0;

  // From now on the sequencer is held in one cycle of four, and the host waits between its writes,
  // both at random. Runs take longer and leave the same.
  virtual void SetStalls(uint32_t seed) = 0;
};

// `seed` is what memory and registers hold at the start.
std::unique_ptr<RtlDevice> MakeRtlNano(int seed = 1);
// With folded lanes.
std::unique_ptr<RtlDevice> MakeRtlNanoFolded(int seed = 1);
// For slow tests (rtl_u50_test).
std::unique_ptr<RtlDevice> MakeRtlU50(int seed = 1);

}  // namespace bittern

#endif  // BITTERN_RTL_RTL_DEVICE_H_
