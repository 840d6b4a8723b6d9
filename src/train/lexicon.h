// What a model knows besides its parameters: its words and its labels. And where a run's sentences
// come from.
#ifndef BITTERN_TRAIN_LEXICON_H_
#define BITTERN_TRAIN_LEXICON_H_

#include <cstdint>
#include <functional>
#include <string>

#include "data/dataset.h"
#include "data/encode.h"
#include "data/vocabulary.h"
#include "model/config.h"

namespace bittern {

struct Lexicon {
  Vocabulary vocabulary;
  Labels labels;
};

// Gives a split ("train", "valid", "test") when asked for it, so that the text of only one is in
// memory at a time: ReadSplit on a directory, or a part of the generated corpus.
using SplitSource = std::function<Split(const std::string& name)>;

// The words (as many as the word table has rows for) and labels of the training split.
Lexicon BuildLexicon(const ModelConfig& model, const Split& train);

// Sets the numbers of intents and tags to what the labels say.
void SetLabels(const Labels& labels, ModelConfig& model);

// 64 bits of everything that a run reads from its data: encoded sentences, words, labels. For
// noticing that a resumed run's data have changed, not against forgery. FNV-1a.
uint64_t DataHash(const Lexicon& lexicon, const EncodedSplit& train, const EncodedSplit& valid);

}  // namespace bittern

#endif  // BITTERN_TRAIN_LEXICON_H_
