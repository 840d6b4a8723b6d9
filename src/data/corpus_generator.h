// SPDX-License-Identifier: Apache-2.0
// The corpus that comes with the program: air-travel requests from a seeded grammar.
//
// It resembles ATIS in size, in its numbers of intents and tags and in the length of its sentences,
// but every template, name and label is our own. Some templates and some fillers (cities, airlines,
// ...) never occur in train; valid has a few of them, and test has more. So a model must use the
// context of a word in addition to the word. A seed gives the same bytes on every machine.
#ifndef BITTERN_DATA_CORPUS_GENERATOR_H_
#define BITTERN_DATA_CORPUS_GENERATOR_H_

#include <cstdint>
#include <string>

#include "data/dataset.h"

namespace bittern {

struct CorpusSizes {
  int train = 4500;
  int valid = 500;
  int test = 900;
};

Corpus GenerateCorpus(uint64_t seed, const CorpusSizes& sizes = {});

// The layouts in which it is written, see data/source.h.
enum class Layout { kSequences, kJsonLines };

// Writes the three splits into `directory` (made if missing) in the given layout, each file
// atomically. Without `overwrite` an existing file is an Error, found before anything is written.
void WriteCorpus(const Corpus& corpus, const std::string& directory, Layout layout,
                 bool overwrite = false);

}  // namespace bittern

#endif  // BITTERN_DATA_CORPUS_GENERATOR_H_
