// SPDX-License-Identifier: Apache-2.0
// Evaluates a trained model on one split, for eval and for the end of train.
#ifndef BITTERN_CLI_EVALUATION_H_
#define BITTERN_CLI_EVALUATION_H_

#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>

#include "cli/output.h"
#include "train/evaluator.h"
#include "train/lexicon.h"

namespace bittern {

struct SplitEvaluation {
  Evaluation result;
  size_t sentences = 0, words = 0, unknown_words = 0;
  size_t truncated_sentences = 0, truncated_words = 0;
};

// out_of_scope: the split's label of sentences out of scope, where it is not the model's. Fails if
// no task has a threshold, or no sentence that label.
SplitEvaluation EvaluateSplit(CheckpointReader& checkpoint, const SplitSource& data,
                              const std::string& split, const AnswerOptions& answers, int threads,
                              const std::string& device,
                              const std::optional<std::string>& out_of_scope = {});

Json ToJson(const SplitEvaluation& evaluation);
void Print(const SplitEvaluation& evaluation, std::FILE* file = stdout);

}  // namespace bittern

#endif  // BITTERN_CLI_EVALUATION_H_
