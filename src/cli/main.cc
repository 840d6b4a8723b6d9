// The bittern command: runs the command that the arguments name, and turns errors into an exit
// status.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <system_error>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/output.h"

namespace bittern {
namespace {

constexpr int kUserError = 2;

constexpr char kFooter[] = R"(
Examples:
  bittern train                              train the 2-encoder model on the built-in corpus
  bittern train --data data/atis --out runs/atis     ... on ATIS (scripts/fetch-atis gets it)
  bittern eval --checkpoint runs/atis/best.safetensors --data data/atis
  bittern predict --checkpoint runs/atis-2enc/best.safetensors "flights from boston to denver"
  bittern plan --svg arena.svg               the memory of a training step, without training
  bittern estimate --device u50              does it fit an FPGA, and how fast is it there
  bittern train --device sim:u50             train through the simulated accelerator

bittern COMMAND --help lists a command's options.)";

// CLI11's help with one blank line between groups and the general options at the end.
class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() {
    column_width(30);
    label("OPTIONS", "options");
    label("SUBCOMMAND", "COMMAND");
    label("Positionals", "Arguments");
  }

  std::string make_description(const CLI::App* parser) const override {
    return fmt::format("{}\n\n", parser->get_description());
  }

  std::string make_help(const CLI::App* parser, std::string name,
                        CLI::AppFormatMode mode) const override {
    std::string groups = make_positionals(parser) + make_subcommands(parser, mode);
    std::string general;
    for (const std::string& group : parser->get_groups()) {
      const std::vector<const CLI::Option*> options =
          parser->get_options([&group](const CLI::Option* option) {
            return option->get_group() == group && option->nonpositional();
          });
      if (options.empty()) continue;
      (group == kGeneralGroup ? general : groups) += make_group(group, false, options);
    }
    return make_description(parser) + make_usage(parser, std::move(name)) + groups + general +
           make_footer(parser);
  }

 private:
  static constexpr char kGeneralGroup[] = "Options";  // CLI11's name for options of no group
};

std::string Name(const CLI::App* parser) {
  return parser->get_parent() == nullptr ? parser->get_name()
                                         : Name(parser->get_parent()) + " " + parser->get_name();
}

// The innermost command of the command line.
const CLI::App* Parsed(const CLI::App* parser) {
  const auto commands = parser->get_subcommands();
  return commands.empty() ? parser : Parsed(commands.back());
}

std::vector<const CLI::App*> Commands(const CLI::App* parser) {
  return parser->get_subcommands([](const CLI::App*) { return true; });
}

// The names that `parser` would have accepted: its commands and its options.
std::vector<std::string> KnownNames(const CLI::App* parser) {
  std::vector<std::string> names;
  for (const CLI::App* command : Commands(parser)) {
    names.push_back(command->get_name());
  }
  for (const CLI::Option* option : parser->get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

int Report(const CLI::App& program, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return program.exit(error);  // --help, --version
  const CLI::App* const parser = Parsed(&program);
  std::string message = error.what();
  const bool has_commands = !Commands(parser).empty();
  if (const std::vector<std::string> unknown = parser->remaining(); !unknown.empty()) {
    const std::string& found = unknown.front();
    message = fmt::format("unknown {} {}{}",
                          found.starts_with('-') ? "option"
                          : has_commands         ? "command"
                                                 : "argument",
                          Quoted(found),
                          DidYouMean(found.substr(0, found.find('=')), KnownNames(parser)));
  } else if (has_commands && dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    message = "no command given";
  } else if (message.ends_with("required TEXT missing")) {
    message = fmt::format("{} needs a value", message.substr(0, message.find(':')));
  }
  fmt::print(stderr, "bittern: {}\nbittern: `{} --help` lists what can be given\n", message,
             Name(parser));
  return kUserError;
}

int Main(int argc, char** argv) {
  // Without the signal, a file that exceeds the limit makes write() fail, which gives a message.
  std::signal(SIGXFSZ, SIG_IGN);

  CLI::App program("Trains tensor-compressed Transformers in a few megabytes.", "bittern");
  program.formatter(std::make_shared<HelpFormatter>());
  program.set_help_flag("-h,--help", "print this help and leave");
  program.set_version_flag("--version", "bittern " BITTERN_VERSION, "print the version and leave");
  program.require_subcommand(1);
  program.footer(kFooter);
  const std::vector<Command> commands = {
      AddTrain(program), AddEval(program),     AddPredict(program),
      AddPlan(program),  AddEstimate(program), AddCompile(program),
      AddCheck(program), AddExplore(program),  AddData(program)};
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return Report(program, error);
  }
  for (const Command& command : commands) {
    if (command.parser->parsed()) {
      const int status = command.run();
      FlushStdout();
      return status;
    }
  }
  return kUserError;
}

}  // namespace
}  // namespace bittern

int main(int argc, char** argv) {
  try {
    return bittern::Main(argc, argv);
  } catch (const bittern::Error& error) {
    fmt::print(stderr, "bittern: {}\n", error.what());
  } catch (const std::system_error& error) {
    fmt::print(stderr, "bittern: {}\n", error.what());
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "bittern: not enough memory\n");
  } catch (const std::exception& error) {  // an error of a library
    fmt::print(stderr, "bittern: {}\n", error.what());
  }
  return bittern::kUserError;
}
