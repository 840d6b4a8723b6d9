// SPDX-License-Identifier: Apache-2.0
// Reads splits from a data directory, or a single file of data. The layout is found by the names of
// the files:
//
//   DIR/NAME/{seq.in,seq.out,label}   words, BIO tags and intents, one sentence a line in each file
//   DIR/NAME.jsonl                    one object a line
//   DIR/NAME.csv, DIR/NAME.tsv        a table with a header
//   DIR/NAME.txt                      a running text
//   FILE.{jsonl,csv,tsv,txt}          the same as one file, without splits
//
// data/readers.h describes what each layout holds. A directory may have another layout for each
// split. Errors name the paths that were expected, and what was found instead.
#ifndef BITTERN_DATA_SOURCE_H_
#define BITTERN_DATA_SOURCE_H_

#include <string>

#include "data/readers.h"

namespace bittern {

// Reads split `name` ("train", "valid", "test") of a data directory. Fails if it has no layout or
// several, or if the split has no sentences.
Split ReadSplit(const std::string& directory, const std::string& name,
                const DataFields& fields = {});
// True if a directory has files of the split, even if ReadSplit would fail on them.
bool HasSplit(const std::string& directory, const std::string& name);
Corpus ReadCorpus(const std::string& directory, const DataFields& fields = {});

// Reads a single file, whose ending says its layout.
Split ReadDataFile(const std::string& path, const DataFields& fields = {});

}  // namespace bittern

#endif  // BITTERN_DATA_SOURCE_H_
