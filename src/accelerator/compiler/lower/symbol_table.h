// SPDX-License-Identifier: Apache-2.0
// Scalars and index tables that the host writes, and that instructions refer to. Each is made when
// it is first asked for.
#ifndef BITTERN_ACCELERATOR_COMPILER_LOWER_SYMBOL_TABLE_H_
#define BITTERN_ACCELERATOR_COMPILER_LOWER_SYMBOL_TABLE_H_

#include <cstdint>
#include <map>

#include "accelerator/compiler/lower/machine_code.h"
#include "accelerator/compiler/lower/stored_tensors.h"
#include "base/error.h"
#include "graph/graph.h"

namespace bittern {

struct SymbolTable {
  std::map<float, StoredId> constants;   // written once
  std::map<double, StoredId> rates;      // -factor * learning rate, written before each step
  std::map<int, StoredId> loss_weights;  // StepInputs::loss_weights, written before each step
  std::map<TensorId, uint32_t> tables;   // number of a tensor's index table, from 1

  // The scalar for `key` in one of the maps above.
  template <typename Map, typename Key>
  static StoredId ScalarOf(Map& scalars, Key key, StoredTensors& tensors) {
    const auto [at, is_new] = scalars.try_emplace(key, 0);
    if (is_new) at->second = tensors.NewScalar();
    return at->second;
  }

  // Fails if the machine has fewer than the needed tables.
  uint32_t Table(TensorId tensor, int machine_tables) {
    const auto next = static_cast<uint32_t>(tables.size());
    const auto [at, is_new] = tables.try_emplace(tensor, next + 1);
    if (next >= static_cast<uint32_t>(machine_tables) && is_new) {
      Fail(
          "accelerator: the model needs more than {} index tables; use fewer cores in the word "
          "table",
          machine_tables);
    }
    return at->second;
  }
};

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_LOWER_SYMBOL_TABLE_H_
