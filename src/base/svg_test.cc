// SPDX-License-Identifier: Apache-2.0
#include "base/svg.h"

#include <gtest/gtest.h>

namespace bittern {
namespace {

TEST(Svg, EscapesTextOnly) {
  EXPECT_EQ(XmlEscaped("a<b> & \"c\""), "a&lt;b&gt; &amp; \"c\"");
  EXPECT_EQ(XmlEscaped(""), "");
}

TEST(Svg, EmptyDrawingHasGroundAndTitle) {
  EXPECT_EQ(Svg(900, 560.5, 80, "1 < 2").Finish(),
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 900 560.5\" width=\"900\" "
            "height=\"560.5\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"13\" "
            "fill=\"#333\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
            "<text x=\"80\" y=\"30\" font-size=\"18\" font-weight=\"bold\">1 &lt; 2</text>\n"
            "</svg>\n");
}

// The text of a drawing without its first `skip` lines and its last.
std::string Content(Svg& svg, int skip) {
  std::string text = svg.Finish();
  for (; skip > 0; --skip) text.erase(0, text.find('\n') + 1);
  EXPECT_TRUE(text.ends_with("</svg>\n"));
  return text.substr(0, text.size() - 7);
}

TEST(Svg, StyleComesBeforeTheGround) {
  Svg svg(10, 10, 0, "", ".a{fill:red}");
  EXPECT_TRUE(Content(svg, 1).starts_with("<style>.a{fill:red}</style>\n<rect"));
}

TEST(Svg, TilesHaveAnOutlineIfThereIsRoom) {
  Svg svg(10, 10, 0, "");
  svg.Tile(1, 2, 2.6, 2.51, "", "x & y\nz");
  svg.Tile(1.005, 2, 2.5, 100, "#123456", "t");
  EXPECT_EQ(Content(svg, 3),
            "<rect class=\"o\" x=\"1.00\" y=\"2.00\" width=\"2.60\" height=\"2.51\">"
            "<title>x &amp; y\nz</title></rect>\n"
            "<rect x=\"1.00\" y=\"2.00\" width=\"2.50\" height=\"100.00\" fill=\"#123456\">"
            "<title>t</title></rect>\n");
}

TEST(Svg, LegendEntryHasSquareAndText) {
  Svg svg(10, 10, 0, "");
  svg.LegendEntry(7.6, 49, "#fff", "gradients");
  EXPECT_EQ(Content(svg, 3),
            "<rect x=\"8\" y=\"49\" width=\"14\" height=\"14\" rx=\"2\" fill=\"#fff\"/>"
            "<text x=\"28\" y=\"61\">gradients</text>\n");
}

}  // namespace
}  // namespace bittern
