// Measures the speed of the simulator on one thread, with training steps of the 2-encoder model and
// 32 distinct tokens.
//
//   simulator_bench [--config NAME] [--device sim:u50-single] [--seconds S] [--json FILE]
//
// It prints the processor time of a step. From this follow instructions, elements, lane operations
// (a multiply or an add of one lane) and simulated cycles in a second. It also prints the time to
// count a step's cycles, to check its program and to compile it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "accelerator/checker/checker.h"
#include "accelerator/compiler/device_step.h"
#include "accelerator/compiler/memory_map.h"
#include "accelerator/simulator/simulated_device.h"
#include "base/error.h"
#include "base/file.h"
#include "data/encode.h"
#include "data/vocabulary.h"
#include "model/initial_values.h"
#include "model/inputs.h"
#include "model/testing/labels.h"
#include "model/training_step.h"

namespace bittern {
namespace {

double CpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// The seconds of one call: the mean over the calls that fit into `budget`, after one call to warm
// up.
template <typename F>
double SecondsOf(double budget, F call) {
  call();
  const double start = CpuSeconds();
  int calls = 0;
  do {
    call();
    ++calls;
  } while (CpuSeconds() - start < budget);
  return (CpuSeconds() - start) / calls;
}

struct Options {
  std::string config = "atis-2enc";
  std::string device = "sim:u50-single";
  double seconds = 3;
  std::string json;
};

void Run(const Options& options) {
  const Config config = LoadConfig(options.config);
  const StepOptions step_options{.recompute = Recompute::kGelu, .intent_on_every_token = true};
  const std::unique_ptr<Device> device = OpenDevice(options.device);
  DeviceStep step(BuildStep(config, step_options), *device);
  const Graph& graph = step.graph();
  std::map<TensorId, std::vector<float>> values;
  SetInitialValues(config, graph, [&](TensorId id) {
    values[id].resize(static_cast<size_t>(graph.At(id).Elements(graph.tokens)));
    return std::span(values[id]);
  });
  for (const auto& [id, start] : values) step.Write(id, start);

  InputWriter writer(config, graph, [&](TensorId id) { return step.Integers(id); });
  std::vector<uint16_t> ids(static_cast<size_t>(config.model.tokens), kClassId);
  std::iota(ids.begin() + 1, ids.end(), static_cast<uint16_t>(kFirstWordId));
  std::vector<int16_t> tags(ids.size(), 0);
  StepInputs inputs;
  inputs.learning_rate = 1e-3;
  writer.Write(ids, TestLabels(tags, 0), true, inputs);

  const double run = SecondsOf(options.seconds, [&] { step.Run(inputs); });

  const CompiledStep& compiled = step.compiled();
  const DecodedProgram program = DecodeProgram(compiled.code);
  isa::ListRegisters lists{};
  lists.fill(static_cast<uint32_t>(config.model.tokens));
  std::vector<InstructionTime> records;
  const Timing timing = TimeProgram(program, device->accelerator(), lists, &records);
  int64_t elements = 0;
  for (const InstructionTime& record : records) elements += record.elements;

  const double time = SecondsOf(options.seconds / 4,
                                [&] { (void)TimeProgram(program, device->accelerator(), lists); });
  const isa::MemoryMap map = MapOf(graph, compiled);
  const double check = SecondsOf(options.seconds / 4, [&] {
    if (checker::CheckProgram(compiled.code, device->accelerator(), map).faults() != 0) {
      Fail("the checker finds faults in the program");
    }
  });
  const double compile = SecondsOf(options.seconds / 4, [&] {
    (void)Compile(BuildStep(config, step_options), device->accelerator());
  });

  const auto operations = static_cast<double>(timing.events.multiplies + timing.events.adds);
  const nlohmann::json result = {
      {"config", options.config},
      {"device", options.device},
      {"step_seconds", run},
      {"instructions", timing.instructions},
      {"elements", elements},
      {"cycles", timing.counters.cycles},
      {"instructions_per_second", static_cast<double>(timing.instructions) / run},
      {"elements_per_second", static_cast<double>(elements) / run},
      {"lane_operations_per_second", operations / run},
      {"cycles_per_second", static_cast<double>(timing.counters.cycles) / run},
      {"timing_seconds", time},
      {"check_seconds", check},
      {"compile_seconds", compile},
  };
  fmt::print("{} on {}: {} instructions, {} elements, {} cycles a step\n", options.config,
             options.device, timing.instructions, elements, timing.counters.cycles);
  fmt::print("  a step           {:8.2f} ms\n", 1e3 * run);
  fmt::print("  instructions     {:8.2f} M/s\n",
             1e-6 * result["instructions_per_second"].get<double>());
  fmt::print("  elements         {:8.2f} M/s\n",
             1e-6 * result["elements_per_second"].get<double>());
  fmt::print("  lane operations  {:8.2f} G/s\n",
             1e-9 * result["lane_operations_per_second"].get<double>());
  fmt::print("  cycles           {:8.2f} M/s\n", 1e-6 * result["cycles_per_second"].get<double>());
  fmt::print("  counting cycles  {:8.2f} ms\n", 1e3 * time);
  fmt::print("  checking         {:8.2f} ms ({} sets of list registers)\n", 1e3 * check,
             checker::UsualLists(map.tokens).size());
  fmt::print("  compiling        {:8.2f} ms\n", 1e3 * compile);
  if (!options.json.empty()) {
    WriteFileAtomically(options.json, [&](AtomicFile& file) { file.Write(result.dump(2) + "\n"); });
  }
}

}  // namespace
}  // namespace bittern

int main(int argc, char** argv) {
  bittern::Options options;
  CLI::App app{"Speed of the simulator"};
  app.add_option("--config", options.config);
  app.add_option("--device", options.device);
  app.add_option("--seconds", options.seconds, "processor time for the steps");
  app.add_option("--json", options.json);
  CLI11_PARSE(app, argc, argv);
  try {
    bittern::Run(options);
  } catch (const bittern::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  }
  return 0;
}
