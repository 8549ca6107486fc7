// What the summaries, as text and as JSON, of completions, arrays and sensed matrices have in common.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "rankflow/complete.h"

namespace rankflow::completion {

using Json = nlohmann::ordered_json;

inline Json number(double x) {  // JSON has no NaN
  return std::isfinite(x) ? Json(x) : Json(nullptr);
}

inline Json error_json(const HeldOutError& e) {
  return {{"count", e.count},
          {"rmse", number(e.rmse)},
          {"rmse_low", number(e.rmse_low)},
          {"rmse_high", number(e.rmse_high)}};
}

/// What it took, and why it ended.
template <class Result>
void add_end(const Result& result, Json& out) {
  out["iterations"] = result.iterations;
  out["seconds"] = result.seconds;
  out["peak_bytes"] = peak_bytes();
  out["stop"] = name(result.stop);
  out["message"] = result.message;
}

/// The same as the last sentence of a paragraph.
template <class Result>
std::string end_sentence(const Result& result) {
  return fmt::format(" Stopped: {} ({}). {:.2g} s, {:.0f} MB at most.", name(result.stop), result.message,
                     result.seconds, static_cast<double>(peak_bytes()) / 1e6);
}

}  // namespace rankflow::completion
