// A trained model's answer to a sentence of text.
//
// Words are separated by blanks or tabs. If no word of the model's vocabulary has an ASCII capital
// (ATIS: text was lower-cased beforehand), capitals of the sentence are lowered before the look-up;
// the answer keeps the words as they were given. Words past the model's tokens are tagged O.
#ifndef BITTERN_TRAIN_PREDICTOR_H_
#define BITTERN_TRAIN_PREDICTOR_H_

#include <string>
#include <string_view>
#include <vector>

#include "data/spans.h"
#include "train/inference.h"

namespace bittern {

struct PredictedSlot {
  std::string type;  // "fromloc.city_name"
  std::string text;  // its words with one blank between
  int first = 0;     // word, from 0
  int last = 0;      // word, included
};

struct Prediction {
  std::vector<std::string> words;
  std::string intent;  // empty without the task
  double intent_probability = 0;
  std::vector<std::string> tags;  // [words]; empty without the task
  std::vector<PredictedSlot> slots;
  int unknown_words = 0;  // read as [UNK]
  int cut_off_words = 0;  // past the model's tokens
};

class Predictor {
 public:
  explicit Predictor(const std::string& checkpoint_path, Decoding decoding = Decoding::kBio,
                     const std::string& device = kCpu);

  const Checkpoint& checkpoint() const { return reader_.contents(); }

  // `where` opens the message of an Error: no words, bad UTF-8, control characters.
  Prediction Predict(std::string_view text, std::string_view where);

 private:
  CheckpointReader reader_;
  Inference inference_;
  TagTable tags_;
  bool lower_case_;
  std::vector<uint16_t> ids_;
};

}  // namespace bittern

#endif  // BITTERN_TRAIN_PREDICTOR_H_
