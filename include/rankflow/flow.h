// The end-to-end flow of deep matrix factorization: completes a matrix without being told its rank.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rankflow/archive.h"
#include "rankflow/centering.h"
#include "rankflow/fit.h"
#include "rankflow/low_rank_model.h"
#include "rankflow/observations.h"
#include "rankflow/options.h"

namespace rankflow {

enum class Motion {
  fast,      // only where the path leads matters
  faithful,  // the gradient flow itself, with its times
};

/// How the fast motion looks for the limit.
enum class FlowStrategy {
  automatic,  // greedy; unless that solves the problem also vanishing_decay (small tables) and, with a validation part,
              // noisy; the better one on the validation part
  greedy,     // directions enter one after another; for data of (nearly) exactly low rank
  vanishing_decay,  // the limit of the flow as weight decay goes to zero: for few observations of exactly low rank;
                    // small
  noisy,            // a spectral start, weight decay on the scale of the noise, stopped by the validation part
};

struct FlowOptions {
  double depth = 3;
  Motion motion = Motion::fast;
  FlowStrategy strategy = FlowStrategy::automatic;
  bool thorough = true;
  Centering centering = Centering::none;
  double weight_decay = 0;
  Index max_rank = 0;
  Index stop_at_rank = 0;
  double alpha = 1e-3;
  double tolerance = 0;  // 0 = 1e-10 when fast, 1e-3 when faithful
  Index max_iterations = 100'000;
  double max_seconds = 0;
  double max_time = 0;
  double path_tolerance = 1e-6;
  std::uint64_t seed = 0;
};
/// Name, meaning and range of every option above. The references go into `options`, which must outlive the fields.
std::vector<OptionField> fields(FlowOptions& options);
/// Throws OptionError for values outside their ranges.
void check(const FlowOptions& options);

/// The way a fit went: what a refit on more data repeats.
struct FlowPath {
  FlowStrategy strategy = FlowStrategy::greedy;  // never automatic
  double decay_factor = 0;                       // noisy: f, weight decay in units of the noise
  Index steps = 0;                               // noisy: steps taken; greedy: directions that entered
};

/// Everything a fit needs to go on from where it was, as named arrays.
struct FlowState {
  Archive archive;
  bool empty() const { return archive.names().empty(); }
};

struct FlowResult {
  LowRankModel model;
  Stop stop = Stop::not_run;
  std::string message = "the fit has not run";
  Index iterations = 0;
  double train_rmse = kNaN, validation_rmse = kNaN;  // in the units of the observations
  FlowPath path;
  /// The observations are matched to 1e-7 of their norm by a matrix of rank r with clearly fewer degrees of freedom
  /// than observations, and no line has fewer observations than r.
  bool solved = false;
  double time = 0;  // of the flow (faithful)
  double seconds = 0;
};

/// One fit as an object that moves step by step; what fit_flow() loops over.
template <class T>
class Flow {
 public:
  /// train and validation must outlive the object. validation may be empty. resume: state() of a fit of the same data
  /// with the same options, or null; throws InputError if it does not fit.
  Flow(const Observations<T>& train, const EntryList<T>& validation, const FlowOptions& options,
       const FlowState* resume = nullptr);
  /// As above, along a path chosen before (refit).
  Flow(const Observations<T>& train, const FlowOptions& options, const FlowPath& path,
       const FlowState* resume = nullptr);
  /// The faithful motion from a given end matrix (and its biases, which stay): balanced factors are implied, the rank
  /// stays what it is.
  Flow(const Observations<T>& train, const EntryList<T>& validation, const FlowOptions& options,
       const LowRankModel& start, const FlowState* resume = nullptr);
  ~Flow();
  Flow(Flow&&) noexcept;

  /// Makes one step; false if the fit had ended before.
  bool step();
  /// The record of the last step.
  Step last_step() const;
  /// Between any two steps: continuing from it gives the same bits as going on.
  FlowState state() const;
  /// The best so far; final once step() has returned false.
  FlowResult result() const;
  /// Ends the fit: step() returns false from now on.
  void finish(Stop why);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Fits the flow. Never prints, never touches files.
template <class T>
FlowResult fit_flow(const Observations<T>& train, const EntryList<T>& validation, const FlowOptions& options,
                    const FlowState* resume_from = nullptr, std::span<const Observer> observers = {});

/// The gradient flow from a given end matrix until options.max_time, max_iterations or the tolerance.
template <class T>
FlowResult follow_flow(const Observations<T>& train, const LowRankModel& start, const FlowOptions& options,
                       std::span<const Observer> observers = {});

/// Repeats the path of a validated fit on more observations (train and validation together). If the refit ends far from
/// the fit it repeats (docs/flow.md), it has failed: the result is then the first fit, and the message says so.
template <class T>
FlowResult refit_flow(const Observations<T>& observations, const FlowResult& validated, const FlowOptions& options,
                      std::span<const Observer> observers = {});

}  // namespace rankflow
