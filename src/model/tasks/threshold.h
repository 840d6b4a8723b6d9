// SPDX-License-Identifier: Apache-2.0
// The threshold below which a class task answers "none of these".
//
// A classifier answers the most probable class, and its probability is the answer's confidence. An
// answer is rejected if its confidence is less than the threshold. A larger threshold rejects more
// sentences that are out of scope, and costs right answers to sentences that are in scope.
#ifndef BITTERN_MODEL_TASKS_THRESHOLD_H_
#define BITTERN_MODEL_TASKS_THRESHOLD_H_

#include <cstddef>
#include <vector>

namespace bittern {

// The answer to one sentence, before anything is rejected.
struct Decision {
  double confidence = 0;
  bool in_scope = false;  // the sentence has a class
  bool right = false;     // and the answer is that class
};

// A threshold may cost half a point of accuracy: one right answer of this many sentences in scope.
inline constexpr size_t kSentencesForOne = 200;

// The largest threshold that costs at most half a point of accuracy in scope: of all thresholds
// with that cost, none has a higher recall. It is a confidence of `decisions`, or 1. Without a
// sentence in scope it is 0, which rejects nothing. The order of the decisions has no influence.
double ChooseThreshold(const std::vector<Decision>& decisions);

}  // namespace bittern

#endif  // BITTERN_MODEL_TASKS_THRESHOLD_H_
