// A sensed matrix as one paragraph and as JSON.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "completion/summary_parts.h"
#include "rankflow/sense.h"

namespace rankflow {
namespace {

using completion::Json;
using completion::number;

}  // namespace

std::string brief(const std::string& source, const SenseResult& result) {
  if (!result.usable()) return fmt::format("{}: {}", name(result.stop), result.message);
  std::string text = fmt::format(
      "{}: {} measurements of a {} x {} matrix. Rank {}, effective rank {:.3g}. Train RMSE "
      "{:.4g}",
      source, result.measurements, result.w.rows(), result.w.cols(), result.rank, result.effective_rank,
      result.train_rmse);
  if (result.held_out) {
    const HeldOutError& e = *result.held_out;
    text += fmt::format(
        "; held-out RMSE {:.4g} (95 % interval {:.4g} to {:.4g}, {} measurements), where predicting "
        "zero gives {:.4g}",
        e.rmse, e.rmse_low, e.rmse_high, e.count, result.baseline_rmse);
  }
  text += ". Engine " + result.engine;
  if (result.depth > 0) text += fmt::format(" of depth {:g}", result.depth);
  if (result.proof && std::isfinite(result.proof->nuclear_norm))
    text += fmt::format(
        ". Nuclear norm {:.7g}; no matrix that matches the fitted measurements{} has one below {:.7g} (relative gap "
        "{:.2g})",
        result.proof->nuclear_norm,
        result.proof->tolerance > 0 ? fmt::format(" within {:.3g}", result.proof->tolerance) : "",
        result.proof->dual_bound, result.proof->relative_gap());
  return text + "." + completion::end_sentence(result);
}

std::string json(const std::string& source, const SenseResult& result) {
  Json out;
  out["source"] = source;
  out["rows"] = result.w.rows();
  out["columns"] = result.w.cols();
  out["measurements"] = result.measurements;
  out["rank"] = result.rank;
  out["effective_rank"] = number(result.effective_rank);
  out["train"] = {{"rmse", number(result.train_rmse)}};
  out["held_out"] = nullptr;
  if (result.held_out) out["held_out"] = completion::error_json(*result.held_out);
  out["baseline"] = {{"rmse", number(result.baseline_rmse)}, {"kind", "zero"}};
  out["engine"] = result.engine;
  out["depth"] = result.depth > 0 ? number(result.depth) : Json(nullptr);
  if (result.proof) {
    out["nuclear_norm"] = number(result.proof->nuclear_norm);
    out["dual_bound"] = number(result.proof->dual_bound);
    out["gap"] = number(result.proof->relative_gap());
    out["match"] = number(result.proof->tolerance);
  }
  completion::add_end(result, out);
  out["seed"] = result.seed;
  out["warnings"] = result.warnings;
  return json_text(out, 2);
}

}  // namespace rankflow
