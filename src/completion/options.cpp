// Every option of a completion, in one list.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "rankflow/complete.h"

namespace rankflow {

std::vector<OptionField> fields(CompleteOptions& o) {
  std::vector<OptionField> list = {
      choice(
          "engine", o.engine,
          {{"auto", Engine::automatic},
           {"flow", Engine::flow},
           {"posterior", Engine::posterior},
           {"gd", Engine::gd},
           {"nuclear", Engine::nuclear},
           {"soft-impute", Engine::soft_impute},
           {"grow", Engine::grow}},
          "how the table is learned; auto compares flow and posterior on the validation part; gd is gradient descent "
          "on dense factors, nuclear and soft-impute are the convex baselines. Arrays have grow (auto) and gd"),
      field("held_out", o.held_out, Range{0, 0.9}, "share of the observations that judges the result; 0 = none"),
      field("validation", o.validation, Range{0, 0.9, true},
            "share of the other observations that chooses engine and settings"),
      field("refit", o.refit, "write the table from a fit on all observations, the held-out ones included"),
      choice("center", o.center,
             {{"auto", Center::automatic}, {"none", Center::none}, {"mean", Center::mean}, {"biases", Center::biases}},
             "what is taken off before the flow's product is learned; auto compares on the validation part"),
      choice("standardize", o.standardize,
             {{"auto", Standardize::automatic}, {"none", Standardize::none}, {"columns", Standardize::columns}},
             "learn every column in units of its own spread; auto does so where spreads differ more than threefold"),
      choice("scalar", o.scalar,
             {{"auto", Scalar::automatic}, {"double", Scalar::double_precision}, {"float", Scalar::single_precision}},
             "numbers inside the engines; auto = double for the flow up to 5 million observations, float otherwise"),
      field("clip", o.clip, "keep predictions inside the values' scale where they have one (ratings, images)"),
      field("time_limit", o.time_limit, Range{0, 1e9},
            "seconds for everything, 0 = none; with one, the result depends on the machine's speed"),
      field("seed", o.seed, "seed of all random choices; the same seed gives the same bits"),
  };
  for (OptionField& option : fields(o.flow)) {
    if (option.name == "centering" || option.name == "seed" || option.name == "max_seconds") continue;
    list.push_back(std::move(option));
  }
  for (OptionField& option : fields(o.posterior)) list.push_back(std::move(option));
  const auto add_descent = [&](std::vector<OptionField> options, std::initializer_list<const char*> said_elsewhere) {
    for (OptionField& option : options) {
      if (std::find(said_elsewhere.begin(), said_elsewhere.end(), option.name) != said_elsewhere.end()) continue;
      option.help = "gd: " + option.help;
      list.push_back(std::move(option));
    }
  };
  add_descent(fields(o.descent), {"max_iterations", "max_seconds", "record_every"});
  add_descent(fields(o.initialization), {"seed", "determinant_sign"});
  list.push_back(
      field("match", o.match, Range{-1, 1e100},
            "engine nuclear: largest deviation from an observed value, in the units that are learned in (see "
            "--standardize); 0 = none, -1 = the validation part chooses"));
  for (OptionField& option : fields(o.soft_impute))
    if (option.name == "penalty" || option.name == "relative_gap" || option.name.starts_with("path_")) {
      option.help =
          (option.name == "relative_gap" ? "engines nuclear and soft-impute: " : "engine soft-impute: ") + option.help;
      list.push_back(std::move(option));
    }
  return list;
}

}  // namespace rankflow
