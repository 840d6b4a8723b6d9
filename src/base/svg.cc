// SPDX-License-Identifier: Apache-2.0
#include "base/svg.h"

#include <algorithm>

namespace bittern {

std::string XmlEscaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '&':
        escaped += "&amp;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

Svg::Svg(double width, double height, double left, std::string_view title, std::string_view style) {
  Put("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
      "height=\"{1}\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"13\" "
      "fill=\"#333\">\n",
      width, height);
  if (!style.empty()) Put("<style>{}</style>\n", style);
  Put("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
  Put("<text x=\"{}\" y=\"30\" font-size=\"18\" font-weight=\"bold\">{}</text>\n", left,
      XmlEscaped(title));
}

void Svg::LegendEntry(double x, int y, std::string_view colour, std::string_view text) {
  Put("<rect x=\"{:.0f}\" y=\"{}\" width=\"14\" height=\"14\" rx=\"2\" fill=\"{}\"/>"
      "<text x=\"{:.0f}\" y=\"{}\">{}</text>\n",
      x, y, colour, x + 20, y + 12, XmlEscaped(text));
}

void Svg::Tile(double x, double y, double width, double height, std::string_view fill,
               std::string_view title) {
  // An outline would hide a tile that is hardly wider than the line.
  const bool outlined = std::min(width, height) > 2.5;
  Put("<rect{} x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\"",
      outlined ? " class=\"o\"" : "", x, y, width, height);
  if (!fill.empty()) Put(" fill=\"{}\"", fill);
  Put("><title>{}</title></rect>\n", XmlEscaped(title));
}

std::string Svg::Finish() {
  out_ += "</svg>\n";
  return std::move(out_);
}

}  // namespace bittern
