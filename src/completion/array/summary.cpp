// A completed array as one paragraph and as JSON.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "completion/summary_parts.h"
#include "rankflow/complete_array.h"

namespace rankflow {
namespace {

using completion::Json;
using completion::number;

std::string shape_text(const Tensor& tensor) {
  std::string text;
  for (const Index size : tensor.shape()) text += (text.empty() ? "" : " x ") + std::to_string(size);
  return text;
}

const char* loss_name(TensorPenalty penalty) {
  switch (penalty) {
    case TensorPenalty::huber:
      return "huber";
    case TensorPenalty::smooth_l1:
      return "smooth_l1";
    case TensorPenalty::logistic:
      return "logistic";
    case TensorPenalty::poisson:
      return "poisson";
    case TensorPenalty::squared:
      break;
  }
  return "squared";
}

Json ranking_json(const FactRanking& ranking) {
  std::vector<Index> modes = ranking.modes;
  for (Index& mode : modes) ++mode;
  return {{"ranked_modes", modes},          {"facts", ranking.facts},
          {"mrr", number(ranking.mrr)},     {"hits1", number(ranking.hits1)},
          {"hits3", number(ranking.hits3)}, {"hits10", number(ranking.hits10)},
          {"auc", number(ranking.auc)},     {"filtered_by", "facts of all parts"}};
}

std::string ranking_text(const FactRanking& ranking, const FactRanking& effects) {
  std::string modes;
  for (const Index mode : ranking.modes) modes += (modes.empty() ? "" : ", ") + std::to_string(mode + 1);
  return fmt::format(
      "; {} held-out facts ranked along modes {}, known facts left out: MRR {:.3f}, hits@1 {:.3f}, hits@3 {:.3f}, "
      "hits@10 {:.3f}, AUC {:.4f} (effects alone: MRR {:.3f}, AUC {:.4f})",
      ranking.facts, modes, ranking.mrr, ranking.hits1, ranking.hits3, ranking.hits10, ranking.auc, effects.mrr,
      effects.auc);
}

std::string list_text(const std::vector<Index>& list) {
  std::string text;
  for (const Index x : list) text += (text.empty() ? "" : ", ") + std::to_string(x);
  return text;
}

// The model, and what the validation part thinks of it and of its rivals.
std::string chosen_text(const ArrayCompletion& result) {
  const auto error = [](const ArrayCandidate& candidate) {
    return std::isfinite(candidate.criterion) ? candidate.criterion : candidate.validation_rmse;
  };
  std::string model = result.model, chosen, rivals;
  for (const ArrayCandidate& candidate : result.candidates) {
    if (candidate.chosen) {
      if (!candidate.parts.empty() && result.model == "cp") model += fmt::format(" ({})", candidate.parts);
      chosen = fmt::format("{:.4g}", error(candidate));
    } else {
      rivals +=
          fmt::format(", {} {:.4g}", candidate.parts.empty() ? candidate.model : candidate.parts, error(candidate));
    }
  }
  std::string text = fmt::format(". Model {}, engine {}", model, result.engine);
  if (!rivals.empty()) text += fmt::format(", chosen by its error on the validation part: {}{}", chosen, rivals);
  return text;
}

// What the completion says better about indices without observations is left to it.
std::vector<std::string> warnings(const Tensor& tensor, const ArrayCompletion& result) {
  const auto says_empty = [](const std::string& warning) {
    return warning.find("have no observation") != std::string::npos;
  };
  std::vector<std::string> list = tensor.warnings;
  if (std::any_of(result.warnings.begin(), result.warnings.end(), says_empty)) std::erase_if(list, says_empty);
  list.insert(list.end(), result.warnings.begin(), result.warnings.end());
  return list;
}

}  // namespace

std::string brief(const Tensor& tensor, const ArrayCompletion& result) {
  if (!result.usable()) return fmt::format("{}: {}", name(result.stop), result.message);
  std::string text = fmt::format("{}: {} array, {} cells observed ({:.3g} %), holes: {}. ", tensor.source,
                                 shape_text(tensor), tensor.num_observed(), 100 * tensor.density(), tensor.holes);
  if (result.model == "effects")
    text += "Effects of modes alone";
  else if (result.model == "cp")
    text += fmt::format("Rank {} ({} components above 5 % of the largest)", result.rank, result.distinct_components);
  else if (result.model == "tree")
    text += fmt::format("Tree {}, largest rank {}", result.tree, result.rank);
  else if (result.model == "matrix")
    text += fmt::format("One unfolding, of rank {}", result.rank);
  else
    text += "Overlap of unfoldings";
  if (!result.mode_ranks.empty()) text += fmt::format("; ranks of the unfoldings {}", list_text(result.mode_ranks));
  if (result.loss != TensorPenalty::squared) text += fmt::format("; loss {}", loss_name(result.loss));
  text += fmt::format(". Train RMSE {:.4g}", result.train_rmse);
  if (result.ranking) {
    text += ranking_text(*result.ranking, *result.baseline_ranking);
  } else if (result.held_out) {
    const HeldOutError& e = *result.held_out;
    text += fmt::format(
        "; held-out RMSE {:.4g} (95 % interval {:.4g} to {:.4g}, {} cells chosen as the holes lie: {}), where {} give "
        "{:.4g}; 90 % intervals cover {:.0f} %",
        e.rmse, e.rmse_low, e.rmse_high, e.count, result.holes, result.baseline, result.baseline_rmse,
        100 * e.coverage90);
  }
  if (std::isfinite(result.deviance))
    text +=
        fmt::format("; deviance {:.4g} a cell, {} {:.4g}", result.deviance, result.baseline, result.baseline_deviance);
  text += chosen_text(result);
  return text + fmt::format(". Verdict: {}.", name(result.verdict)) + completion::end_sentence(result);
}

std::string json(const Tensor& tensor, const ArrayCompletion& result) {
  Json out;
  out["source"] = tensor.source;
  out["shape"] = tensor.shape();
  out["observed"] = tensor.num_observed();
  out["holes"] = tensor.holes;
  out["model"] = result.model;
  out["loss"] = loss_name(result.loss);
  out["engine"] = result.engine;
  if (!result.tree.empty()) out["tree"] = result.tree;
  out["verdict"] = name(result.verdict);
  out["rank"] = result.rank;
  out["distinct_components"] = result.distinct_components;
  out["component_norms"] = result.component_norms;
  out["mode_ranks"] = result.mode_ranks;
  out["train"] = {{"rmse", number(result.train_rmse)}};
  out["held_out"] = nullptr;
  if (result.held_out) {
    out["held_out"] = completion::error_json(*result.held_out);
    out["held_out"]["coverage90"] = number(result.held_out->coverage90);
    out["held_out"]["chosen_as"] = result.holes;
  }
  if (result.held_out && std::isfinite(result.deviance)) out["held_out"]["deviance"] = result.deviance;
  out["baseline"] = {{"rmse", number(result.baseline_rmse)}, {"kind", result.baseline}};
  if (std::isfinite(result.baseline_deviance)) out["baseline"]["deviance"] = result.baseline_deviance;
  if (result.ranking) {
    out["ranking"] = ranking_json(*result.ranking);
    out["baseline"]["ranking"] = ranking_json(*result.baseline_ranking);
  }
  out["empty_indices"] = Json::array();
  for (const EmptyIndices& empty : result.empty_indices)
    out["empty_indices"].push_back({{"mode", empty.mode + 1}, {"count", empty.count}, {"names", empty.names}});
  out["candidates"] = Json::array();
  for (const ArrayCandidate& c : result.candidates)
    out["candidates"].push_back({{"model", c.model},
                                 {"parts", c.parts.empty() ? Json() : Json(c.parts)},
                                 {"validation_rmse", number(c.validation_rmse)},
                                 {"criterion", number(c.criterion)},
                                 {"chosen", c.chosen},
                                 {"remark", c.remark}});
  completion::add_end(result, out);
  out["warnings"] = warnings(tensor, result);
  out["seed"] = result.seed;
  return json_text(out);
}

}  // namespace rankflow
