// rankflow sense as a user meets it: a matrix comes out, and what does not fit together is refused.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "data/npy.h"
#include "rankflow/archive.h"
#include "rankflow/types.h"
#include "support/files.h"
#include "support/flow_problems.h"

namespace rankflow {
namespace {

using test::Folder;
using test::low_rank_matrix;
using test::normal_matrix;
using test::run_shell;
using testing::HasSubstr;

void write_npy(const std::string& path, const std::vector<Index>& shape, const Matrix& numbers) {
  std::string bytes = npy_header("<f8", shape);
  bytes.append(reinterpret_cast<const char*>(numbers.data()),
               static_cast<std::size_t>(numbers.size()) * sizeof(double));
  test::write_bytes(path, bytes);
}

// m Gaussian measurements of a 12 x 10 matrix of rank 2, and their files.
struct Sensing {
  Folder folder;
  Matrix truth = low_rank_matrix(12, 10, 2, 1);
  Matrix left, right;

  explicit Sensing(Index m) {
    const Matrix a = normal_matrix(m, 120, 3);
    write_npy(folder / "A.npy", {m, 12, 10}, a);
    write_npy(folder / "flat.npy", {m, 120}, a);
    write_npy(folder / "y.npy", {m}, a * Eigen::Map<const Vector>(truth.data(), 120));
    left = normal_matrix(m, 12, 4), right = normal_matrix(m, 10, 5);
    write_npy(folder / "L.npy", {m, 12}, left);
    write_npy(folder / "R.npy", {m, 10}, right);
    write_npy(folder / "z.npy", {m}, (left * truth).cwiseProduct(right).rowwise().sum());
  }
  std::string file(const std::string& name) const { return folder / name; }
  double error(const std::string& name) const {
    const Array array = read_array(file(name));
    EXPECT_EQ(array.shape, (std::vector<Index>{12, 10}));
    const auto& data = std::get<std::vector<double>>(array.data);
    return (Eigen::Map<const Matrix>(data.data(), 12, 10) - truth).norm() / truth.norm();
  }
};

TEST(SenseProgram, EveryEngineFindsTheMatrix) {
  const Sensing problem(110);
  const std::vector<std::pair<std::string, double>> engines = {
      {"flow", 1e-4}, {"nuclear --relative-gap 1e-8", 1e-2}, {"gd --step-size 1e-2 --tolerance 0.01", 5e-2}};
  for (const auto& [engine, tolerance] : engines) {
    const auto run = run_shell("$RANKFLOW sense " + problem.file("A.npy") + " " + problem.file("y.npy") + " -o " +
                               problem.file("W.npy") + " --json -q --engine " + engine);
    ASSERT_EQ(run.status, 0) << engine << ": " << run.err << run.out;
    const auto object = nlohmann::json::parse(run.out);
    EXPECT_EQ(object["stop"], "converged");
    EXPECT_LT(object["held_out"]["rmse"], 0.2 * object["baseline"]["rmse"].get<double>()) << engine;
    EXPECT_LT(problem.error("W.npy"), tolerance) << engine;
    EXPECT_EQ(object.contains("dual_bound"), engine.starts_with("nuclear"));
  }
}

TEST(SenseProgram, ShapesAreTakenFromTheFileOrFromOptions) {
  const Sensing problem(100);
  const auto flat = run_shell("$RANKFLOW sense " + problem.file("flat.npy") + " " + problem.file("y.npy") +
                              " --rows 12 --columns 10 -q -o " + problem.file("W.npy"));
  ASSERT_EQ(flat.status, 0) << flat.err;
  EXPECT_LT(problem.error("W.npy"), 1e-4);
  const auto rank_one = run_shell("$RANKFLOW sense " + problem.file("z.npy") + " --left " + problem.file("L.npy") +
                                  " --right " + problem.file("R.npy") + " -q -o " + problem.file("V.npy"));
  ASSERT_EQ(rank_one.status, 0) << rank_one.err;
  EXPECT_LT(problem.error("V.npy"), 1e-3);
}

TEST(SenseProgram, AReportIsWritten) {
  const Sensing problem(80);
  const auto run = run_shell("$RANKFLOW sense " + problem.file("A.npy") + " " + problem.file("y.npy") + " --report " +
                             problem.file("report") + " --engine nuclear");
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("Nuclear norm"));
  EXPECT_THAT(test::read_bytes(problem.file("report/report.html")), HasSubstr("</html>"));
  EXPECT_THAT(test::read_bytes(problem.file("report/history.csv")), HasSubstr("nuclear"));
}

TEST(SenseProgram, WhatDoesNotFitTogetherIsRefused) {
  const Sensing problem(30);
  const std::string a = problem.file("A.npy"), y = problem.file("y.npy");
  const auto run = [](const std::string& words) { return run_shell("$RANKFLOW sense -q " + words); };
  const auto no_shape = run(problem.file("flat.npy") + " " + y);
  EXPECT_EQ(no_shape.status, 2);
  EXPECT_THAT(no_shape.err, HasSubstr("--rows"));
  const auto wrong_shape = run(problem.file("flat.npy") + " " + y + " --rows 7 --columns 7");
  EXPECT_EQ(wrong_shape.status, 3);
  EXPECT_THAT(wrong_shape.err, HasSubstr("expected (m, 49)"));
  const auto alone = run(y);
  EXPECT_EQ(alone.status, 2);
  EXPECT_THAT(alone.err, HasSubstr("--left"));
  const auto half = run(y + " --left " + problem.file("L.npy"));
  EXPECT_EQ(half.status, 2);
  test::write_bytes(problem.file("text.npy"), "1,2,3\n");
  const auto text = run(a + " " + problem.file("text.npy"));
  EXPECT_EQ(text.status, 3);
  EXPECT_THAT(text.err, HasSubstr("not a .npy file"));
  write_npy(problem.file("short.npy"), {2}, Matrix::Ones(2, 1));
  const auto counts = run(a + " " + problem.file("short.npy"));
  EXPECT_EQ(counts.status, 3);
  EXPECT_THAT(counts.err, HasSubstr("found 30 measurements, expected 2"));
  const auto broken_depth = run(a + " " + y + " --engine gd --depth 2.5");
  EXPECT_EQ(broken_depth.status, 2);
  EXPECT_THAT(broken_depth.err, HasSubstr("whole number"));
  Matrix nan = Matrix::Ones(30, 1);
  nan(4, 0) = kNaN;
  write_npy(problem.file("nan.npy"), {30}, nan);
  const auto hole = run(a + " " + problem.file("nan.npy"));
  EXPECT_EQ(hole.status, 3);
  EXPECT_THAT(hole.err, HasSubstr("number 4 is nan"));
}

TEST(SenseProgram, ContradictionsAreNotAnAnswer) {
  const Folder folder;
  Matrix a = normal_matrix(6, 4, 1);
  a.row(1) = a.row(0);
  Matrix y = Matrix::Ones(6, 1);
  y(1, 0) = 2;
  write_npy(folder / "A.npy", {6, 2, 2}, a);
  write_npy(folder / "y.npy", {6}, y);
  const auto run =
      run_shell("$RANKFLOW sense -q " + (folder / "A.npy") + " " + (folder / "y.npy") + " --engine nuclear");
  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.out, HasSubstr("tolerance"));
}

}  // namespace
}  // namespace rankflow
