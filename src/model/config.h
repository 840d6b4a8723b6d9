// What is trained and how: the one description that a TOML file, a checkpoint and the commands
// share.
//
// Errors name the file, the key, what was found and what is allowed; unknown keys are errors.
// Source of the default model: arXiv 2501.06663.
#ifndef BITTERN_MODEL_CONFIG_H_
#define BITTERN_MODEL_CONFIG_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/initialise.h"
#include "tensor/shape.h"
#include "tensor/tree.h"

namespace bittern {

enum class Format { kTensor, kDense };

// A linear map y = W x + b, W: [rows][columns].
struct MapShape {
  int rows = 0, columns = 0;
  Format format = Format::kTensor;
  TtShape train;         // of W (kDense: empty)
  double deviation = 0;  // standard deviation of W's entries at the start
  CoreStart core_start = CoreStart::kNormal;
};

struct ModelConfig {
  int hidden = 768;
  int heads = 12;
  int encoders = 2;
  int tokens = 32;        // [CLS] and at most tokens - 1 words; a multiple of 4
  int vocabulary = 1000;  // rows of the word table; the modes below may give a few more
  int intents = 26;       // 0: the task is absent
  int tags = 127;         // 0: the task is absent
  Format format = Format::kTensor;
  TtShape map;         // of every hidden x hidden map (kDense: empty)
  TtmShape embedding;  // of the word table (kDense: one core)
  // Standard deviations at the start: of a composed map, of the composed word table (tensor), of
  // dense tables and heads.
  double map_deviation = 0.036;
  double embedding_deviation = 0.036;
  double table_deviation = 0.02;
  CoreStart core_start = CoreStart::kNormal;

  // Today's configurations give all maps of a model one shape.
  MapShape HiddenMap() const {
    return {hidden, hidden, format, map, map_deviation, core_start};
  }

  bool operator==(const ModelConfig&) const = default;
};

enum class Optimizer { kSgd, kMomentum, kAdamW };
enum class Schedule { kConstant, kLinear, kCosine };
enum class ClipScope { kTensor, kGlobal };
enum class SlotLoss { kMean, kSum };

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
  double dropout = 0;       // embedding's output and both residual branches
  double word_dropout = 0;  // words read as [UNK]
  double rare_word_dropout = 0;
  int rare_word_count = 2;  // seen at most so often in train: rare
  double intent_weight = 1;
  double slot_weight = 1;
  SlotLoss slot_loss = SlotLoss::kMean;
  double label_smoothing = 0;
  uint64_t seed = 1;

  bool operator==(const TrainingConfig&) const = default;
};

// What of the forward pass is computed again in the backward pass instead of being kept, from the
// fastest to the smallest.
enum class Recompute {
  kGelu,         // outputs of GELU: for the accelerator, where encoders are trips of one loop
  kElementwise,  // outputs of LayerNorm and GELU: every contraction's result is kept
  kHalf,         // also an encoder's attention half and feed-forward half, each from its input,
                 // and the embedding
  kEncoder,      // the same halves, but only inputs of encoders are kept: the attention half runs
                 // once more on the way to the feed-forward half
};
// What a CPU chooses from: more memory than kElementwise takes would hardly make it faster.
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

std::string_view Name(Format format);        // "tensor", "dense"
std::string_view Name(Recompute recompute);  // "gelu", "elementwise", "half", "encoder"
std::string_view Name(Objective objective);  // "multiplications", "intermediates"
std::string_view Name(Optimizer optimizer);  // "sgd", "momentum", "adamw"
std::string_view Name(Schedule schedule);    // "constant", "linear", "cosine"
std::string_view Name(ClipScope scope);      // "tensor", "global"
std::string_view Name(SlotLoss loss);        // "mean", "sum"

// A preset's name or the path of a TOML file. A file may start with extends = "atis-2enc", a preset
// or another file beside it, and say only what differs. `changes` is TOML laid over it in the same
// way; messages call it --set.
Config LoadConfig(const std::string& name_or_path, std::string_view changes = {});
// `place` stands for the file in messages, and behind its last slash for the name where the text
// gives none. May extend presets alone.
Config ParseConfig(std::string_view toml, std::string_view place, std::string_view changes = {});
std::vector<std::string_view> PresetNames();

// The whole configuration as TOML that ParseConfig reads back to the same: what a checkpoint holds.
std::string ToToml(const Config& config);

// Fails on values that no model can have; `place` stands for the file in messages.
void Validate(const Config& config, std::string_view place);

// Whether a name matches a pattern in which * stands for any text.
bool MatchesPattern(std::string_view pattern, std::string_view name);

// Three modes a side, of about equal size, and one rank at every inner bond. Falling modes outside
// in: the large ones stand where the ranks are 1. The table may have some rows more than asked for.
TtShape AutomaticMap(int hidden, int rank, std::string_view field);
TtmShape AutomaticEmbedding(int vocabulary, int hidden, int rank, std::string_view field);
inline constexpr int kMapRank = 12;        // where no rank is given: the paper's
inline constexpr int kEmbeddingRank = 30;  // likewise

// Changes the format, and the shapes of the maps and of the word table with it. A dense model keeps
// no modes, so from there back to kTensor the automatic ones are taken.
void SetFormat(Format format, ModelConfig& model);

inline constexpr int64_t kMaxRows = 65536;  // of the word table: ids take 16 bits

}  // namespace bittern

#endif  // BITTERN_MODEL_CONFIG_H_
