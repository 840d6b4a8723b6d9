// SPDX-License-Identifier: Apache-2.0
// The configuration says what is trained and how. TOML files, checkpoints and commands share this
// description.
//
// The names of an enumeration's values are listed next to it, and the fields of each section next
// to its struct, with key, member and allowed values. The code that reads TOML, writes it or checks
// ranges visits these lists. A visitor has
//   Integer(key, value, least, most)      int, or uint64_t
//   Number(key, value, least, most)       double; both ends are allowed
//   Choice(key, value)                    an enumeration with Choices (base/choice.h)
//   AddedChoice(key, value, standard)     the same, for a key that older files lack: it is written
//                                         only if the value is not `standard`
//   Rates(key, rules)
//   Text(key, value, otherwise)           printable text; files may leave out the value `otherwise`
//   Classes(key, classes)
//   Parts(key, training)                  training.parts, whose default depends on the batch. Files
//                                         of batch 1 have none
//
// Errors name the file, the key, what was found and what is allowed; unknown keys are errors.
// Source of the default model: arXiv 2501.06663.
#ifndef BITTERN_MODEL_CONFIG_H_
#define BITTERN_MODEL_CONFIG_H_

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/choice.h"
#include "tensor/initialise.h"
#include "tensor/matrix_shape.h"
#include "tensor/shape.h"
#include "tensor/tree.h"

namespace bittern {

inline constexpr size_t kMaxClassTasks = 64;  // of a model, without the intent
inline constexpr size_t kMaxNameBytes = 100;  // of a configuration, of a field of the data
inline constexpr int64_t kMaxSeed = std::numeric_limits<int64_t>::max();

enum class Format { kTensor, kDense };
constexpr auto Choices(Format) {
  return std::array{Choice{Format::kTensor, "tensor"}, Choice{Format::kDense, "dense"}};
}

// Where a sublayer of an encoder normalises: y = norm(x + branch(x)), or y = x + branch(norm(x)).
enum class NormPlace { kPost, kPre };
constexpr auto Choices(NormPlace) {
  return std::array{Choice{NormPlace::kPost, "post"}, Choice{NormPlace::kPre, "pre"}};
}

// The function between the two maps of a feed-forward layer.
enum class HiddenFunction { kGelu, kRelu };
constexpr auto Choices(HiddenFunction) {
  return std::array{Choice{HiddenFunction::kGelu, "gelu"}, Choice{HiddenFunction::kRelu, "relu"}};
}

// Which keys a query of attention sees.
enum class Mask {
  kFull,    // those of all tokens
  kCausal,  // those of its own token and of earlier ones
};
constexpr auto Choices(Mask) {
  return std::array{Choice{Mask::kFull, "full"}, Choice{Mask::kCausal, "causal"}};
}

// A linear map y = W x + b, W: [rows][columns].
struct MapShape {
  int rows = 0, columns = 0;
  MatrixShape matrix = {};  // of W
  double deviation = 0;     // standard deviation of W's entries at the start
  CoreStart core_start = CoreStart::kNormal;
};

// A class of the sentence in addition to the intent: a field of the data, for example the column
// "topic".
struct ClassConfig {
  std::string name;   // of the field
  int labels = 0;     // 0: the task is absent
  double weight = 1;  // of its loss

  bool operator==(const ClassConfig&) const = default;
};

// The label of sentences to which no class applies.
inline constexpr char kOutOfScope[] = "oos";

struct ModelConfig {
  int hidden = 768;
  int heads = 12;
  int encoders = 2;
  int tokens = 32;        // [CLS] and at most tokens - 1 words; a multiple of 4
  int vocabulary = 1000;  // rows of the word table; the modes below may give a few more
  int intents = 26;       // 0: the task is absent
  int tags = 127;         // 0: the task is absent
  // A label of any class that is not learned as an answer: see ClassTask. Not empty.
  std::string out_of_scope = kOutOfScope;
  std::vector<ClassConfig> classes = {};
  Format format = Format::kTensor;
  MatrixShape map;     // of every hidden x hidden map; dense if `format` is
  TtmShape embedding;  // of the word table; one core is a dense table
  // Standard deviations at the start: of a composed map, of the composed word table (tensor), of
  // dense tables and heads.
  double map_deviation = 0.036;
  double embedding_deviation = 0.036;
  double table_deviation = 0.02;
  CoreStart core_start = CoreStart::kNormal;
  NormPlace norm = NormPlace::kPost;
  HiddenFunction activation = HiddenFunction::kGelu;
  Mask mask = Mask::kFull;

  // Today's configurations give all maps of a model one shape.
  MapShape HiddenMap() const { return {hidden, hidden, map, map_deviation, core_start}; }

