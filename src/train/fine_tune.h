// Starting from a trained model on new data: new words take free rows of the word table, new labels
// extend the heads.
#ifndef BITTERN_TRAIN_FINE_TUNE_H_
#define BITTERN_TRAIN_FINE_TUNE_H_

#include <string>

#include "train/checkpoint.h"

namespace bittern {

// The configuration to fine-tune a checkpoint with: its model; its training is the [fine_tuning]
// section of `given`, or where none is given of the checkpoint's own configuration. Contraction
// order and objective come from `given` too. Options of a command are to be applied afterwards.
Config FineTuningConfig(const Checkpoint& checkpoint, const Config* given = nullptr);

// The checkpoint's words and labels and those that the split adds to them.
Lexicon ExtendLexicon(const Checkpoint& checkpoint, const Split& train);

// Fills the parameters of `graph`, which is built for the extended lexicon and the checkpoint's
// model and holds starting values. A head's rows for new labels keep theirs, as does all of a task
// that is new; the new rows' biases are set to the smallest of the old ones, so that a new label
// does not take answers from the old ones before it is learnt.
void StartFromCheckpoint(CheckpointReader& checkpoint, const Graph& graph,
                         const TensorValues& values);

}  // namespace bittern

#endif  // BITTERN_TRAIN_FINE_TUNE_H_
