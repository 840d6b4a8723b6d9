// The words and labels a model knows, numbered.
//
// Word ids are rows of the embedding table: [PAD] 0, [UNK] 1, [CLS] 2, then the words of the
// training split by falling frequency, ties by bytes, until the table is full. Every other word is
// [UNK]. Tag and intent ids are rows of the heads: taken from the training split alone; tags with O
// first (always there when there are tags at all), then by bytes; intents by bytes.
//
// Both are plain lists of strings where the place is the id: that is what a checkpoint stores.
#ifndef BITTERN_DATA_VOCABULARY_H_
#define BITTERN_DATA_VOCABULARY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/dataset.h"

namespace bittern {

inline constexpr int kPadId = 0;
inline constexpr int kUnknownId = 1;
inline constexpr int kClassId = 2;
inline constexpr int kFirstWordId = 3;
inline constexpr int kMaxTableSize = 65536;  // ids fit uint16_t
inline constexpr int kNoLabel = -1;
inline constexpr int kOutsideTag = 0;  // id of the tag O

// A list of distinct strings with the place of each.
class NameList {
 public:
  NameList() = default;
  // Names that repeat are an Error that says `what` they are.
  NameList(std::vector<std::string> names, std::string_view what);

  int size() const { return static_cast<int>(names_.size()); }
  const std::string& operator[](int id) const { return names_[id]; }
  int Find(std::string_view name) const;  // or -1
  void Append(std::string name);          // must be new
  const std::vector<std::string>& names() const { return names_; }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::vector<std::string> names_;
  std::unordered_map<std::string, int, Hash, std::equal_to<>> ids_;
};

class Vocabulary {
 public:
  // The three reserved rows alone.
  Vocabulary();

  // From a checkpoint: words()  and counts() of a vocabulary, checked (reserved rows in place, no
  // repeats, as many counts as words, at most kMaxTableSize).
  Vocabulary(std::vector<std::string> words, std::vector<uint32_t> counts);

  int size() const { return words_.size(); }  // the reserved rows among them
  const std::string& word(int id) const { return words_[id]; }
  const std::vector<std::string>& words() const { return words_.names(); }

  // The word's id, or kUnknownId. The text of a reserved row, such as "[PAD]", is unknown.
  int Find(std::string_view word) const;

  // How often each id stands in the training data; [UNK] has the words that found no row.
  uint32_t count(int id) const { return counts_[id]; }
  const std::vector<uint32_t>& counts() const { return counts_; }

 private:
  friend struct VocabularyExtension ExtendVocabulary(const Vocabulary&, const Split&, int);
  NameList words_;
  std::vector<uint32_t> counts_;  // [size()]
};

// A vocabulary of at most `table_size` ids, reserved ones included, from the training split.
// Error unless kFirstWordId ≤ table_size ≤ kMaxTableSize.
Vocabulary BuildVocabulary(const Split& train, int table_size);

// For fine-tuning: ids of `existing` stay; new words of `train` take the free rows by falling
// frequency, ties by bytes; counts add up.
struct VocabularyExtension {
  Vocabulary vocabulary;
  int added = 0;        // new words that took a row
  int not_fitting = 0;  // distinct new words for which there was none: they stay [UNK]
};
VocabularyExtension ExtendVocabulary(const Vocabulary& existing, const Split& train,
                                     int table_size);

// What a model can answer. An empty list: the task is absent.
struct Labels {
  NameList tags;
  NameList intents;
};
Labels BuildLabels(const Split& train);

// Labels of `train` that `existing` lacks are appended, in BuildLabels' order.
Labels ExtendLabels(const Labels& existing, const Split& train);

// From a checkpoint, checked (BIO tags with O first, no repeats, at most kMaxLabels).
Labels LabelsFromNames(std::vector<std::string> tags, std::vector<std::string> intents);

}  // namespace bittern

#endif  // BITTERN_DATA_VOCABULARY_H_
