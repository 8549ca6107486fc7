// Reference trajectories of gradient descent, made by an independent program of plain loops (tests/refdata).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "rankflow/descent.h"
#include "support/matrix_problems.h"

namespace rankflow::test {

struct CsvTable {
  std::map<std::string, std::size_t> column;
  std::vector<std::vector<std::string>> rows;

  double number(std::size_t row, const std::string& name) const {
    return std::strtod(rows.at(row).at(column.at(name)).c_str(), nullptr);
  }
};

inline CsvTable read_csv_table(const std::string& name) {
  std::ifstream file(std::string(RANKFLOW_TEST_DATA) + "/" + name);
  EXPECT_TRUE(file) << name << " is missing";
  CsvTable table;
  std::string line, cell;
  for (bool header = true; std::getline(file, line); header = false) {
    std::vector<std::string> cells;
    std::stringstream stream(line);
    while (std::getline(stream, cell, ',')) cells.push_back(cell);
    if (header) {
      for (std::size_t k = 0; k < cells.size(); ++k) table.column[cells[k]] = k;
    } else {
      table.rows.push_back(std::move(cells));
    }
  }
  return table;
}

struct ReferenceRun {
  MatrixProblem<double> problem;
  DeepFactorization<double> start;
  DescentOptions options;
  CsvTable trajectory;
  Matrix end;  // after the last update
};

/// Reads <name>.inputs.csv, <name>.traj.csv and <name>.final.csv.
inline ReferenceRun read_reference_run(const std::string& name) {
  const CsvTable inputs = read_csv_table(name + ".inputs.csv");
  std::map<std::string, std::string> words;
  std::vector<Index> dims;
  for (const auto& row : inputs.rows) {
    if (row[0] == "dim") dims.push_back(std::stol(row[4]));
    if (row[0] != "W" && row[0] != "obs" && row[0] != "A" && row[0] != "y" && row[0] != "target")
      words[row[0]] = row[4];
  }
  const Index rows = dims.back(), columns = dims.front();
  ReferenceRun run;
  for (std::size_t l = 1; l < dims.size(); ++l) run.start.factors.push_back(Matrix::Zero(dims[l], dims[l - 1]));
  EntryList<double> entries;
  Matrix target = Matrix::Zero(rows, columns);
  std::vector<double> measured;
  for (const auto& row : inputs.rows) measured.resize(measured.size() + (row[0] == "y"));
  Matrix matrices = Matrix::Zero(static_cast<Index>(measured.size()), rows * columns);
  for (const auto& row : inputs.rows) {
    const Index k = std::stol(row[1]), i = std::stol(row[2]), j = std::stol(row[3]);
    const double value = std::strtod(row[4].c_str(), nullptr);
    if (row[0] == "W") run.start.factors[k - 1](i, j) = value;
    if (row[0] == "target") target(i, j) = value;
    if (row[0] == "A") matrices(k, i * columns + j) = value;
    if (row[0] == "y") measured[k] = value;
    if (row[0] == "obs") {
      entries.row.push_back(static_cast<std::int32_t>(i));
      entries.column.push_back(static_cast<std::int32_t>(j));
      entries.value.push_back(value);
    }
  }
  const std::string loss = words.at("loss");
  const MatrixLoss half{.normalization = Normalization::half_sum};
  if (loss == "full") run.problem = full_problem<double>(target, half);
  if (loss == "half_sum") run.problem = completion_problem<double>(rows, columns, entries, half);
  if (loss == "mean") run.problem = completion_problem<double>(rows, columns, entries, {});
  if (loss == "sens_half_sum")
    run.problem = dense_sensing_problem<double>(
        rows, columns, matrices, Eigen::Map<const Vector>(measured.data(), static_cast<Index>(measured.size())), half);
  run.options.optimizer = words.at("opt") == "gd" ? Optimizer::plain : Optimizer::group_rmsprop;
  run.options.step_size = std::stod(words.at("lr"));
  run.options.max_iterations = std::stol(words.at("iters"));
  run.options.loss_tolerance = 0;
  if (words.count("alpha_rms")) run.options.beta = std::stod(words.at("alpha_rms"));
  if (words.count("eps_rms")) run.options.epsilon = std::stod(words.at("eps_rms"));
  run.trajectory = read_csv_table(name + ".traj.csv");
  run.end = Matrix::Zero(rows, columns);
  const CsvTable end = read_csv_table(name + ".final.csv");
  for (const auto& row : end.rows) run.end(std::stol(row[0]), std::stol(row[1])) = std::strtod(row[2].c_str(), nullptr);
  return run;
}

}  // namespace rankflow::test
