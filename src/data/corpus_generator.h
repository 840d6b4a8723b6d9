// The corpus that comes with the program: air-travel requests from a seeded grammar.
//
// About ATIS's size, number of intents and tags and length of sentence, but every template, name
// and label is our own. Some templates and some fillers (cities, airlines, ...) never occur in
// train: valid has a few of them, test more, so that a model must use the context of a word as well
// as the word. Deterministic in the seed; the same bytes on every machine.
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

// Writes the three splits into `directory` (made if missing) in the given layout, each file
// atomically. Without `overwrite` an existing file is an Error, found before anything is written.
void WriteCorpus(const Corpus& corpus, const std::string& directory, Layout layout,
                 bool overwrite = false);

}  // namespace bittern

#endif  // BITTERN_DATA_CORPUS_GENERATOR_H_
