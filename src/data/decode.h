// Decoders: they choose an answer from logits.
//
// Logits are stored feature-major, as the graph writes them: logits[tag * row_stride + token],
// where row_stride >= tokens. To skip [CLS], pass the address of token 1 and one token fewer. A tie
// goes to the lower id, and NaN is never chosen. The answer is the same on every machine.
#ifndef BITTERN_DATA_DECODE_H_
#define BITTERN_DATA_DECODE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "data/spans.h"

namespace bittern {

enum class Decoding {
  kBio,     // the best sequence in which I-x follows only B-x or I-x
  kArgMax,  // the best tag of each word, independently of the others
};
std::string_view Name(Decoding decoding);  // "bio", "argmax"
// Fails on any other name; the message begins with `field`.
Decoding ParseDecoding(std::string_view name, std::string_view field);

// The index of the largest of `count` numbers that are `stride` apart; 0 if all of them are NaN.
int ArgMax(const float* values, int count, size_t stride = 1);

// answer[t] = arg max over the tags, independently for each token.
void DecodeArgMax(const float* logits, size_t row_stride, int tags, std::span<int32_t> answer);

// Finds the sequence with the largest sum of logits in which I-x follows only B-x or I-x. If the
// label set has no B-x, I-x may also start a span, because it could never be predicted otherwise.
// The algorithm is Viterbi's, without learned parameters. A token costs O(tags), because only B-x
// and I-x lead to I-x.
class BioDecoder {
 public:
  // Allocates the workspace: 2 bytes for each tag and token. Copies what it needs of `tags`.
  BioDecoder(const TagTable& tags, int max_tokens);

  // Writes answer.size() tokens, at most max_tokens. Does not allocate. At least one tag must be
  // allowed at the start of a sentence.
  void Decode(const float* logits, size_t row_stride, std::span<int32_t> answer);

 private:
  static constexpr int16_t kNone = -1;

  int tags_;
  int max_tokens_;
  std::vector<int16_t> begin_;  // [tags] the id of B-x for I-x; kNone: the tag may follow any tag
  std::vector<double> score_;   // [tags] score of the best sequence that ends in the tag
  std::vector<double> next_score_;  // [tags]
  std::vector<int16_t> previous_;   // [tokens][tags] the tag before it in that sequence
};

}  // namespace bittern

#endif  // BITTERN_DATA_DECODE_H_
