// SPDX-License-Identifier: Apache-2.0
#include "accelerator/device/kernel_device.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "accelerator/device/host_access.h"
#include "accelerator/device/numbers.h"
#include "accelerator/isa/accelerator.h"
#include "accelerator/isa/generated/instructions.h"
#include "base/error.h"

namespace bittern {
namespace {

using kernel::Command;
using kernel::kBeatWords;
using kernel::Register;

constexpr uint32_t kStart = 1, kDone = 2, kIdle = 4;  // bits of Register::kControl

// The beats that hold so many words of 32 bits.
size_t BeatsOf(size_t words) { return (words + kBeatWords - 1) / kBeatWords; }

}  // namespace

KernelDevice::KernelDevice(std::unique_ptr<KernelPort> port, const isa::Accelerator& accelerator)
    : port_(std::move(port)),
      accelerator_(accelerator),
      commands_(port_->commands()),
      results_(port_->results()) {
  // The bitstream may be older than this program. All three must match, or commands and words would
  // be misread.
  if (const uint32_t version = Read(Register::kVersion); version != kernel::kFormat) {
    Fail("the kernel has version {}, expected {}: build it from this source", version,
         kernel::kFormat);
  }
  if (Read64(Register::kSpecHash) != isa::kSpecHash) {
    Fail("the kernel has another instruction set than this program: build it from this source");
  }
  if (Read64(Register::kAcceleratorHash) != isa::HashOf(accelerator)) {
    Fail("the kernel has another configuration than accelerator {}", accelerator.name);
  }
  // Without the interrupt, a wait for the done bit could not sleep.
  Write(Register::kInterruptEnableAll, 1);
  Write(Register::kInterruptEnable, 1);
  // A process that ended early may have left the kernel running.
  Abort();
}

KernelDevice::~KernelDevice() {
  if (!launched_) return;
  try {
    // The kernel still reads and writes the buffers, which are about to be freed.
    Abort();
  } catch (const Error&) {  // the kernel cannot be reached
  }
}

void KernelDevice::Abort() {
  launched_ = false;
  Write(Register::kReset, 1);
  // Reading the register also clears the done bit that an earlier host left. The loop also covers
  // an interrupt that comes early or for another reason.
  while ((Read(Register::kControl) & kIdle) == 0) port_->WaitForInterrupt();
  Write(Register::kInterruptStatus, Read(Register::kInterruptStatus));
  Read(Register::kControl);
}

uint32_t KernelDevice::Read(Register which) {
  return port_->ReadRegister(static_cast<uint32_t>(which));
}
uint64_t KernelDevice::Read64(Register which) {
  // Registers have 32 bits. The upper half of a 64-bit value follows at offset 4.
  const auto offset = static_cast<uint32_t>(which);
  const uint64_t low = port_->ReadRegister(offset);
  return low | uint64_t{port_->ReadRegister(offset + 4)} << 32;
}
void KernelDevice::Write(Register which, uint32_t value) {
  port_->WriteRegister(static_cast<uint32_t>(which), value);
}
void KernelDevice::Write64(Register which, uint64_t value) {
  const auto offset = static_cast<uint32_t>(which);
  port_->WriteRegister(offset, static_cast<uint32_t>(value));
  port_->WriteRegister(offset + 4, static_cast<uint32_t>(value >> 32));
}

// Appends a command's first beat: number, first, count, 0. If the buffer is full, it sends the
// earlier commands first.
void KernelDevice::Begin(Command command, uint32_t first, uint32_t count, size_t beats) {
  const size_t words = (1 + beats) * kBeatWords;
  // Transfers of words are divided to fit the buffer, but a program must fit as a whole.
  if (words > commands_.words.size()) {
    Fail("a command of {} words does not fit the buffer of {}", words, commands_.words.size());
  }
  if (filled_ + words > commands_.words.size()) Flush();
  Append(static_cast<uint32_t>(command));
  Append(first);
  Append(count);
  Append(0);
}

void KernelDevice::Append(uint32_t word) { commands_.words[filled_++] = word; }

void KernelDevice::FillBeat() {
  while (filled_ % kBeatWords != 0) Append(0);
}

void KernelDevice::Launch() {
  // The buffer must be in the card's memory before the kernel starts to read it.
  port_->SendCommands(filled_);
  Write64(Register::kCommands, commands_.address);
  Write64(Register::kResults, results_.address);
  Write(Register::kCommandBeats, static_cast<uint32_t>(filled_ / kBeatWords));
  Write(Register::kResultBeats, static_cast<uint32_t>(results_.words.size() / kBeatWords));
  Write(Register::kControl, kStart);
  launched_ = true;
}

// Waits for the done bit. Reading it clears it, so it is tested in one place only.
void KernelDevice::Finish() {
  launched_ = false;
  // The buffer is free again when the kernel is done, and also after an error.
  filled_ = 0;
  while ((Read(Register::kControl) & kDone) == 0) port_->WaitForInterrupt();
  Write(Register::kInterruptStatus, Read(Register::kInterruptStatus));
  // The error register keeps its value until the next start, so it can be read after the done bit.
  const uint32_t error = Read(Register::kError);
  if (error == 0) return;
  Fail("the kernel ended at beat {} of its commands with error {}: {}", Read(Register::kErrorBeat),
       error, error < kernel::kErrors.size() ? kernel::kErrors[error] : "unknown");
}

void KernelDevice::Flush() {
  if (filled_ == 0) return;
  Launch();
  Finish();
}

void KernelDevice::LoadProgram(const isa::Program& program) {
  CheckLoadable(accelerator(), program);
  // The first beat after the command has both hashes, which the kernel compares with its own.
  const size_t rows = BeatsOf(program.words.size());
  Begin(Command::kProgram, 0, static_cast<uint32_t>(rows), 1 + rows);
  for (const uint64_t hash : {isa::kSpecHash, isa::HashOf(accelerator_)}) {
    Append(static_cast<uint32_t>(hash));
    Append(static_cast<uint32_t>(hash >> 32));
  }
  for (const uint32_t word : program.words) Append(word);
  FillBeat();
  // Constants are a part of the program, so loading it writes them, too.
  for (const isa::Constant& constant : program.constants) {
    WriteWords(constant.address, std::span(&constant.value, 1));
  }
}

void KernelDevice::WriteWords(uint32_t address, std::span<const float> values) {
  const auto width = static_cast<size_t>(CheckedWords(accelerator_, address, values.size()).width);
  const size_t beats = BeatsOf(width);
  // The most words of one command. One beat of the buffer is for the command itself, and a word
  // starts at a beat.
  const size_t most = commands_.words.size() / kBeatWords / beats - 1;
  while (!values.empty()) {
    const size_t count = std::min(values.size() / width, most);
    Begin(Command::kWrite, address, static_cast<uint32_t>(count), count * beats);
    for (size_t w = 0; w < count; ++w) {
      for (size_t l = 0; l < width; ++l) Append(BitsOnDevice(values[w * width + l]));
      FillBeat();
    }
    address += static_cast<uint32_t>(count);
    values = values.subspan(count * width);
  }
}

// Each read is sent at once, because the results' buffer is reused.
void KernelDevice::ReadWords(uint32_t address, std::span<float> values) {
  const auto width = static_cast<size_t>(CheckedWords(accelerator_, address, values.size()).width);
  // A word of memory starts at a beat, so results lie `stride` words of 32 bits apart.
  const size_t stride = BeatsOf(width) * kBeatWords;
  const size_t most = results_.words.size() / stride;
  while (!values.empty()) {
    const size_t count = std::min(values.size() / width, most);
    Begin(Command::kRead, address, static_cast<uint32_t>(count), 0);
    Flush();
    port_->FetchResults(count * stride);
    for (size_t w = 0; w < count; ++w) {
      for (size_t l = 0; l < width; ++l) {
        values[w * width + l] = FloatFromDevice(results_.words[w * stride + l]);
      }
    }
    address += static_cast<uint32_t>(count);
    values = values.subspan(count * width);
  }
}

void KernelDevice::WriteTable(uint32_t table, std::span<const int32_t> entries) {
  CheckTable(accelerator_, table, entries.size());
  const auto lanes = static_cast<size_t>(accelerator_.lanes);
  Begin(Command::kTable, table, 1, BeatsOf(lanes));
  for (size_t t = 0; t < lanes; ++t) {
    Append(t < entries.size() ? static_cast<uint32_t>(entries[t]) : ~0u);  // -1: no entry
  }
  FillBeat();
}

void KernelDevice::WriteRegisters(const HostRegisters& registers) {
  CheckRegisters(accelerator_, registers);
  const auto lists = static_cast<size_t>(accelerator_.list_registers);
  // The first beat is [tokens, key low, key high, 0]. The list registers follow.
  Begin(Command::kRegisters, 0, 1, 1 + BeatsOf(lists));
  Append(registers.tokens);
  Append(static_cast<uint32_t>(registers.dropout_key));
  Append(static_cast<uint32_t>(registers.dropout_key >> 32));
  Append(0);
  for (size_t n = 0; n < lists; ++n) {
    Append(n < registers.lists.size() ? registers.lists[n] : 0);
  }
  FillBeat();
}

void KernelDevice::Start() {
  Begin(Command::kRun, 0, 1, 0);
  Launch();
}

void KernelDevice::Wait() {
  // A device that was not started has nothing to wait for.
  if (launched_) Finish();
}

Counters KernelDevice::ReadCounters() {
  Counters counters;
  counters.cycles = static_cast<int64_t>(Read64(Register::kCycles));
  constexpr std::array kBusy = {Register::kLoadBusy, Register::kStreamBusy, Register::kDrainBusy,
                                Register::kVectorBusy};
  for (size_t u = 0; u < kBusy.size(); ++u) {
    counters.busy[u] = static_cast<int64_t>(Read64(kBusy[u]));
  }
  return counters;
}

void KernelDevice::SetMostCycles(uint32_t cycles) { Write(Register::kMostCycles, cycles); }

}  // namespace bittern
