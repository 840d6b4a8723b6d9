// From logits to answers.
//
// Logits are feature-major, as the graph leaves them: logits[tag * row_stride + token], row_stride
// ≥ tokens. To leave out [CLS] pass the pointer to token 1 and one token less. Ties go to the lower
// id; NaN never wins. Same input, same answer, on every machine.
#ifndef BITTERN_DATA_DECODE_H_
#define BITTERN_DATA_DECODE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "data/spans.h"

namespace bittern {

// Index of the largest of `count` numbers that stand `stride` apart; 0 if all are NaN.
int ArgMax(const float* values, int count, size_t stride = 1);

// answer[t] = arg max over the tags, for each token on its own.
void DecodeArgMax(const float* logits, size_t row_stride, int tags, std::span<int16_t> answer);

// The sequence with the largest sum of logits in which I-x stands only after B-x or I-x. (Where the
// label set has no B-x, I-x may also start a span: it could never be predicted otherwise.) Viterbi,
// no learned parameters; O(tags) a token, as only B-x and I-x reach I-x.
class BioDecoder {
 public:
  // Sizes the workspace: 2 bytes a tag and token. `tags` is copied.
  BioDecoder(const TagTable& tags, int max_tokens);

  // answer.size() tokens, at most max_tokens; no allocation. Needs at least one tag that may start
  // a sentence.
  void Decode(const float* logits, size_t row_stride, std::span<int16_t> answer);

 private:
  static constexpr int16_t kNone = -1;

  int tags_;
  int max_tokens_;
  std::vector<int16_t> begin_;      // [tags] for I-x the id of B-x; kNone: the tag may follow any
  std::vector<double> score_;       // [tags] of the best sequence that ends in the tag
  std::vector<double> next_score_;  // [tags]
  std::vector<int16_t> previous_;   // [tokens][tags] tag before, on that best sequence
};

}  // namespace bittern

#endif  // BITTERN_DATA_DECODE_H_
