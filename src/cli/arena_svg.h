// SPDX-License-Identifier: Apache-2.0
// A picture of the arena of a training step: operations from left to right, bytes from bottom to
// top, a rectangle for every tensor, coloured by kind, with name, size and life in its title (what
// a browser shows on hover). Below, the part of the model at work; a line where the loss is.
#ifndef BITTERN_CLI_ARENA_SVG_H_
#define BITTERN_CLI_ARENA_SVG_H_

#include <string>
#include <string_view>

#include "graph/arena.h"
#include "graph/graph.h"

namespace bittern {

std::string ArenaSvg(const Graph& graph, const ArenaPlan& plan, std::string_view title);

}  // namespace bittern

#endif  // BITTERN_CLI_ARENA_SVG_H_
