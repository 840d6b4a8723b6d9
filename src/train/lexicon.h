// Where the sentences of a run come from, and how a resumed run recognises them.
#ifndef BITTERN_TRAIN_LEXICON_H_
#define BITTERN_TRAIN_LEXICON_H_

#include <cstdint>
#include <functional>
#include <string>

#include "data/dataset.h"
#include "data/encode.h"
#include "model/lexicon.h"

namespace bittern {

// Gives a split ("train", "valid", "test") when asked for it, so that the text of only one split is
// in memory at a time: ReadSplit on a directory, or a part of the generated corpus.
using SplitSource = std::function<Split(const std::string& name)>;

// 64 bits of everything that a run reads from its data: encoded sentences, words, labels. A resumed
// run compares them to notice that its data have changed.
uint64_t DataHash(const Config& config, const Lexicon& lexicon, const EncodedSplit& train,
                  const EncodedSplit& valid);

}  // namespace bittern

#endif  // BITTERN_TRAIN_LEXICON_H_
