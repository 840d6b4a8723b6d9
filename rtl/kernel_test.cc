// SPDX-License-Identifier: Apache-2.0
// The kernel around the core, through its buses: training steps as on the simulator, with and
// without back-pressure, and whatever a host may do wrong. Assertions in the RTL hold both sides to
// AXI's rules.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "accelerator/device/kernel_device.h"
#include "accelerator/isa/accelerator.h"
#include "accelerator/isa/generated/instructions.h"
#include "accelerator/simulator/testing/programs.h"
#include "base/error.h"
#include "base/testing/errors.h"
#include "core_testing.h"
#include "kernel_simulation.h"
#include "step_testing.h"

namespace bittern {
namespace {

using kernel::Command;
using kernel::Register;
using KernelError = kernel::Error;

constexpr int kLanes = 16;  // of a token word of nano

// A kernel that counts as hung long before a test would.
class Kernel : public testing::TestWithParam<uint32_t> {
 protected:
  Kernel() {
    auto simulation = MakeKernelNano(3, GetParam());
    simulation->SetPatience(200'000);
    simulation_ = simulation.get();
    device_ = std::make_unique<KernelDevice>(std::move(simulation), isa::AcceleratorNamed("nano"));
  }

  KernelSimulation& simulation() { return *simulation_; }
  KernelDevice& device() { return *device_; }

  uint32_t Read(Register which) { return simulation_->ReadRegister(static_cast<uint32_t>(which)); }
  void Write(Register which, uint32_t value) {
    simulation_->WriteRegister(static_cast<uint32_t>(which), value);
  }

  static isa::Program CopyProgram(uint32_t words = 6) {
    isa::Vector vector;
    vector.count = {1, 1, 1, words};
    vector.x1 = isa::Source::kA;
    vector.p1 = vector.p2 = vector.p3 = isa::Source::kOne;
    vector.a = isa::Walk{.base = 0, .stride = {0, 0, 0, 1}};
    vector.y = isa::Walk{.base = 600, .stride = {0, 0, 0, 1}};
    return ProgramOf(isa::AcceleratorNamed("nano"), {vector});
  }

  // A program that copies words, from its loading on; `seed` chooses them.
  void ExpectValidRun(uint32_t seed) {
    std::mt19937 random(seed);
    std::vector<float> values(6 * kLanes), copied(values.size());
    for (float& value : values) value = static_cast<float>(random() % 1000);
    device().LoadProgram(CopyProgram());
    device().WriteWords(0, values);
    device().WriteRegisters({.tokens = kLanes});
    device().Start();
    device().Wait();
    device().ReadWords(600, copied);
    EXPECT_EQ(copied, values);
    EXPECT_EQ(Read(Register::kError), 0u);
    SimulatedDevice simulated(isa::AcceleratorNamed("nano"));
    simulated.LoadProgram(CopyProgram());
    simulated.WriteWords(0, values);
    simulated.Start();
    EXPECT_EQ(device().ReadCounters().cycles, simulated.ReadCounters().cycles);
    EXPECT_EQ(device().ReadCounters().busy, simulated.ReadCounters().busy);
  }

  // Starts commands word by word, whatever they are.
  void Launch(const std::vector<uint32_t>& words, uint64_t commands = KernelSimulation::kCommands,
              uint64_t results = KernelSimulation::kResults, uint32_t room = 1 << 10) {
    const auto buffer = simulation().commands().words;
    ASSERT_LE(words.size(), buffer.size());
    std::copy(words.begin(), words.end(), buffer.begin());
    const auto write64 = [&](Register which, uint64_t value) {
      Write(which, static_cast<uint32_t>(value));
      simulation_->WriteRegister(static_cast<uint32_t>(which) + 4,
                                 static_cast<uint32_t>(value >> 32));
    };
    write64(Register::kCommands, commands);
    write64(Register::kResults, results);
    Write(Register::kCommandBeats, static_cast<uint32_t>((words.size() + 3) / 4));
    Write(Register::kResultBeats, room);
    Write(Register::kControl, 1);
  }

  void Finish() {
    while ((Read(Register::kControl) & 2) == 0) simulation().WaitForInterrupt();
    Write(Register::kInterruptStatus, Read(Register::kInterruptStatus));
    EXPECT_FALSE(simulation().interrupt());
    EXPECT_EQ(Read(Register::kControl) & 7, 4u);  // idle alone
  }

  void ExpectError(KernelError error, uint32_t beat) {
    Finish();
    EXPECT_EQ(Read(Register::kError), static_cast<uint32_t>(error))
        << kernel::kErrors[Read(Register::kError)];
    EXPECT_EQ(Read(Register::kErrorBeat), beat);
    ExpectValidRun(static_cast<uint32_t>(error));
  }

  static std::vector<uint32_t> First(Command command, uint32_t first, uint32_t count) {
    return {static_cast<uint32_t>(command), first, count, 0};
  }
  static std::vector<uint32_t> ProgramCommand(uint64_t spec, uint64_t accelerator,
                                              const isa::Program& program) {
    const size_t rows = (program.words.size() + 3) / 4;
    std::vector<uint32_t> words = First(Command::kProgram, 0, static_cast<uint32_t>(rows));
    for (const uint64_t hash : {spec, accelerator}) {
      words.push_back(static_cast<uint32_t>(hash));
      words.push_back(static_cast<uint32_t>(hash >> 32));
    }
    words.insert(words.end(), program.words.begin(), program.words.end());
    words.resize((2 + rows) * 4);
    return words;
  }
  static std::vector<uint32_t> ThenRun(std::vector<uint32_t> words) {
    const std::vector<uint32_t> run = First(Command::kRun, 0, 1);
    words.insert(words.end(), run.begin(), run.end());
    return words;
  }

  static uint64_t NanoHash() { return isa::HashOf(isa::AcceleratorNamed("nano")); }

  // A program that takes some thousand cycles, and its run.
  static std::vector<uint32_t> LongRun() {
    isa::Vector vector;
    vector.count = {1, 8, 8, 64};
    vector.x1 = isa::Source::kA;
    vector.p1 = vector.p2 = vector.p3 = isa::Source::kOne;
    vector.a = isa::Walk{.base = 0, .stride = {0, 0, 0, 1}};
    vector.y = isa::Walk{.base = 600, .stride = {0, 0, 0, 1}};
    return ThenRun(ProgramCommand(isa::kSpecHash, NanoHash(),
                                  ProgramOf(isa::AcceleratorNamed("nano"), {vector})));
  }

 private:
  KernelSimulation* simulation_;  // device_'s
  std::unique_ptr<KernelDevice> device_;
};

// A port to a kernel that others have ports to.
class SharedPort : public KernelPort {
 public:
  explicit SharedPort(KernelPort& port) : port_(port) {}
  uint32_t ReadRegister(uint32_t offset) override { return port_.ReadRegister(offset); }
  void WriteRegister(uint32_t offset, uint32_t value) override {
    port_.WriteRegister(offset, value);
  }
  Buffer commands() override { return port_.commands(); }
  Buffer results() override { return port_.results(); }
  void SendCommands(size_t words) override { port_.SendCommands(words); }
  void FetchResults(size_t words) override { port_.FetchResults(words); }
  void WaitForInterrupt() override { port_.WaitForInterrupt(); }

