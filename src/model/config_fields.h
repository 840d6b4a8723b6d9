// The one list of a configuration's fields: key, member, allowed values. What reads TOML, what
// writes it and what checks ranges are three visitors of it.
//
// A visitor has
//   Integer(key, value, least, most)      int, or uint64_t
//   Number(key, value, least, most)       double; both ends are allowed
//   Choice(key, value, candidates)        an enum with a Name()
//   Rates(key, rules)
#ifndef BITTERN_MODEL_CONFIG_FIELDS_H_
#define BITTERN_MODEL_CONFIG_FIELDS_H_

#include <cstdint>
#include <limits>

#include "model/config.h"

namespace bittern {

inline constexpr Format kFormats[] = {Format::kTensor, Format::kDense};
inline constexpr Objective kObjectives[] = {Objective::kMultiplications, Objective::kIntermediates};
inline constexpr CoreStart kCoreStarts[] = {CoreStart::kNormal, CoreStart::kOrthogonal};
inline constexpr Optimizer kOptimizers[] = {Optimizer::kSgd, Optimizer::kMomentum,
                                            Optimizer::kAdamW};
inline constexpr Schedule kSchedules[] = {Schedule::kConstant, Schedule::kLinear,
                                          Schedule::kCosine};
inline constexpr ClipScope kClipScopes[] = {ClipScope::kTensor, ClipScope::kGlobal};
inline constexpr SlotLoss kSlotLosses[] = {SlotLoss::kMean, SlotLoss::kSum};

// The root of the file, but for name and sections.
template <typename Visitor, typename Config>
void VisitRoot(Visitor& visitor, Config& config) {
  visitor.Choice("format", config.model.format, kFormats);
  visitor.Choice("contraction", config.order, kOrders);
  visitor.Choice("objective", config.objective, kObjectives);
}

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
  visitor.Choice("core_start", model.core_start, kCoreStarts);
}

// [training] and [fine_tuning].
template <typename Visitor, typename TrainingConfig>
void VisitTraining(Visitor& visitor, TrainingConfig& training) {
  visitor.Choice("optimizer", training.optimizer, kOptimizers);
  visitor.Choice("schedule", training.schedule, kSchedules);
  visitor.Number("learning_rate", training.learning_rate, 0, 1e6);
  visitor.Number("final_rate", training.final_rate, 0, 1);
  visitor.Number("warmup_epochs", training.warmup_epochs, 0, 1e6);
  visitor.Number("momentum", training.momentum, 0, 0.9999999);
  visitor.Number("beta2", training.beta2, 0, 0.9999999);
  visitor.Number("adam_epsilon", training.adam_epsilon, 1e-30, 1);
  visitor.Number("decay", training.decay, 0, 1e6);
  visitor.Number("clip", training.clip, 0, 1e6);
  visitor.Choice("clip_scope", training.clip_scope, kClipScopes);
  visitor.Integer("epochs", training.epochs, 1, 1000000);
  visitor.Integer("batch", training.batch, 1, 1000000);
  visitor.Number("dropout", training.dropout, 0, 0.99);
  visitor.Number("word_dropout", training.word_dropout, 0, 1);
  visitor.Number("rare_word_dropout", training.rare_word_dropout, 0, 1);
  visitor.Integer("rare_word_count", training.rare_word_count, 0, 1000000000);
  visitor.Number("intent_weight", training.intent_weight, 0, 1e6);
  visitor.Number("slot_weight", training.slot_weight, 0, 1e6);
  visitor.Choice("slot_loss", training.slot_loss, kSlotLosses);
  visitor.Number("label_smoothing", training.label_smoothing, 0, 0.99);
  visitor.Integer("seed", training.seed, 0, std::numeric_limits<int64_t>::max());
  visitor.Rates("rate", training.rates);  // last: its tables follow the section's plain keys
}

}  // namespace bittern

#endif  // BITTERN_MODEL_CONFIG_FIELDS_H_
