// SPDX-License-Identifier: Apache-2.0
#include "tensor/chain.h"

#include <fmt/format.h>

namespace bittern {
namespace {

// Appends an index to the chain; returns its set.
IndexSet Append(Chain& chain, std::string name, std::int64_t extent) {
  chain.indices.push_back({std::move(name), extent});
  return IndexSet{1} << (chain.indices.size() - 1);
}

}  // namespace

// Core i has the indices (bond i - 1, mode, bond i). The activation has all input modes and the
// token k. Y has all output modes and k.
Chain TtChain(const TtShape& shape) {
  Chain chain;
  chain.left_cores = shape.output_cores();
  IndexSet activation = 0;
  IndexSet bond = 0;  // the one left of the current core
  for (int core = 0; core < shape.cores(); ++core) {
    const bool is_output = core < shape.output_cores();
    const int number = is_output ? core + 1 : core - shape.output_cores() + 1;
    const IndexSet mode =
        Append(chain, fmt::format("{}{}", is_output ? 'm' : 'n', number), shape.Mode(core));
    (is_output ? chain.output : activation) |= mode;
    IndexSet next_bond = 0;
    if (core + 1 < shape.cores()) {
      next_bond = Append(chain, fmt::format("r{}", core + 1), shape.ranks[core + 1]);
    }
    chain.leaves.push_back(bond | mode | next_bond);
    bond = next_bond;
  }
  const IndexSet token = Append(chain, "k", 0);
  chain.leaves.push_back(activation | token);
  chain.output |= token;
  return chain;
}

// Core i has the indices (bond i - 1, output mode, input mode, bond i). X shares its modes with all
// cores, so it can be contracted with them in any order, from either end.
Chain TtmChain(const TtmShape& shape) {
  Chain chain;
  chain.left_cores = shape.cores() / 2;
  IndexSet activation = 0;
  IndexSet bond = 0;
  for (int core = 0; core < shape.cores(); ++core) {
    const IndexSet row = Append(chain, fmt::format("m{}", core + 1), shape.vocabulary_modes[core]);
    const IndexSet column = Append(chain, fmt::format("n{}", core + 1), shape.feature_modes[core]);
    chain.output |= row;
    activation |= column;
    IndexSet next_bond = 0;
    if (core + 1 < shape.cores()) {
      next_bond = Append(chain, fmt::format("r{}", core + 1), shape.ranks[core + 1]);
    }
    chain.leaves.push_back(bond | row | column | next_bond);
    bond = next_bond;
  }
  const IndexSet token = Append(chain, "k", 0);
  chain.leaves.push_back(activation | token);
  chain.output |= token;
  return chain;
}

Chain DenseChain(std::int64_t rows, std::int64_t columns) {
  Chain chain;
  const IndexSet row = Append(chain, "m1", rows);
  const IndexSet column = Append(chain, "n1", columns);
  const IndexSet token = Append(chain, "k", 0);
  chain.leaves = {row | column, column | token};
  chain.output = row | token;
  chain.left_cores = 1;
  return chain;
}

}  // namespace bittern
