// SPDX-License-Identifier: Apache-2.0
// The comparisons with PyTorch exchange sentences as numbers, in JSON lines
//   {"ids": [2, 17, ...], "tags": [-1, 4, ...], "intent": 3}
// Token 0 is [CLS]; a tag or an intent of -1 adds nothing to the loss.
#ifndef BITTERN_ORACLE_EXAMPLES_H_
#define BITTERN_ORACLE_EXAMPLES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "model/config.h"

namespace bittern {

struct Example {
  std::vector<uint16_t> ids;  // [tokens]
  std::vector<int16_t> tags;  // [tokens]
  int intent = -1;
};

// Returns the first `count` sentences of the training split of `directory`, or of the generated
// corpus if it is empty. They are numbered and cut for the model.
std::vector<Example> EncodeExamples(const ModelConfig& model, const std::string& directory,
                                    size_t count);

std::vector<Example> ReadExamples(const std::string& path);
void WriteExamples(const std::string& path, const std::vector<Example>& examples);

}  // namespace bittern

#endif  // BITTERN_ORACLE_EXAMPLES_H_
