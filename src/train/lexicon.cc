#include "train/lexicon.h"

#include <string_view>

#include "base/hash.h"

namespace bittern {
namespace {

class DataHasher {
 public:
  void Add(const void* bytes, size_t size) {
    hash_ = Fnv1a({static_cast<const char*>(bytes), size}, hash_);
  }
  void Add(uint64_t number) { Add(&number, sizeof number); }
  void Add(const std::vector<std::string>& texts) {
    Add(texts.size());
    for (const std::string& text : texts) {
      Add(text.size());
      Add(text.data(), text.size());
    }
  }
  template <typename T>
  void Add(std::span<const T> numbers) {
    Add(numbers.size());
    Add(numbers.data(), numbers.size_bytes());
  }
  uint64_t hash() const { return hash_; }

 private:
  uint64_t hash_ = kFnvStart;
};

void Add(const EncodedSplit& split, DataHasher& hash) {
  hash.Add(split.tag_names().names());
  hash.Add(split.intent_names().names());
  hash.Add(split.size());
  for (size_t i = 0; i < split.size(); ++i) {
    const EncodedSentence sentence = split[i];
    hash.Add(sentence.ids);
    hash.Add(sentence.gold_tags);
    hash.Add(static_cast<uint64_t>(sentence.gold_intent));
  }
}

}  // namespace

Lexicon BuildLexicon(const ModelConfig& model, const Split& train) {
  return {BuildVocabulary(train, static_cast<int>(model.embedding.rows())), BuildLabels(train)};
}

void SetLabels(const Labels& labels, ModelConfig& model) {
  model.intents = labels.intents.size();
  model.tags = labels.tags.size();
}

uint64_t DataHash(const Lexicon& lexicon, const EncodedSplit& train, const EncodedSplit& valid) {
  DataHasher hash;
  hash.Add(lexicon.vocabulary.words());
  hash.Add(std::span(lexicon.vocabulary.counts()));
  Add(train, hash);
  Add(valid, hash);
  return hash.hash();
}

}  // namespace bittern
