// The option tables of a run: one list of names for files, the command line and records.
// SPDX-License-Identifier: Apache-2.0
#include "experiment/run_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiment/images/image_run.h"
#include "experiment/tensor/tensor_run.h"
#include "rankflow/error.h"

namespace rankflow::experiment {
namespace {

using Fields = std::vector<OptionField>;

constexpr double kMany = 1e12;

void append(Fields& to, Fields from, const std::string& section) {
  for (OptionField& field : from) {
    field.name = section + "." + field.name;
    to.push_back(std::move(field));
  }
}

void add_to(Fields& list, Fields more) {
  std::move(more.begin(), more.end(), std::back_inserter(list));
}

Fields shape_fields(DataOptions& o) {
  return {field("rows", o.rows, Range{1, 1e6}, "rows of the matrix"),
          field("columns", o.columns, Range{1, 1e6}, "columns of the matrix"),
          field("noise", o.noise, Range{0, 1e12}, "standard deviation of the noise on what is observed"),
          field("seed", o.seed, "seed of the data; the study's seed unless given")};
}

Fields noise_fields(DataOptions& o) {
  return {field("noise", o.noise, Range{0, kMany}, "standard deviation of the noise on what is observed"),
          field("seed", o.seed, "seed of the data; the study's seed unless given")};
}

Fields fields(DataOptions& o) {
  Fields list = {choice("kind", o.kind,
                        {{"low_rank", DataKind::low_rank},
                         {"spectrum", DataKind::spectrum},
                         {"images", DataKind::images},
                         {"corner", DataKind::corner},
                         {"file", DataKind::file},
                         {"cp", DataKind::cp},
                         {"tree", DataKind::tree},
                         {"array", DataKind::array}},
                        "where the unknown matrix or tensor comes from")};
  const auto add = [&list](Fields more) { add_to(list, std::move(more)); };
  switch (o.kind) {
    case DataKind::low_rank:
      add(shape_fields(o));
      add({field("rank", o.rank, Range{1, 1e6}, "rank of the matrix"),
           field("norm", o.norm, Range{0, kMany, true}, "its Frobenius norm"),
           field("symmetric", o.symmetric, "U U^T in place of U V^T")});
      break;
    case DataKind::spectrum:
      add(shape_fields(o));
      add({field("values", o.values, "numbers", "singular values, or eigenvalues if symmetric; the others are 0"),
           field("symmetric", o.symmetric, "the same singular vectors on both sides; values may be negative"),
           field("rotated", o.rotated, "random orthogonal singular vectors; no = the unit vectors")});
      break;
    case DataKind::images:
      add({field("path", o.path, "folder", "has the four files of a set of images, named as those of MNIST"),
           field("seed", o.seed, "seed of controls, batches and the start; the study's seed unless given")});
      add(rankflow::experiment::fields(o.images));
      break;
    case DataKind::corner:
      add(shape_fields(o));
      add({field("z", o.z, Range{}, "the entry right of the hole"),
           field("z_prime", o.z_prime, Range{}, "the entry below the hole"),
           field("epsilon", o.epsilon, Range{}, "the entry across from the hole; further ones on the diagonal are 1"),
           field("hole_row", o.hole_row, Range{0, 1e6}, "row of the unknown entry"),
           field("hole_column", o.hole_column, Range{0, 1e6}, "column of the unknown entry")});
      break;
    case DataKind::file:
      add({field("path", o.path, "file", "dense table or list of observations"),
           field("positions", o.positions, "file", "pairs that are observed of a dense table; empty = all its entries"),
           field("observations", o.observations, Range{0, kMany},
                 "of a list, the first so many are learned from and the others test; 0 = all are learned from"),
           field("most_rows", o.most_rows, Range{0, kMany}, "only the rows with most observations; 0 = all"),
           field("most_columns", o.most_columns, Range{0, kMany}, "only the columns with most observations; 0 = all"),
           field("noise", o.noise, Range{0, kMany}, "standard deviation of the noise on what is observed"),
           field("seed", o.seed, "seed of the noise; the study's seed unless given")});
      break;
    case DataKind::cp:
      add(cp_data_fields(o.tensor));
      add(noise_fields(o));
      break;
    case DataKind::tree:
      add(tree_data_fields(o.tensor));
      add(noise_fields(o));
      break;
    case DataKind::array:
      add({field("path", o.path, "file", "an array of any order")});
      add(noise_fields(o));
  }
  return list;
}

Fields matrix_loss_fields(MatrixLoss& loss) {
  return {choice("normalization", loss.normalization,
                 {{"mean", Normalization::mean}, {"half_sum", Normalization::half_sum}},
                 "mean of squares, or half their sum; learning rates depend on it"),
          choice("penalty", loss.penalty, {{"squared", Penalty::squared}, {"huber", Penalty::huber}},
                 "what a residual costs"),
          field("delta", loss.delta, Range{0, kMany, true}, "huber: where squares end")};
}

Fields fields(ProblemOptions& o, bool tensor) {
  std::vector<std::pair<std::string, MeasurementKind>> kinds = {{"entries", MeasurementKind::entries},
                                                                {"gaussian", MeasurementKind::gaussian},
                                                                {"rank_one", MeasurementKind::rank_one}};
  if (!tensor) kinds.emplace_back("full", MeasurementKind::full);
  Fields list = {choice("measurement", o.measurement, kinds, "what is known of the matrix or tensor")};
  for (OptionField& option : tensor ? loss_fields(o.tensor_loss) : matrix_loss_fields(o.loss))
    list.push_back(std::move(option));
  if (o.measurement == MeasurementKind::full) return list;
  list.push_back(field("count", o.count, Range{0, kMany}, "measurements; 0 = all entries that are known"));
  list.push_back(field("seed", o.seed, "seed of the choice of measurements; the study's seed unless given"));
  if (o.measurement != MeasurementKind::entries)
    list.push_back(
        field("deviation", o.deviation, Range{0, kMany},
              "standard deviation of the measuring numbers; 0 = gaussian 1/sqrt(cells), rank_one 1 for matrices "
              "and cells^(-1/2N) for tensors of order N"));
  return list;
}

Fields fields(ModelOptions& o, EngineKind engine) {
  Fields list = {choice("kind", o.kind,
                        {{"matrix", ModelKind::matrix}, {"cp", ModelKind::cp}, {"tree", ModelKind::tree}},
                        "a product of matrices, a sum of outer products, or a hierarchical factorization")};
  if (engine == EngineKind::grow) {
    if (o.kind == ModelKind::tree) add_to(list, growing_tree_fields(o.tensor));
    list.push_back(field("seed", o.tensor.start.seed, "seed of the start; the study's seed unless given"));
    return list;
  }
  if (o.kind == ModelKind::cp) add_to(list, cp_model_fields(o.tensor));
  if (o.kind == ModelKind::tree) add_to(list, tree_model_fields(o.tensor));
  if (o.kind != ModelKind::matrix) return list;
  add_to(list, {field("depth", o.depth, Range{1, 1e3}, "factors of the product; the flow takes any number above 1"),
                field("hidden_width", o.hidden_width, Range{0, 1e6}, "0 = the smaller side of the matrix")});
  for (OptionField& option : rankflow::fields(o.start)) list.push_back(std::move(option));
  return list;
}

Fields fields(GreedyOptions& o) {
  return {field("column_size", o.column_size, Range{0, 1, true}, "square of the norm of a column that enters"),
          field("gradient_share", o.gradient_share, Range{0, 1, true, true},
                "a phase ends when the factors' gradient is below this share of what it was when the column entered"),
          field("max_rank", o.max_rank, Range{0, 1e6}, "columns at most; 0 = as many as the loss asks for")};
}

// Of the flow's options those that its faithful motion from a given start looks at.
Fields fields(FlowRunOptions& o) {
  Fields list;
  for (OptionField& option : rankflow::fields(o.flow))
    for (const char* name :
         {"weight_decay", "tolerance", "max_iterations", "max_seconds", "max_time", "path_tolerance"})
      if (option.name == name) list.push_back(option);
  list.push_back(field("loss_tolerance", o.loss_tolerance, Range{0, kMany},
                       "the flow ends at the first record at which the loss is at or below it"));
  list.push_back(field("record_time", o.record_time, Range{0, kMany}, "time between records; 0 = every step"));
  return list;
}

// Everything but the seed, which is the model's.
Fields growth_fields(GrowOptions& o) {
  Fields list = rankflow::fields(o);
  std::erase_if(list, [](const OptionField& option) { return option.name == "seed"; });
  return list;
}

Fields fields(EngineOptions& o) {
  Fields list = {
      choice("kind", o.kind,
             {{"descent", EngineKind::descent},
              {"flow", EngineKind::flow},
              {"nuclear_norm", EngineKind::nuclear_norm},
              {"greedy", EngineKind::greedy},
              {"grow", EngineKind::grow}},
             "gradient descent on the factors, the flow of their product, the least nuclear norm, "
             "columns that enter one at a time, or a factorization of a tensor that grows"),
      field("instruments", o.instruments, "list of names", "what is recorded besides iteration, time, loss")};
  const auto add = [&list](Fields more) { add_to(list, std::move(more)); };
  if (o.kind == EngineKind::descent)
    add({choice("scalar", o.scalar, {{"double", ScalarKind::double_precision}, {"float", ScalarKind::single_precision}},
                "numbers inside the engine")});
  if (o.kind == EngineKind::descent || o.kind == EngineKind::greedy) add(rankflow::fields(o.descent));
  if (o.kind == EngineKind::greedy) add(fields(o.greedy));
  if (o.kind == EngineKind::nuclear_norm) add(rankflow::fields(o.nuclear_norm));
  if (o.kind == EngineKind::flow) add(fields(o.flow));
  if (o.kind == EngineKind::grow) add(growth_fields(o.grow));
  return list;
}

// The kind is there to be refused where it is another; the seed is that of the data.
Fields batch_fields(EngineOptions& o) {
  Fields list = {choice("kind", o.kind, {{"descent", EngineKind::descent}}, "descent in mini-batches")};
  for (OptionField& option : rankflow::fields(o.batches))
    if (option.name != "seed") list.push_back(std::move(option));
  return list;
}

std::vector<std::string> collect_keys() {
  std::vector<std::string> keys = {"seed"};
  const auto add = [&keys](RunConfig config) {
    for (const OptionField& field : fields(config))
      if (std::find(keys.begin(), keys.end(), field.name) == keys.end()) keys.push_back(field.name);
  };
  for (const DataKind kind :
       {DataKind::low_rank, DataKind::spectrum, DataKind::images, DataKind::corner, DataKind::file}) {
    RunConfig config;
    config.data.kind = kind;
    add(config);
  }
  for (const MeasurementKind kind : {MeasurementKind::gaussian, MeasurementKind::rank_one}) {
    RunConfig config;
    config.problem.measurement = kind;
    add(config);
  }
  for (const EngineKind kind : {EngineKind::flow, EngineKind::nuclear_norm, EngineKind::greedy}) {
    RunConfig config;
    config.engine.kind = kind;
    add(config);
  }
  for (const DataKind kind : {DataKind::cp, DataKind::tree, DataKind::array}) {
    RunConfig config;
    config.data.kind = kind;
    config.model.kind = kind == DataKind::tree ? ModelKind::tree : ModelKind::cp;
    add(config);
    config.engine.kind = EngineKind::grow;
    add(config);
  }
  return keys;
}

// Of a file the sizes are known when it was read.
void check_sizes(const RunConfig& config) {
  const DataOptions& data = config.data;
  if (data.kind == DataKind::file) return;
  if (data.kind == DataKind::low_rank && data.rank > std::min(data.rows, data.columns))
    throw OptionError(fmt::format("data.rank = {}: a matrix of {} x {} has at most rank {}", data.rank, data.rows,
                                  data.columns, std::min(data.rows, data.columns)));
  const Index known = data.rows * data.columns - (data.kind == DataKind::corner ? 1 : 0);
  if (config.problem.measurement == MeasurementKind::entries && config.problem.count > known)
    throw OptionError(fmt::format("problem.count = {}: only {} entries are known", config.problem.count, known));
}

// Matrices and tensors have models and engines of their own.
void check_kinds(const RunConfig& config) {
  const EngineKind engine = config.engine.kind;
  const bool tensor = is_tensor(config), moved = engine == EngineKind::descent || engine == EngineKind::grow;
  if (tensor && !moved)
    throw OptionError("engine.kind: the data are a tensor", "descent and grow move factorizations of tensors");
  if (tensor && config.model.kind == ModelKind::matrix)
    throw OptionError("model.kind = matrix: the data are a tensor", "model.kind is \"cp\" or \"tree\"");
  if (!tensor && (engine == EngineKind::grow || config.model.kind != ModelKind::matrix))
    throw OptionError("model.kind, engine.kind: growing, cp and tree factorizations need the data of a tensor",
                      "data.kind is \"cp\", \"tree\" or \"array\"");
}

}  // namespace

std::vector<OptionField> fields(RunConfig& config) {
  Fields list;
  if (config.data.kind == DataKind::images) {  // one model, one engine, and nothing to choose about the problem
    append(list, fields(config.data), "data");
    append(list, batch_fields(config.engine), "engine");
    append(list, rankflow::experiment::fields(config.model.images), "model");
    return list;
  }
  append(list, fields(config.data), "data");
  append(list, fields(config.problem, is_tensor(config)), "problem");
  append(list, fields(config.engine), "engine");
  if (takes_windows(config)) append(list, window_fields(config.engine.windows), "engine");
  const EngineKind engine = config.engine.kind;
  if (engine == EngineKind::descent || engine == EngineKind::flow || engine == EngineKind::grow)
    append(list, fields(config.model, engine), "model");
  return list;
}

bool is_tensor(const RunConfig& config) {
  return is_tensor(config.data.kind);
}

bool takes_windows(const RunConfig& config) {
  const Optimizer optimizer = config.engine.descent.optimizer;
  return is_tensor(config) && config.engine.kind == EngineKind::descent && config.model.kind == ModelKind::cp &&
         config.problem.measurement == MeasurementKind::entries && optimizer != Optimizer::momentum &&
         optimizer != Optimizer::adam;
}

const std::vector<std::string>& known_keys() {
  static const std::vector<std::string> keys = collect_keys();
  return keys;
}

std::string full_key(const std::string& key) {
  std::string found;
  for (const std::string& known : known_keys()) {
    if (known == key) return known;
    if (known.size() > key.size() && known.ends_with("." + key)) {
      if (!found.empty()) return "";
      found = known;
    }
  }
  return found;
}

void check(const RunConfig& config) {
  if (config.data.kind == DataKind::images) return check_images(config);
  const EngineKind kind = config.engine.kind;
  if (is_file(config.data.kind) && config.data.path.empty())
    throw OptionError("data.path is missing: data of kind file or array need one");
  check_kinds(config);
  if (is_tensor(config)) return check_tensor_run(config);
  if (kind == EngineKind::descent) {
    rankflow::check(config.engine.descent);
    if (config.model.depth != std::floor(config.model.depth))
      throw OptionError(
          fmt::format("model.depth = {}: gradient descent needs a whole number of factors", config.model.depth),
          "engine.kind = \"flow\" takes any depth above 1");
  }
  if (kind == EngineKind::flow && config.model.depth <= 1)
    throw OptionError(fmt::format("model.depth = {}: the flow needs a depth above 1", config.model.depth));
  check_sizes(config);
  if (config.data.kind == DataKind::spectrum && config.data.symmetric && config.data.rows != config.data.columns)
    throw OptionError("data.symmetric = true: rows and columns have to be equal");
}

}  // namespace rankflow::experiment
