// Everything that decides what one run does: its data, its measurements, its model and its engine.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experiment/images/image_options.h"
#include "experiment/tensor/tensor_options.h"
#include "rankflow/deep_factorization.h"
#include "rankflow/descent.h"
#include "rankflow/flow.h"
#include "rankflow/grow.h"
#include "rankflow/matrix_problem.h"
#include "rankflow/nuclear_norm.h"
#include "rankflow/options.h"

namespace rankflow::experiment {

enum class DataKind {
  low_rank,  // U V^T / sqrt(r), U and V standard normal, scaled to a Frobenius norm
  spectrum,  // Q diag(values) Q^T, or Q diag(values) P^T
  corner,    // all entries but one are known, and they say nothing about its size
  images,    // labelled images as cells of a tensor with a mode for each pixel
  file,      // a dense table, or a list of observations
  // tensors:
  cp,     // a sum of outer products of standard normal vectors, scaled to a Frobenius norm
  tree,   // a hierarchical factorization of standard normal matrices, scaled likewise
  array,  // a file
};
inline bool is_tensor(DataKind kind) {
  return kind == DataKind::cp || kind == DataKind::tree || kind == DataKind::array;
}
inline bool is_file(DataKind kind) {
  return kind == DataKind::file || kind == DataKind::array;
}

struct DataOptions {
  DataKind kind = DataKind::low_rank;
  Index rows = 100, columns = 100;
  Index rank = 5;
  double norm = 100;       // Frobenius
  bool symmetric = false;  // low_rank: V = U. spectrum: P = Q
  std::string values;      // spectrum: "10 5 1", the others are 0
  bool rotated = true;     // spectrum: Q random orthogonal; no = the identity
  double noise = 0;        // standard deviation of what is added to what is observed
  double z = 1, z_prime = 1, epsilon = 0;
  Index hole_row = 0, hole_column = 0;
  ImageOptions images;
  std::string path, positions;
  Index observations = 0;  // of a list: the first so many are learned from, the others test; 0 = all
  Index most_rows = 0, most_columns = 0;
  TensorDataOptions tensor;
  std::uint64_t seed = 0;
};

enum class MeasurementKind { entries, gaussian, rank_one, full };

struct ProblemOptions {
  MeasurementKind measurement = MeasurementKind::entries;
  Index count = 0;       // 0 = all entries that are known
  double deviation = 0;  // of a measuring matrix's entries; 0 = 1 / sqrt(rows columns)
  MatrixLoss loss;
  TensorLoss tensor_loss;
  std::uint64_t seed = 0;
};

enum class ModelKind { matrix, cp, tree };

struct ModelOptions {
  ModelKind kind = ModelKind::matrix;
  double depth = 3;
  Index hidden_width = 0;
  ImageModelOptions images;
  InitializationOptions start;
  TensorModelOptions tensor;
};

enum class EngineKind { descent, flow, nuclear_norm, greedy, grow };
enum class ScalarKind { double_precision, single_precision };

/// Greedy low-rank learning (Li, Luo, Lyu 2021): columns are added to the factors one at a time.
struct GreedyOptions {
  double column_size = 1e-6;    // square of the norm of a column that enters
  double gradient_share = 0.5;  // of the gradient at its begin: where a phase ends
  Index max_rank = 0;           // 0 = as far as the loss asks
};

/// The gradient flow of the end matrix, with its times.
struct FlowRunOptions {
  FlowOptions flow;
  double loss_tolerance = 1e-6;  // ends at the first record at which the loss is at or below it
  double record_time = 0;        // time between records; 0 = every step
};

struct EngineOptions {
  EngineKind kind = EngineKind::descent;
  ScalarKind scalar = ScalarKind::double_precision;
  std::string instruments;  // names separated by blanks
  DescentOptions descent;   // greedy uses them in each phase
  NuclearNormOptions nuclear_norm;
  /// Descent on images.
  BatchOptions batches{.step_size = 5e-4, .batch = 5000};
  FlowRunOptions flow;
  GreedyOptions greedy;
  CpWindowOptions windows;  // descent on CP factorizations
  GrowOptions grow;
};

struct RunConfig {
  DataOptions data;
  ProblemOptions problem;
  ModelOptions model;
  EngineOptions engine;
};

bool is_tensor(const RunConfig& config);
/// May negligible components wait (entries, an optimizer with one step for all)?
bool takes_windows(const RunConfig& config);

/// The options that matter for a run of these kinds, with their dotted names: "data.rank", "engine.step_size". What
/// says the kind comes first.
std::vector<OptionField> fields(RunConfig& config);
/// Every dotted name that some kind knows, and "seed".
const std::vector<std::string>& known_keys();
/// Completes "depth" to "model.depth". Empty if no key ends so, or several do.
std::string full_key(const std::string& key);
/// Combinations that no single range forbids. Throws OptionError.
void check(const RunConfig& config);

}  // namespace rankflow::experiment
