// A figure as SVG: small enough to be read, plain enough for any journal's tools.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "report/decimate.h"
#include "report/html.h"
#include "report/study_report.h"
#include "report/svg_axis.h"

namespace rankflow {
namespace {

using experiment::Curve;
using experiment::FigureData;
using experiment::PanelData;
using report::SvgAxis;

constexpr double kPlotWidth = 252, kPlotHeight = 176;               // of the axes' rectangle
constexpr double kLeft = 58, kRight = 14, kTop = 26, kBottom = 44;  // around it
constexpr double kLegendLine = 15, kLegendGap = 8;
constexpr std::size_t kMostAcross = 3, kMostLegend = 14;
constexpr Index kMostPoints = 500;  // of a curve: the width of a panel resolves no more

// Okabe and Ito (2008): told apart by colour-blind readers too.
constexpr std::array kColors = {"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C8C3C"};
constexpr std::array kDashes = {"", "6 3", "2 2", "8 3 2 3", "1 3"};

// Few curves are told apart by their colours; many are in an order, and a ramp from blue over green to amber shows it.
std::string color(const Curve& curve, int colors) {
  if (colors <= static_cast<int>(kColors.size())) return kColors[static_cast<std::size_t>(curve.color)];
  static constexpr double kRamp[][3] = {{38, 56, 140}, {0, 120, 150}, {60, 150, 80}, {225, 165, 30}};
  const double at = 3.0 * curve.color / (colors - 1);
  const int k = std::min(2, static_cast<int>(at));
  std::string text = "#";
  for (int c = 0; c < 3; ++c)
    text += fmt::format("{:02x}", static_cast<int>(kRamp[k][c] + (at - k) * (kRamp[k + 1][c] - kRamp[k][c])));
  return text;
}

std::string stroke(const Curve& curve, int colors) {
  const char* dash = curve.constant ? "4 4" : kDashes[static_cast<std::size_t>(curve.dash) % kDashes.size()];
  return fmt::format("stroke=\"{}\" fill=\"none\" stroke-width=\"1.5\"{}", color(curve, colors),
                     *dash == 0 ? "" : fmt::format(" stroke-dasharray=\"{}\"", dash));
}

struct Extent {
  double low = kNaN, high = kNaN;
  void take(double value, bool logarithmic) {
    if (!std::isfinite(value) || (logarithmic && value <= 0)) return;
    low = std::fmin(low, value);
    high = std::fmax(high, value);
  }
};

class PanelDrawing {
 public:
  PanelDrawing(const PanelData& panel, std::size_t number)
      : panel_(panel), number_(number), x_(make_axis(true)), y_(make_axis(false)) {}

  std::string svg(double left, double top) const {
    std::string text = fmt::format("<g transform=\"translate({:.1f} {:.1f})\">\n", left + kLeft, top + kTop);
    text += frame();
    text += fmt::format(
        "<clipPath id=\"c{0}\"><rect width=\"{1}\" height=\"{2}\"/></clipPath>\n<g clip-path=\"url(#c{0})\">\n",
        number_, kPlotWidth, kPlotHeight);
    for (const Curve& curve : panel_.curves) text += draw(curve);
    if (nothing_drawn())
      text += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", kPlotWidth / 2, kPlotHeight / 2,
                          panel_.x_log || panel_.y_log ? "no value above 0 for the logarithmic axis" : "no values");
    return text + "</g>\n</g>\n";
  }

 private:
  bool nothing_drawn() const {
    for (const Curve& curve : panel_.curves)
      for (std::size_t k = 0; k < curve.y.size(); ++k)
        if (std::isfinite(at_y(curve.y[k])) && (curve.constant || std::isfinite(at_x(curve.x[k])))) return false;
    return true;
  }

  SvgAxis make_axis(bool x) const {
    Extent extent;
    const bool logarithmic = x ? panel_.x_log : panel_.y_log;
    for (const Curve& curve : panel_.curves) {
      if (x && curve.constant) continue;
      for (const auto* values : {x ? &curve.x : &curve.y, x ? &curve.x : &curve.low, x ? &curve.x : &curve.high})
        for (const double value : *values) extent.take(value, logarithmic);
    }
    return {extent.low, extent.high, logarithmic, x ? panel_.x_low : panel_.y_low, x ? panel_.x_high : panel_.y_high};
  }

  double at_x(double value) const { return kPlotWidth * x_.share(value); }
  double at_y(double value) const { return kPlotHeight * (1 - y_.share(value)); }

  std::string frame() const {
    std::string text =
        fmt::format("<rect width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"#444\" stroke-width=\"0.8\"/>\n",
                    kPlotWidth, kPlotHeight);
    for (const report::Tick& tick : x_.ticks()) {
      const double at = kPlotWidth * x_.share(tick.value);
      text += fmt::format("<path d=\"M{0:.2f} {1}v{2}\" stroke=\"#444\" stroke-width=\"0.8\"/>\n", at, kPlotHeight,
                          tick.label.empty() ? -3 : -5);
      if (!tick.label.empty())
        text += fmt::format("<text x=\"{:.2f}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", at, kPlotHeight + 15,
                            tick.label);
    }
    for (const report::Tick& tick : y_.ticks()) {
      const double at = kPlotHeight * (1 - y_.share(tick.value));
      text += fmt::format("<path d=\"M0 {0:.2f}h{1}\" stroke=\"#444\" stroke-width=\"0.8\"/>\n", at,
                          tick.label.empty() ? 3 : 5);
      if (!tick.label.empty())
        text += fmt::format("<text x=\"-6\" y=\"{:.2f}\" text-anchor=\"end\">{}</text>\n", at + 3.5, tick.label);
    }
    text += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", kPlotWidth / 2, kPlotHeight + 32,
                        report::escape(panel_.x_label));
    text += fmt::format("<text transform=\"translate(-44 {}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n",
                        kPlotHeight / 2, report::escape(panel_.y_label));
    text += fmt::format("<text x=\"{}\" y=\"-9\" text-anchor=\"middle\" font-size=\"12\">{}</text>\n", kPlotWidth / 2,
                        report::escape(panel_.title));
    return text;
  }

