// Several runs on the same measurements. Dense ones are read from memory once for all runs: that is what they cost.
// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "rankflow/descent.h"
#include "solver/descent/engine.h"
#include "solver/descent/sensing_pass.h"
#include "solver/descent/watch.h"

namespace rankflow {
namespace {

using Clock = std::chrono::steady_clock;

template <class T>
struct Member {
  descent::Engine<T> engine;
  descent::Watching<T> watching;

  Member(const MatrixProblem<T>& problem, const DescentRun<T>& run)
      : engine(problem, run.start, run.options), watching(engine, run.watchers) {}
};

// One pass over the sensing matrices for all members that go on.
template <class T>
class SharedEvaluation {
 public:
  SharedEvaluation(const MatrixProblem<T>& problem, std::size_t most) : pass_(problem, static_cast<Index>(most)) {
    waiting_.reserve(most);
    runs_.reserve(most);
  }

  void evaluate(const std::vector<Member<T>*>& members) {
    waiting_.clear();
    runs_.clear();
    for (Member<T>* member : members) {
      if (descent::SensingRun<T>* run = member->engine.begin_evaluation()) {
        waiting_.push_back(member);
        runs_.push_back(run);
      } else {
        member->engine.evaluate();
      }
    }
    pass_.run(runs_);
    for (std::size_t r = 0; r < runs_.size(); ++r) waiting_[r]->engine.end_evaluation(*runs_[r]);
  }

 private:
  descent::SensingPass<T> pass_;
  std::vector<Member<T>*> waiting_;
  std::vector<descent::SensingRun<T>*> runs_;
};

template <class T>
std::vector<DescentResult<T>> advance_together(const MatrixProblem<T>& problem,
                                               const std::vector<DescentRun<T>>& runs) {
  std::vector<std::unique_ptr<Member<T>>> members;
  std::vector<Member<T>*> active;
  for (const DescentRun<T>& run : runs) {
    members.push_back(std::make_unique<Member<T>>(problem, run));
    active.push_back(members.back().get());
  }
  SharedEvaluation<T> shared(problem, runs.size());
  while (!active.empty()) {
    const auto begin = Clock::now();
    shared.evaluate(active);
    const double share =
        std::chrono::duration<double>(Clock::now() - begin).count() / static_cast<double>(active.size());
    std::erase_if(active, [&](Member<T>* member) {
      member->engine.add_seconds(share);
      const bool goes_on = member->watching.look() && member->engine.advance(1);
      if (!goes_on) member->watching.look_at_end();
      return !goes_on;
    });
  }
  std::vector<DescentResult<T>> results;
  for (const auto& member : members) results.push_back(member->engine.result());
  return results;
}

}  // namespace

template <class T>
std::vector<DescentResult<T>> fit_descent_together(const MatrixProblem<T>& problem, std::vector<DescentRun<T>> runs) {
  if (problem.measurement == Measurement::dense && runs.size() > 1) return advance_together(problem, runs);
  std::vector<DescentResult<T>> results;
  for (DescentRun<T>& run : runs)
    results.push_back(fit_descent(problem, std::move(run.start), run.options, run.watchers));
  return results;
}

template std::vector<DescentResult<double>> fit_descent_together<double>(const MatrixProblem<double>&,
                                                                         std::vector<DescentRun<double>>);
template std::vector<DescentResult<float>> fit_descent_together<float>(const MatrixProblem<float>&,
                                                                       std::vector<DescentRun<float>>);

}  // namespace rankflow
