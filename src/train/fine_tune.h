// Fine-tuning: training starts from a trained model on new data. New words take free rows of the
// word table, new labels extend the heads (ExtendLexicon).
#ifndef BITTERN_TRAIN_FINE_TUNE_H_
#define BITTERN_TRAIN_FINE_TUNE_H_

#include <string>

#include "train/checkpoint.h"

namespace bittern {

// The configuration to fine-tune a checkpoint with. The model is the checkpoint's. The training is
// the [fine_tuning] section of `given`, or of the checkpoint's own configuration if `given` is
// null; contraction order and objective come from the same configuration. Options of a command are
// to be applied afterwards.
Config FineTuningConfig(const Checkpoint& checkpoint, const Config* given = nullptr);

// Fills the parameters of `graph`, which is built for the checkpoint's model with the extended
// lexicon and holds starting values. A parameter that the checkpoint lacks (a new task's) keeps its
// starting values, and so do a head's rows for new labels. The biases of new labels are set to the
// smallest old bias, so that a new label does not win answers before it is learnt.
void StartFromCheckpoint(CheckpointReader& checkpoint, const Graph& graph,
                         const TensorValues& values);

}  // namespace bittern

#endif  // BITTERN_TRAIN_FINE_TUNE_H_
