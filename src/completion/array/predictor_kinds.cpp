// Which kinds of predictors can be read back from a file: one line per kind.
// SPDX-License-Identifier: Apache-2.0
#include "completion/array/predictor_kinds.h"

#include <cmath>

#include "completion/array/factor_files.h"
#include "completion/array/predictors.h"
#include "completion/array/unseen.h"
#include "rankflow/error.h"

namespace rankflow::completion {
namespace {

using Predictor = std::shared_ptr<const ArrayPredictor>;

[[noreturn]] void complain(const Archive& from, const std::string& problem) {
  throw InputError(from.source(), problem, "the file is damaged; run complete again");
}

template <class Model, Model (*load)(const Archive&, const std::vector<Index>&)>
Predictor read_factors(const Archive& from, const std::vector<Index>& shape) {
  Model model = load(from, shape);
  if (from.has("residuals")) return factor_predictor(std::move(model), PlainIntervals::load(from));
  return factor_predictor(std::move(model), shape, ArrayIntervals::load(from, shape));
}

Predictor read_generalized(const Archive& from, const std::vector<Index>& shape) {
  GeneralizedCp model = load_generalized_cp(from, "model.");
  if (model.shape() != shape) complain(from, "the factors do not have the model's shape");
  return generalized_predictor(std::move(model), ScaledResiduals::load(from));
}

Predictor read_dense(const Archive& from, const std::vector<Index>& shape) {
  const Array& cells = from.at("values");
  if (cells.shape != shape || !std::holds_alternative<std::vector<float>>(cells.data))
    complain(from, "array values is no array of 32-bit numbers of the model's shape");
  std::vector<float> values = std::get<std::vector<float>>(cells.data);
  for (const float x : values)
    if (!std::isfinite(x)) complain(from, "array values holds a number that is not finite");
  return dense_predictor(shape, std::move(values), ArrayIntervals::load(from, shape));
}

Predictor read_recentred(const Archive& from, const std::vector<Index>& shape) {
  Predictor parts[2];
  for (const int k : {0, 1}) {
    const std::string prefix = k == 0 ? "again." : "calibrated.";
    Archive part;
    part.set_source(from.source());
    for (const std::string& name : from.names())
      if (name.starts_with(prefix)) part.set(name.substr(prefix.size()), from.at(name));
    if (part.has("kind") && part.get_text("kind") == "recentred") complain(from, "a refit holds a refit");
    parts[k] = read_predictor(part, shape);
  }
  return recentred(parts[0], parts[1]);
}

Predictor read_unseen(const Archive& from, const std::vector<Index>& shape) {
  Archive part;
  part.set_source(from.source());
  for (const std::string& name : from.names())
    if (name.starts_with("inner.")) part.set(name.substr(6), from.at(name));
  if (part.has("kind") && part.get_text("kind") == "unseen") complain(from, "what it predicts with holds itself");
  return unseen_predictor(read_predictor(part, shape), load_unseen(from, shape));
}

struct Kind {
  const char* name;
  Predictor (*read)(const Archive&, const std::vector<Index>& shape);
};
constexpr Kind kKinds[] = {{"cp", read_factors<CpFactorization<double>, load_cp>},
                           {"tree", read_factors<TreeFactorization<double>, load_tree>},
                           {"matrix", read_factors<UnfoldedMatrix, load_matrix>},
                           {"generalized", read_generalized},
                           {"overlap", read_dense},
                           {"recentred", read_recentred},
                           {"unseen", read_unseen}};

}  // namespace

Predictor read_predictor(const Archive& from, const std::vector<Index>& shape) {
  const std::string name = from.get_text("kind");
  for (const Kind& kind : kKinds)
    if (name == kind.name) return kind.read(from, shape);
  throw InputError(from.source(), "this model is of a kind that this program does not know: " + name,
                   "it may come from a later version");
}

}  // namespace rankflow::completion
