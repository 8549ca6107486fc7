// Reading measurements and checking that their shapes fit together.
// SPDX-License-Identifier: Apache-2.0
#include "cli/sense_input.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "rankflow/archive.h"
#include "rankflow/error.h"

namespace rankflow::cli {
namespace {

std::string shape_text(const Array& array) {
  return fmt::format("({})", fmt::join(array.shape, ", "));
}

// All numbers as doubles, in C order; refuses text and numbers that are not finite.
std::vector<double> numbers(Array array, const std::string& path) {
  std::vector<double> list;
  std::visit(
      [&](auto& data) {
        using T = typename std::decay_t<decltype(data)>::value_type;
        if constexpr (std::is_same_v<T, std::string>) {
          throw InputError(path, "found text, expected numbers");
        } else if constexpr (std::is_same_v<T, double>) {
          list = std::move(data);
        } else {
          list.assign(data.begin(), data.end());
        }
      },
      array.data);
  const auto bad = std::find_if(list.begin(), list.end(), [](double x) { return !std::isfinite(x); });
  if (bad != list.end())
    throw InputError(path, fmt::format("number {} is {}, expected finite ones", bad - list.begin(), *bad),
                     "leave measurements that were not made out of both files");
  return list;
}

Matrix matrix(const std::string& path, Index rows, Index columns, Array array) {
  const std::vector<double> list = numbers(std::move(array), path);
  return Eigen::Map<const Matrix>(list.data(), rows, columns);
}

Vector read_values(const std::string& path) {
  Array array = read_array(path);
  const bool column = array.shape.size() == 2 && array.shape[1] == 1;
  if (array.shape.size() != 1 && !column)
    throw InputError(path, "found an array of shape " + shape_text(array) + ", expected one number a measurement: (m)",
                     "the measuring matrices come first: rankflow sense A.npy y.npy -o W.npy");
  const std::vector<double> list = numbers(std::move(array), path);
  return Eigen::Map<const Vector>(list.data(), static_cast<Index>(list.size()));
}

void check_count(const std::string& path, Index found, const SenseFiles& files, Index expected) {
  if (found == expected) return;
  throw InputError(path, fmt::format("found {} measurements, expected {} as in {}", found, expected, files.values));
}

MatrixProblem<double> read_dense(const SenseFiles& files, Vector values) {
  Array array = read_array(files.matrices);
  Index rows = files.rows, columns = files.columns;
  const std::string found = shape_text(array);
  if (array.shape.size() == 3) {
    if ((rows > 0 && rows != array.shape[1]) || (columns > 0 && columns != array.shape[2]))
      throw InputError(files.matrices, fmt::format("found shape {}, expected (m, {}, {}) as --rows and --columns say",
                                                   found, rows, columns));
    rows = array.shape[1], columns = array.shape[2];
  } else if (array.shape.size() == 2) {
    // One of the two says the other.
    if (rows > 0 && columns == 0 && array.shape[1] % rows == 0) columns = array.shape[1] / rows;
    if (columns > 0 && rows == 0 && array.shape[1] % columns == 0) rows = array.shape[1] / columns;
    if (rows == 0 && columns == 0)
      throw OptionError(
          fmt::format("{} has shape {}: how many rows and columns the matrix has is not in it", files.matrices, found),
          "pass --rows and --columns, or save an array of shape (m, rows, columns)");
    if (rows == 0 || columns == 0)
      throw InputError(files.matrices,
                       fmt::format("found shape {}, expected (m, size) with a size that {} = {} divides", found,
                                   rows == 0 ? "--columns" : "--rows", rows + columns));
    if (array.shape[1] != rows * columns)
      throw InputError(files.matrices, fmt::format("found shape {}, expected (m, {}) for {} rows and {} columns", found,
                                                   rows * columns, rows, columns));
  } else {
    throw InputError(files.matrices, "found shape " + found + ", expected (m, rows, columns) or (m, rows * columns)");
  }
  if (rows == 0 || columns == 0) throw InputError(files.matrices, "found shape " + found + ": the matrix has no cell");
  check_count(files.matrices, array.shape[0], files, values.size());
  const Index count = array.shape[0];
  Matrix a = matrix(files.matrices, count, rows * columns, std::move(array));
  return dense_sensing_problem<double>(rows, columns, std::move(a), std::move(values), {});
}

Matrix read_side(const std::string& path, Index size, const char* option, const SenseFiles& files, Index count) {
  Array array = read_array(path);
  if (array.shape.size() != 2)
    throw InputError(path, "found shape " + shape_text(array) + ", expected one vector a measurement: (m, size)");
  if (size > 0 && array.shape[1] != size)
    throw InputError(path, fmt::format("found shape {}, expected (m, {}) as {} says", shape_text(array), size, option));
  check_count(path, array.shape[0], files, count);
  const Index rows = array.shape[0], columns = array.shape[1];
  return matrix(path, rows, columns, std::move(array));
}

}  // namespace

MatrixProblem<double> read_measurements(const SenseFiles& files) {
  const bool factors = !files.left.empty() || !files.right.empty();
  if (factors && (files.left.empty() || files.right.empty()))
    throw OptionError("--left and --right belong together: measurement k is left_k . W right_k");
  if (factors && !files.matrices.empty())
    throw OptionError("measurement matrices were given twice: as a file and by --left and --right",
                      "with --left and --right, name only the file of the numbers measured");
  if (!factors && files.matrices.empty())
    throw OptionError(
        "two files are needed: the measurement matrices and the numbers measured",
        "rankflow sense A.npy y.npy -o W.npy, or rankflow sense y.npy --left L.npy --right R.npy -o W.npy");
  Vector values = read_values(files.values);
  if (!factors) return read_dense(files, std::move(values));
  Matrix left = read_side(files.left, files.rows, "--rows", files, values.size());
  Matrix right = read_side(files.right, files.columns, "--columns", files, values.size());
  return rank_one_sensing_problem<double>(std::move(left), std::move(right), std::move(values), {});
}

}  // namespace rankflow::cli
