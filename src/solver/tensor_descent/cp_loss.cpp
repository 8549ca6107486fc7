// The loss of a CP factorization for every kind of measurement.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <variant>

#include "base/threads.h"
#include "rankflow/error.h"
#include "rankflow/tensor_descent.h"
#include "solver/tensor_descent/cell_pass.h"
#include "solver/tensor_descent/cp_parts.h"
#include "solver/tensor_descent/matrix_pass.h"
#include "solver/tensor_descent/product_pass.h"
#include "solver/tensor_descent/tensor_sensing.h"

namespace rankflow {
namespace tensor_descent {
namespace {

// What a pair of rows costs through its list, against a cell in products of dense matrices, which reuse what they load.
// Measured: bench/tensor_bench.
constexpr double kListCost = 1.75;

template <class T>
using Pass = std::variant<ProductPass<T>, MatrixPass<T>, CellPass<T>>;

// Nanoseconds for a component of an observation (bench/tensor_passes_bench, AVX-512): through a plan, if all rows of
// products were shared by many; what a row of products for each observation adds; one observation after another, for
// each mode.
template <class T>
inline constexpr double kShared = sizeof(T) == 4 ? .36 : .8;
template <class T>
inline constexpr double kProduct = sizeof(T) == 4 ? 2.2 : 3.8;
constexpr double kCellMode = .29;
constexpr double kFewProducts = .1;  // for each observation: plans are then always right

template <class T>
Pass<T> make_pass(const TensorProblem<T>& problem, Index components) {
  ProductPlan plan = ProductPlan::make(problem.shape, problem.index);
  const double cells =
      static_cast<double>(plan.nodes[plan.left].rows) * static_cast<double>(plan.nodes[plan.right].rows);
  const auto count = static_cast<double>(plan.count), order = static_cast<double>(problem.order());
  if (kListCost * count >= cells) return MatrixPass<T>(std::move(plan), components);
  const double products = static_cast<double>(plan.inner_rows()) / count;
  if (products > kFewProducts && order <= kMostModes && kCellMode * order < kShared<T> + kProduct<T> * products)
    return CellPass<T>(problem.shape, problem.index, components);
  return ProductPass<T>(std::move(plan), components, Columns::in_blocks);
}

template <class T>
class CpLoss : public TensorModelLoss<T> {
 public:
  CpLoss(const TensorProblem<T>& problem, CpFactorization<T>& model) : problem_(problem), model_(model) {}
  std::vector<MatrixOf<T>*> weights() override { return targets(model_.factors); }

 protected:
  void shape(std::vector<MatrixOf<T>>& gradient) const {
    gradient.resize(model_.factors.size());
    for (std::size_t n = 0; n < gradient.size(); ++n)
      gradient[n].resize(model_.factors[n].rows(), model_.factors[n].cols());
  }

  const TensorProblem<T>& problem_;
  CpFactorization<T>& model_;
};

// x_k = sum_r prod_n w_r^n(i_n).
template <class T>
class CpEntryLoss final : public CpLoss<T> {
 public:
  CpEntryLoss(const TensorProblem<T>& problem, CpFactorization<T>& model)
      : CpLoss<T>(problem, model), pass_(make_pass<T>(problem, model.components())) {}

  double gradient(std::vector<MatrixOf<T>>& gradient) override {
    this->shape(gradient);
    evaluate();
    const double loss = loss_at(this->problem_, x_, &slope_);
    std::visit([&](auto& pass) { pass.collect(slope_, targets(gradient)); }, pass_);
    return loss;
  }
  double loss() override {
    evaluate();
    return loss_at(this->problem_, x_);
  }

 private:
  void evaluate() {
    std::visit([&](auto& pass) { pass.evaluate(views(this->model_.factors), x_); }, pass_);
  }

  Pass<T> pass_;
  std::vector<T> x_, slope_;
};

// x_k = <A_k, T>: all cells of T are needed, and dL/dT is dense.
template <class T>
class CpDenseLoss final : public CpLoss<T> {
 public:
  CpDenseLoss(const TensorProblem<T>& problem, CpFactorization<T>& model)
      : CpLoss<T>(problem, model),
        sensing_(problem),
        pass_(ProductPlan::make(problem.shape, all_cells(problem.shape)), model.components()) {}

  double gradient(std::vector<MatrixOf<T>>& gradient) override {
    this->shape(gradient);
    pass_.evaluate(views(this->model_.factors), cells_);
    slope_.resize(cells_.size());
    const double loss = sensing_.evaluate(cells_.data(), slope_.data());
    pass_.collect(slope_, targets(gradient));
    return loss;
  }
  double loss() override {
    pass_.evaluate(views(this->model_.factors), cells_);
    return sensing_.evaluate(cells_.data(), nullptr);
  }

