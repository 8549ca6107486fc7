// The options of the flow, described once.
// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "rankflow/error.h"
#include "rankflow/flow.h"

namespace rankflow {
namespace {
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr Range kNotNegative{0, kInfinity, false, true};
constexpr Range kPositive{0, kInfinity, true, true};
constexpr Range kDepth{1, 1000, true};
}  // namespace

std::vector<OptionField> fields(FlowOptions& o) {
  return {
      field(
          "depth", o.depth, kDepth,
          "number of factors of the deep product, any real number > 1; deeper means stronger preference for low rank"),
      choice("motion", o.motion, {{"fast", Motion::fast}, {"faithful", Motion::faithful}},
             "fast: only the limit of the path matters; faithful: the gradient flow itself with its times"),
      choice(
          "strategy", o.strategy,
          {{"auto", FlowStrategy::automatic},
           {"greedy", FlowStrategy::greedy},
           {"vanishing_decay", FlowStrategy::vanishing_decay},
           {"noisy", FlowStrategy::noisy}},
          "of the fast motion; greedy: one direction after another, for data of nearly exact low rank; "
          "vanishing_decay: the limit of small weight decay, for few observations of exactly low rank in tables of at "
          "most some hundred rows; noisy: "
          "spectral start and decay on the scale of the noise, needs a validation part; auto: what the "
          "validation part prefers"),
      field("thorough", o.thorough,
            "strategy auto also tries vanishing_decay on small tables with few observations; takes a second or two"),
      choice("centering", o.centering,
             {{"none", Centering::none}, {"mean", Centering::mean}, {"biases", Centering::biases}},
             "what is explained before the product: nothing, the mean, or the mean with row and column biases"),
      field("weight_decay", o.weight_decay, kNotNegative,
            "of the faithful motion, an error with the fast one, whose noisy strategy finds its own: lambda of every "
            "factor "
            "of the deep product, for half the sum of squares; adds -lambda L W to the flow"),
      field("max_rank", o.max_rank, Range{0, 1e9}, "upper limit on the rank; 0 = none"),
      field(
          "stop_at_rank", o.stop_at_rank, Range{0, 1e9},
          "stop early at this rank: gradient descent and the faithful motion end when the next singular value enters, "
          "the fast motion lets in no more directions; 0 = no"),
      field("alpha", o.alpha, kPositive,
            "size of the end matrix's singular values at the start of the faithful motion, in units of the data"),
      field("tolerance", o.tolerance, kNotNegative,
            "stop when the residual on the observations falls below this times their norm; 0 = 1e-10 for the fast "
            "motion, "
            "1e-3 for the faithful one, whose last digits take long"),
      field("max_iterations", o.max_iterations, Range{1, 1e15}, "upper limit on steps"),
      field("max_seconds", o.max_seconds, kNotNegative, "wall-clock limit in seconds; 0 = none"),
      field(
          "max_time", o.max_time, kNotNegative,
          "time of the faithful flow at which to stop (step size times iterations of gradient descent on half the sum "
          "of squares); 0 = none"),
      field("path_tolerance", o.path_tolerance, Range{1e-13, .1},
            "relative error per step that the faithful motion allows"),
      field("seed", o.seed, "seed of the random starts of the subspace iterations"),
  };
}

void check(const FlowOptions& options) {
  FlowOptions copy = options;
  std::string problems;
  for (const OptionField& option : fields(copy)) {
    try {
      option.set(option.get());
    } catch (const OptionError& error) {
      problems += (problems.empty() ? "" : "\n") + std::string(error.what());
    }
  }
  if (!problems.empty()) throw OptionError(problems);
}

}  // namespace rankflow
