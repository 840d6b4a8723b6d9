// Which part of a model a tensor or an operation belongs to, and what is known of a parameter.
//
// Tables, pictures and estimates report by these fields, and a parameter starts by them. Names are
// for people, checkpoints and the user's patterns alone; no code takes them apart.
#ifndef BITTERN_GRAPH_PART_H_
#define BITTERN_GRAPH_PART_H_

#include <string>
#include <string_view>

#include "tensor/initialise.h"

namespace bittern {

// Where in the model a part is, in the order of the forward pass.
enum class PartKind {
  kInput,   // turns what the host writes into activations
  kLayers,  // the stack of layers
  kTasks,   // heads and losses
};
std::string_view Name(PartKind kind);  // "embedding", "encoders", "heads"

struct ModelPart {
  std::string name;   // "encoder.0.attention": parameters are counted by it
  std::string block;  // "encoder 0": a picture shows it
  PartKind kind = PartKind::kLayers;
};
inline constexpr int kNoPart = -1;

// A larger model may take over a smaller model's parameter; the values of the rows that it lacks.
enum class AddedRows {
  kNone,     // the number of rows never grows
  kInitial,  // as in an untrained model
  kLeast,    // the smallest of the trained values: a new class must not win before it is learnt
};

// What only a parameter has.
struct ParameterInfo {
  InitialValues initial = {};
  AddedRows added_rows = AddedRows::kNone;
};

}  // namespace bittern

#endif  // BITTERN_GRAPH_PART_H_
