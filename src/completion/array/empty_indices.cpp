// Indices that nothing is known of: which they are, and what is said about their cells.
// SPDX-License-Identifier: Apache-2.0
#include "completion/array/empty_indices.h"

#include <fmt/format.h>

#include <algorithm>

namespace rankflow::completion {
namespace {

constexpr std::size_t kMostNames = 100;

std::vector<char> seen_in(const Tensor& tensor, Index mode) {
  std::vector<char> seen(static_cast<std::size_t>(tensor.size(mode)), 0);
  for (const std::int32_t i : tensor.index[mode]) seen[i] = 1;
  return seen;
}

// Rows that are not seen := the mean of those that are.
template <class Rows>
void fill(const std::vector<char>& seen, Rows& rows) {
  const Index count = std::count(seen.begin(), seen.end(), 1);
  if (count == 0 || count == static_cast<Index>(seen.size()) || rows.cols() == 0) return;
  Eigen::RowVectorXd mean = Eigen::RowVectorXd::Zero(rows.cols());
  for (Index i = 0; i < rows.rows(); ++i)
    if (seen[i]) mean += rows.row(i);
  mean /= static_cast<double>(count);
  for (Index i = 0; i < rows.rows(); ++i)
    if (!seen[i]) rows.row(i) = mean;
}

}  // namespace

std::vector<EmptyIndices> empty_indices(const Tensor& tensor) {
  std::vector<EmptyIndices> found;
  for (Index n = 0; n < tensor.order(); ++n) {
    const std::vector<char> seen = seen_in(tensor, n);
    EmptyIndices empty{n, std::count(seen.begin(), seen.end(), 0), {}};
    if (empty.count == 0) continue;
    for (Index i = 0; i < tensor.size(n) && empty.names.size() < kMostNames; ++i)
      if (!seen[i]) empty.names.push_back(tensor.modes[n].name(i));
    found.push_back(std::move(empty));
  }
  return found;
}

std::string warning_of(const EmptyIndices& empty, const Tensor& tensor) {
  return fmt::format(
      "{} of {} indices of mode {} have no observation (the first is {}): what is written there rests on the other "
      "modes alone",
      empty.count, tensor.size(empty.mode), empty.mode + 1, empty.names.front());
}

std::vector<std::vector<char>> seen_indices(const Tensor& tensor, const std::vector<Index>& numbers) {
  std::vector<std::vector<char>> seen;
  for (Index n = 0; n < tensor.order(); ++n) {
    seen.emplace_back(static_cast<std::size_t>(tensor.size(n)), 0);
    for (const Index k : numbers) seen.back()[tensor.index[n][k]] = 1;
  }
  return seen;
}

void fill_empty_rows(const Tensor& tensor, const std::vector<Index>& numbers, GeneralizedCp& model) {
  fill_empty_rows(seen_indices(tensor, numbers), model);
}

void fill_empty_rows(const std::vector<std::vector<char>>& seen, GeneralizedCp& model) {
  for (std::size_t n = 0; n < seen.size(); ++n) {
    fill(seen[n], model.components.factors[n]);
    fill(seen[n], model.effects[n]);
  }
}

void fill_empty_rows(const std::vector<std::vector<char>>& seen, CpFactorization<double>& model) {
  for (std::size_t n = 0; n < seen.size(); ++n) fill(seen[n], model.factors[n]);
}

// Nodes 0 to order - 1 are the leaves.
void fill_empty_rows(const std::vector<std::vector<char>>& seen, TreeFactorization<double>& model) {
  for (std::size_t n = 0; n < seen.size(); ++n) fill(seen[n], model.weights[n]);
}

void fill_empty_rows(const std::vector<std::vector<char>>& seen, std::vector<float>& values) {
  Index inner = static_cast<Index>(values.size());
  for (const std::vector<char>& mode : seen) {
    const Index size = std::ssize(mode), count = std::count(mode.begin(), mode.end(), 1);
    inner /= size;
    if (count == 0 || count == size) continue;
    for (Index outer = 0; outer < std::ssize(values); outer += size * inner)
      for (Index k = 0; k < inner; ++k) {
        double sum = 0;
        float* fibre = values.data() + outer + k;
        for (Index i = 0; i < size; ++i)
          if (mode[i]) sum += static_cast<double>(fibre[i * inner]);
        for (Index i = 0; i < size; ++i)
          if (!mode[i]) fibre[i * inner] = static_cast<float>(sum / static_cast<double>(count));
      }
  }
}

}  // namespace rankflow::completion
