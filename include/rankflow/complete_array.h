// The whole job for arrays of order 3 and more: holes in, a completed array and its error out.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rankflow/complete.h"
#include "rankflow/grow.h"
#include "rankflow/interval.h"
#include "rankflow/overlap.h"
#include "rankflow/tensor.h"

namespace rankflow {

class Archive;

enum class ArrayModel {
  automatic,  // what predicts the validation part best
  cp,         // a sum of outer products whose number is found
  overlap,    // every unfolding of low rank at once; for arrays whose cells fit into memory
};

struct ArrayOptions {
  ArrayModel model = ArrayModel::automatic;
  double held_out = 0.1;    // share of the observations that judges the result, [0, 0.9]; imitates the holes
  double validation = 0.1;  // share of the rest that chooses, (0, 0.9]; imitates the holes
  bool refit = true;        // the array that is written comes from a fit on all observations
  double time_limit = 0;    // seconds for everything; 0 = none
  std::uint64_t seed = 0;
  GrowOptions grow = {};
  OverlapOptions overlap = {};
};

/// The options of the job itself, for records, reports and fingerprints (engines have fields of their own).
std::vector<OptionField> record_fields(ArrayOptions& options);

/// What predicts the cells of an array.
class ArrayPredictor {
 public:
  virtual ~ArrayPredictor() = default;
  virtual double predict(std::span<const std::int32_t> index) const = 0;
  /// Covers a new observation with the given probability as far as the calibration cells imitate the holes.
  virtual Interval interval(std::span<const std::int32_t> index, double level) const = 0;
  /// Average over all indices of those modes whose position is -1: what is said of an index nobody has seen.
  virtual double average(std::span<const std::int32_t> index, std::span<const Index> shape) const;
  /// Everything there is as named arrays, the text `kind` among them; the way back is `read_predictor()` of
  /// completion/array/predictor_kinds.h, which has one line per kind.
  virtual void save(Archive& to) const = 0;
};

/// A model that was looked at.
struct ArrayCandidate {
  std::string model;
  double validation_rmse = kNaN;
  bool chosen = false;
  std::string remark;
};

struct ArrayCompletion {
  std::shared_ptr<const ArrayPredictor> predictor;        // what the stated error belongs to
  std::shared_ptr<const ArrayPredictor> table_predictor;  // fitted to all observations; null without a refit
  std::vector<Part> parts;                                // one per observation

  std::string model;  // "cp" or "overlap"
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
