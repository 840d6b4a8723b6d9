// SPDX-License-Identifier: Apache-2.0
// The kernel around the core (docs/hardware.md, spec/kernel.toml) as a device. This is the driver;
// a KernelPort connects it to a board or to a simulation.
//
// Writes are collected as commands and sent together, at the latest when the run starts. An error
// of the kernel is thrown as an Error with the kernel's description. After it, the program must be
// loaded and memory written again.
#ifndef BITTERN_ACCELERATOR_DEVICE_KERNEL_DEVICE_H_
#define BITTERN_ACCELERATOR_DEVICE_KERNEL_DEVICE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "accelerator/device/device.h"
#include "accelerator/device/generated/kernel.h"

namespace bittern {

// The connection of a host to a kernel: registers, and two buffers that both can read and write.
class KernelPort {
 public:
  // The size is a multiple of a burst. `address` is the kernel's address of the buffer.
  struct Buffer {
    std::span<uint32_t> words;
    uint64_t address = 0;
  };

  KernelPort() = default;
  KernelPort(const KernelPort&) = delete;
  KernelPort& operator=(const KernelPort&) = delete;
  virtual ~KernelPort() = default;

  virtual uint32_t ReadRegister(uint32_t offset) = 0;
  virtual void WriteRegister(uint32_t offset, uint32_t value) = 0;
  virtual Buffer commands() = 0;
  virtual Buffer results() = 0;
  // After this call the kernel reads what the host wrote to the first words of the commands, and
  // the other way round for results.
  virtual void SendCommands(size_t words) = 0;
  virtual void FetchResults(size_t words) = 0;
  // Returns when the kernel has raised its interrupt, or earlier.
  virtual void WaitForInterrupt() = 0;
};

class KernelDevice : public Device {
 public:
  // The constructor fails if the kernel has another version, instruction set or accelerator. It
  // aborts a run left over from an earlier host. The destructor aborts a run that is still in
  // progress, because its buffers are about to be freed.
  KernelDevice(std::unique_ptr<KernelPort> port, const isa::Accelerator& accelerator);
  ~KernelDevice() override;

  KernelPort& port() { return *port_; }

  const isa::Accelerator& accelerator() const override { return accelerator_; }
  void LoadProgram(const isa::Program& program) override;
  void WriteWords(uint32_t address, std::span<const float> values) override;
  void ReadWords(uint32_t address, std::span<float> values) override;
  void WriteTable(uint32_t table, std::span<const int32_t> entries) override;
  void WriteRegisters(const HostRegisters& registers) override;
  void Start() override;
  void Wait() override;
  // Busy cycles. The kernel does not count kinds of stalls.
  Counters ReadCounters() override;

  // Stops a run after so many cycles.
  void SetMostCycles(uint32_t cycles);

 private:
  uint32_t Read(kernel::Register which);
  uint64_t Read64(kernel::Register which);
  void Write(kernel::Register which, uint32_t value);
  void Write64(kernel::Register which, uint64_t value);

  // Appends the first beat of a command. Its data takes `beats` more.
  void Begin(kernel::Command command, uint32_t first, uint32_t count, size_t beats);
  void Append(uint32_t word);
  void FillBeat();
  // Sends the collected commands and waits until they are executed.
  void Flush();
  void Launch();
  void Finish();
  // Stops the kernel. It is then idle and has no program.
  void Abort();

  std::unique_ptr<KernelPort> port_;
  const isa::Accelerator& accelerator_;
  KernelPort::Buffer commands_, results_;
  size_t filled_ = 0;  // used words of commands_
  bool launched_ = false;
};

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_DEVICE_KERNEL_DEVICE_H_
