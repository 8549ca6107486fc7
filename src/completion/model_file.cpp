// Kept models as .npz files.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "completion/axis_archive.h"
#include "rankflow/archive.h"
#include "rankflow/completion_model.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

constexpr std::int64_t kFormatVersion = 2;
constexpr const char* kMagic = "rankflow completion model";

void require_finite(const std::string& path, const char* name, const Eigen::Ref<const Eigen::ArrayXd>& values) {
  if (!values.isFinite().all())
    throw InputError(path, std::string("array ") + name + " holds a number that is not finite",
                     "the file is damaged; run complete again");
}

Eigen::Map<const Eigen::ArrayXd> flat(const Matrix& m) {
  return {m.data(), m.size()};
}

}  // namespace

void CompletionModel::write(const std::string& path) const {
  Archive archive;
  archive.set("format", std::string(kMagic));
  archive.set("version", kFormatVersion);
  archive.set("mean", product.mean);
  archive.set("row_bias", product.row_bias);
  archive.set("column_bias", product.column_bias);
  archive.set("u", product.u);
  archive.set("s", product.s);
  archive.set("v", product.v);
  archive.set("column_offset", scaling.offset);
  archive.set("column_scale", scaling.scale);
  archive.set("range", std::vector<double>{low, high});
  archive.set("row_spread", spread.row_spread);
  archive.set("column_spread", spread.column_spread);
  archive.set("row_noise", spread.row_noise);
  archive.set("column_noise", spread.column_noise);
  archive.set("calibration", calibration);
  archive.set("weight_unit", weight_unit);
  archive.set("record", record);
  archive.set("value_title", value_title);
  completion::set_axis(archive, "row", rows);
  completion::set_axis(archive, "column", columns);
  archive.write(path);
}

CompletionModel CompletionModel::read(const std::string& path) {
  return read(Archive::read(path));
}

CompletionModel CompletionModel::read(const Archive& archive) {
  const std::string path = archive.source();
  if (!archive.has("format") || archive.get_text("format") != kMagic)
    throw InputError(path, "this is not a rankflow model", "give the model.npz of `rankflow complete --report DIR`");
  if (const std::int64_t version = archive.get_int("version"); version != kFormatVersion)
    throw InputError(path, "format version " + std::to_string(version) + ", this program reads version " +
                               std::to_string(kFormatVersion));
  CompletionModel model;
  const Index m = archive.get_int("row_size"), n = archive.get_int("column_size");
  if (m < 0 || n < 0) throw InputError(path, "a negative number of rows or columns", "the file is damaged");
  LowRankModel& p = model.product;
  p.mean = archive.get_double("mean");
  p.row_bias = archive.get_vector("row_bias", m);
  p.column_bias = archive.get_vector("column_bias", n);
  p.s = archive.get_vector("s");
  p.u = archive.get_matrix("u", m, p.s.size());
  p.v = archive.get_matrix("v", n, p.s.size());
  model.scaling.offset = archive.get_vector("column_offset");
  model.scaling.scale = archive.get_vector("column_scale", model.scaling.offset.size());
  if (model.scaling.scale.size() != 0 && model.scaling.scale.size() != n)
    throw InputError(path, "column_scale has " + std::to_string(model.scaling.scale.size()) + " numbers for " +
                               std::to_string(n) + " columns");
  const std::vector<double> range = archive.get_doubles("range", 2);
  model.low = range[0];
  model.high = range[1];
  PosteriorSpread& spread = model.spread;
  spread.row_noise = archive.get_vector("row_noise");
  const bool has_spread = spread.row_noise.size() > 0;
  spread.row_noise = archive.get_vector("row_noise", has_spread ? m : 0);
  spread.row_spread = archive.get_vector("row_spread", has_spread ? m : 0);
  spread.column_noise = archive.get_vector("column_noise", has_spread ? n : 0);
  spread.column_spread = archive.get_vector("column_spread", has_spread ? n : 0);
  model.calibration = archive.get_doubles("calibration");
  model.weight_unit = archive.get_double("weight_unit");
  for (const auto& [name, values] : {std::pair{"u", flat(p.u)}, {"v", flat(p.v)}}) require_finite(path, name, values);
  for (const auto& [name, values] : {std::pair<const char*, const Vector*>{"s", &p.s},
                                     {"row_bias", &p.row_bias},
                                     {"column_bias", &p.column_bias},
                                     {"column_offset", &model.scaling.offset},
                                     {"column_scale", &model.scaling.scale},
                                     {"row_noise", &spread.row_noise},
                                     {"row_spread", &spread.row_spread},
                                     {"column_noise", &spread.column_noise},
                                     {"column_spread", &spread.column_spread}})
    require_finite(path, name, values->array());
  const auto refuse = [&](bool bad, const char* what) {
    if (bad) throw InputError(path, what, "the file is damaged; run complete again");
  };
  refuse(!std::isfinite(p.mean) || !std::isfinite(model.low) || !std::isfinite(model.high),
         "array mean or range holds a number that is not finite");
  refuse(std::any_of(model.calibration.begin(), model.calibration.end(),
                     [](double x) { return !(x >= 0) || !std::isfinite(x); }),
         "array calibration holds a number that is negative or not finite");
  refuse(!(model.weight_unit > 0) || !std::isfinite(model.weight_unit), "weight_unit is not a positive number");
  refuse((model.scaling.scale.array() <= 0).any(), "array column_scale holds a number that is not positive");
  refuse((spread.row_noise.array() < 0).any() || (spread.column_noise.array() < 0).any() ||
             (spread.row_spread.array() < 0).any() || (spread.column_spread.array() < 0).any(),
         "a variance is negative");
  if (!std::is_sorted(model.calibration.begin(), model.calibration.end()))
    throw InputError(path, "array calibration is not ascending", "the file is damaged; run complete again");
  model.record = archive.get_text("record");
  model.value_title = archive.get_text("value_title");
  model.rows = completion::get_axis(archive, "row", m);
  model.columns = completion::get_axis(archive, "column", n);
  return model;
}

}  // namespace rankflow
