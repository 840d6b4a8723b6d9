// SPDX-License-Identifier: Apache-2.0
// Tests requests that a host must not make, and the driver with a scripted port. The kernel of that
// port is slow, wrong, or still runs for an earlier host. rtl/kernel_test.cc tests the kernel
// itself.
#include "accelerator/device/kernel_device.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "accelerator/device/host_access.h"
#include "accelerator/isa/accelerator.h"
#include "accelerator/isa/generated/instructions.h"
#include "base/testing/errors.h"

namespace bittern {
namespace {

using kernel::Register;

constexpr uint32_t kTokens = 0, kRanks = 1u << isa::kRegionShift,
                   kScalars = 2u << isa::kRegionShift;

const isa::Accelerator& Nano() { return isa::AcceleratorNamed("nano"); }

// A kernel that does what it is told in no time, once it is waited for `waits` times. It gives
// zeros.
class FakePort : public KernelPort {
 public:
  FakePort() : commands_(1 << 10), results_(1 << 10) {
    Set64(Register::kSpecHash, isa::kSpecHash);
    Set64(Register::kAcceleratorHash, isa::HashOf(Nano()));
    registers_[static_cast<uint32_t>(Register::kVersion)] = kernel::kFormat;
  }

  uint32_t ReadRegister(uint32_t offset) override {
    if (offset != static_cast<uint32_t>(Register::kControl)) return registers_[offset];
    const uint32_t control = (running_ ? 1u : 4u) | (done_ ? 2u : 0u);
    done_ = false;
    return control;
  }
  void WriteRegister(uint32_t offset, uint32_t value) override {
    registers_[offset] = value;
    if (offset == static_cast<uint32_t>(Register::kControl)) {
      EXPECT_FALSE(running_) << "started while it runs";
      EXPECT_FALSE(done_) << "started with a done that nobody took";
      running_ = true;
      waits_ = 3;
      ++starts_;
    }
    if (offset == static_cast<uint32_t>(Register::kReset)) ++resets_;
  }
  Buffer commands() override { return {commands_, 0x1000}; }
  Buffer results() override { return {results_, 0x2000}; }
  void SendCommands(size_t words) override { sent_ += words; }
  void FetchResults(size_t) override {}
  void WaitForInterrupt() override {
    if (!running_ || --waits_ > 0) return;
    running_ = false;
    done_ = true;
  }

  // Sets the state in which an earlier host left the kernel.
  void LeaveRunning() {
    running_ = true;
    waits_ = 2;
  }
  void LeaveDone() { done_ = true; }
  void Set(Register which, uint32_t value) { registers_[static_cast<uint32_t>(which)] = value; }

  int starts() const { return starts_; }
  int resets() const { return resets_; }
  size_t sent() const { return sent_; }
  bool running() const { return running_; }

 private:
  void Set64(Register which, uint64_t value) {
    registers_[static_cast<uint32_t>(which)] = static_cast<uint32_t>(value);
    registers_[static_cast<uint32_t>(which) + 4] = static_cast<uint32_t>(value >> 32);
  }

  std::vector<uint32_t> commands_, results_;
  std::map<uint32_t, uint32_t> registers_;
  bool running_ = false, done_ = false;
  int waits_ = 0, starts_ = 0, resets_ = 0;
  size_t sent_ = 0;
};

class KernelHost : public testing::Test {
 protected:
  KernelHost() : KernelHost(std::make_unique<FakePort>()) {}

  FakePort& port() { return *port_; }
  KernelDevice& device() { return *device_; }
  void Close() { device_.reset(); }

 private:
  explicit KernelHost(std::unique_ptr<FakePort> port)
      : port_(port.get()), device_(std::make_unique<KernelDevice>(std::move(port), Nano())) {}

