// How does a table of any size become two pictures a browser can hold, with its holes kept visible?
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <string>

#include "rankflow/error.h"
#include "report/json_data.h"

namespace rankflow::report {
namespace {

constexpr Index kMostPixels = 1000;  // along one side; larger tables are averaged over blocks
constexpr std::size_t kQuantileSample = 200'000;
constexpr double kTableTail = 0.005;  // share of the values beyond each end of the colour scale
constexpr double kImageTail = 0.0005;

std::string base64(const std::vector<unsigned char>& bytes) {
  static constexpr char kLetters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    const unsigned triple = bytes[i] << 16 | (left > 1 ? bytes[i + 1] : 0) << 8 | (left > 2 ? bytes[i + 2] : 0);
    text += kLetters[triple >> 18];
    text += kLetters[triple >> 12 & 63];
    text += left > 1 ? kLetters[triple >> 6 & 63] : '=';
    text += left > 2 ? kLetters[triple & 63] : '=';
  }
  return text;
}

// Offset and factor that bring each column to mean 0 and spread 1 over its observed entries; (0, 1) for raw values.
struct Units {
  Vector offset, factor;
};

Units units(const ReportMap& map) {
  const Index n = map.before.cols();
  Units result{Vector::Zero(n), Vector::Ones(n)};
  if (map.image || !map.by_column) return result;
  for (Index j = 0; j < n; ++j) {
    double sum = 0, squares = 0, count = 0;
    for (Index i = 0; i < map.before.rows(); ++i)
      if (std::isfinite(map.before(i, j))) {
        ++count;
        const double change = map.before(i, j) - sum;  // running mean (Welford): stable for any offset
        sum += change / count;
        squares += change * (map.before(i, j) - sum);
      }
    result.offset[j] = sum;
    const double spread = count > 1 ? std::sqrt(squares / count) : 0;
    result.factor[j] = spread > 0 ? 1 / spread : 1;
  }
  return result;
}

// Means over blocks of the finite entries; NaN for a block without one.
Matrix block_means(const Matrix& values, const Units& unit, Index rows, Index columns) {
  Matrix sum = Matrix::Zero(rows, columns), count = Matrix::Zero(rows, columns);
  for (Index i = 0; i < values.rows(); ++i)
    for (Index j = 0; j < values.cols(); ++j) {
      if (!std::isfinite(values(i, j))) continue;
      const Index a = i * rows / values.rows(), b = j * columns / values.cols();
      sum(a, b) += (values(i, j) - unit.offset[j]) * unit.factor[j];
      count(a, b) += 1;
    }
  return (count.array() > 0).select(sum.array() / count.array(), kNaN);
}

// The ends of the colour scale: quantiles of what is seen in either picture.
std::pair<double, double> limits(const Matrix& before, const Matrix& after, double tail) {
  std::vector<double> seen;
  const std::size_t step = static_cast<std::size_t>(before.size() + after.size()) / kQuantileSample + 1;
  for (const Matrix* picture : {&before, &after})
    for (std::size_t i = 0; i < static_cast<std::size_t>(picture->size()); i += step)
      if (std::isfinite(picture->data()[i])) seen.push_back(picture->data()[i]);
  if (seen.empty()) return {0, 1};
  std::sort(seen.begin(), seen.end());
  const auto skip = static_cast<std::size_t>(tail * static_cast<double>(seen.size()));
  return {seen[skip], seen[seen.size() - 1 - skip]};
}

std::string pixels(const Matrix& picture, double low, double high) {
  std::vector<unsigned char> bytes(static_cast<std::size_t>(picture.size()), 0);
  const double factor = high > low ? 254 / (high - low) : 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const double value = picture.data()[i];
    if (std::isfinite(value))
      bytes[i] = static_cast<unsigned char>(1 + std::lround(std::clamp((value - low) * factor, 0.0, 254.0)));
  }
  return base64(bytes);
}

}  // namespace

Json map_data(const ReportMap& map) {
  RANKFLOW_ASSERT(map.before.rows() == map.after.rows() && map.before.cols() == map.after.cols(),
                  "the maps before and after differ in size");
  if (map.before.size() == 0) return nullptr;
  const Index rows = std::min(map.before.rows(), kMostPixels), columns = std::min(map.before.cols(), kMostPixels);
  const Units unit = units(map);
  const Matrix before = block_means(map.before, unit, rows, columns);
  const Matrix after = block_means(map.after, unit, rows, columns);
  const auto [low, high] = limits(before, after, map.image ? kImageTail : kTableTail);
  return {{"title", map.title},
          {"rows", map.before.rows()},
          {"columns", map.before.cols()},
          {"height", rows},
          {"width", columns},
          {"low", number(low)},
          {"high", number(high)},
          {"image", map.image},
          {"by_column", map.by_column && !map.image},
          {"row_title", map.row_title},
          {"column_title", map.column_title},
          {"value_title", map.value_title},
          {"before", pixels(before, low, high)},
          {"after", pixels(after, low, high)}};
}

}  // namespace rankflow::report
