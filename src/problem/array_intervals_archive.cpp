// The intervals of a completed array as named arrays.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "rankflow/array_intervals.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

[[noreturn]] void complain(const Archive& from, const std::string& problem) {
  throw InputError(from.source(), problem, "the file is damaged; run complete again");
}

std::string fibres_name(Index mode) {
  return "scale_mode_" + std::to_string(mode + 1);
}

}  // namespace

void LocalScale::save(Archive& to) const {
  to.set("scale_sigma", sigma_);
  to.set("scale_grows", static_cast<std::int64_t>(grows_));
  to.set("scale_modes", static_cast<std::int64_t>(log_ratio_.size()));
  for (std::size_t n = 0; n < log_ratio_.size(); ++n) to.set(fibres_name(static_cast<Index>(n)), log_ratio_[n]);
}

LocalScale LocalScale::load(const Archive& from, const std::vector<Index>& shape) {
  LocalScale scale;
  scale.sigma_ = from.get_double("scale_sigma");
  if (!(scale.sigma_ > 0) || !std::isfinite(scale.sigma_)) complain(from, "array scale_sigma is not a positive number");
  scale.grows_ = from.get_int("scale_grows") != 0;
  const std::int64_t modes = from.get_int("scale_modes");
  if (modes == 0) return scale;  // of a fit without calibration
  if (modes != static_cast<std::int64_t>(shape.size())) complain(from, "array scale_modes is not the number of modes");
  (void)count_cells(shape);  // throws where cells could not be numbered
  for (Index n = 0; n < static_cast<Index>(shape.size()); ++n) {
    const ModeView view = view_along(shape, n);
    scale.views_.push_back(view);
    scale.log_ratio_.push_back(from.get_floats(fibres_name(n), view.outer * view.inner));
    for (const float x : scale.log_ratio_.back())
      if (!std::isfinite(x)) complain(from, "array " + fibres_name(n) + " holds a number that is not finite");
  }
  return scale;
}

void ArrayIntervals::save(Archive& to) const {
  scale.save(to);
  to.set("scale_exponent", exponent);
  to.set("quantiles", quantiles);
}

ArrayIntervals ArrayIntervals::load(const Archive& from, const std::vector<Index>& shape) {
  ArrayIntervals intervals;
  intervals.scale = LocalScale::load(from, shape);
  intervals.exponent = from.get_double("scale_exponent");
  intervals.grows_with_prediction = from.get_int("scale_grows") != 0;
  intervals.quantiles = from.get_doubles("quantiles");
  if (!std::isfinite(intervals.exponent)) complain(from, "array scale_exponent is not finite");
  for (const double x : intervals.quantiles)
    if (!(x >= 0) || !std::isfinite(x)) complain(from, "array quantiles holds a number that is negative or not finite");
  if (!std::is_sorted(intervals.quantiles.begin(), intervals.quantiles.end()))
    complain(from, "array quantiles is not ascending");
  return intervals;
}

}  // namespace rankflow
