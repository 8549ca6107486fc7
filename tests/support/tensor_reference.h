// Reference trajectories of descent on CP factorizations, made by an independent program (tests/refdata/tensor).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "rankflow/cp_factorization.h"
#include "rankflow/descent.h"
#include "rankflow/tensor_problem.h"
#include "support/reference_runs.h"

namespace rankflow::test {

struct TensorReferenceRun {
  TensorProblem<double> problem;
  CpFactorization<double> start, end;
  DescentOptions options;
  Vector target;  // all cells, the last mode fastest
  CsvTable trajectory;
};

inline CpFactorization<double> read_cp(const std::string& name, const std::vector<Index>& shape, Index components) {
  CpFactorization<double> model;
  for (const Index size : shape) model.factors.emplace_back(Matrix::Constant(size, components, kNaN));
  const CsvTable table = read_csv_table(name);
  for (std::size_t k = 0; k < table.rows.size(); ++k) {
    const std::size_t mode = std::stoul(table.rows[k].at(0).substr(1));  // "W2"
    model.factors.at(mode)(static_cast<Index>(table.number(k, "row")), static_cast<Index>(table.number(k, "col"))) =
        table.number(k, "value");
  }
  return model;
}

/// Reads the folder `name` of tests/refdata/tensor.
inline TensorReferenceRun read_tensor_reference_run(const std::string& name) {
  const std::string folder = fmt::format("tensor/{}/", name);
  std::map<std::string, std::string> meta;
  for (const auto& row : read_csv_table(folder + "meta.csv").rows) meta[row.at(0)] = row.at(1);
  TensorReferenceRun run;
  std::stringstream dims(meta.at("dims"));
  for (Index size = 0; dims >> size;) run.problem.shape.push_back(size);
  const Index components = std::stol(meta.at("R"));
  run.start = read_cp(folder + "init.csv", run.problem.shape, components);
  run.end = read_cp(folder + "final.csv", run.problem.shape, components);

  const CsvTable observed = read_csv_table(folder + "obs.csv");
  const std::size_t m = observed.rows.size();
  for (std::size_t k = 0; k < m; ++k) run.problem.value.push_back(observed.number(k, "y"));
  if (meta.at("task") == "sensing") {
    run.problem.measurement = TensorMeasurement::dense;
    const CsvTable tensors = read_csv_table(folder + "measurements.csv");
    run.problem.tensors.resize(static_cast<Index>(m), static_cast<Index>(tensors.rows.at(0).size()) - 1);
    for (std::size_t k = 0; k < m; ++k)
      for (Index c = 0; c < run.problem.tensors.cols(); ++c)
        run.problem.tensors(static_cast<Index>(k), c) = std::strtod(tensors.rows[k].at(c + 1).c_str(), nullptr);
  } else {
    run.problem.index.resize(run.problem.shape.size());
    for (std::size_t n = 0; n < run.problem.shape.size(); ++n)
      for (std::size_t k = 0; k < m; ++k)
        run.problem.index[n].push_back(static_cast<std::int32_t>(observed.number(k, fmt::format("i{}", n))));
  }
  const std::string loss = meta.at("loss");
  run.problem.loss.penalty = loss == "huber"      ? TensorPenalty::huber
                             : loss == "smoothl1" ? TensorPenalty::smooth_l1
                                                  : TensorPenalty::squared;
  if (loss != "mse") run.problem.loss.delta = std::stod(meta.at("delta"));
  normalize(run.problem);

  run.options.optimizer = meta.at("optimizer") == "gd" ? Optimizer::plain : Optimizer::group_rmsprop;
  run.options.step_size = std::stod(meta.at("lr"));
  run.options.beta = std::stod(meta.at("beta"));
  run.options.epsilon = std::stod(meta.at("eps"));
  run.options.max_iterations = std::stol(meta.at("iterations"));
  run.options.loss_tolerance = 0;
  const CsvTable target = read_csv_table(folder + "target.csv");
  run.target.resize(static_cast<Index>(target.rows.size()));
  for (std::size_t k = 0; k < target.rows.size(); ++k)
    run.target[static_cast<Index>(target.number(k, "flat_index"))] = target.number(k, "value");
  run.trajectory = read_csv_table(folder + "traj.csv");
  return run;
}

}  // namespace rankflow::test
