// A completion as one paragraph and as JSON.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/resource.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "completion/summary_parts.h"
#include "rankflow/complete.h"
#include "rankflow/nuclear_norm.h"

namespace rankflow {
namespace {

using completion::Json;
using completion::number;

std::string percent(double share) {
  return fmt::format("{:.3g} %", 100 * share);
}

std::string proof_sentence(const ConvexProof& proof, const std::string& engine) {
  if (engine == "nuclear") {
    const std::string which = proof.tolerance > 0 ? fmt::format("within {:.3g} of the fitted entries", proof.tolerance)
                                                  : "that matches the fitted entries";
    return fmt::format(". Nuclear norm {:.7g}; no matrix {} has one below {:.7g} (relative gap {:.2g})",
                       proof.nuclear_norm, which, proof.dual_bound, proof.relative_gap());
  }
  return fmt::format(
      ". Penalty {:.4g}, nuclear norm {:.5g}, objective {:.7g}; no matrix has one below {:.7g} (relative gap {:.2g})",
      proof.penalty, proof.nuclear_norm, proof.objective, proof.dual_bound, proof.relative_gap());
}

}  // namespace

double ConvexProof::relative_gap() const {
  return Certificate{objective, dual_bound}.relative_gap();
}

std::int64_t peak_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
}

std::string brief(const Table& table, const Completion& result) {
  if (!result.usable()) return fmt::format("{}: {}", name(result.stop), result.message);
  const bool spreads = result.unit == "column spreads";
  const std::string unit = spreads ? " column spreads" : "";
  std::string text = fmt::format("{}: {} x {} table, {} entries observed ({}). ", table.source, table.num_rows(),
                                 table.num_columns(), table.num_observed(), percent(table.density()));
  text += fmt::format("Rank {}, effective rank {:.3g}. Train RMSE {:.4g}{}", result.rank, result.effective_rank,
                      result.train_rmse, unit);
  if (result.held_out) {
    const HeldOutError& e = *result.held_out;
    text +=
        fmt::format("; held-out RMSE {:.4g}{} (95 % interval {:.4g} to {:.4g}, {} entries), where {} alone give {:.4g}",
                    e.rmse, unit, e.rmse_low, e.rmse_high, e.count, result.baseline, result.baseline_rmse);
    if (std::isfinite(e.coverage90)) text += fmt::format("; 90 % intervals cover {}", percent(e.coverage90));
  }
  text += fmt::format(". Engine {}", result.engine);
  if (result.engine == "flow" || result.engine == "gd")
    text += fmt::format(" of depth {:g}, centering: {}", result.depth, result.centering);
  if (result.proof) text += fmt::format(", centering: {}", result.centering);
  const Candidate *chosen = nullptr, *rival = nullptr;
  for (const Candidate& candidate : result.candidates) {
    if (candidate.chosen) {
      chosen = &candidate;
    } else if (std::isfinite(candidate.validation_rmse) &&
               (!rival || candidate.validation_rmse < rival->validation_rmse)) {
      rival = &candidate;
    }
  }
  if (chosen && rival && std::isfinite(chosen->validation_rmse))
    text += fmt::format(", {} better on the validation part than the next ({}: {:.4g} against {:.4g})",
                        percent(1 - chosen->validation_rmse / rival->validation_rmse),
                        rival->engine == chosen->engine && !rival->remark.empty() ? rival->remark : rival->engine,
                        rival->validation_rmse, chosen->validation_rmse);
  if (result.proof) text += proof_sentence(*result.proof, result.engine);
  return text + "." + completion::end_sentence(result);
}

std::string json(const Table& table, const Completion& result) {
  Json out;
  out["source"] = table.source;
  out["rows"] = table.num_rows();
  out["columns"] = table.num_columns();
  out["observed"] = table.num_observed();
  out["share_observed"] = number(table.density());
  out["rank"] = result.rank;
  out["effective_rank"] = number(result.effective_rank);
  out["unit"] = result.unit;
  out["train"] = {{"rmse", number(result.train_rmse)}};
  out["held_out"] = nullptr;
  if (result.held_out) {
    out["held_out"] = completion::error_json(*result.held_out);
    out["held_out"]["coverage90"] = number(result.held_out->coverage90);
  }
  out["baseline"] = {{"rmse", number(result.baseline_rmse)}, {"kind", result.baseline}};
  out["engine"] = result.engine;
  out["depth"] = result.proof ? Json() : number(result.depth);
  out["centering"] = result.centering;
  out["solved"] = result.solved;
  if (result.proof) {
    out["nuclear_norm"] = number(result.proof->nuclear_norm);
    out["objective"] = number(result.proof->objective);
    out["dual_bound"] = number(result.proof->dual_bound);
    out["gap"] = number(result.proof->relative_gap());
    if (result.engine == "nuclear")
      out["match"] = number(result.proof->tolerance);
    else
      out["penalty"] = number(result.proof->penalty);
  }
  out["candidates"] = Json::array();
  for (const Candidate& candidate : result.candidates)
    out["candidates"].push_back({{"engine", candidate.engine},
                                 {"validation_rmse", number(candidate.validation_rmse)},
                                 {"chosen", candidate.chosen},
                                 {"remark", candidate.remark}});
  if (!result.columns.empty()) {
    out["column_errors"] = Json::array();
    for (const ColumnError& e : result.columns)
      out["column_errors"].push_back({{"column", table.columns.name(e.column)},
                                      {"count", e.count},
                                      {"spread", number(e.spread)},
                                      {"rmse", number(e.rmse)},
                                      {"baseline_rmse", number(e.baseline_rmse)}});
  }
  completion::add_end(result, out);
  out["seed"] = result.seed;
  out["notes"] = table.notes;
  out["warnings"] = table.warnings;
  for (const std::string& warning : result.warnings) out["warnings"].push_back(warning);
  return json_text(out, 2);
}

}  // namespace rankflow
