// The data of a run: its training and validation sentences as numbers.
#ifndef BITTERN_TRAIN_RUN_DATA_H_
#define BITTERN_TRAIN_RUN_DATA_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "data/encode.h"
#include "model/lexicon.h"
#include "train/lexicon.h"

namespace bittern {

// The labels that a model has for a task: "tags", 120, 2 of them new.
struct LabelCount {
  std::string name;
  int count = 0;
  int added = 0;  // by fine-tuning
};

// Describes the data of a run, for people.
struct DataSummary {
  size_t train_sentences = 0, valid_sentences = 0;
  int words = 0;                                        // that the model knows
  int words_without_row = 0;                            // distinct words of train, read as [UNK]
  int new_words = 0;                                    // added by fine-tuning
  std::vector<LabelCount> labels = {};                  // [task]
  size_t truncated_sentences = 0, truncated_words = 0;  // in train and valid
};

struct RunData {
  Lexicon lexicon;
  EncodedSplit train, valid;
  DataSummary summary;
};

// Makes the lexicon of a run from the text of its training split.
using MakeLexicon = std::function<Lexicon(const Split& train)>;

// Reads train, makes the lexicon, encodes train, frees its text, and then does the same for valid.
// `known`: the lexicon that is fine-tuned, or null; it only serves the summary.
RunData ReadRunData(const SplitSource& source, const Config& config,
                    const MakeLexicon& make_lexicon, const Lexicon* known = nullptr);

}  // namespace bittern

#endif  // BITTERN_TRAIN_RUN_DATA_H_
