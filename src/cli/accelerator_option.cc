// SPDX-License-Identifier: Apache-2.0
#include "cli/accelerator_option.h"

#include <fmt/format.h>

#include "accelerator/isa/accelerator.h"
#include "cli/options.h"

namespace bittern {

void AcceleratorOption::Add(CLI::App& parser) {
  std::string names;
  for (const isa::Accelerator& accelerator : isa::Accelerators()) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", accelerator.name);
  }
  parser
      .add_option("--device", name_,
                  fmt::format("an accelerator: {} [default: {}]", names, kDefault))
      ->option_text("NAME")
      ->group(kModelGroup);
}

const isa::Accelerator& AcceleratorOption::Value() const {
  return isa::AcceleratorNamed(given() ? name_ : kDefault);
}

}  // namespace bittern
