// --device of the commands about programs: an accelerator of spec/accelerators.toml.
#ifndef BITTERN_CLI_ACCELERATOR_OPTION_H_
#define BITTERN_CLI_ACCELERATOR_OPTION_H_

#include <CLI/CLI.hpp>
#include <string>

#include "accelerator/isa/generated/accelerators.h"

namespace bittern {

class AcceleratorOption {
 public:
  static constexpr char kDefault[] = "u50";

  void Add(CLI::App& parser);
  bool given() const { return !name_.empty(); }
  // Fails if there is no accelerator of that name.
  const isa::Accelerator& Value() const;

 private:
  std::string name_;
};

}  // namespace bittern

#endif  // BITTERN_CLI_ACCELERATOR_OPTION_H_
