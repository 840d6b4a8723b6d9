// SPDX-License-Identifier: Apache-2.0
// A trained model's answer to a sentence of text.
//
// Words are separated by white space. The vocabulary says if they are looked up in lower case. The
// answer keeps the words as they were given. The model does not read words beyond its tokens.
#ifndef BITTERN_TRAIN_PREDICTOR_H_
#define BITTERN_TRAIN_PREDICTOR_H_

#include <string>
#include <string_view>
#include <vector>

#include "train/inference.h"

namespace bittern {

struct Prediction {
  std::vector<std::string> words;
  std::vector<Answer> answers;  // of the tasks that the model has a head for
  int unknown_words = 0;        // words that are read as [UNK]
  int cut_off_words = 0;        // words beyond the model's tokens
};

// {"tokens": words} and the fields of every answer.
nlohmann::ordered_json ToJson(const Prediction& prediction);

class Predictor {
 public:
  explicit Predictor(const std::string& checkpoint_path, const AnswerOptions& options = {},
                     const std::string& device = kCpu);

  const Checkpoint& checkpoint() const { return reader_.contents(); }

  // Fails if the text has no words, bad UTF-8 or control characters; `where` begins the message.
  Prediction Predict(std::string_view text, std::string_view where);

 private:
  CheckpointReader reader_;
  Inference inference_;
  std::vector<uint16_t> ids_;
};

}  // namespace bittern

#endif  // BITTERN_TRAIN_PREDICTOR_H_
