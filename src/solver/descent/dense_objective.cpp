// A deep product through its dense end matrix: W = W_N ... W_1 as a chain, the loss of W, and back.
// SPDX-License-Identifier: Apache-2.0
#include "solver/descent/chain.h"
#include "solver/descent/end_loss.h"
#include "solver/descent/objective.h"
#include "solver/descent/sensing_pass.h"

namespace rankflow::descent {
namespace {

template <class T>
std::vector<Part> add_all(Layout<T>& layout, const std::vector<Index>& dims) {
  std::vector<Part> parts;
  for (Index l = static_cast<Index>(dims.size()) - 1; l >= 1; --l) parts.push_back(layout.add(l, false));
  return parts;
}

template <class T>
class DenseObjective final : public Objective<T> {
 public:
  DenseObjective(const MatrixProblem<T>& problem, const std::vector<Index>& dims)
      : layout_(dims, true), chain_(add_all(layout_, dims)), loss_(make_end_loss(problem)) {}

  const Layout<T>& layout() const override { return layout_; }
  double evaluate(const T* x, T* gradient) override {
    const double loss = loss_->at(chain_.product(x), chain_.end_gradient(gradient), chain_.stride());
    chain_.back_propagate(x, gradient);
    return loss;
  }

 private:
  Layout<T> layout_;
  Chain<T> chain_;
  std::unique_ptr<EndLoss<T>> loss_;
};

// Sensing matrices have no gaps between their rows, so W is copied before the pass and E after it.
template <class T>
class SensingObjective final : public Objective<T> {
 public:
  SensingObjective(const MatrixProblem<T>& problem, const std::vector<Index>& dims)
      : problem_(problem),
        layout_(dims, true),
        chain_(add_all(layout_, dims)),
        w_(static_cast<std::size_t>(problem.num_rows * problem.num_columns)),
        e_(w_.size()) {
    run_.w = w_.data();
    run_.e = e_.data();
  }

  const Layout<T>& layout() const override { return layout_; }
  double evaluate(const T* x, T* gradient) override {
    if (!pass_) pass_ = std::make_unique<SensingPass<T>>(problem_, 1);
    SensingRun<T>* run = begin(x);
    pass_->run({&run, 1});
    end(x, gradient);
    return run_.loss;
  }
  SensingRun<T>* begin(const T* x) override {
    const T* product = chain_.product(x);
    const Index columns = chain_.columns();
    for (Index i = 0; i < chain_.rows(); ++i)
      std::copy(product + i * chain_.stride(), product + i * chain_.stride() + columns, w_.data() + i * columns);
    return &run_;
  }
  void end(const T* x, T* gradient) override {
    T* e = chain_.end_gradient(gradient);
    const Index columns = chain_.columns();
    for (Index i = 0; i < chain_.rows(); ++i)
      std::copy(e_.data() + i * columns, e_.data() + (i + 1) * columns, e + i * chain_.stride());
    chain_.back_propagate(x, gradient);
  }

 private:
  const MatrixProblem<T>& problem_;
  Layout<T> layout_;
  Chain<T> chain_;
  AlignedVector<T> w_, e_;
  SensingRun<T> run_;
  std::unique_ptr<SensingPass<T>> pass_;  // made on first use: runs that share a pass have none of their own
};

}  // namespace

template <class T>
std::unique_ptr<Objective<T>> make_dense_objective(const MatrixProblem<T>& problem, const std::vector<Index>& dims) {
  if (problem.measurement == Measurement::dense) return std::make_unique<SensingObjective<T>>(problem, dims);
  return std::make_unique<DenseObjective<T>>(problem, dims);
}

template std::unique_ptr<Objective<double>> make_dense_objective<double>(const MatrixProblem<double>&,
                                                                         const std::vector<Index>&);
template std::unique_ptr<Objective<float>> make_dense_objective<float>(const MatrixProblem<float>&,
                                                                       const std::vector<Index>&);

}  // namespace rankflow::descent