  bool operator==(const ModelConfig&) const = default;
};

// [model], but for the shapes in [model.map] and [model.embedding].
template <typename Visitor, typename ModelConfig>
void VisitModel(Visitor& visitor, ModelConfig& model) {
  visitor.Integer("hidden", model.hidden, 4, 16384);
  visitor.Integer("heads", model.heads, 1, 1024);
  visitor.Integer("encoders", model.encoders, 1, 64);
  visitor.Integer("tokens", model.tokens, 4, 128);
  visitor.Integer("vocabulary", model.vocabulary, 4, 65536);
  visitor.Integer("intents", model.intents, 0, 32767);
  visitor.Integer("tags", model.tags, 0, 32767);
  visitor.Number("map_deviation", model.map_deviation, 0, 100);
  visitor.Number("embedding_deviation", model.embedding_deviation, 0, 100);
  visitor.Number("table_deviation", model.table_deviation, 0, 100);
  visitor.Choice("core_start", model.core_start);
  visitor.AddedChoice("norm", model.norm, NormPlace::kPost);
  visitor.AddedChoice("activation", model.activation, HiddenFunction::kGelu);
  visitor.AddedChoice("mask", model.mask, Mask::kFull);
  visitor.Text("out_of_scope", model.out_of_scope, kOutOfScope);
  visitor.Classes("class", model.classes);  // last: its tables follow the section's plain keys
}

enum class Optimizer { kSgd, kMomentum, kAdamW };
constexpr auto Choices(Optimizer) {
  return std::array{Choice{Optimizer::kSgd, "sgd"}, Choice{Optimizer::kMomentum, "momentum"},
                    Choice{Optimizer::kAdamW, "adamw"}};
}

enum class Schedule { kConstant, kLinear, kCosine };
constexpr auto Choices(Schedule) {
  return std::array{Choice{Schedule::kConstant, "constant"}, Choice{Schedule::kLinear, "linear"},
                    Choice{Schedule::kCosine, "cosine"}};
}

enum class ClipScope { kTensor, kGlobal };
constexpr auto Choices(ClipScope) {
  return std::array{Choice{ClipScope::kTensor, "tensor"}, Choice{ClipScope::kGlobal, "global"}};
}

enum class SlotLoss { kMean, kSum };
constexpr auto Choices(SlotLoss) {
  return std::array{Choice{SlotLoss::kMean, "mean"}, Choice{SlotLoss::kSum, "sum"}};
}

// A factor on the learning rate of the parameters whose names match; the last match counts.
struct RateRule {
  std::string parameters;  // a pattern where * stands for any text: "encoder.*.core.*"
  double factor = 1;

  bool operator==(const RateRule&) const = default;
};

struct TrainingConfig {
  Optimizer optimizer = Optimizer::kSgd;
  Schedule schedule = Schedule::kLinear;
  double learning_rate = 0.01;
  double final_rate = 0;  // where the schedule ends, as a share of learning_rate
  double warmup_epochs = 0;
  std::vector<RateRule> rates = {};
  double momentum = 0.9;  // kMomentum; AdamW: beta1
  double beta2 = 0.999;
  double adam_epsilon = 1e-8;
  double decay = 0;  // weight decay (decoupled in AdamW)
  double clip = 0;   // largest norm of a gradient; 0: none
  ClipScope clip_scope = ClipScope::kTensor;
  int epochs = 14;
  int batch = 1;            // sentences whose gradients are averaged into one update
  int parts = 0;            // into which a batch is cut, see parts_of_batch
  double dropout = 0;       // embedding's output and both residual branches
  double word_dropout = 0;  // words read as [UNK]
  double rare_word_dropout = 0;
  int rare_word_count = 2;  // seen at most so often in train: rare
  double intent_weight = 1;
  double slot_weight = 1;
  SlotLoss slot_loss = SlotLoss::kMean;
  double label_smoothing = 0;
  uint64_t seed = 1;

  // A part's gradients are added up by one thread, and the parts in a fixed tree: the parts decide
  // the bits, and the most threads that can share a step. A power of two; 0 stands for the largest
  // one up to 4 and the batch.
  int parts_of_batch() const;
  // Stores the automatic number as 0, so that equal configurations compare equal.
  void NormalizeParts();

