// A completed array as one paragraph and as JSON.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "rankflow/complete_array.h"

namespace rankflow {
namespace {

using Json = nlohmann::ordered_json;

Json number(double x) {  // JSON has no NaN
  return std::isfinite(x) ? Json(x) : Json(nullptr);
}

std::string shape_text(const Tensor& tensor) {
  std::string text;
  for (const Index size : tensor.shape()) text += (text.empty() ? "" : " x ") + std::to_string(size);
  return text;
}

std::string list_text(const std::vector<Index>& list) {
  std::string text;
  for (const Index x : list) text += (text.empty() ? "" : ", ") + std::to_string(x);
  return text;
}

}  // namespace

std::string brief(const Tensor& tensor, const ArrayCompletion& result) {
  if (!result.usable()) return fmt::format("{}: {}", name(result.stop), result.message);
  std::string text = fmt::format("{}: {} array, {} cells observed ({:.3g} %), holes: {}. ", tensor.source,
                                 shape_text(tensor), tensor.num_observed(), 100 * tensor.density(), tensor.holes);
  if (result.model == "cp")
    text += fmt::format("Rank {} ({} components above 5 % of the largest)", result.rank, result.distinct_components);
  else
    text += "Overlap of unfoldings";
  text +=
      fmt::format("; ranks of the unfoldings {}. Train RMSE {:.4g}", list_text(result.mode_ranks), result.train_rmse);
  if (result.held_out) {
    const HeldOutError& e = *result.held_out;
    text += fmt::format(
        "; held-out RMSE {:.4g} (95 % interval {:.4g} to {:.4g}, {} cells chosen as the holes lie: {}), where {} give "
        "{:.4g}; 90 % intervals cover {:.0f} %",
        e.rmse, e.rmse_low, e.rmse_high, e.count, result.holes, result.baseline, result.baseline_rmse,
        100 * e.coverage90);
  }
  text += fmt::format(". Model {}", result.model);
  for (const ArrayCandidate& candidate : result.candidates)
    if (!candidate.chosen)
      text += fmt::format(", chosen by the validation part over {} ({:.4g} there)", candidate.model,
                          candidate.validation_rmse);
  text += fmt::format(". Verdict: {}. Stopped: {} ({}). {:.2g} s, {:.0f} MB at most.", name(result.verdict),
                      name(result.stop), result.message, result.seconds, static_cast<double>(peak_bytes()) / 1e6);
  return text;
}

std::string json(const Tensor& tensor, const ArrayCompletion& result) {
  Json out;
  out["source"] = tensor.source;
  out["shape"] = tensor.shape();
  out["observed"] = tensor.num_observed();
  out["holes"] = tensor.holes;
  out["model"] = result.model;
  out["engine"] = result.model == "cp" ? "grow" : "overlap";
  out["verdict"] = name(result.verdict);
  out["rank"] = result.rank;
  out["distinct_components"] = result.distinct_components;
  out["component_norms"] = result.component_norms;
  out["mode_ranks"] = result.mode_ranks;
  out["train"] = {{"rmse", number(result.train_rmse)}};
  out["held_out"] = nullptr;
  if (result.held_out) {
    const HeldOutError& e = *result.held_out;
    out["held_out"] = {{"count", e.count},
                       {"rmse", number(e.rmse)},
                       {"rmse_low", number(e.rmse_low)},
                       {"rmse_high", number(e.rmse_high)},
                       {"coverage90", number(e.coverage90)},
                       {"chosen_as", result.holes}};
  }
  out["baseline"] = {{"rmse", number(result.baseline_rmse)}, {"kind", result.baseline}};
  out["candidates"] = Json::array();
  for (const ArrayCandidate& c : result.candidates)
    out["candidates"].push_back({{"model", c.model},
                                 {"validation_rmse", number(c.validation_rmse)},
                                 {"chosen", c.chosen},
                                 {"remark", c.remark}});
  out["iterations"] = result.iterations;
  out["seconds"] = result.seconds;
  out["peak_bytes"] = peak_bytes();
  out["stop"] = name(result.stop);
  out["message"] = result.message;
  out["warnings"] = result.warnings;
  out["seed"] = result.seed;
  return out.dump();
}

}  // namespace rankflow
