// SPDX-License-Identifier: Apache-2.0
// Writes losses and gradients of the engine to files, for the comparison with PyTorch.
//
//   oracle_dump gradients --checkpoint A --example E.json --out B.safetensors [--float64] ...
//       "loss" [1] and every parameter's gradient under the parameter's name
//   oracle_dump losses --checkpoint A --examples E.jsonl --steps N --learning-rate R --out L.json
//   ...
//       the loss before each step of plain SGD at a constant rate; step i uses line i mod lines
//   oracle_dump examples --count N --out E.jsonl [--data DIR]
//       sentences of DIR, or of the generated corpus
//   oracle_dump shapes --out S.json
//       {"model": {"heads": 2, ...}, "parameters": {name: shape, ...}}, for random_checkpoint.py
//
// --config names the configuration of a checkpoint that has none, and --set changes it. The loss is
// the plain one: the mean over the tags, both weights 1, no dropout, no smoothing.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "cpu/executor.h"
#include "cpu/reference.h"
#include "model/inputs.h"
#include "model/testing/labels.h"
#include "model/training_step.h"
#include "oracle/examples.h"
#include "train/safetensors.h"

namespace bittern {
namespace {

struct Options {
  std::string checkpoint, config = "atis-2enc", format, contraction = "optimal";
  std::string recompute = "elementwise";
  bool pad = false, float64 = false;
  std::string examples, data, out, parameters_out;
  std::vector<std::string> changes;
  size_t count = 0;
  int steps = 0;
  double learning_rate = 0;
};

// The configuration of --config, --set and, for maps, --format.
Config PresetOf(const Options& options) {
  std::vector<std::string> changes = options.changes;
  if (options.format == "ttm") changes.emplace_back("model.map.format = 'ttm'");
  return LoadConfig(options.config, fmt::format("{}", fmt::join(changes, "\n")));
}

Config ConfigOf(const Options& options, const SafetensorsReader& checkpoint) {
  const auto toml = checkpoint.metadata().find("toml");
  Config config = toml == checkpoint.metadata().end()
                      ? PresetOf(options)
                      : ParseConfig(toml->second, options.checkpoint);
  if (!options.format.empty()) {
    SetFormat(options.format == "dense" ? Format::kDense : Format::kTensor, config.model);
  }
  config.order = ParseOrder(options.contraction, "--contraction");
  config.training = {};
  return config;
}

StepOptions StepOptionsOf(const Options& options, StepKind kind) {
  for (const Recompute recompute : kRecomputes) {
    if (options.recompute == Name(recompute)) return {kind, recompute};
  }
  Fail("--recompute {}: expected elementwise, half or encoder", options.recompute);
}

std::vector<int64_t> ShapeOf(const Graph& graph, TensorId id) {
  std::vector<int64_t> shape;
  for (const Size& extent : graph.At(id).shape) shape.push_back(extent.At(graph.tokens));
  return shape;
}

std::vector<TensorId> Parameters(const Graph& graph) {
  std::vector<TensorId> parameters;
  for (TensorId id = 0; id < static_cast<TensorId>(graph.tensors.size()); ++id) {
    if (graph.At(id).kind == TensorKind::kParameter) parameters.push_back(id);
  }
  return parameters;
}

template <typename Number>
auto MakeMachine(const Graph& graph) {
  if constexpr (std::is_same_v<Number, float>) {
    return Executor(graph, kColumnGroup);
  } else {
    return Reference(graph);
  }
}

// A step of the checkpoint's model. Float numbers run on the executor, double ones on the
// reference.
template <typename Number>
class Step {
 public:
  Step(const Options& options, StepKind kind)
      : Step(options, kind, SafetensorsReader(options.checkpoint)) {}

  double Run(const Example& example, bool pad) {
    writer_.Write(example.ids, TestLabels(example.tags, example.intent), pad, inputs_);
    machine_.Run(inputs_);
    double loss = machine_.Values(graph_.Find("loss.intent"))[0];
    const auto slots = machine_.Values(graph_.Find("loss.slot"));
    for (int t = 0; t < inputs_.tokens; ++t) loss += slots[static_cast<size_t>(t)];
    return loss;
  }

  void set_learning_rate(double rate) { inputs_.learning_rate = rate; }
  const Graph& graph() const { return graph_; }
  std::span<const Number> Values(TensorId id) { return machine_.Values(id); }

 private:
  Step(const Options& options, StepKind kind, SafetensorsReader checkpoint)
      : config_(ConfigOf(options, checkpoint)),
        graph_(BuildStep(config_, StepOptionsOf(options, kind))),
        machine_(MakeMachine<Number>(graph_)),
        writer_(config_, graph_,
                [this](TensorId id) { return std::span<int32_t>(machine_.Integers(id)); }) {
    for (const TensorId id : Parameters(graph_)) {
      const auto values = std::span<Number>(machine_.Values(id));
      std::vector<float> stored(values.size());
      checkpoint.Read<float>(graph_.At(id).name, ShapeOf(graph_, id), stored);
      std::copy(stored.begin(), stored.end(), values.begin());
    }
  }

