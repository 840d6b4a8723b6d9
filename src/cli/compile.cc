// bittern compile: compiles a model's program for an accelerator, and shows its memory and its
// timeline.

#include <fmt/format.h>

#include <memory>
#include <string>

#include "accelerator/compiler/memory_map.h"
#include "accelerator/estimate/estimate.h"
#include "accelerator/simulator/trace.h"
#include "base/text.h"
#include "cli/accelerator_option.h"
#include "cli/commands.h"
#include "cli/listing.h"
#include "cli/memory_svg.h"
#include "cli/options.h"
#include "cli/output.h"

namespace bittern {
namespace {

struct CompileOptions {
  ConfigOptions config;
  AcceleratorOption device;
  DataOption data;
  bool with_data = false, inference = false;
  std::string out, map, listing, svg, trace, json;
};

// The timeline of a step of all the model's tokens.
std::string Trace(const ModelProgram& program, const isa::Accelerator& machine,
                  const ModelConfig& model) {
  const DecodedProgram decoded = DecodeProgram(program.step.code);
  std::vector<InstructionTime> records;
  TimeProgram(decoded, machine, FullLists(model), &records);
  return ChromeTrace(decoded, records, [&](const InstructionTime& record) {
    return program.step.ops[static_cast<size_t>(record.instruction)].source;
  });
}

int RunCompile(const CompileOptions& options) {
  Config config = options.config.Load();
  options.config.Apply(config);
  const isa::Accelerator& machine = options.device.Value();
  JsonOutput json(options.json);
  OutputFile out(options.out), map_file(options.map), listing(options.listing), svg(options.svg),
      trace(options.trace);
  if (options.with_data) options.data.SetLabels(config);

  const StepKind kind = options.inference ? StepKind::kInference : StepKind::kTraining;
  const ModelProgram model = CompileModel(config, kind, machine);
  const isa::MemoryMap map = MapOf(model.graph, model.step);
  const std::string what = options.inference ? "inference" : "a training step";

  if (out) out.Write(isa::SerializeProgram(ProgramOf(model.graph, model.step, machine)));
  if (map_file) map_file.Write(isa::ToJson(map, machine));
  if (listing) {
    listing.Write(Listing(model.step.code, [&](size_t instruction) {
      return instruction < model.step.ops.size() ? model.step.ops[instruction].source : "";
    }));
  }
  if (svg) {
    svg.Write(MemorySvg(
        map, machine,
        fmt::format("Memory of accelerator {} during {}: {}", machine.name, what, config.name)));
  }
  if (trace) trace.Write(Trace(model, machine, config.model));

  const size_t bytes = model.step.code.size() * sizeof(uint32_t);
  if (json) {
    Json words;
    for (const auto& [kind_of_word, count] : model.step.words) {
      words[std::string(isa::RegionName(static_cast<int32_t>(kind_of_word)))] = count;
    }
    json.Write({{"config", config.name},
                {"accelerator", machine.name},
                {"inference", options.inference},
                {"recompute", Name(model.recompute)},
                {"instructions", map.instructions},
                {"program_bytes", bytes},
                {"words", words},
                {"tensors", map.tensors.size()}});
  }
  for (OutputFile* file : {&out, &map_file, &listing, &svg, &trace}) file->Commit();
  json.Finish();
  if (!json.owns_stdout()) {
    fmt::print("{} of {} for accelerator {}: {} instructions, {}; {} tensors; computed again: {}\n",
               what, config.name, machine.name, map.instructions, FormatBytes(bytes),
               map.tensors.size(), options.inference ? "nothing" : Name(model.recompute));
  }
  return 0;
}

}  // namespace

Command AddCompile(CLI::App& program) {
  CLI::App* const parser =
      program.add_subcommand("compile", "Compile a model's step to a program of an accelerator");
  auto options = std::make_shared<CompileOptions>();
  options->config.Add(*parser);
  options->device.Add(*parser);
  options->data.Add(*parser);
  parser->get_option("--data")->description(
      "take the numbers of labels from DIR's training sentences\n"
      "[default: the configuration's]");
  parser->add_flag("--inference", options->inference, "the forward pass alone")->group(kRunGroup);
  const auto file = [&](const char* name, std::string& path, const char* help) {
    parser->add_option(name, path, help)->option_text("FILE")->group(kOutputGroup);
  };
  file("--out", options->out, "the program, with constants and map");
  file("--map", options->map, "where every tensor lies, and when, as JSON");
  file("--listing", options->listing, "the instructions in words, each with what it is for");
  file("--svg", options->svg, "a picture of memory over the program");
  file("--trace", options->trace,
       "the units' timeline in Chrome's trace format, for ui.perfetto.dev");
  AddJson(*parser, options->json, "write a summary as JSON");
  parser->footer(R"(
Examples:
  bittern compile --device u50 --config atis-2enc --out step.prog --map map.json
  bittern compile --device nano --config nano --listing nano.txt --svg nano.svg --trace nano.trace)");
  return {parser, [options, parser] {
            options->with_data = parser->count("--data") > 0;
            return RunCompile(*options);
          }};
}

}  // namespace bittern
