// Ranges with room, round ticks on linear axes, powers of ten on logarithmic ones.
// SPDX-License-Identifier: Apache-2.0
#include "report/svg_axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace rankflow::report {
namespace {

constexpr double kRoom = 0.04;      // of the range, left free at both ends
constexpr double kFewestTicks = 4;  // about so many on a linear axis
constexpr int kMostDecades = 6;     // with a label each; more decades share labels

std::string minus(std::string text) {
  if (text.starts_with("-")) text = "\u2212" + text.substr(1);
  return text;
}

std::string power_of_ten(int exponent) {
  if (exponent == 0) return "1";
  if (exponent == 1) return "10";
  return fmt::format("10<tspan dy=\"-4\" font-size=\"8\">{}</tspan>", minus(std::to_string(exponent)));
}

// 2 x 10^k and 5 x 10^k, where a range has fewer than two decades.
std::string small_multiple(int lead, int exponent) {
  if (exponent >= -3 && exponent <= 3) return fmt::format("{:g}", lead * std::pow(10.0, exponent));
  return fmt::format("{}·{}", lead, power_of_ten(exponent));
}

}  // namespace

SvgAxis::SvgAxis(double low, double high, bool logarithmic, double fixed_low, double fixed_high)
    : low_(low), high_(high), log_(logarithmic) {
  if (std::isnan(low_)) low_ = high_ = 1;
  if (log_) low_ = std::log10(low_), high_ = std::log10(high_);
  // What lies beyond a fixed end takes no room from the other one.
  const auto fixed = [this](double end) { return log_ ? std::log10(end) : end; };
  if (!std::isnan(fixed_low)) low_ = std::min(fixed(fixed_low), high_);
  if (!std::isnan(fixed_high)) high_ = std::max(fixed(fixed_high), low_);
  double room = kRoom * (high_ - low_);
  if (!(room > 0)) room = log_ ? 0.3 : std::max(0.05 * std::abs(low_), 1e-12);
  low_ -= room;
  high_ += room;
  if (!std::isnan(fixed_low)) low_ = fixed(fixed_low);
  if (!std::isnan(fixed_high)) high_ = fixed(fixed_high);
}

double SvgAxis::share(double value) const {
  if (log_ && !(value > 0)) return std::nan("");
  return ((log_ ? std::log10(value) : value) - low_) / (high_ - low_);
}

std::vector<Tick> SvgAxis::ticks() const {
  return log_ ? log_ticks() : linear_ticks();
}

std::vector<Tick> SvgAxis::linear_ticks() const {
  const double rough = (high_ - low_) / kFewestTicks, decade = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10 * decade;
  for (const double multiple : {5.0, 2.0, 1.0})
    if (multiple * decade >= 0.75 * rough) step = multiple * decade;
  const int decimals = std::max(0, -static_cast<int>(std::floor(std::log10(step) + 1e-9)));
  const bool scientific = std::max(std::abs(low_), std::abs(high_)) >= 1e6 || decimals > 4;
  std::vector<Tick> ticks;
  for (double k = std::ceil(low_ / step - 1e-9); k * step <= high_ + 1e-9 * step; ++k) {
    const double value = k * step + 0.0;  // no negative zero
    ticks.push_back(
        {value, minus(scientific ? fmt::format("{:.3g}", value) : fmt::format("{:.{}f}", value, decimals))});
  }
  return ticks;
}

std::vector<Tick> SvgAxis::log_ticks() const {
  const int first = static_cast<int>(std::floor(low_)), last = static_cast<int>(std::ceil(high_));
  const double decades = high_ - low_;
  const int every = std::max(1, static_cast<int>(std::ceil(decades / kMostDecades)));
  std::vector<Tick> ticks;
  for (int exponent = first; exponent <= last; ++exponent)
    for (int lead = 1; lead <= 9; ++lead) {
      const double at = exponent + std::log10(lead);
      if (at < low_ - 1e-9 || at > high_ + 1e-9) continue;
      const double value = lead * std::pow(10.0, exponent);
      if (lead == 1)
        ticks.push_back({value, ((exponent % every) + every) % every == 0 ? power_of_ten(exponent) : ""});
      else if (decades < 1.7 && (lead == 2 || lead == 5))
        ticks.push_back({value, small_multiple(lead, exponent)});
      else if (every == 1)
        ticks.push_back({value, ""});
    }
  return ticks;
}

}  // namespace rankflow::report
