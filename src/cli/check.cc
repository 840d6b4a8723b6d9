// SPDX-License-Identifier: Apache-2.0
// bittern check: proves that a program file is right for its accelerator.

#include <fmt/format.h>

#include <memory>
#include <string>

#include "accelerator/checker/checker.h"
#include "accelerator/isa/accelerator.h"
#include "accelerator/isa/memory_map.h"
#include "accelerator/isa/program.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/accelerator_option.h"
#include "cli/commands.h"
#include "cli/listing.h"
#include "cli/options.h"
#include "cli/output.h"

namespace bittern {
namespace {

struct CheckOptions {
  AcceleratorOption device;
  std::string program, json;
  bool listing = false;
};

int RunCheck(const CheckOptions& options) {
  const isa::Program program = isa::ReadProgram(options.program);
  const isa::Accelerator& machine = isa::AcceleratorNamed(program.accelerator);
  if (options.device.given() && options.device.Value().name != machine.name) {
    Fail("{}: is for accelerator {}, not for {}; compile the model with --device {}",
         options.program, machine.name, options.device.Value().name, options.device.Value().name);
  }
  JsonOutput json(options.json);
  if (options.listing) {
    fmt::print("{}", Listing(program.words));
    return 0;
  }
  const isa::MemoryMap map =
      isa::ParseMemoryMap(program.metadata, options.program + ": map", machine);
  const checker::Report report = checker::CheckProgram(program.words, machine, map);
  const size_t bytes = program.words.size() * sizeof(uint32_t);
  if (json) {
    Json findings = Json::array();
    for (const checker::Finding& finding : report.findings()) {
      findings.push_back({{"rule", checker::Name(finding.rule)},
                          {"instruction", finding.instruction},
                          {"other", finding.other},
                          {"operand", finding.operand},
                          {"text", finding.text}});
    }
    json.Write({{"program", options.program},
                {"accelerator", machine.name},
                {"instructions", map.instructions},
                {"program_bytes", bytes},
                {"tensors", map.tensors.size()},
                {"faults", report.faults()},
                {"findings", findings}});
    json.Finish();
  }
  if (!json.owns_stdout()) {
    fmt::print("{}: for accelerator {}, {} instructions, {}, {} tensors\n", options.program,
               machine.name, map.instructions, FormatBytes(bytes), map.tensors.size());
    for (const checker::Finding& finding : report.findings()) {
      fmt::print("  {}: {}\n", checker::Name(finding.rule), finding.text);
    }
    fmt::print("  {} faults\n", report.faults());
  }
  if (report.faults() > 0) {
    FlushStdout();
    Fail("{}: the program is wrong in {} place{}", options.program, report.faults(),
         report.faults() == 1 ? "" : "s");
  }
  return 0;
}

}  // namespace

Command AddCheck(CLI::App& program) {
  CLI::App* const parser =
      program.add_subcommand("check", "Prove a program of an accelerator right, or list it");
  auto options = std::make_shared<CheckOptions>();
  parser->add_option("program", options->program, "what `bittern compile --out` wrote (required)")
      ->required()
      ->option_text(" ");
  options->device.Add(*parser);
  parser->get_option("--device")->description("refuse a program for any other accelerator");
  parser->add_flag("--listing", options->listing, "print the instructions and check nothing")
      ->group(kOutputGroup);
  AddJson(*parser, options->json, "write what was found as JSON");
  parser->footer(R"(
Reads the program's words and its map of memory alone. Every instruction must have a meaning, every
access lie in a tensor that is alive and was written, and every order be one that waits guarantee.
Exit status 2: it is wrong.

Example:
  bittern compile --device u50 --out step.prog && bittern check step.prog)");
  return {parser, [options] { return RunCheck(*options); }};
}

}  // namespace bittern
