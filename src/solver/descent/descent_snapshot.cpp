// What gradient descent shows of itself at one moment.
// SPDX-License-Identifier: Apache-2.0
#include "solver/descent/engine.h"

namespace rankflow::descent {
namespace {

template <class T>
class DescentSnapshot final : public Snapshot {
 public:
  explicit DescentSnapshot(Engine<T>& engine) : problem_(engine.problem()), model_(engine.model()) {
    iteration = engine.iteration();
    time = engine.time();
    seconds = engine.seconds();
    loss = engine.loss();
    step_size = engine.step_size();
  }

 private:
  std::vector<Matrix> compute_factors() override {
    std::vector<Matrix> list;
    for (const MatrixOf<T>& factor : model_.factors) list.push_back(factor.template cast<double>());
    return list;
  }
  Matrix compute_end_matrix() override {
    return DeepFactorization<double>{factors()}.end_matrix();  // in double also where the engine is not
  }
  Matrix compute_gradient() override {
    MatrixOf<T> gradient;
    loss_at<T>(problem_, end_matrix().template cast<T>(), &gradient);
    return gradient.template cast<double>();
  }

  const MatrixProblem<T>& problem_;
  DeepFactorization<T> model_;
};

}  // namespace

template <class T>
std::unique_ptr<Snapshot> make_snapshot(Engine<T>& engine) {
  engine.evaluate();
  return std::make_unique<DescentSnapshot<T>>(engine);
}

template std::unique_ptr<Snapshot> make_snapshot<double>(Engine<double>&);
template std::unique_ptr<Snapshot> make_snapshot<float>(Engine<float>&);

}  // namespace rankflow::descent
