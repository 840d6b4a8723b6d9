// SPDX-License-Identifier: Apache-2.0
// For tests: small splits, and where ATIS is.
#ifndef BITTERN_DATA_TESTING_SPLITS_H_
#define BITTERN_DATA_TESTING_SPLITS_H_

#include <string>
#include <string_view>

#include "base/environment.h"
#include "base/file.h"
#include "base/text.h"
#include "data/dataset.h"

namespace bittern {

// Appends a sentence given as lines of words and tags; empty tags or intent: none.
inline void AddSentence(Split* split, std::string_view words, std::string_view tags,
                        std::string_view intent) {
  split->Add(SplitWords(words), SplitWords(tags), intent, "test");
}

// $BITTERN_ATIS, else data/atis; empty if neither holds the data.
inline std::string AtisDirectory() {
  const std::string_view set = EnvironmentText("BITTERN_ATIS");
  const std::string directory(set.empty() ? "data/atis" : set);
  return FileExists(JoinPath(directory, "train/seq.in")) ? directory : "";
}

}  // namespace bittern

#endif  // BITTERN_DATA_TESTING_SPLITS_H_
