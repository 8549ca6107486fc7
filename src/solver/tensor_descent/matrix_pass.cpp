// All cells by a product of two matrices, gradients by two more.
// SPDX-License-Identifier: Apache-2.0
#include "solver/tensor_descent/matrix_pass.h"

#include "linalg/matrix_product.h"

namespace rankflow::tensor_descent {
namespace {

template <class T>
Index padded(Index columns) {
  constexpr Index line = 64 / static_cast<Index>(sizeof(T));
  return (columns + line - 1) / line * line;
}

}  // namespace

template <class T>
MatrixPass<T>::MatrixPass(ProductPlan plan, Index components)
    : pass_(std::move(plan), components, Columns::at_once),
      rows_(pass_.plan().nodes[pass_.plan().left].rows),
      columns_(pass_.plan().nodes[pass_.plan().right].rows),
      cells_(rows_, columns_, padded<T>(columns_)),
      slopes_(rows_, columns_, padded<T>(columns_)) {}

template <class T>
void MatrixPass<T>::evaluate(const std::vector<const MatrixOf<T>*>& factors, std::vector<T>& x) {
  pass_.multiply_up(factors);
  multiply(MatrixProduct<T>{.a = pass_.left(),
                            .a_row = pass_.width(),
                            .b = pass_.right(),
                            .b_row = pass_.width(),
                            .b_transposed = true,
                            .c = cells_.row(0),
                            .c_row = cells_.stride(),
                            .m = rows_,
                            .n = columns_,
                            .k = pass_.width()});
  const RowLists& pairs = pass_.plan().by_left;
  x.resize(static_cast<std::size_t>(pass_.plan().count));
  for (Index i = 0; i < rows_; ++i)
    for (Index q = pairs.begin[i]; q < pairs.begin[i + 1]; ++q) x[pairs.third[q]] = cells_.row(i)[pairs.row[q]];
}

template <class T>
void MatrixPass<T>::collect(const std::vector<T>& slope, const std::vector<MatrixOf<T>*>& gradients) {
  const RowLists& pairs = pass_.plan().by_left;
  for (Index i = 0; i < rows_; ++i)  // cells that are not observed stay 0; an observation's cell may be there twice
    for (Index q = pairs.begin[i]; q < pairs.begin[i + 1]; ++q) slopes_.row(i)[pairs.row[q]] = 0;
  for (Index i = 0; i < rows_; ++i)
    for (Index q = pairs.begin[i]; q < pairs.begin[i + 1]; ++q) slopes_.row(i)[pairs.row[q]] += slope[pairs.third[q]];
  MatrixProduct<T> product{.a = slopes_.row(0),
                           .a_row = slopes_.stride(),
                           .b = pass_.right(),
                           .b_row = pass_.width(),
                           .c = pass_.left_gradient(),
                           .c_row = pass_.width(),
                           .m = rows_,
                           .n = pass_.width(),
                           .k = columns_};
  multiply(product);
  product.a_row = 1;
  product.a_column = slopes_.stride();
  product.b = pass_.left();
  product.c = pass_.right_gradient();
  product.m = columns_;
  product.k = rows_;
  multiply(product);
  pass_.multiply_down(gradients);
}

template class MatrixPass<double>;
template class MatrixPass<float>;

}  // namespace rankflow::tensor_descent
