// Every option of sensing, in one list.
// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "rankflow/sense.h"

namespace rankflow {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr Range kNotNegative{0, kInfinity, false, true};

}  // namespace

std::vector<OptionField> fields(SenseOptions& o) {
  std::vector<OptionField> list = {
      choice("engine", o.engine,
             {{"flow", SenseEngine::flow}, {"gd", SenseEngine::gd}, {"nuclear", SenseEngine::nuclear}},
             "flow: the end-to-end flow; gd: gradient descent on the factors; nuclear: least nuclear norm, certified"),
      field("held_out", o.held_out, Range{0, 0.9}, "share of the measurements that judges the result; 0 = none"),
      field("refit", o.refit, "write the matrix of a fit to all measurements, the held-out ones included"),
      field("depth", o.depth, Range{1, 1000, true},
            "number of factors of the deep product; any real number > 1 for the flow, an integer for gd"),
      field("tolerance", o.tolerance, kNotNegative,
            "flow and gd: stop when the residual falls below this times the norm of the measurements; 0 = the engine's "
            "own limit (flow: 1e-10 fast, 1e-3 faithful; gd: --loss-tolerance)"),
      field("max_iterations", o.max_iterations, Range{1, 1e15}, "upper limit on iterations"),
      field("time_limit", o.time_limit, Range{0, 1e9},
            "seconds for everything, 0 = none; with one, the result depends on the machine's speed"),
      field("seed", o.seed, "seed of all random choices; the same seed gives the same bits"),
      choice("motion", o.motion, {{"fast", Motion::fast}, {"faithful", Motion::faithful}},
             "flow: fast looks for the limit only, faithful follows the gradient flow with its times"),
      field("alpha", o.alpha, Range{0, kInfinity, true, true},
            "flow, faithful: size of the singular values at the start, in units of the data"),
      field("match", o.match, kNotNegative, "nuclear: largest deviation from a measurement; 0 = none"),
      field("relative_gap", o.relative_gap, Range{1e-12, 1},
            "nuclear: stop once (norm - dual bound) / norm is at or below it"),
  };
  const auto add = [&](std::vector<OptionField> more) {
    for (OptionField& option : more) {
      if (option.name == "max_iterations" || option.name == "max_seconds" || option.name == "seed") continue;
      option.help = "gd: " + option.help;
      list.push_back(std::move(option));
    }
  };
  add(fields(o.descent));
  add(fields(o.start));
  return list;
}

}  // namespace rankflow
