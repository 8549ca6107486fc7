// The whole job for arrays of order 3 and more: holes in, a completed array and its error out.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rankflow/array_descent.h"
#include "rankflow/complete.h"
#include "rankflow/generalized_cp.h"
#include "rankflow/grow.h"
#include "rankflow/interval.h"
#include "rankflow/list_cp.h"
#include "rankflow/overlap.h"
#include "rankflow/tensor.h"

namespace rankflow {

class Archive;

enum class ArrayModel {
  automatic,  // what predicts the validation part best
  cp,         // a sum of outer products whose number is found
  tree,       // a hierarchical factorization over a mode tree, whose widths are found
  overlap,    // every unfolding of low rank at once; for arrays whose cells fit into memory
  matrix,     // the one unfolding that predicts best, by the end-to-end flow
};
enum class ArrayEngine {
  grow,  // components enter when the flow would bring them up, and are refitted by a second-order method
  gd,    // gradient descent on all weights, as the papers run it: to study it, not to be fast. cp and tree
};

struct ArrayOptions {
  ArrayModel model = ArrayModel::automatic;
  ArrayEngine engine = ArrayEngine::grow;
  std::string tree = {};    // of model tree, such as "((0,1),(2,3))", modes from 0; empty = chosen from the data
  double held_out = 0.1;    // share of the observations that judges the result, [0, 0.9]; imitates the holes
  double validation = 0.1;  // share of the rest that chooses, (0, 0.9]; imitates the holes
  bool refit = true;        // the array that is written comes from a fit on all observations
  double time_limit = 0;    // seconds for everything; 0 = none
  std::uint64_t seed = 0;
  /// What an error costs. Other losses than squared: components and effects of modes under that loss.
  TensorPenalty loss = TensorPenalty::squared;
  double delta = 1;  // huber: residuals up to here count squared
  /// loss logistic, list of facts: every cell that is not in the list is a 0 too, and the array is not filled with
  /// them.
  bool absent_zero = false;
  /// Modes whose indices compete for a fact's place, counted from 1 ("1,3"). Empty: those that share their ids, or all.
  std::string ranked_modes = {};
  /// Which part each observation belongs to. Empty: drawn. Without a held-out or validation part among them, that one
  /// is drawn from the training part.
  std::vector<Part> parts = {};
  GrowOptions grow = {};
  OverlapOptions overlap = {};
  FlowOptions flow = {};             // of model matrix
  ArrayDescentOptions descent = {};  // of engine gd
  GeneralizedCpOptions generalized = {};
  ListCpOptions list = {};
};
/// The options of the job itself (engines have fields of their own).
std::vector<OptionField> fields(ArrayOptions& options);

/// What predicts the cells of an array.
class ArrayPredictor {
 public:
  virtual ~ArrayPredictor() = default;
  virtual double predict(std::span<const std::int32_t> index) const = 0;
  /// Covers a new observation with the given probability as far as the calibration cells imitate the holes.
  virtual Interval interval(std::span<const std::int32_t> index, double level) const = 0;
  /// Average over all indices of those modes whose position is -1: what is said of an index nobody has seen. Under the
  /// losses logistic and poisson the prediction at the averages of the effects and factors.
  virtual double average(std::span<const std::int32_t> index, std::span<const Index> shape) const;
  /// Everything there is as named arrays, the text `kind` among them; the way back is `read_predictor()` of
  /// completion/array/predictor_kinds.h, which has one line per kind.
  virtual void save(Archive& to) const = 0;
};

/// How high held-out facts stand among all that could stand in their place: for every fact and ranked mode, the indices
/// of that mode in order of the model's number, known facts of any part left out ("filtered": Bordes and others 2013).
/// Equal numbers share their places.
struct FactRanking {
  std::vector<Index> modes;  // from 0
  Index facts = 0;
  double mrr = kNaN;                                 // mean of 1 / place
  double hits1 = kNaN, hits3 = kNaN, hits10 = kNaN;  // share of places up to these
  double auc = kNaN;  // chance that a held-out fact stands above a cell that is a fact in no part
};

/// A model that was looked at.
struct ArrayCandidate {
  std::string model;
  std::string parts = {};  // of noisy lists: "effects and components", "effects alone" or "components alone"
  double validation_rmse = kNaN;
  bool chosen = false;
  std::string remark;
  double criterion = kNaN;  // losses other than squared: what the validation part compares, smaller is better
};

/// Indices of a mode that no observation has.
struct EmptyIndices {
  Index mode = 0;
  Index count = 0;
  std::vector<std::string> names;  // the first hundred
};

struct ArrayCompletion {
  std::shared_ptr<const ArrayPredictor> predictor;        // what the stated error belongs to
  std::shared_ptr<const ArrayPredictor> table_predictor;  // fitted to all observations; null without a refit
  std::vector<Part> parts;                                // one per observation

  std::string model;   // "cp", "tree", "overlap", "matrix" or "effects"
  std::string engine;  // "grow", "gd", "overlap", "flow", "generalized_cp" or "list_cp"
  std::string tree;    // of model tree
  GrowVerdict verdict = GrowVerdict::not_determined;
  Index rank = 0;                       // cp: components; overlap: the largest of mode_ranks
  Index distinct_components = 0;        // cp: of a norm above 5 % of the largest
  std::vector<double> component_norms;  // cp: descending
  std::vector<Matrix> factors;          // cp: per mode, columns of norm 1 in the order of component_norms
  std::vector<Index> mode_ranks;        // of the unfoldings along each mode
  std::vector<ArrayCandidate> candidates;
  std::string holes;  // how the holes lie, and with them the parts that imitate them
  double train_rmse = kNaN;
  std::optional<HeldOutError> held_out;
  double baseline_rmse = kNaN;  // of means of modes and of pairs of modes, on the held-out part
  std::string baseline;
  TensorPenalty loss = TensorPenalty::squared;
  /// Twice the mean loss above that of a perfect prediction, on the held-out part. NaN for squared and huber.
  double deviance = kNaN, baseline_deviance = kNaN;
  std::optional<FactRanking> ranking, baseline_ranking;
  std::vector<EmptyIndices> empty_indices;
  Index iterations = 0;
  std::vector<Step> history;
  Stop stop = Stop::not_run;
  std::string message = "complete_array() was not called";
  std::vector<std::string> warnings;
  double seconds = 0;
  std::uint64_t seed = 0;
  bool usable() const { return predictor != nullptr && stop != Stop::diverged && stop != Stop::interrupted; }
};

/// Splits, fits, chooses, judges and refits. Throws OptionError and InputError. Same array, options and seed: the same
/// bits for any number of threads, interrupted and resumed or not (unless a time limit cut it short).
ArrayCompletion complete_array(const Tensor& tensor, const ArrayOptions& options,
                               std::span<const Observer> observers = {}, const CheckpointOptions& checkpoint = {});

/// The result as one paragraph for people, and as the JSON object of `rankflow complete --json`.
std::string brief(const Tensor& tensor, const ArrayCompletion& result);
std::string json(const Tensor& tensor, const ArrayCompletion& result);

}  // namespace rankflow
