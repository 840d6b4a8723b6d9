// SPDX-License-Identifier: Apache-2.0
// The words of a model and the labels of its tasks: its knowledge apart from the parameters.
#ifndef BITTERN_MODEL_LEXICON_H_
#define BITTERN_MODEL_LEXICON_H_

#include <optional>
#include <vector>

#include "data/encode.h"
#include "data/vocabulary.h"
#include "model/config.h"

namespace bittern {

using Labels = std::vector<NameList>;  // [task], in the order of MakeTasks

// [task] Below it an answer is rejected, see AnswerReader::SetThreshold. nullopt: none is.
using Thresholds = std::vector<std::optional<double>>;

struct Lexicon {
  Vocabulary vocabulary;
  Labels labels;
};

// The words of the training split (as many as the word table has rows) and its labels.
Lexicon BuildLexicon(const Config& config, const Split& train);
// The labels alone.
Labels BuildLabels(const Config& config, const Split& train);

// For fine-tuning: `known`, the lexicon of `config`, and the words and labels that the split adds.
Lexicon ExtendLexicon(const Lexicon& known, const Config& config, const Split& train);

// Sets the numbers of labels in the configuration, from which its tasks are made.
void SetLabels(const Labels& labels, Config& config);

// A split as numbers: words, cut to the model's tokens, and a column of labels for each task.
EncodedSplit Encode(const Split& split, const Lexicon& lexicon, const Config& config);

}  // namespace bittern

#endif  // BITTERN_MODEL_LEXICON_H_
