// The RTL of configuration `nano` under Verilator, as a device: "rtl:nano".
//
// Memory, registers of lanes, tiles and accumulators begin with random contents, the same for the
// same seed.
#ifndef BITTERN_RTL_RTL_DEVICE_H_
#define BITTERN_RTL_RTL_DEVICE_H_

#include <memory>
#include <string>
#include <vector>

#include "device/device.h"

namespace bittern {

// Cycles that Wait gives a run before it counts as hung.
inline constexpr int64_t kMostCycles = int64_t{1} << 24;

class RtlDevice : public Device {
 public:
  explicit RtlDevice(int seed = 1);
  ~RtlDevice() override;

  const isa::Accelerator& accelerator() const override;
  void LoadProgram(const isa::Program& program) override;
  void WriteWords(uint32_t address, std::span<const float> values) override;
  void ReadWords(uint32_t address, std::span<float> values) override;
  void WriteTable(uint32_t table, std::span<const int32_t> entries) override;
  void WriteRegisters(const HostRegisters& registers) override;
  void Start() override;
  // Fails when two requests met at a port of a bank, and when the run does not end.
  void Wait() override;
  // Busy cycles; stalls are not told apart.
  Counters ReadCounters() override;

  // Writes waveforms from now on, all of them, as an FST file. Fails where the model was built
  // without (cmake -DBITTERN_RTL_TRACE=ON), or the file cannot be written.
  void Trace(const std::string& path);

  // What Wait gives a run from now on.
  void SetMostCycles(int64_t cycles) { most_cycles_ = cycles; }

  // `Wait` does not fail from now on when two requests met at a port.
  void AllowClashes();

 private:
  struct Model;
  std::unique_ptr<Model> model_;
  bool allow_clashes_ = false;
  int64_t most_cycles_ = kMostCycles;
};

}  // namespace bittern

#endif  // BITTERN_RTL_RTL_DEVICE_H_
