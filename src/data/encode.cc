#include "data/encode.h"

#include <algorithm>

#include "base/error.h"

namespace bittern {

std::vector<int32_t> LabelColumn::Number(const StringTable& table) {
  std::vector<int32_t> numbers;
  numbers.reserve(table.size());
  for (size_t i = 0; i < table.size(); ++i) {
    int number = names_.Find(table[i]);
    if (number < 0) {
      number = names_.size();
      if (static_cast<size_t>(number) >= kMaxLabels) {
        Fail("more than {} distinct labels", kMaxLabels);
      }
      names_.Append(std::string(table[i]));
    }
    numbers.push_back(number);
  }
  return numbers;
}

void LabelColumn::Reserve(size_t sentences, size_t labels) {
  ends_.reserve(sentences);
  labels_.reserve(labels);
}

LabelSpan LabelColumn::operator[](size_t sentence) const {
  const size_t begin = sentence == 0 ? 0 : ends_[sentence - 1];
  return LabelSpan(labels_).subspan(begin, ends_[sentence] - begin);
}

EncodedSentence EncodedSplit::operator[](size_t index) const {
  const size_t begin = first_tokens_[index];
  const size_t end = index + 1 == size() ? ids_.size() : first_tokens_[index + 1];
  return {std::span(ids_).subspan(begin, end - begin), SentenceLabels(columns_, index)};
}

void EncodedSplit::AddColumn(LabelColumn column) {
  BITTERN_CHECK(column.size() == size());
  columns_.push_back(std::move(column));
}

EncodedSplit EncodeWords(const Split& split, const Vocabulary& vocabulary, int max_tokens) {
  if (max_tokens < 2) Fail("tokens: {}; at least 2, [CLS] and a word", max_tokens);
  std::vector<uint16_t> word_ids;  // by number of the split's word
  word_ids.reserve(split.words().size());
  for (size_t i = 0; i < split.words().size(); ++i) {
    word_ids.push_back(static_cast<uint16_t>(vocabulary.Find(split.words()[i])));
  }

  EncodedSplit encoded;
  const size_t max_words = static_cast<size_t>(max_tokens) - 1;
  size_t tokens = 0;
  for (size_t i = 0; i < split.size(); ++i) {
    tokens += 1 + std::min(split[i].words.size(), max_words);
  }
  encoded.ids_.reserve(tokens);
  encoded.first_tokens_.reserve(split.size());
  encoded.words_ = split.word_count();
  for (size_t i = 0; i < split.size(); ++i) {
    const Sentence sentence = split[i];
    const size_t words = std::min(sentence.words.size(), max_words);
    encoded.first_tokens_.push_back(static_cast<uint32_t>(encoded.ids_.size()));
    encoded.ids_.push_back(kClassId);
    for (size_t w = 0; w < words; ++w) {
      const uint16_t id = word_ids[sentence.words[w]];
      encoded.ids_.push_back(id);
      encoded.unknown_words_ += id == kUnknownId;
    }
    encoded.truncated_sentences_ += words < sentence.words.size();
    encoded.truncated_words_ += sentence.words.size() - words;
  }
  return encoded;
}

}  // namespace bittern
