// Evaluates a trained model on one split, for eval and for the end of train.
#ifndef BITTERN_CLI_EVALUATION_H_
#define BITTERN_CLI_EVALUATION_H_

#include <cstddef>
#include <cstdio>
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

SplitEvaluation EvaluateSplit(CheckpointReader& checkpoint, const SplitSource& data,
                              const std::string& split, const AnswerOptions& answers, int threads,
                              const std::string& device);

Json ToJson(const SplitEvaluation& evaluation);
void Print(const SplitEvaluation& evaluation, std::FILE* file = stdout);

}  // namespace bittern

#endif  // BITTERN_CLI_EVALUATION_H_
