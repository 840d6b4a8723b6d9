// Sentences as numbers: what training and evaluation read. They hold no text of words, so the Split
// that they come from can be freed.
//
// A sentence of w words becomes k = min(w + 1, max_tokens) tokens: [CLS], then its first k - 1
// words. Its labels stand in one column for each task of the model. A task decides what a label is
// and how many a sentence has; a column only stores them.
#ifndef BITTERN_DATA_ENCODE_H_
#define BITTERN_DATA_ENCODE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "data/dataset.h"
#include "data/vocabulary.h"

namespace bittern {

// The labels of one sentence for one task. Empty: the sentence has no label of that task.
using LabelSpan = std::span<const int32_t>;

// The labels of a split for one task, 4 bytes a label.
//
// Where labels are numbers of names, names() lists the model's labels first and then those that
// only this split has. A number >= the model's count of labels can't be predicted: the loss ignores
// it, and metrics count it as an error.
class LabelColumn {
 public:
  LabelColumn() = default;
  explicit LabelColumn(NameList names) : names_(std::move(names)) {}

  // Numbers the texts of `table`: result[i] is the number of table[i]. Texts that names() lacks are
  // appended to it.
  std::vector<int32_t> Number(const StringTable& table);

  void Reserve(size_t sentences, size_t labels);
  void Append(int32_t label) { labels_.push_back(label); }  // to the sentence that is not ended
  void EndSentence() { ends_.push_back(static_cast<uint32_t>(labels_.size())); }

  size_t size() const { return ends_.size(); }  // sentences
  LabelSpan operator[](size_t sentence) const;
  const NameList& names() const { return names_; }

 private:
  NameList names_;
  std::vector<int32_t> labels_;
  std::vector<uint32_t> ends_;  // [sentences], into labels_
};

// The labels of one sentence for every task; a view into the columns. Default: no labels.
class SentenceLabels {
 public:
  SentenceLabels() = default;
  SentenceLabels(std::span<const LabelColumn> columns, size_t sentence)
      : columns_(columns), sentence_(sentence) {}

  LabelSpan operator[](size_t task) const {
    return task < columns_.size() ? columns_[task][sentence_] : LabelSpan();
  }

 private:
  std::span<const LabelColumn> columns_;
  size_t sentence_ = 0;
};

// A view into an EncodedSplit.
struct EncodedSentence {
  std::span<const uint16_t> ids;  // [tokens], ids[0] = kClassId
  SentenceLabels labels;

  int tokens() const { return static_cast<int>(ids.size()); }
};

class EncodedSplit {
 public:
  size_t size() const { return first_tokens_.size(); }
  EncodedSentence operator[](size_t index) const;

  // [task], as AddColumn got them.
  std::span<const LabelColumn> columns() const { return columns_; }
  // Adds the labels of the next task, one entry for each sentence.
  void AddColumn(LabelColumn column);

  size_t words() const { return words_; }                  // before truncation
  size_t unknown_words() const { return unknown_words_; }  // among the tokens that are kept
  size_t truncated_sentences() const { return truncated_sentences_; }
  size_t truncated_words() const { return truncated_words_; }

 private:
  friend EncodedSplit EncodeWords(const Split&, const Vocabulary&, int);

  std::vector<uint16_t> ids_;
  std::vector<uint32_t> first_tokens_;  // [sentences], into ids_
  std::vector<LabelColumn> columns_;
  size_t words_ = 0, unknown_words_ = 0, truncated_sentences_ = 0, truncated_words_ = 0;
};

// Encodes the words of a split; labels are to be added. Fails unless max_tokens >= 2.
EncodedSplit EncodeWords(const Split& split, const Vocabulary& vocabulary, int max_tokens);

}  // namespace bittern

#endif  // BITTERN_DATA_ENCODE_H_
