// The whole job: a table with holes in, a completed table, its error and the model that predicts it out.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rankflow/completion_model.h"
#include "rankflow/deep_factorization.h"
#include "rankflow/descent.h"
#include "rankflow/fit.h"
#include "rankflow/flow.h"
#include "rankflow/options.h"
#include "rankflow/posterior.h"
#include "rankflow/soft_impute.h"
#include "rankflow/table.h"

namespace rankflow {

enum class Engine {
  automatic,  // flow or posterior
  flow,
  posterior,
  gd,           // gradient descent on dense factors, as the papers run it: to study it, not to be fast
  nuclear,      // least nuclear norm, for comparison
  soft_impute,  // nuclear-norm penalty
  grow,         // arrays of order 3 and more alone: components enter one by one
};
enum class Center { automatic, none, mean, biases };
enum class Standardize { automatic, none, columns };
enum class Scalar { automatic, double_precision, single_precision };

struct CompleteOptions {
  Engine engine = Engine::automatic;
  double held_out = 0.1;     // share of the observations that judge the result, [0, 0.9]
  double validation = 0.08;  // share of the rest that chooses between engines and settings, (0, 0.9]
  bool refit = true;         // the table that is written comes from a fit on all observations
  Center center = Center::automatic;
  Standardize standardize = Standardize::automatic;
  Scalar scalar = Scalar::automatic;
  bool clip = true;       // keep predictions inside the values' scale where the data have one
  double time_limit = 0;  // seconds for everything; 0 = none. With one, results depend on the machine's speed
  std::uint64_t seed = 0;
  FlowOptions flow = {};
  PosteriorOptions posterior = {};
  /// Engine gd. Depth, largest rank (as the hidden width), most iterations, seed and time limit are those above.
  DescentOptions descent = {};
  InitializationOptions initialization = {};
  double match = -1;  // nuclear: largest deviation from an observed value; -1 = the validation part chooses
  SoftImputeOptions soft_impute = {};  // its relative_gap is also that of the nuclear engine
};
/// Every option of `rankflow complete` that concerns the fit.
std::vector<OptionField> fields(CompleteOptions& options);

/// An error on entries that the fit did not see.
struct HeldOutError {
  Index count = 0;
  double rmse = kNaN, rmse_low = kNaN, rmse_high = kNaN;  // 95 % interval (normal approximation of the mean square)
  double coverage90 = kNaN;                               // share of the entries inside their 90 % interval
};

/// What a convex engine proves about the product that is kept, in the engine's units.
struct ConvexProof {
  double penalty = 0;    // lambda of soft-impute
  double tolerance = 0;  // allowed deviation of the nuclear engine
  double nuclear_norm = kNaN;
  double objective = kNaN;   // what is minimized: the nuclear norm, or the penalized sum of squares
  double dual_bound = kNaN;  // no product has a smaller objective
  double relative_gap() const;
};

/// One engine's attempt.
struct Candidate {
  std::string engine;
  double validation_rmse = kNaN;  // NaN: not compared
  bool chosen = false;
  std::string remark;
};

struct ColumnError {
  Index column = 0, count = 0;
  double spread = kNaN;                      // standard deviation of the column's observations, in the values' units
  double rmse = kNaN, baseline_rmse = kNaN;  // on held-out entries, in the values' units
};

struct Completion {
  CompletionModel model;                       // the model that the stated error belongs to; what is kept
  std::optional<CompletionModel> table_model;  // fitted to all observations: what the table is written from
  std::vector<Part> parts;                     // one per observation of the table

  std::string engine;  // "flow", "posterior", "gd", "nuclear" or "soft-impute"
  double depth = 0;    // of the flow and of gd
  Index rank = 0;
  double effective_rank = 0;
  std::optional<ConvexProof> proof;
  bool solved = false;  // the flow found an exact low-rank solution
  Index iterations = 0;
  double train_rmse = kNaN;
  std::optional<HeldOutError> held_out;
  double baseline_rmse = kNaN;  // on the held-out part; NaN without one
  std::string baseline;         // what it is: "row and column biases" or "column means"
  std::string unit;             // of all errors: "values" or "column spreads"
  std::string centering;        // of the flow or descent that was taken
  std::vector<Candidate> candidates;
  std::vector<ColumnError> columns;  // for dense tables with a held-out part
  std::vector<Step> history;
  Stop stop = Stop::not_run;
  std::string message = "complete() was not called";
  std::vector<std::string> warnings;
  double seconds = 0;
  std::uint64_t seed = 0;
  bool usable() const { return stop != Stop::not_run && stop != Stop::diverged && stop != Stop::interrupted; }
};

/// Where a long run writes what it has, so that it can go on after Ctrl-C, a kill or a power cut.
struct CheckpointOptions {
  std::string path = {};         // written to; empty = none but on interruption
  std::string resume_path = {};  // read from; empty = from the start
  double every_seconds = 30;
};

/// Splits, fits, chooses, judges and refits. Throws OptionError and InputError; numerical trouble is in `stop`.
/// The same table, options and seed give the same bits, for any number of threads, interrupted and resumed or not
/// (unless a time limit cut it short).
Completion complete(const Table& table, const CompleteOptions& options, std::span<const Observer> observers = {},
                    const CheckpointOptions& checkpoint = {});

/// Throws InputError if `path` could not become a checkpoint: its folder cannot be written to, or something is there
/// that is not a checkpoint and would be lost.
void check_checkpoint(const std::string& path);
/// Removes a checkpoint; leaves anything else alone.
void remove_checkpoint(const std::string& path);

/// The result as one paragraph for people, and as the JSON object of `rankflow complete --json`.
std::string brief(const Table& table, const Completion& result);
std::string json(const Table& table, const Completion& result);

/// Most bytes of memory this process has held, as the system counts them.
std::int64_t peak_bytes();

}  // namespace rankflow
