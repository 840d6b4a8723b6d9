// The kernel around the core (docs/hardware.md, spec/kernel.toml) as a device: what a host does
// with it, whatever it reaches it by.
//
// Writes are collected as commands and sent together, at the latest when the run starts. An error
// of the kernel is an Error with what the kernel says; behind it load the program and write memory
// again.
#ifndef BITTERN_ACCELERATOR_DEVICE_KERNEL_DEVICE_H_
#define BITTERN_ACCELERATOR_DEVICE_KERNEL_DEVICE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "accelerator/device/device.h"
#include "accelerator/device/generated/kernel.h"

namespace bittern {

// How a host reaches a kernel: its registers, and two buffers that both can read and write.
class KernelPort {
 public:
  // Of whole bursts; `address` is the kernel's.
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
  // What the host wrote to the first words of the commands is what the kernel reads from now on,
  // and the other way round.
  virtual void SendCommands(size_t words) = 0;
  virtual void FetchResults(size_t words) = 0;
  // Returns when the kernel has raised its interrupt, or earlier.
  virtual void WaitForInterrupt() = 0;
};

class KernelDevice : public Device {
 public:
  // Fails where the kernel is one of another version, instruction set or accelerator. What it does
  // for a host that is gone is ended. So is, when this device is closed, a run that nobody waited
  // for: its buffers go away.
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
  // Busy cycles; stalls are not told apart.
  Counters ReadCounters() override;

  // Ends a run that does not end by itself after so many cycles.
  void SetMostCycles(uint32_t cycles);

 private:
  uint32_t Read(kernel::Register which);
  uint64_t Read64(kernel::Register which);
  void Write(kernel::Register which, uint32_t value);
  void Write64(kernel::Register which, uint64_t value);

  // A command's first beat; what follows it takes `beats` more.
  void Begin(kernel::Command command, uint32_t first, uint32_t count, size_t beats);
  void Append(uint32_t word);
  void FillBeat();
  // Sends what has been collected, and waits for its end.
  void Flush();
  void Launch();
  void Finish();
  // Ends what the kernel does; it is idle then, and has no program.
  void Abort();

  std::unique_ptr<KernelPort> port_;
  const isa::Accelerator& accelerator_;
  KernelPort::Buffer commands_, results_;
  size_t filled_ = 0;  // words of commands_
  bool launched_ = false;
};

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_DEVICE_KERNEL_DEVICE_H_