  std::string draw(const Curve& curve) const {
    if (curve.constant)
      return fmt::format("<path d=\"M0 {:.2f}h{}\" {}/>\n", at_y(curve.y.at(0)), kPlotWidth,
                         stroke(curve, panel_.colors));
    std::string path, marks;
    bool drawing = false;
    for (const Index k : report::decimate({curve.y, curve.x}, kMostPoints)) {
      const auto i = static_cast<std::size_t>(k);
      const double x = at_x(curve.x[i]), y = at_y(curve.y[i]);
      if (!std::isfinite(x) || !std::isfinite(y)) {
        drawing = false;
        continue;
      }
      path += fmt::format("{}{:.2f} {:.2f}", drawing ? "L" : "M", x, y);
      drawing = true;
      if (panel_.markers || curve.x.size() == 1)
        marks += fmt::format("<circle cx=\"{:.2f}\" cy=\"{:.2f}\" r=\"2.6\" fill=\"{}\"/>\n", x, y,
                             color(curve, panel_.colors));
      marks += error_bar(curve, i, x);
    }
    return fmt::format("<path d=\"{}\" {} stroke-linejoin=\"round\"/>\n{}", path, stroke(curve, panel_.colors), marks);
  }

  std::string error_bar(const Curve& curve, std::size_t i, double x) const {
    if (i >= curve.low.size() || curve.low[i] == curve.high[i]) return "";
    const double low = at_y(curve.low[i]), high = at_y(curve.high[i]);
    if (!std::isfinite(low) || !std::isfinite(high)) return "";
    return fmt::format("<path d=\"M{0:.2f} {1:.2f}V{2:.2f}m-3 0h6M{3:.2f} {1:.2f}h6\" stroke=\"{4}\" fill=\"none\"/>\n",
                       x, low, high, x - 3, color(curve, panel_.colors));
  }

  const PanelData& panel_;
  std::size_t number_;
  SvgAxis x_, y_;
};

// Names once each, in order; those beyond what can be read are counted.
std::vector<const Curve*> legend_entries(const PanelData& panel, std::size_t& hidden) {
  std::vector<const Curve*> entries;
  for (const Curve& curve : panel.curves)
    if (!curve.name.empty() &&
        std::none_of(entries.begin(), entries.end(), [&](const Curve* entry) { return entry->name == curve.name; }))
      entries.push_back(&curve);
  if (entries.size() == 1 && panel.curves.size() == 1) entries.clear();
  hidden = entries.size() > kMostLegend ? entries.size() - kMostLegend : 0;
  if (hidden > 0) entries.resize(kMostLegend);
  return entries;
}

std::string legend(const PanelData& panel, double left, double top) {
  std::size_t hidden = 0;
  std::string text;
  double y = top + kTop + kPlotHeight + kBottom + kLegendGap;
  for (const Curve* curve : legend_entries(panel, hidden)) {
    text += fmt::format("<path d=\"M{:.1f} {:.1f}h22\" {}/><text x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", left + kLeft,
                        y - 3.5, stroke(*curve, panel.colors), left + kLeft + 28, y, report::escape(curve->name));
    y += kLegendLine;
  }
  if (hidden > 0)
    text += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\">and {} more</text>\n", left + kLeft + 28, y, hidden);
  return text;
}

double legend_height(const PanelData& panel) {
  std::size_t hidden = 0;
  const std::size_t lines = legend_entries(panel, hidden).size() + (hidden > 0 ? 1 : 0);
  return lines == 0 ? 0 : kLegendGap + kLegendLine * static_cast<double>(lines);
}

}  // namespace

std::string render_figure_svg(const FigureData& figure) {
  const std::size_t across = std::min(kMostAcross, figure.panels.size());
  const double cell = kLeft + kPlotWidth + kRight;
  std::string body;
  double top = 0;
  for (std::size_t begin = 0; begin < figure.panels.size(); begin += across) {
    double tallest = 0;
    for (std::size_t k = begin; k < std::min(begin + across, figure.panels.size()); ++k) {
      const double left = cell * static_cast<double>(k - begin);
      body += PanelDrawing(figure.panels[k], k).svg(left, top) + legend(figure.panels[k], left, top);
      tallest = std::max(tallest, legend_height(figure.panels[k]));
    }
    top += kTop + kPlotHeight + kBottom + tallest;
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
      "font-family=\"Helvetica, Arial, 'Liberation Sans', sans-serif\" font-size=\"11\" fill=\"#222\">\n"
      "<title>{2}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n{3}</svg>\n",
      cell * static_cast<double>(across), top, report::escape(figure.title), body);
}

}  // namespace rankflow
