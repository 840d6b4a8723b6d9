// SPDX-License-Identifier: Apache-2.0
// Writes a drawing as SVG text.
//
// Lengths are pixels; x goes to the right, y downwards. Text that a function takes is escaped,
// except the arguments of Put, which writes markup. Numbers are printed with fixed formats, so that
// equal drawings have equal bytes.
#ifndef BITTERN_BASE_SVG_H_
#define BITTERN_BASE_SVG_H_

#include <fmt/format.h>

#include <iterator>
#include <string>
#include <string_view>
#include <utility>

namespace bittern {

// `text` for the content of an XML element: <, > and & are replaced. Not for attributes, which
// would need quotes to be replaced, too.
std::string XmlEscaped(std::string_view text);

class Svg {
 public:
  // Rules for tiles, and for text in class m (centred at its x) and class e (ends there).
  static constexpr std::string_view kTileStyle =
      ".o{stroke:#fff;stroke-width:.4}.b rect:hover{stroke:#000;stroke-width:1.5}"
      ".m{text-anchor:middle}.e{text-anchor:end}";

  // A white drawing with a title, which begins at `left`. `style` holds rules of CSS, if any.
  Svg(double width, double height, double left, std::string_view title,
      std::string_view style = {});

  // Appends markup as it is.
  template <typename... Args>
  void Put(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }

  // A square of a colour with a text to its right; `x`, `y` are the square's upper left corner.
  void LegendEntry(double x, int y, std::string_view colour, std::string_view text);

  // A rectangle that shows `title` while the pointer is over it, in kTileStyle. It has an outline
  // if both sides are long enough for one. An empty `fill` leaves the colour to the element around
  // it.
  void Tile(double x, double y, double width, double height, std::string_view fill,
            std::string_view title);

  // Ends the drawing, and returns its text. The object must not be used again.
  std::string Finish();

 private:
  std::string out_;
};

}  // namespace bittern

#endif  // BITTERN_BASE_SVG_H_
