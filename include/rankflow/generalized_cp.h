// Components beside an offset and effects of modes, under the loss that fits the data: counts, yes and no, measured
// numbers with outliers. Cells are listed, or all of them are known.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rankflow/archive.h"
#include "rankflow/cp_factorization.h"
#include "rankflow/fit.h"
#include "rankflow/options.h"
#include "rankflow/tensor_problem.h"
#include "rankflow/types.h"

namespace rankflow {

/// x(i) = offset + sum_n effects[n](i_n) + sum_r prod_n w_r^n(i_n); what is predicted is loss.mean(x): x itself, a
/// probability, or a rate (generalized CP: Hong, Kolda and Duersch 2020).
struct GeneralizedCp {
  TensorLoss loss;
  double offset = 0;
  std::vector<Vector> effects;         // one per mode, as long as the mode
  CpFactorization<double> components;  // factors are there for every mode; they may have no columns

  std::vector<Index> shape() const { return components.shape(); }
  double linear(std::span<const std::int32_t> index) const;
  double mean(std::span<const std::int32_t> index) const { return loss.mean(linear(index)); }
};
/// All that a model is, under names that begin with `prefix`; load throws InputError where it does not fit.
void store(Archive& archive, const std::string& prefix, const GeneralizedCp& model);
GeneralizedCp load_generalized_cp(const Archive& archive, const std::string& prefix);

struct GeneralizedCpOptions {
  Index components = 50;    // to start with; decay leaves those that the data ask for
  double decay = 2e-4;      // lambda; see GeneralizedCpFit
  bool effects = true;      // an effect for every index of every mode, beside the components
  double step_size = 0.05;  // of Adam
  double deviation = 0.1;   // of the random start
  Index max_iterations = 2000;
  Index check_every = 5;   // iterations between two looks at the validation part
  Index patience = 8;      // looks without a better one that end the fit
  double max_seconds = 0;  // 0 = none
  std::uint64_t seed = 0;
};
std::vector<OptionField> fields(GeneralizedCpOptions& options);

/// What is seen: the cells of a problem; with absent_zero every other cell too, as a 0.
struct GeneralizedCpData {
  const TensorProblem<double>& listed;
  bool absent_zero = false;
};

/// How bad a model is on cells that it was not fitted to; smaller is better.
using GeneralizedCpCriterion = std::function<double(const GeneralizedCp&)>;

struct GeneralizedCpResult {
  GeneralizedCp model;  // at the best look; components that decay has emptied are left out
  Stop stop = Stop::not_run;
  std::string message = "the fit has not run";
  Index iterations = 0;      // made
  Index best_iteration = 0;  // that the model is from
  double loss = kNaN;        // sum of w rho over what is seen, at the last look
  double criterion = kNaN;   // at the best look
  double seconds = 0;
};

/// Adam (Kingma and Ba 2015) on sum w rho / (number of cells that are not 0, or of all in a list)
/// + lambda / 2 (squared weights of components and effects), stopped early by a criterion. The decay acts on a
/// component as a penalty on its norm to the power 2 / order, so what the data do not ask for goes to 0.
class GeneralizedCpFit {
 public:
  /// `data.listed` must outlive the fit. Without a criterion the fit makes max_iterations. Throws InputError,
  /// OptionError.
  GeneralizedCpFit(const GeneralizedCpData& data, const GeneralizedCpOptions& options,
                   GeneralizedCpCriterion criterion = {});
  ~GeneralizedCpFit();
  GeneralizedCpFit(GeneralizedCpFit&&) noexcept;

  /// Goes on to the next look; false if the fit had ended before.
  bool advance();
  Step last_step() const;
  GeneralizedCpResult result() const;
  void finish(Stop why);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The objective above and its gradient, one number per weight: for tests, and for other optimizers. `weights`: for
/// every mode and index the row of its factor and its effect, then the offset.
double generalized_cp_objective(const GeneralizedCpData& data, Index components, double decay,
                                const std::vector<double>& weights, std::vector<double>* gradient = nullptr);

}  // namespace rankflow