 private:
  static std::vector<std::vector<std::int32_t>> all_cells(const std::vector<Index>& shape) {
    Index count = 1;
    for (const Index size : shape) count *= size;
    std::vector<std::vector<std::int32_t>> index(shape.size());
    Index inner = count;
    for (std::size_t n = 0; n < shape.size(); ++n) {
      inner /= shape[n];
      for (Index k = 0; k < count; ++k) index[n].push_back(static_cast<std::int32_t>(k / inner % shape[n]));
    }
    return index;
  }

  TensorSensing<T> sensing_;
  MatrixPass<T> pass_;
  std::vector<T> cells_, slope_;
};

// x_k = sum_r prod_n <a_k^n, w_r^n>: a row for every observation takes the place of the factor's rows.
template <class T>
class CpRankOneLoss final : public CpLoss<T> {
 public:
  CpRankOneLoss(const TensorProblem<T>& problem, CpFactorization<T>& model)
      : CpLoss<T>(problem, model),
        products_(problem.vectors.size()),
        product_gradient_(problem.vectors.size()),
        pass_(ProductPlan::make(std::vector<Index>(problem.vectors.size(), problem.count()), all(problem)),
              model.components(), Columns::in_blocks) {
    for (MatrixOf<T>& matrix : product_gradient_) matrix.resize(problem.count(), model.components());
  }

  double gradient(std::vector<MatrixOf<T>>& gradient) override {
    this->shape(gradient);
    evaluate();
    const double loss = loss_at(this->problem_, x_, &slope_);
    pass_.collect(slope_, targets(product_gradient_));
    for_modes([&](Index n) { gradient[n].noalias() = this->problem_.vectors[n].transpose() * product_gradient_[n]; });
    return loss;
  }
  double loss() override {
    evaluate();
    return loss_at(this->problem_, x_);
  }

 private:
  static std::vector<std::vector<std::int32_t>> all(const TensorProblem<T>& problem) {
    std::vector<std::int32_t> each;
    for (Index k = 0; k < problem.count(); ++k) each.push_back(static_cast<std::int32_t>(k));
    return std::vector<std::vector<std::int32_t>>(problem.vectors.size(), each);
  }
  template <class Work>
  void for_modes(Work&& work) {
    parallel_blocks(
        this->problem_.order(), 1, [&](Index n, Index, Index) { work(n); },
        static_cast<double>(product_gradient_[0].size()));
  }
  void evaluate() {
    for_modes([&](Index n) { products_[n].noalias() = this->problem_.vectors[n] * this->model_.factors[n]; });
    pass_.evaluate(views(products_), x_);
  }

  std::vector<MatrixOf<T>> products_, product_gradient_;  // count x components
  ProductPass<T> pass_;
  std::vector<T> x_, slope_;
};

}  // namespace

template <class T>
void check_model(const TensorProblem<T>& problem, const CpFactorization<T>& model) {
  if (model.shape() != problem.shape)
    throw InputError("the factorization", fmt::format("its shape is {} modes of other sizes than the {} of the problem",
                                                      model.order(), problem.order()));
  for (const MatrixOf<T>& factor : model.factors)
    if (factor.cols() != model.components() || factor.cols() == 0)
      throw InputError("the factorization", fmt::format("its factors have {} and {} columns, expected the same, not 0",
                                                        model.components(), factor.cols()));
}

template void check_model<double>(const TensorProblem<double>&, const CpFactorization<double>&);
template void check_model<float>(const TensorProblem<float>&, const CpFactorization<float>&);

}  // namespace tensor_descent

template <class T>
std::unique_ptr<TensorModelLoss<T>> make_loss(const TensorProblem<T>& problem, CpFactorization<T>& model) {
  tensor_descent::check_model(problem, model);
  switch (problem.measurement) {
    case TensorMeasurement::dense:
      return std::make_unique<tensor_descent::CpDenseLoss<T>>(problem, model);
    case TensorMeasurement::rank_one:
      return std::make_unique<tensor_descent::CpRankOneLoss<T>>(problem, model);
    case TensorMeasurement::entries:
      break;
  }
  return std::make_unique<tensor_descent::CpEntryLoss<T>>(problem, model);
}

template std::unique_ptr<TensorModelLoss<double>> make_loss<double>(const TensorProblem<double>&,
                                                                    CpFactorization<double>&);
template std::unique_ptr<TensorModelLoss<float>> make_loss<float>(const TensorProblem<float>&, CpFactorization<float>&);

}  // namespace rankflow
