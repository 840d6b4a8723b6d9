// The commands of the program. Each declares its options on the command line's parser and returns
// the function that runs it after parsing.
//
// That function returns the exit status: 0, or 128 + the signal that stopped it after its state was
// saved. Bad input is thrown as Error (exit status 2). Results go to standard output, and the
// progress of long work goes to standard error.
#ifndef BITTERN_CLI_COMMANDS_H_
#define BITTERN_CLI_COMMANDS_H_

#include <CLI/CLI.hpp>
#include <functional>

namespace bittern {

struct Command {
  CLI::App* parser;
  std::function<int()> run;
};

Command AddTrain(CLI::App& program);
Command AddEval(CLI::App& program);
Command AddPredict(CLI::App& program);
Command AddPlan(CLI::App& program);
Command AddEstimate(CLI::App& program);
Command AddCompile(CLI::App& program);
Command AddCheck(CLI::App& program);
Command AddExplore(CLI::App& program);
Command AddData(CLI::App& program);

}  // namespace bittern

#endif  // BITTERN_CLI_COMMANDS_H_
