// SPDX-License-Identifier: Apache-2.0
// The bittern command, for programs that differ in the devices that they register.
#ifndef BITTERN_CLI_COMMAND_LINE_H_
#define BITTERN_CLI_COMMAND_LINE_H_

namespace bittern {

// Runs the command that the arguments name. Returns the exit status; throws nothing.
int RunCommandLine(int argc, char** argv);

}  // namespace bittern

#endif  // BITTERN_CLI_COMMAND_LINE_H_