  FakePort* port_;
  std::unique_ptr<KernelDevice> device_;
};

TEST_F(KernelHost, WaitsUntilItIsDone) {
  std::vector<float> values(16 * 8, 1), back(values.size(), 1);
  device().WriteWords(kTokens, values);
  EXPECT_EQ(port().starts(), 0);  // collected
  device().Start();
  device().Wait();
  EXPECT_EQ(port().starts(), 1);
  device().ReadWords(kTokens, back);
  EXPECT_EQ(back, std::vector<float>(values.size(), 0));
  EXPECT_EQ(port().starts(), 2);
}

// More than the buffers hold goes in several starts.
TEST_F(KernelHost, CommandsInParts) {
  std::vector<float> values(16 * 200), back(values.size(), 1);
  device().WriteWords(kTokens, values);
  device().ReadWords(kTokens, back);
  EXPECT_EQ(back, values);
  EXPECT_GT(port().starts(), 5);
  EXPECT_GE(port().sent(), values.size());
}

TEST_F(KernelHost, SaysWhatTheKernelSays) {
  port().Set(Register::kError, static_cast<uint32_t>(kernel::Error::kEndless));
  port().Set(Register::kErrorBeat, 17);
  device().Start();
  EXPECT_TRUE(Mentions(ErrorOf([&] { device().Wait(); }), {"beat 17", "error 10", "most_cycles"}));
  device().Wait();  // of nothing
}

TEST(KernelHostAlone, EndsWhatAnotherHostLeft) {
  auto running = std::make_unique<FakePort>();
  FakePort& port = *running;
  port.LeaveRunning();
  KernelDevice device(std::move(running), Nano());
  EXPECT_EQ(port.resets(), 1);
  EXPECT_FALSE(port.running());
  device.Start();
  device.Wait();

  auto done = std::make_unique<FakePort>();
  done->LeaveDone();
  KernelDevice other(std::move(done), Nano());
  other.Start();
  other.Wait();
}

TEST_F(KernelHost, AnotherKernelIsRefused) {
  const auto error = [](Register which, uint32_t value, const char* accelerator) {
    auto port = std::make_unique<FakePort>();
    if (value != 0) port->Set(which, value);
    return ErrorOf([&] { KernelDevice(std::move(port), isa::AcceleratorNamed(accelerator)); });
  };
  EXPECT_TRUE(Mentions(error(Register::kVersion, 99, "nano"), {"version 99"}));
  EXPECT_TRUE(Mentions(error(Register::kSpecHash, 99, "nano"), {"instruction set"}));
  EXPECT_TRUE(Mentions(error(Register::kVersion, 0, "u50"), {"configuration", "u50"}));
}

TEST_F(KernelHost, RefusesWhatNoDeviceTakes) {
  std::vector<float> values(16 * 4);
  const auto write = [&](uint32_t address, size_t floats) {
    return ErrorOf([&] { device().WriteWords(address, std::span(values).first(floats)); });
  };
  const auto read = [&](uint32_t address, size_t floats) {
    return ErrorOf([&] { device().ReadWords(address, std::span(values).first(floats)); });
  };
  EXPECT_TRUE(Mentions(write(kTokens, 17), {"17 floats", "whole words of 16"}));
  EXPECT_TRUE(Mentions(read(kRanks, 3), {"3 floats", "whole words of 4"}));
  const auto tokens = static_cast<uint32_t>(Nano().tokens.words());
  EXPECT_TRUE(Mentions(write(tokens - 1, 32), {"2 words", "outside the memory"}));
  EXPECT_TRUE(Mentions(read(3u << isa::kRegionShift, 1), {"outside the memory"}));
  std::vector<int32_t> entries(17);
  EXPECT_TRUE(Mentions(ErrorOf([&] { device().WriteTable(0, entries); }), {"17 entries"}));
  EXPECT_TRUE(Mentions(ErrorOf([&] { device().WriteTable(8, {}); }), {"table 8"}));
  EXPECT_TRUE(Mentions(ErrorOf([&] { device().WriteRegisters({.tokens = 17}); }), {"17 tokens"}));
  isa::Program program;
  program.accelerator = "nano";
  program.constants = {{.address = kTokens, .value = 1}};
  EXPECT_TRUE(Mentions(ErrorOf([&] { device().LoadProgram(program); }), {"not a scalar"}));
  program.constants = {{.address = kScalars | 0x3FFFF, .value = 1}};
  EXPECT_TRUE(Mentions(ErrorOf([&] { device().LoadProgram(program); }), {"outside the memory"}));
  program.accelerator = "u50";
  EXPECT_TRUE(Mentions(ErrorOf([&] { device().LoadProgram(program); }), {"u50", "nano"}));
  EXPECT_EQ(port().starts(), 0);
}

}  // namespace
}  // namespace bittern
