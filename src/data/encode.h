// Sentences as numbers: what training and evaluation read. Holds no word text, so the Split can go.
//
// A sentence of w words becomes k = min(w + 1, max_tokens) tokens: [CLS], then its first k - 1
// words. Two numberings of labels stand side by side:
//   labels  what the loss reads: the model's ids, kNoLabel where there is nothing to learn ([CLS],
//           an absent task, a label the model doesn't know);
//   gold    what the metrics read: every word, cut-off ones too, in the model's ids continued by
//           the labels that only this split has (tag_names(), intent_names()). A gold id ≥ the
//           model's number of labels can't be predicted and so counts as an error.
#ifndef BITTERN_DATA_ENCODE_H_
#define BITTERN_DATA_ENCODE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "data/dataset.h"
#include "data/vocabulary.h"

namespace bittern {

// A view into an EncodedSplit.
struct EncodedSentence {
  std::span<const uint16_t> ids;       // [tokens], ids[0] = kClassId
  std::span<const int16_t> tags;       // [tokens], for the loss; tags[0] = kNoLabel
  int16_t intent;                      // for the loss
  std::span<const int16_t> gold_tags;  // [words], for the metrics; empty if it has none
  int16_t gold_intent;                 // for the metrics; kNoLabel if it has none

  int tokens() const { return static_cast<int>(ids.size()); }
};

class EncodedSplit {
 public:
  size_t size() const { return sentences_.size(); }
  EncodedSentence operator[](size_t index) const;

  const NameList& tag_names() const { return tag_names_; }        // of gold_tags
  const NameList& intent_names() const { return intent_names_; }  // of gold_intent

  size_t words() const { return words_; }                  // before truncation
  size_t unknown_words() const { return unknown_words_; }  // among the tokens kept
  size_t truncated_sentences() const { return truncated_sentences_; }
  size_t truncated_words() const { return truncated_words_; }

 private:
  friend EncodedSplit Encode(const Split&, const Vocabulary&, const Labels&, int);

  struct Entry {
    uint32_t first_token;  // into ids_ and tags_
    uint32_t first_gold;   // into gold_tags_
    int16_t intent;
    int16_t gold_intent;
  };

  std::vector<uint16_t> ids_;
  std::vector<int16_t> tags_;
  std::vector<int16_t> gold_tags_;
  std::vector<Entry> sentences_;
  NameList tag_names_, intent_names_;
  size_t words_ = 0, unknown_words_ = 0, truncated_sentences_ = 0, truncated_words_ = 0;
};

// Error unless max_tokens ≥ 2.
EncodedSplit Encode(const Split& split, const Vocabulary& vocabulary, const Labels& labels,
                    int max_tokens);

}  // namespace bittern

#endif  // BITTERN_DATA_ENCODE_H_
