// SPDX-License-Identifier: Apache-2.0
// bittern compile: compiles a model's program for an accelerator, and shows its memory and its
// timeline.

#include "accelerator/compiler/compile.h"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "accelerator/compiler/memory_map.h"
#include "accelerator/estimate/estimate.h"
#include "accelerator/simulator/trace.h"
#include "base/error.h"
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
  std::string out, map, listing, svg, trace, json, dump_after;
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

// One line for each pass: its name and what it does.
std::string ListOfPasses() {
  std::string text;
  for (const Pass& pass : CompilerPasses()) {
    text += fmt::format("  {:18}{}\n", pass.name, pass.purpose);
  }
  return text;
}

const Pass& FindPass(const std::string& name) {
  std::vector<std::string> names;
  for (const Pass& pass : CompilerPasses()) {
    if (pass.name == name) return pass;
    names.emplace_back(pass.name);
  }
  Fail("--dump-after: the compiler has no pass \"{}\"{}\nThe passes are:\n{}", name,
       DidYouMean(name, names), ListOfPasses());
}

int RunCompile(const CompileOptions& options) {
  if (options.dump_after == "help") {
    fmt::print("{}", ListOfPasses());
    return 0;
  }
  const Pass* const dumped = options.dump_after.empty() ? nullptr : &FindPass(options.dump_after);
  if (dumped != nullptr && options.json == "-") {
    Fail("--dump-after and --json - both write to standard output; write JSON to a file");
  }
  Config config = options.config.Load();
  options.config.Apply(config);
  const isa::Accelerator& machine = options.device.Value();
  JsonOutput json(options.json);
  OutputFile out(options.out), map_file(options.map), listing(options.listing), svg(options.svg),
      trace(options.trace);
  if (options.with_data) options.data.SetLabels(config);

  const StepKind kind = options.inference ? StepKind::kInference : StepKind::kTraining;
  // A pass can run several times. The last time counts.
  std::string dump;
  const AfterPass keep_dump = [&](const Pass& pass, const Compilation& compilation) {
    if (&pass == dumped) dump = DumpAfter(pass, compilation);
  };
  const ModelProgram model = [&] {
    try {
      return CompileModel(config, kind, machine, dumped != nullptr ? keep_dump : AfterPass());
    } catch (...) {
      fmt::print("{}", dump);  // also of a program that does not fit
      throw;
    }
  }();
  fmt::print("{}", dump);
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
  if (!json.owns_stdout() && dumped == nullptr) {
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
  file("--map", options->map, "where every tensor is stored, and when, as JSON");
  file("--listing", options->listing, "the instructions in words, each with what it is for");
  file("--svg", options->svg, "a picture of memory over the program");
  file("--trace", options->trace,
       "the units' timeline in Chrome's trace format, for ui.perfetto.dev");
  AddJson(*parser, options->json, "write a summary as JSON");
  parser
      ->add_option("--dump-after", options->dump_after,
                   "print what the compiler has made after a pass; \"help\" lists the passes")
      ->option_text("PASS")
      ->group(kOutputGroup);
  parser->footer(R"(
Examples:
  bittern compile --device u50 --config atis-2enc --out step.prog --map map.json
  bittern compile --device nano --config nano --listing nano.txt --svg nano.svg --trace nano.trace
  bittern compile --device nano --config nano --dump-after fuse)");
  return {parser, [options, parser] {
            options->with_data = parser->count("--data") > 0;
            return RunCompile(*options);
          }};
}

}  // namespace bittern
