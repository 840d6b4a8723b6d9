// SPDX-License-Identifier: Apache-2.0
// A model small enough for finite differences, and a sentence for it.
#ifndef BITTERN_CPU_TESTING_TINY_MODEL_H_
#define BITTERN_CPU_TESTING_TINY_MODEL_H_

#include <algorithm>
#include <array>

#include "model/initial_values.h"
#include "model/inputs.h"
#include "model/testing/labels.h"

namespace bittern {

inline Config TinyConfig(Format format = Format::kTensor, Order order = Order::kOptimal) {
  Config config;
  config.name = "tiny";
  config.model = {.hidden = 12,
                  .heads = 2,
                  .encoders = 2,
                  .tokens = 8,
                  .vocabulary = 27,
                  .intents = 3,
                  .tags = 5,
                  .format = format,
                  .map = {.train = {{3, 2, 2}, {2, 2, 3}, {1, 3, 2, 4, 2, 3, 1}}},
                  .embedding = {{3, 3, 3}, {2, 3, 2}, {1, 3, 4, 1}}};
  // Large enough that the loss leaves its linear range: a gradient error shows.
  config.model.map_deviation = 0.4;
  config.model.embedding_deviation = 1;
  config.model.table_deviation = 0.4;
  if (format == Format::kDense) SetFormat(format, config.model);
  config.order = order;
  config.training.label_smoothing = 0.1;
  config.training.intent_weight = 0.7;
  return config;
}

// A map of other sizes for such a model.
inline MapShape TinyMap(int rows, int columns, MatrixFormat format = MatrixFormat::kTt) {
  return {.rows = rows,
          .columns = columns,
          .matrix = AutomaticMatrix(format, rows, columns, 3, "map"),
          .deviation = 0.4};
}
inline MapShape TinyMap(int rows, int columns, Format format) {
  return TinyMap(rows, columns,
                 format == Format::kDense ? MatrixFormat::kDense : MatrixFormat::kTt);
}

// Seven real tokens, one of them twice, one without a label.
struct TinySentence {
  std::array<uint16_t, 7> ids = {2, 5, 17, 5, 26, 8, 14};
  std::array<int16_t, 7> tags = {-1, 0, 4, -1, 2, 1, 3};
  int intent = 1;
};

}  // namespace bittern

#endif  // BITTERN_CPU_TESTING_TINY_MODEL_H_
