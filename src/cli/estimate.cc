// bittern estimate: tells whether a model fits an accelerator, and the cost of a training step
// there.
//
// A model that does not fit is reported in full. Then the command fails and names what is short.

#include "accelerator/estimate/estimate.h"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/accelerator_option.h"
#include "cli/commands.h"
#include "cli/estimate_report.h"
#include "cli/options.h"
#include "cli/output.h"
#include "model/inputs.h"

namespace bittern {
namespace {

// The number of ATIS's training sentences, for an epoch without --data.
constexpr int64_t kAtisSentences = 4478;

struct EstimateOptions {
  ConfigOptions config;
  AcceleratorOption device;
  DataOption data;
  bool with_data = false;
  std::string json;
};

// An epoch in which every sentence takes as long as the longest possible one.
EpochEstimate LongestEpoch(const Estimate& estimate) {
  const Joules step = estimate.energy.total();
  const auto n = static_cast<double>(kAtisSentences);
  return {.of = "ATIS, no sentence counted as shorter than the model's tokens",
          .sentences = kAtisSentences,
          .cycles = kAtisSentences * estimate.timing.counters.cycles,
          .energy = {n * step.low, n * step.high}};
}

// An epoch of the sentences of train, each with its own words.
EpochEstimate EpochOf(const Config& config, const Estimate& estimate, const EncodedSplit& train,
                      const std::string& name) {
  const Graph& graph = estimate.program.graph;
  std::map<TensorId, std::vector<int32_t>> integers;
  const InputWriter::Place place = [&](TensorId id) {
    std::vector<int32_t>& values = integers[id];
    values.resize(static_cast<size_t>(graph.At(id).Elements(graph.tokens)));
    return std::span(values);
  };
  InputWriter writer(config, graph, place);
  // A step's cycles depend only on the lengths of its lists.
  std::map<isa::ListRegisters, int64_t> sentences;
  for (size_t i = 0; i < train.size(); ++i) {
    const EncodedSentence sentence = train[i];
    StepInputs inputs;
    writer.Write(sentence.ids, sentence.labels, true, inputs);
    isa::ListRegisters lists{};
    std::copy(inputs.list_sizes.begin(), inputs.list_sizes.end(), lists.begin());
    ++sentences[lists];
  }
  EpochEstimate epoch;
  epoch.of = name;
  epoch.sentences = static_cast<int64_t>(train.size());
  const DecodedProgram program = DecodeProgram(estimate.program.step.code);
  for (const auto& [lists, count] : sentences) {
    const Timing timing = TimeProgram(program, *estimate.machine, lists);
    const Joules step =
        EstimateEnergy(timing.events, timing.counters.cycles, *estimate.machine).total();
    epoch.cycles += count * timing.counters.cycles;
    epoch.energy.low += static_cast<double>(count) * step.low;
    epoch.energy.high += static_cast<double>(count) * step.high;
  }
  return epoch;
}

int RunEstimate(const EstimateOptions& options) {
  Config config = options.config.Load();
  options.config.Apply(config);
  const isa::Accelerator& machine = options.device.Value();
  JsonOutput json(options.json);
  EncodedSplit train;
  if (options.with_data) {
    const Split sentences = options.data.Source()("train");
    const Lexicon lexicon = BuildLexicon(config, sentences);
    SetLabels(lexicon.labels, config);
    train = Encode(sentences, lexicon, config);
  }
  const Estimate estimate = EstimateTraining(config, machine);
  EpochEstimate epoch;
  if (estimate.has_program()) {
    epoch = options.with_data ? EpochOf(config, estimate, train, options.data.Name())
                              : LongestEpoch(estimate);
  }
  if (json) {
    Json object = {{"config", config.name}};
    object.update(ToJson(estimate));
    if (estimate.has_program()) object["epoch"] = ToJson(epoch, machine);
    json.Write(object);
    json.Finish();
  }
  if (!json.owns_stdout()) {
    fmt::print("{}: {} encoders, {} tokens, {} ", config.name, config.model.encoders,
               config.model.tokens, LabelCounts(config));
    Print(estimate, epoch, stdout);
  }
  if (!estimate.fits()) {
    FlushStdout();
    Fail("{} does not fit accelerator {}: {}", config.name, machine.name,
         Describe(estimate.shortfalls));
  }
  return 0;
}

}  // namespace

Command AddEstimate(CLI::App& program) {
  CLI::App* const parser = program.add_subcommand(
      "estimate", "Whether a model fits an accelerator; cycles, time and energy of a step");
  auto options = std::make_shared<EstimateOptions>();
  options->config.Add(*parser);
  options->device.Add(*parser);
  options->data.Add(*parser);
  parser->get_option("--data")->description(
      "count an epoch of DIR's training sentences, and take the labels from them\n"
      "[default: as many as ATIS has, all as long as can be; the configuration's labels]");
  AddJson(*parser, options->json, "write every figure as JSON");
  parser->footer(R"(
Cycles are counted by the simulator's model of time, instruction by instruction. Energy is an
estimate from published figures; nothing was measured on a board. Exit status 2: it does not fit.

Examples:
  bittern estimate --device u50 --config atis-2enc
  bittern estimate --device u50 --config atis-6enc --data data/atis
  bittern estimate --device u50-single --json - | jq .cycles_per_step)");
  return {parser, [options, parser] {
            options->with_data = parser->count("--data") > 0;
            return RunEstimate(*options);
          }};
}

}  // namespace bittern