 private:
  KernelPort& port_;
};

TEST_P(Kernel, ValidRunsOneAfterTheOther) {
  for (uint32_t seed = 0; seed < 3; ++seed) ExpectValidRun(seed);
}

TEST_P(Kernel, EveryWordComesBack) {
  std::mt19937 random(1);
  for (const uint32_t region : {0u, 1u, 2u}) {
    const size_t width = region == 0 ? kLanes : region == 1 ? 4 : 1;
    std::vector<float> values(width * 700), back(values.size());
    for (float& value : values) value = static_cast<float>(random());
    device().WriteWords(region << 18 | 90, values);
    device().ReadWords(region << 18 | 90, back);
    EXPECT_EQ(back, values) << region;
  }
}

TEST_P(Kernel, RunWithoutProgram) {
  Launch(First(Command::kRun, 0, 1));
  ExpectError(KernelError::kNoProgram, 0);
}

TEST_P(Kernel, ProgramOfAnotherInstructionSet) {
  Launch(ThenRun(ProgramCommand(isa::kSpecHash ^ 1, NanoHash(), CopyProgram())));
  ExpectError(KernelError::kSpecHash, 1);
}

TEST_P(Kernel, ProgramOfAnotherAccelerator) {
  ExpectValidRun(1);
  Launch(ThenRun(ProgramCommand(isa::kSpecHash, NanoHash() ^ uint64_t{1} << 63, CopyProgram())));
  Finish();
  EXPECT_EQ(Read(Register::kError), static_cast<uint32_t>(KernelError::kAcceleratorHash));
  // The one before is gone, too.
  Launch(First(Command::kRun, 0, 1));
  ExpectError(KernelError::kNoProgram, 0);
}

TEST_P(Kernel, ProgramsThatDoNotFit) {
  Launch(First(Command::kProgram, 0, 0));
  ExpectError(KernelError::kProgramSize, 0);
  Launch(First(Command::kProgram, 0, 4097));
  ExpectError(KernelError::kProgramSize, 0);
}

TEST_P(Kernel, TruncatedCommands) {
  std::vector<uint32_t> words = ProgramCommand(isa::kSpecHash, NanoHash(), CopyProgram());
  words.resize(words.size() - 4);
  Launch(words);
  ExpectError(KernelError::kTruncated, static_cast<uint32_t>(words.size() / 4));
  Launch(First(Command::kRegisters, 0, 1));
  ExpectError(KernelError::kTruncated, 1);
}

TEST_P(Kernel, UnknownCommand) {
  Launch(First(static_cast<Command>(99), 0, 1));
  ExpectError(KernelError::kCommand, 0);
}

TEST_P(Kernel, AddressesOutOfMemory) {
  const std::vector<std::pair<uint32_t, uint32_t>> ranges = {
      {16 * 512, 1},           {16 * 512 - 1, 2}, {0, 16 * 512 + 1}, {1u << 18 | 8 * 512, 1},
      {2u << 18 | 8 * 256, 1}, {3u << 18, 1},     {1u << 20, 1},     {0, 0xFFFFFFFF}};
  for (const auto& [address, count] : ranges) {
    SCOPED_TRACE(testing::Message() << address << ", " << count);
    for (const Command command : {Command::kWrite, Command::kRead}) {
      std::vector<uint32_t> words = First(command, address, count);
      words.resize(64);
      Launch(words);
      ExpectError(KernelError::kAddress, 0);
    }
  }
}

TEST_P(Kernel, TableThatThereIsNot) {
  std::vector<uint32_t> words = First(Command::kTable, 8, 1);
  words.resize(20);
  Launch(words);
  ExpectError(KernelError::kTable, 0);
}

TEST_P(Kernel, ResultsWithoutRoom) {
  std::vector<uint32_t> words = First(Command::kRead, 0, 1);
  const std::vector<uint32_t> more = First(Command::kRead, 0, 2);
  words.insert(words.end(), more.begin(), more.end());
  Launch(words, KernelSimulation::kCommands, KernelSimulation::kResults, 11);
  Finish();
  EXPECT_EQ(Read(Register::kResultsWritten), 4u);
  EXPECT_EQ(Read(Register::kError), static_cast<uint32_t>(KernelError::kResults));
  ExpectValidRun(1);
}

TEST_P(Kernel, RunWithoutEnd) {
  device().SetMostCycles(1000);
  Launch(LongRun());
  Finish();
  EXPECT_EQ(Read(Register::kError), static_cast<uint32_t>(KernelError::kEndless));
  // The core was reset in the middle of it.
  Launch(First(Command::kRun, 0, 1));
  ExpectError(KernelError::kNoProgram, 0);
  device().SetMostCycles(100'000);
  Launch(LongRun());
  Finish();
  EXPECT_EQ(Read(Register::kError), 0u);
}

TEST_P(Kernel, ClashOfPorts) {
  isa::Vector vector;
  vector.count = {1, 1, 1, 4};
  vector.x1 = isa::Source::kA;
  vector.p1 = isa::Source::kB;
  vector.p2 = vector.p3 = isa::Source::kOne;
  vector.a = isa::Walk{.base = 0, .stride = {0, 0, 0, 1}};
  vector.b = isa::Walk{.base = 100, .stride = {0, 0, 0, 1}};
  vector.y = isa::Walk{.base = 600, .stride = {0, 0, 0, 1}};
  std::vector<uint32_t> words = ThenRun(ProgramCommand(
      isa::kSpecHash, NanoHash(), ProgramOf(isa::AcceleratorNamed("nano"), {vector})));
  Launch(words);
  ExpectError(KernelError::kClash, static_cast<uint32_t>(words.size() / 4));
}

TEST_P(Kernel, BuffersThatAreNone) {
  const std::vector<uint32_t> read = First(Command::kRead, 0, 5);
  Launch(read, KernelSimulation::kCommands + 16);
  ExpectError(KernelError::kAlignment, 0);
  Launch(read, KernelSimulation::kCommands, KernelSimulation::kResults + 128);
  ExpectError(KernelError::kAlignment, 0);
  Launch(std::vector<uint32_t>(400), 0x1000);
  Finish();
  EXPECT_EQ(Read(Register::kError), static_cast<uint32_t>(KernelError::kBusRead));
  ExpectValidRun(1);
  Launch(read, KernelSimulation::kCommands, 0x1000);
  Finish();
  EXPECT_EQ(Read(Register::kError), static_cast<uint32_t>(KernelError::kBusWrite));
  ExpectValidRun(2);
}

// In whatever cycle memory answers with an error, the run ends with it, and the core does not run
// on.
TEST_P(Kernel, ErrorOfTheBusInAnyCycle) {
  std::vector<uint32_t> words = LongRun();
  const size_t run = words.size() / 4;
  words.resize(words.size() + 4 * 56);  // read ahead while the run starts
  for (int after = 0; after < 90; ++after) {
    SCOPED_TRACE(after);
    Launch(words);
    simulation().SpoilAnswer(after);
    Finish();
    const auto error = static_cast<KernelError>(Read(Register::kError));
    if (error == KernelError::kCommand) {  // all of it had come before
      EXPECT_GT(after, 60);
      EXPECT_EQ(Read(Register::kErrorBeat), run);
      simulation().SpoilAnswer(-1);
      continue;
    }
    EXPECT_EQ(error, KernelError::kBusRead);
    Launch(First(Command::kRead, 0, 1));
    int64_t cycles = 0;
    for (; !simulation().interrupt(); ++cycles) simulation().Step();
    EXPECT_LT(cycles, 1000);  // the run takes 4,000
    Finish();
    EXPECT_EQ(Read(Register::kError), 0u);
  }
  ExpectValidRun(1);
}

// A host went away in the middle of a run, or with one done that it did not take.
TEST_P(Kernel, NextHostFindsItIdle) {
  for (const bool done : {false, true}) {
    SCOPED_TRACE(done);
    Launch(LongRun());
    if (done) {
      simulation().WaitForInterrupt();
    } else {
      for (int i = 0; i < 400; ++i) simulation().Step();
    }
    KernelDevice next(std::make_unique<SharedPort>(simulation()), isa::AcceleratorNamed("nano"));
    EXPECT_FALSE(simulation().interrupt());
    EXPECT_EQ(Read(Register::kControl) & 7, 4u);
    ExpectValidRun(1);
  }
  {
    KernelDevice gone(std::make_unique<SharedPort>(simulation()), isa::AcceleratorNamed("nano"));
    gone.LoadProgram(CopyProgram());
    gone.Start();
  }
  EXPECT_EQ(Read(Register::kControl) & 7, 4u);
  ExpectValidRun(2);
}

TEST_P(Kernel, BytesOfRegisters) {
  std::mt19937 random(7);
  for (const Register which : {Register::kCommands, Register::kResults, Register::kCommandBeats,
                               Register::kResultBeats, Register::kMostCycles}) {
    Write(which, 0);
    uint32_t expected = 0;
    for (int trial = 0; trial < 20; ++trial) {
      const auto value = static_cast<uint32_t>(random());
      const auto strobes = static_cast<uint8_t>(random() % 16);
      simulation().WriteBytes(static_cast<uint32_t>(which), value, strobes);
      for (int byte = 0; byte < 4; ++byte) {
        const uint32_t mask = 0xFFu << 8 * byte;
        if ((strobes >> byte & 1) != 0) expected = (expected & ~mask) | (value & mask);
      }
      EXPECT_EQ(Read(which), expected);
    }
  }
  simulation().WriteBytes(static_cast<uint32_t>(Register::kControl), 1, 0xE);
  EXPECT_EQ(Read(Register::kControl), 4u);  // idle: the byte of the start was none of these
}

TEST_P(Kernel, InterruptsAreMasked) {
  const auto run = [&] {
    Launch(First(Command::kRead, 0, 1));
    while ((Read(Register::kControl) & 2) == 0) simulation().Step();
    return Read(Register::kInterruptStatus);
  };
  for (const uint32_t enabled : {1u, 2u, 3u}) {
    for (const bool all : {false, true}) {
      Write(Register::kInterruptEnable, enabled);
      Write(Register::kInterruptEnableAll, all ? 1 : 0);
      EXPECT_EQ(run(), enabled);
      EXPECT_EQ(simulation().interrupt(), all);
      Write(Register::kInterruptStatus, enabled);
      EXPECT_FALSE(simulation().interrupt());
    }
  }
  Write(Register::kInterruptEnable, 0);
  EXPECT_EQ(run(), 0u);
  EXPECT_FALSE(simulation().interrupt());
  // An interrupt that the host has not taken stays one when another run begins.
  Write(Register::kInterruptEnable, 1);
  EXPECT_EQ(run(), 1u);
  EXPECT_EQ(run(), 1u);
  EXPECT_TRUE(simulation().interrupt());
}

TEST_P(Kernel, RegistersThatAreNotTheHosts) {
  const std::vector<std::function<void()>> accesses = {
      [&] { Write(Register::kError, 7); }, [&] { Write(Register::kSpecHash, 7); },
      [&] { simulation().WriteRegister(0xF0, 1); }, [&] { simulation().ReadRegister(0x18); }};
  for (const auto& access : accesses) {
    access();
    EXPECT_EQ(Read(Register::kError), static_cast<uint32_t>(KernelError::kRegister));
    ExpectValidRun(1);
  }
  // An argument while it runs.
  Launch(LongRun());
  Write(Register::kResultBeats, 0);
  Finish();
  EXPECT_EQ(Read(Register::kError), static_cast<uint32_t>(KernelError::kRegister));
  EXPECT_EQ(Read(Register::kResultBeats), 1u << 10);
  EXPECT_GT(device().ReadCounters().cycles, 4096);  // it ran to its end
  ExpectValidRun(2);
  // The run's own error counts more.
  device().SetMostCycles(1000);
  Launch(LongRun());
  Write(Register::kResultBeats, 0);
  Finish();
  EXPECT_EQ(Read(Register::kError), static_cast<uint32_t>(KernelError::kEndless));
}

// A start while it runs is none.
TEST_P(Kernel, StartTwice) {
  Launch(LongRun());
  Write(Register::kControl, 1);
  Finish();
  EXPECT_EQ(Read(Register::kError), 0u);
  ExpectValidRun(1);
}

TEST_P(Kernel, ResetOfTheCoreInMidStep) {
  for (const int after : {0, 40, 400, 2000}) {
    SCOPED_TRACE(after);
    Launch(LongRun());
    for (int i = 0; i < after; ++i) simulation().Step();
    Write(Register::kReset, 1);
    Finish();
    EXPECT_EQ(Read(Register::kError), static_cast<uint32_t>(KernelError::kAborted));
    Launch(First(Command::kRun, 0, 1));
    ExpectError(KernelError::kNoProgram, 0);
  }
  Write(Register::kReset, 1);  // of nothing
  EXPECT_EQ(Read(Register::kError), 0u);
  ExpectValidRun(1);
}

TEST_P(Kernel, ResetOfAllInMidStep) {
  for (const int after : {0, 5, 40, 400, 2000}) {
    SCOPED_TRACE(after);
    Launch(LongRun());
    for (int i = 0; i < after; ++i) simulation().Step();
    simulation().ResetAll();
    Write(Register::kInterruptEnableAll, 1);
    Write(Register::kInterruptEnable, 1);
    Launch(First(Command::kRun, 0, 1));
    ExpectError(KernelError::kNoProgram, 0);
  }
}

// Commands at random: each start ends, and leaves a kernel that works.
TEST_P(Kernel, RandomCommands) {
  std::mt19937 random(GetParam() + 1);
  const auto below = [&](uint32_t limit) { return static_cast<uint32_t>(random() % limit); };
  for (int trial = 0; trial < 30; ++trial) {
    SCOPED_TRACE(trial);
    std::vector<uint32_t> words;
    for (uint32_t i = below(6); i-- > 0;) {
      const std::vector<uint32_t> command =
          First(static_cast<Command>(below(8)), below(4) << 18 | below(9000),
                below(8) == 0 ? random() : below(20));
      words.insert(words.end(), command.begin(), command.end());
      for (uint32_t beat = 4 * below(30); beat-- > 0;) words.push_back(random());
    }
    Launch(words, KernelSimulation::kCommands, KernelSimulation::kResults, below(100));
    Finish();
    if (trial % 5 == 0) ExpectValidRun(static_cast<uint32_t>(trial));
  }
  ExpectValidRun(99);
}

// The longest at the end: planted faults are looked for in this order.
TEST_P(Kernel, TrainsAsTheSimulator) {
  Config config = LoadConfig("nano");
  config.training.dropout = 0.1;
  simulation().SetPatience(10'000'000);
  CompareSteps(config, InitialParameters(config), RandomSentences(config.model, 3), device(),
               {.memory_every = 3});
}

INSTANTIATE_TEST_SUITE_P(BackPressure, Kernel, testing::Values(0u, 1u), [](const auto& test) {
  return test.param == 0 ? std::string("None") : "Seed" + std::to_string(test.param);
});

// The device's message names the kernel's error.
TEST(KernelDevice, NamesTheError) {
  auto simulation = MakeKernelNano();
  KernelDevice device(std::move(simulation), isa::AcceleratorNamed("nano"));
  EXPECT_TRUE(Mentions(ErrorOf([&] {
                         device.Start();
                         device.Wait();
                       }),
                       {"beat 0", "error 6", "without a program"}));
  EXPECT_TRUE(
      Mentions(ErrorOf([&] { KernelDevice other(MakeKernelNano(), isa::AcceleratorNamed("u50")); }),
               {"another configuration", "u50"}));
}

}  // namespace
}  // namespace bittern
