// A lower level never includes a higher one: the sources are read and every include is looked at.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>

namespace rankflow {
namespace {

namespace fs = std::filesystem;

// The list of CONTRIBUTING.md. data and problem stand beside each other, and problem may look at tables.
const std::map<std::string, int> kLevels = {{"base", 0},       {"linalg", 1}, {"data", 2},       {"problem", 3},
                                            {"model", 4},      {"solver", 5}, {"instrument", 6}, {"completion", 7},
                                            {"experiment", 8}, {"report", 9}, {"cli", 10}};

// The level that each public header belongs to: the one that implements it. A new header needs a line here.
const std::map<std::string, std::string> kHomes = {{"types.h", "base"},
                                                   {"error.h", "base"},
                                                   {"options.h", "base"},
                                                   {"rng.h", "base"},
                                                   {"interval.h", "base"},
                                                   {"archive.h", "data"},
                                                   {"cell_writer.h", "data"},
                                                   {"read.h", "data"},
                                                   {"read_cells.h", "data"},
                                                   {"summary.h", "data"},
                                                   {"table.h", "data"},
                                                   {"write.h", "data"},
                                                   {"centering.h", "problem"},
                                                   {"observations.h", "problem"},
                                                   {"low_rank_model.h", "model"},
                                                   {"fit.h", "solver"},
                                                   {"flow.h", "solver"},
                                                   {"flow_problem.h", "solver"},
                                                   {"scalar_law.h", "solver"},
                                                   {"rank_window.h", "solver"},
                                                   {"posterior.h", "solver"},
                                                   {"complete.h", "completion"},
                                                   {"completion_model.h", "completion"},
                                                   {"report.h", "report"},
                                                   {"matrix_problem.h", "problem"},
                                                   {"deep_factorization.h", "model"},
                                                   {"snapshot.h", "solver"},
                                                   {"descent.h", "solver"},
                                                   {"nuclear_norm.h", "solver"},
                                                   {"soft_impute.h", "solver"},
                                                   {"sense.h", "completion"},
                                                   {"instrument.h", "instrument"},
                                                   {"trajectory.h", "instrument"},
                                                   {"read_tensor.h", "data"},
                                                   {"join_tensors.h", "data"},
                                                   {"write_tensor.h", "data"},
                                                   {"tensor_summary.h", "data"},
                                                   {"tensor.h", "data"},
                                                   {"tensor_problem.h", "problem"},
                                                   {"cp_factorization.h", "model"},
                                                   {"mode_tree.h", "model"},
                                                   {"tree_factorization.h", "model"},
                                                   {"tensor_descent.h", "solver"},
                                                   {"tensor_snapshot.h", "solver"},
                                                   {"tensor_instrument.h", "instrument"},
                                                   {"choose_tree.h", "solver"},
                                                   {"tree_ranks.h", "model"},
                                                   {"network.h", "model"},
                                                   {"dense_array.h", "problem"},
                                                   {"tensor_effects.h", "problem"},
                                                   {"batch_problem.h", "problem"},
                                                   {"batch_descent.h", "solver"},
                                                   {"tensor_parts.h", "problem"},
                                                   {"array_intervals.h", "problem"},
                                                   {"overlap.h", "solver"},
                                                   {"grow.h", "solver"},
                                                   {"grow_cp.h", "solver"},
                                                   {"generalized_cp.h", "solver"},
                                                   {"list_cp.h", "solver"},
                                                   {"grow_tree.h", "solver"},
                                                   {"complete_array.h", "completion"},
                                                   {"array_descent.h", "completion"},
                                                   {"unfolded_matrix.h", "solver"},
                                                   {"kept_array.h", "completion"}};

const fs::path kSources = fs::path(RANKFLOW_SOURCE_FOLDER) / "src";
const fs::path kHeaders = fs::path(RANKFLOW_SOURCE_FOLDER) / "include" / "rankflow";

std::string first_folder(const std::string& path) {
  return path.substr(0, path.find('/'));
}

// The level of an included file; nullopt for files that are not the project's (or are made while building).
std::optional<std::string> level_of(const std::string& included) {
  const std::string folder = first_folder(included);
  if (folder == "rankflow") {
    const auto home = kHomes.find(included.substr(folder.size() + 1));
    return home == kHomes.end() ? std::nullopt : std::optional(home->second);
  }
  return kLevels.count(folder) > 0 ? std::optional(folder) : std::nullopt;
}

// Checks every include of a file that belongs to `level`; returns how many it looked at.
int check_file(const fs::path& path, const std::string& level) {
  std::ifstream file(path);
  int looked_at = 0, number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.rfind("#include \"", 0) != 0) continue;
    const std::string included = line.substr(10, line.rfind('"') - 10);
    const std::optional<std::string> other = level_of(included);
    EXPECT_TRUE(other) << path.string() << ":" << number << ": " << included << " belongs to no level";
    if (!other) continue;
    ++looked_at;
    EXPECT_LE(kLevels.at(*other), kLevels.at(level)) << path.string() << ":" << number << ": " << level << " includes "
                                                     << included << ", which belongs to " << *other;
  }
  return looked_at;
}

TEST(Levels, NoSourceIncludesAHigherLevel) {
  int looked_at = 0;
  for (const auto& entry : fs::recursive_directory_iterator(kSources)) {
    const std::string ending = entry.path().extension();
    if (ending != ".h" && ending != ".cpp") continue;
    const std::string level = first_folder(fs::relative(entry.path(), kSources).string());
    ASSERT_TRUE(kLevels.count(level) > 0) << "src/" << level << " is not in the list of levels (CONTRIBUTING.md)";
    looked_at += check_file(entry.path(), level);
  }
  EXPECT_GT(looked_at, 100);  // the sources were found
}

TEST(Levels, NoPublicHeaderIncludesAHigherLevel) {
  for (const auto& entry : fs::directory_iterator(kHeaders)) {
    const std::string name = entry.path().filename();
    ASSERT_TRUE(kHomes.count(name) > 0) << "include/rankflow/" << name << " needs a level in kHomes";
    check_file(entry.path(), kHomes.at(name));
  }
}

TEST(Levels, EveryPublicHeaderOfTheListExists) {
  for (const auto& [name, level] : kHomes) EXPECT_TRUE(fs::exists(kHeaders / name)) << name << " of " << level;
}

}  // namespace
}  // namespace rankflow