  bool operator==(const TrainingConfig&) const = default;
};

// [training] and [fine_tuning].
template <typename Visitor, typename TrainingConfig>
void VisitTraining(Visitor& visitor, TrainingConfig& training) {
  visitor.Choice("optimizer", training.optimizer);
  visitor.Choice("schedule", training.schedule);
  visitor.Number("learning_rate", training.learning_rate, 0, 1e6);
  visitor.Number("final_rate", training.final_rate, 0, 1);
  visitor.Number("warmup_epochs", training.warmup_epochs, 0, 1e6);
  visitor.Number("momentum", training.momentum, 0, 0.9999999);
  visitor.Number("beta2", training.beta2, 0, 0.9999999);
  visitor.Number("adam_epsilon", training.adam_epsilon, 1e-30, 1);
  visitor.Number("decay", training.decay, 0, 1e6);
  visitor.Number("clip", training.clip, 0, 1e6);
  visitor.Choice("clip_scope", training.clip_scope);
  visitor.Integer("epochs", training.epochs, 1, 1000000);
  visitor.Integer("batch", training.batch, 1, 1000000);
  visitor.Parts("parts", training);
  visitor.Number("dropout", training.dropout, 0, 0.99);
  visitor.Number("word_dropout", training.word_dropout, 0, 1);
  visitor.Number("rare_word_dropout", training.rare_word_dropout, 0, 1);
  visitor.Integer("rare_word_count", training.rare_word_count, 0, 1000000000);
  visitor.Number("intent_weight", training.intent_weight, 0, 1e6);
  visitor.Number("slot_weight", training.slot_weight, 0, 1e6);
  visitor.Choice("slot_loss", training.slot_loss);
  visitor.Number("label_smoothing", training.label_smoothing, 0, 0.99);
  visitor.Integer("seed", training.seed, 0, kMaxSeed);
  visitor.Rates("rate", training.rates);  // last: its tables follow the section's plain keys
}

// Activation checkpointing: which results of the forward pass the backward pass computes again
// instead of keeping them, from the fastest choice to the smallest.
enum class Recompute {
  kGelu,         // outputs of GELU
  kElementwise,  // outputs of LayerNorm and GELU: every contraction's result is kept
  kHalf,         // whole layers, each from its input: an encoder's attention and feed-forward
                 // halves, and the embedding
  kEncoder,      // the same layers, but only the inputs of encoders are kept: the attention half is
                 // computed once more on the way to the feed-forward half
};
constexpr auto Choices(Recompute) {
  return std::array{Choice{Recompute::kGelu, "gelu"},
                    Choice{Recompute::kElementwise, "elementwise"},
                    Choice{Recompute::kHalf, "half"}, Choice{Recompute::kEncoder, "encoder"}};
}
// The choices for training on a CPU. kGelu would take more memory and hardly be faster; it is for
// machines on which the layers of all blocks must do the same in one loop.
inline constexpr Recompute kRecomputes[] = {Recompute::kElementwise, Recompute::kHalf,
                                            Recompute::kEncoder};

struct Config {
  std::string name;
  ModelConfig model;
  TrainingConfig training;
  TrainingConfig fine_tuning;  // for a trained model on new data; takes over what it doesn't set
  Order order = Order::kOptimal;
  Objective objective = Objective::kMultiplications;

  bool operator==(const Config&) const = default;
};

// The root of the file, but for name and sections.
template <typename Visitor, typename Config>
void VisitRoot(Visitor& visitor, Config& config) {
  visitor.Choice("format", config.model.format);
  visitor.Choice("contraction", config.order);
  visitor.Choice("objective", config.objective);
}

// A preset's name or the path of a TOML file. A file may start with extends = "atis-2enc", a preset
// or another file in its folder, and say only what differs. `changes` is TOML laid over it in the
// same way; messages call it --set. Ranks larger than their bond can use are lowered; `notes` gets
// a sentence for each section in which that happened.
Config LoadConfig(const std::string& name_or_path, std::string_view changes = {},
                  std::vector<std::string>* notes = nullptr);
// Messages use `place` as the name of the file. The part after its last slash is the name of a
// configuration whose text gives none. May extend presets alone.
Config ParseConfig(std::string_view toml, std::string_view place, std::string_view changes = {},
                   std::vector<std::string>* notes = nullptr);
std::vector<std::string_view> PresetNames();

// The whole configuration as TOML that ParseConfig reads back to the same: what a checkpoint holds.
std::string ToToml(const Config& config);

// Fails on values that no model can have; `place` stands for the file in messages.
void Validate(const Config& config, std::string_view place);

// True if a name matches a pattern in which * stands for any text.
bool MatchesPattern(std::string_view pattern, std::string_view name);

// Three modes a side, of about equal size, and one rank at every inner bond. The table may have
// some rows more than asked for.
TtmShape AutomaticEmbedding(int vocabulary, int hidden, int rank, std::string_view field);
inline constexpr int kMapRank = 12;        // where no rank is given: the paper's
inline constexpr int kEmbeddingRank = 30;  // likewise

// Changes the format, and the shapes of the maps and of the word table with it. A dense model keeps
// no modes, so from there back to kTensor the automatic ones are taken.
void SetFormat(Format format, ModelConfig& model);

inline constexpr int64_t kMaxRows = 65536;  // of the word table: ids take 16 bits

}  // namespace bittern

#endif  // BITTERN_MODEL_CONFIG_H_
