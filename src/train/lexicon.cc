#include "train/lexicon.h"

#include "base/hash.h"
#include "model/tasks/registry.h"

namespace bittern {
namespace {

// Checkpoints keep the hash, so its order is fixed: tasks from the last to the first.
void Add(const EncodedSplit& split, const Tasks& tasks, Fnv1a& hash) {
  for (size_t i = tasks.size(); i-- > 0;) hash.Add(split.columns()[i].names().names());
  hash.Add(split.size());
  for (size_t sentence = 0; sentence < split.size(); ++sentence) {
    const EncodedSentence encoded = split[sentence];
    hash.Add(encoded.ids);
    for (size_t i = tasks.size(); i-- > 0;) tasks[i]->Hash(encoded.labels[i], hash);
  }
}

}  // namespace

uint64_t DataHash(const Config& config, const Lexicon& lexicon, const EncodedSplit& train,
                  const EncodedSplit& valid) {
  const Tasks tasks = MakeTasks(config);
  Fnv1a hash;
  hash.Add(lexicon.vocabulary.words());
  hash.Add(std::span(lexicon.vocabulary.counts()));
  Add(train, tasks, hash);
  Add(valid, tasks, hash);
  return hash.hash();
}

}  // namespace bittern