  const Config config_;
  const Graph graph_;
  decltype(MakeMachine<Number>(graph_)) machine_;
  InputWriter writer_;
  StepInputs inputs_;
};

template <typename Number>
void DumpGradients(const Options& options) {
  Step<Number> step(options, StepKind::kGradients);
  const std::vector<Example> examples = ReadExamples(options.examples);
  if (examples.size() != 1) Fail("{}: expected one example", options.examples);
  const Number loss[] = {static_cast<Number>(step.Run(examples[0], options.pad))};
  SafetensorsWriter file;
  file.Add<Number>("loss", {1}, loss);
  std::deque<std::vector<Number>> zeros;
  for (const TensorId id : Parameters(step.graph())) {
    const std::string& name = step.graph().At(id).name;
    const TensorId gradient = step.graph().Find(name + ".gradient");
    if (gradient != kNoTensor) {
      file.Add<Number>(name, ShapeOf(step.graph(), id), step.Values(gradient));
    } else {  // the engine leaves it out, because it is 0
      zeros.emplace_back(step.Values(id).size());
      file.Add<Number>(name, ShapeOf(step.graph(), id), zeros.back());
    }
  }
  file.Write(options.out);
}

template <typename Number>
void DumpLosses(const Options& options) {
  Step<Number> step(options, StepKind::kTraining);
  step.set_learning_rate(options.learning_rate);
  const std::vector<Example> examples = ReadExamples(options.examples);
  if (examples.empty()) Fail("{}: expected at least one example", options.examples);
  std::vector<double> losses;
  for (int i = 0; i < options.steps; ++i) {
    losses.push_back(step.Run(examples[static_cast<size_t>(i) % examples.size()], options.pad));
  }
  WriteFileAtomically(options.out,
                      [&](AtomicFile& file) { file.Write(nlohmann::json(losses).dump() + "\n"); });
  if (options.parameters_out.empty()) return;
  SafetensorsWriter parameters;
  std::deque<std::vector<float>> values;
  for (const TensorId id : Parameters(step.graph())) {
    values.emplace_back(step.Values(id).begin(), step.Values(id).end());
    parameters.Add<float>(step.graph().At(id).name, ShapeOf(step.graph(), id), values.back());
  }
  // The form that random_checkpoint.py writes, for the oracle.
  const SafetensorsReader checkpoint(options.checkpoint);
  for (const auto& [key, value] : checkpoint.metadata()) parameters.SetMetadata(key, value);
  parameters.Write(options.parameters_out);
}

void DumpExamples(const Options& options) {
  WriteExamples(options.out, EncodeExamples(PresetOf(options).model, options.data, options.count));
}

void DumpShapes(const Options& options) {
  Config config = PresetOf(options);
  if (options.format == "dense") SetFormat(Format::kDense, config.model);
  const Graph graph = BuildStep(config, {.kind = StepKind::kInference});
  nlohmann::json shapes;
  shapes["model"] = {{"heads", config.model.heads},
                     {"norm", Name(config.model.norm)},
                     {"activation", Name(config.model.activation)},
                     {"mask", Name(config.model.mask)}};
  for (const TensorId id : Parameters(graph)) {
    shapes["parameters"][graph.At(id).name] = ShapeOf(graph, id);
  }
  WriteFileAtomically(options.out, [&](AtomicFile& file) { file.Write(shapes.dump() + "\n"); });
}

int Main(int argc, char** argv) {
  CLI::App app("The engine's losses and gradients as files, to compare with PyTorch's");
  app.require_subcommand(1);
  Options options;
  const auto add_common = [&](CLI::App& command) {
    command.add_option("--config", options.config, "of a checkpoint that holds none");
    command.add_option("--set", options.changes, "KEY=VALUE in TOML")->allow_extra_args(false);
    command.add_option("--out", options.out)->required();
  };
  const auto add_format = [&](CLI::App& command) {
    command.add_option("--format", options.format)
        ->check(CLI::IsMember({"tensor", "ttm", "dense"}));
  };
  const auto add_step = [&](CLI::App& command, const std::string& examples) {
    add_common(command);
    command.add_option("--checkpoint", options.checkpoint)->required();
    add_format(command);
    command.add_option("--contraction", options.contraction);
    command.add_option("--recompute", options.recompute);
    command.add_flag("--pad", options.pad, "compute on all of the model's tokens");
    command.add_flag("--float64", options.float64, "run the reference instead of the executor");
    command.add_option(examples, options.examples)->required();
  };
  CLI::App& gradients = *app.add_subcommand("gradients", "loss and gradients of one sentence");
  add_step(gradients, "--example");
  CLI::App& losses = *app.add_subcommand("losses", "the loss of every step of plain SGD");
  add_step(losses, "--examples");
  losses.add_option("--steps", options.steps)->required();
  losses.add_option("--learning-rate", options.learning_rate)->required();
  losses.add_option("--parameters-out", options.parameters_out, "the parameters after the steps");
  CLI::App& examples = *app.add_subcommand("examples", "sentences as numbers");
  add_common(examples);
  examples.add_option("--data", options.data, "directory; default: the generated corpus");
  examples.add_option("--count", options.count)->required();
  CLI::App& shapes = *app.add_subcommand("shapes", "the shapes of a model's parameters");
  add_common(shapes);
  add_format(shapes);
  CLI11_PARSE(app, argc, argv);

  if (gradients.parsed()) {
    options.float64 ? DumpGradients<double>(options) : DumpGradients<float>(options);
  } else if (losses.parsed()) {
    options.float64 ? DumpLosses<double>(options) : DumpLosses<float>(options);
  } else if (shapes.parsed()) {
    DumpShapes(options);
  } else {
    DumpExamples(options);
  }
  return 0;
}

}  // namespace
}  // namespace bittern

int main(int argc, char** argv) {
  try {
    return bittern::Main(argc, argv);
  } catch (const bittern::Error& error) {
    fmt::print(stderr, "oracle_dump: {}\n", error.what());
    return 2;
  }
}
