#include "data/decode.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/random.h"

namespace bittern {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

using Tags = std::vector<int32_t>;

// The best legal sequence by trying all of them; the first in reading order on a tie.
double BestByEnumeration(const TagTable& table, const std::vector<float>& logits, size_t stride,
                         const std::vector<bool>& needs_begin, int tokens, Tags* best) {
  double best_score = -std::numeric_limits<double>::infinity();
  Tags tags(tokens, 0);
  while (true) {
    bool legal = true;
    double score = 0;
    for (int t = 0; t < tokens && legal; ++t) {
      if (needs_begin[tags[t]]) {
        legal = t > 0 && table[tags[t - 1]].kind != TagKind::kOutside &&
                table[tags[t - 1]].type == table[tags[t]].type;
      }
      score += logits[tags[t] * stride + t];
    }
    if (legal && score > best_score) {
      best_score = score;
      *best = tags;
    }
    int t = tokens - 1;
    while (t >= 0 && ++tags[t] == table.size()) tags[t--] = 0;
    if (t < 0) return best_score;
  }
}

TEST(ArgMax, TiesAndNan) {
  const std::vector<float> values = {kNan, 1, 3, 3, -kInfinity};
  EXPECT_EQ(ArgMax(values.data(), 5), 2);
  EXPECT_EQ(ArgMax(values.data(), 2), 1);
  EXPECT_EQ(ArgMax(values.data(), 1), 0);
  EXPECT_EQ(ArgMax(values.data(), 3, 2), 1);  // NaN, 3, -inf
}

TEST(DecodeArgMax, ReadsColumns) {
  // [tag][token], row stride 4 with a column of padding that must not be read.
  const std::vector<float> logits = {0, 5, 1, 99,  //
                                     2, 4, 1, 99,  //
                                     1, 6, 0, 99};
  Tags answer(3);
  DecodeArgMax(logits.data(), 4, 3, answer);
  EXPECT_EQ(answer, (Tags{1, 2, 0}));
}

TEST(BioDecoder, EqualsEnumeration) {
  const struct {
    std::vector<std::string> names;
    std::vector<bool> needs_begin;
  } label_sets[] = {
      {{"O", "B-x", "I-x", "B-y", "I-y"}, {false, false, true, false, true}},
      {{"O", "I-x", "B-x", "B-y"}, {false, true, false, false}},  // I-x stands before B-x
      {{"O", "B-x", "I-x", "I-y"}, {false, false, true, false}},  // no B-y: I-y may start
      {{"O"}, {false}},
  };
  Random random(1);
  for (const auto& [names, needs_begin] : label_sets) {
    const TagTable table(names);
    BioDecoder decoder(table, 6);
    for (int repeat = 0; repeat < 300; ++repeat) {
      const int tokens = 1 + static_cast<int>(random.UniformInt(5));
      const size_t stride = 8;
      std::vector<float> logits(names.size() * stride, kNan);
      for (size_t tag = 0; tag < names.size(); ++tag) {
        for (int t = 0; t < tokens; ++t) {
          logits[tag * stride + t] = static_cast<float>(random.Normal());
        }
      }
      Tags expected, answer(tokens);
      BestByEnumeration(table, logits, stride, needs_begin, tokens, &expected);
      decoder.Decode(logits.data(), stride, answer);
      ASSERT_EQ(answer, expected);
    }
  }
}

TEST(BioDecoder, GivesUpASingleLogitForALegalSequence) {
  const TagTable table({"O", "B-x", "I-x"});
  // Arg max says O I-x I-x.
  const std::vector<float> logits = {1.0f, 0.0f, 0.0f,   //
                                     0.9f, 0.5f, -1.0f,  //
                                     0.0f, 2.0f, 2.0f};
  Tags answer(3);
  DecodeArgMax(logits.data(), 3, 3, answer);
  EXPECT_EQ(answer, (Tags{0, 2, 2}));
  BioDecoder decoder(table, 3);
  decoder.Decode(logits.data(), 3, answer);
  EXPECT_EQ(answer, (Tags{1, 2, 2}));
}

TEST(BioDecoder, AgreesWithArgMaxWhereThatIsLegal) {
  std::vector<std::string> names = {"O"};
  for (int type = 0; type < 60; ++type) {
    names.push_back("B-" + std::to_string(type));
    names.push_back("I-" + std::to_string(type));
  }
  const TagTable table(names);
  BioDecoder decoder(table, 31);
  Random random(7);
  for (int repeat = 0; repeat < 100; ++repeat) {
    std::vector<float> logits(names.size() * 31);
    for (float& logit : logits) logit = static_cast<float>(random.Normal());
    Tags gold(31);
    for (size_t t = 0; t < gold.size(); ++t) {
      const bool inside = t > 0 && gold[t - 1] != 0 && random.UniformInt(2) == 0;
      gold[t] = static_cast<int32_t>(inside                      ? (gold[t - 1] + 1) / 2 * 2
                                     : random.UniformInt(2) == 0 ? 0
                                                                 : 1 + 2 * random.UniformInt(60));
      logits[gold[t] * 31 + t] += 20;
    }
    Tags answer(31);
    decoder.Decode(logits.data(), 31, answer);
    ASSERT_EQ(answer, gold);
  }
}

TEST(BioDecoder, OddLogits) {
  const TagTable table({"O", "B-x", "I-x"});
  BioDecoder decoder(table, 4);
  Tags answer;
  decoder.Decode(nullptr, 0, answer);  // no tokens
  answer.resize(2);
  decoder.Decode(std::vector<float>{kNan, 1, 0, kNan, kNan, 3}.data(), 2, answer);
  EXPECT_EQ(answer, (Tags{1, 2}));
  decoder.Decode(std::vector<float>(6, kNan).data(), 2, answer);  // anything in range
  for (const int32_t tag : answer) EXPECT_TRUE(tag >= 0 && tag < 3);
  decoder.Decode(std::vector<float>{kInfinity, -kInfinity, 0, 0, 0, 0}.data(), 2, answer);
  EXPECT_EQ(answer, (Tags{0, 1}));
  decoder.Decode(std::vector<float>{0, 0, -5, 0, 0, kInfinity}.data(), 2, answer);
  EXPECT_EQ(answer, (Tags{1, 2}));  // I-x draws its B-x along

  // No sequence is better than another, yet I-x begins none.
  BioDecoder inside_first(TagTable({"I-x", "B-x", "O"}), 4);
  for (const float odd : {kNan, -kInfinity}) {
    inside_first.Decode(std::vector<float>(6, odd).data(), 2, answer);
    EXPECT_NE(answer[0], 0) << odd;
  }
}

}  // namespace
}  // namespace bittern
