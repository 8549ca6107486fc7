// Factors into a file and back.
// SPDX-License-Identifier: Apache-2.0
#include "completion/array/factor_files.h"

#include <algorithm>
#include <string>

#include "rankflow/error.h"
#include "solver/unfolding/unfolded_side.h"

namespace rankflow::completion {
namespace {

[[noreturn]] void complain(const Archive& from, const std::string& problem) {
  throw InputError(from.source(), problem, "the file is damaged; run complete again");
}

Matrix finite_matrix(const Archive& from, const std::string& name, Index rows, Index columns) {
  Matrix matrix = from.get_matrix(name, rows, columns);
  if (!matrix.allFinite()) complain(from, "array " + name + " holds a number that is not finite");
  return matrix;
}

void save_side(const UnfoldedSide& side, const std::string& name, Archive& to) {
  to.set(name + "_modes", std::vector<std::int64_t>(side.modes.begin(), side.modes.end()));
  to.set(name + "_keys", std::vector<std::int64_t>(side.keys.begin(), side.keys.end()));
}

UnfoldedSide load_side(const Archive& from, const std::string& name, const std::vector<Index>& shape) {
  const std::vector<std::int64_t> modes = from.get_ints(name + "_modes"), keys = from.get_ints(name + "_keys");
  if (modes.empty() || modes.front() < 0 || modes.back() >= static_cast<Index>(shape.size()) ||
      !std::is_sorted(modes.begin(), modes.end()) || !std::is_sorted(keys.begin(), keys.end()))
    complain(from, "array " + name + "_modes does not name modes of the model in their order");
  UnfoldedSide side = make_side(shape, {modes.begin(), modes.end()});
  side.keys.assign(keys.begin(), keys.end());
  return side;
}

}  // namespace

void save(const CpFactorization<double>& model, Archive& to) {
  to.set("kind", std::string("cp"));
  for (std::size_t n = 0; n < model.factors.size(); ++n) to.set("factor_" + std::to_string(n + 1), model.factors[n]);
}

void save(const TreeFactorization<double>& model, Archive& to) {
  to.set("kind", std::string("tree"));
  to.set("tree", model.tree.text());
  for (std::size_t v = 0; v < model.weights.size(); ++v) to.set("weights_" + std::to_string(v), model.weights[v]);
}

void save(const UnfoldedMatrix& model, Archive& to) {
  to.set("kind", std::string("matrix"));
  save_side(model.rows, "row", to);
  save_side(model.columns, "column", to);
  to.set("mean", model.model.mean);
  to.set("row_bias", model.model.row_bias);
  to.set("column_bias", model.model.column_bias);
  to.set("u", model.model.u);
  to.set("s", model.model.s);
  to.set("v", model.model.v);
}

CpFactorization<double> load_cp(const Archive& from, const std::vector<Index>& shape) {
  CpFactorization<double> model;
  for (std::size_t n = 0; n < shape.size(); ++n)
    model.factors.push_back(
        finite_matrix(from, "factor_" + std::to_string(n + 1), shape[n], n == 0 ? -1 : model.components()));
  return model;
}

TreeFactorization<double> load_tree(const Archive& from, const std::vector<Index>& shape) {
  TreeFactorization<double> model;
  try {
    model.tree = ModeTree::parse(from.get_text("tree"), static_cast<Index>(shape.size()));
  } catch (const OptionError& error) {
    complain(from, std::string("its tree cannot be read: ") + error.what());
  }
  model.weights.resize(static_cast<std::size_t>(model.tree.num_nodes()));
  // From the root down: all children of a node have as many columns as it has rows.
  for (Index v = model.tree.root(); v >= 0; --v) {
    const Index above = model.tree.parent[v] < 0 ? 1 : model.weights[model.tree.parent[v]].rows();
    model.weights[v] =
        finite_matrix(from, "weights_" + std::to_string(v), model.tree.is_leaf(v) ? shape[v] : -1, above);
  }
  return model;
}

UnfoldedMatrix load_matrix(const Archive& from, const std::vector<Index>& shape) {
  UnfoldedMatrix model;
  model.shape = shape;
  model.rows = load_side(from, "row", shape);
  model.columns = load_side(from, "column", shape);
  if (model.rows.modes.size() + model.columns.modes.size() != shape.size())
    complain(from, "rows and columns do not have the model's modes");
  const auto rows = static_cast<Index>(model.rows.keys.size()), columns = static_cast<Index>(model.columns.keys.size());
  LowRankModel& low = model.model;
  low.mean = from.get_double("mean");
  low.row_bias = from.get_vector("row_bias", rows);
  low.column_bias = from.get_vector("column_bias", columns);
  low.s = from.get_vector("s");
  low.u = finite_matrix(from, "u", rows, low.s.size());
  low.v = finite_matrix(from, "v", columns, low.s.size());
  if (!std::isfinite(low.mean) || !low.row_bias.allFinite() || !low.column_bias.allFinite() || !low.s.allFinite())
    complain(from, "the model holds a number that is not finite");
  return model;
}

double average_entry(const CpFactorization<double>& model, std::span<const std::int32_t> index) {
  Eigen::RowVectorXd product = Eigen::RowVectorXd::Ones(model.components());
  for (std::size_t n = 0; n < model.factors.size(); ++n) {
    const Matrix& factor = model.factors[n];
    if (index[n] < 0)
      product.array() *= factor.colwise().mean().array();
    else
      product.array() *= factor.row(index[n]).array();
  }
  return product.sum();
}

double average_entry(const TreeFactorization<double>& model, std::span<const std::int32_t> index) {
  std::vector<Vector> h(model.weights.size());
  for (Index v = 0; v < model.tree.num_nodes(); ++v) {
    const Matrix& weights = model.weights[v];
    if (model.tree.is_leaf(v)) {
      h[v] = index[v] < 0 ? Vector(weights.colwise().mean().transpose()) : Vector(weights.row(index[v]).transpose());
      continue;
    }
    Vector z = Vector::Ones(weights.rows());
    for (const Index child : model.tree.children[v]) z.array() *= h[child].array();
    h[v] = weights.transpose() * z;
  }
  return h.back()[0];
}

Vector dense_cells(const CpFactorization<double>& model) {
  return model.dense();
}

Vector dense_cells(const TreeFactorization<double>& model) {
  return model.dense();
}

Vector dense_cells(const UnfoldedMatrix& model) {
  Index count = 1;
  for (const Index size : model.shape) count *= size;
  Vector cells(count);
  std::vector<std::int32_t> index(model.shape.size(), 0);
  for (Index cell = 0; cell < count; ++cell) {
    cells[cell] = model.entry(index);
    for (std::size_t n = index.size(); n-- > 0;) {
      if (++index[n] < model.shape[n]) break;
      index[n] = 0;
    }
  }
  return cells;
}

}  // namespace rankflow::completion
