// The option tables of a run: one list of names for files, the command line and records.
// SPDX-License-Identifier: Apache-2.0
#include "experiment/run_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiment/images/image_run.h"
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

Fields shape_fields(DataOptions& o) {
  return {field("rows", o.rows, Range{1, 1e6}, "rows of the matrix"),
          field("columns", o.columns, Range{1, 1e6}, "columns of the matrix"),
          field("noise", o.noise, Range{0, 1e12}, "standard deviation of the noise on what is observed"),
          field("seed", o.seed, "seed of the data; the study's seed unless given")};
}

Fields fields(DataOptions& o) {
  Fields list = {choice("kind", o.kind,
                        {{"low_rank", DataKind::low_rank},
                         {"spectrum", DataKind::spectrum},
                         {"images", DataKind::images},
                         {"corner", DataKind::corner},
                         {"file", DataKind::file}},
                        "where the unknown matrix comes from")};
  const auto add = [&list](Fields more) { std::move(more.begin(), more.end(), std::back_inserter(list)); };
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
  }
  return list;
}

Fields fields(ProblemOptions& o) {
  Fields list = {choice("measurement", o.measurement,
                        {{"entries", MeasurementKind::entries},
                         {"gaussian", MeasurementKind::gaussian},
                         {"rank_one", MeasurementKind::rank_one},
                         {"full", MeasurementKind::full}},
                        "what is known of the matrix"),
                 choice("normalization", o.loss.normalization,
                        {{"mean", Normalization::mean}, {"half_sum", Normalization::half_sum}},
                        "mean of squares, or half their sum; learning rates depend on it"),
                 choice("penalty", o.loss.penalty, {{"squared", Penalty::squared}, {"huber", Penalty::huber}},
                        "what a residual costs"),
                 field("delta", o.loss.delta, Range{0, kMany, true}, "huber: where squares end")};
  if (o.measurement == MeasurementKind::full) return list;
  list.push_back(field("count", o.count, Range{0, kMany}, "measurements; 0 = all entries that are known"));
  list.push_back(field("seed", o.seed, "seed of the choice of measurements; the study's seed unless given"));
  if (o.measurement != MeasurementKind::entries)
    list.push_back(field("deviation", o.deviation, Range{0, kMany},
                         "standard deviation of the measuring numbers; 0 = gaussian 1/sqrt(rows columns), rank_one 1"));
  return list;
}

Fields fields(ModelOptions& o) {
  Fields list = {field("depth", o.depth, Range{1, 1e3}, "factors of the product; the flow takes any number above 1"),
                 field("hidden_width", o.hidden_width, Range{0, 1e6}, "0 = the smaller side of the matrix")};
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

Fields fields(EngineOptions& o) {
  Fields list = {
      choice("kind", o.kind,
             {{"descent", EngineKind::descent},
              {"flow", EngineKind::flow},
              {"nuclear_norm", EngineKind::nuclear_norm},
              {"greedy", EngineKind::greedy}},
             "gradient descent on the factors, the flow of their product, the least nuclear norm, or "
             "columns that enter one at a time"),
      field("instruments", o.instruments, "list of names", "what is recorded besides iteration, time, loss")};
  const auto add = [&list](Fields more) { std::move(more.begin(), more.end(), std::back_inserter(list)); };
  if (o.kind == EngineKind::descent)
    add({choice("scalar", o.scalar, {{"double", ScalarKind::double_precision}, {"float", ScalarKind::single_precision}},
                "numbers inside the engine")});
  if (o.kind == EngineKind::descent || o.kind == EngineKind::greedy) add(rankflow::fields(o.descent));
  if (o.kind == EngineKind::greedy) add(fields(o.greedy));
  if (o.kind == EngineKind::nuclear_norm) add(rankflow::fields(o.nuclear_norm));
  if (o.kind == EngineKind::flow) add(fields(o.flow));
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
  append(list, fields(config.problem), "problem");
  append(list, fields(config.engine), "engine");
  if (config.engine.kind == EngineKind::descent || config.engine.kind == EngineKind::flow)
    append(list, fields(config.model), "model");
  return list;
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
  if (kind == EngineKind::descent) {
    rankflow::check(config.engine.descent);
    if (config.model.depth != std::floor(config.model.depth))
      throw OptionError(
          fmt::format("model.depth = {}: gradient descent needs a whole number of factors", config.model.depth),
          "engine.kind = \"flow\" takes any depth above 1");
  }
  if (kind == EngineKind::flow && config.model.depth <= 1)
    throw OptionError(fmt::format("model.depth = {}: the flow needs a depth above 1", config.model.depth));
  if (config.data.kind == DataKind::file && config.data.path.empty())
    throw OptionError("data.path is missing: data of kind file need one");
  check_sizes(config);
  if (config.data.kind == DataKind::spectrum && config.data.symmetric && config.data.rows != config.data.columns)
    throw OptionError("data.symmetric = true: rows and columns have to be equal");
}

}  // namespace rankflow::experiment
