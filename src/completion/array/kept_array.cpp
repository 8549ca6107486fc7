// Kept models of arrays as .npz files.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/kept_array.h"

#include "completion/array/predictor_kinds.h"
#include "completion/axis_archive.h"
#include "rankflow/dense_array.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

constexpr std::int64_t kFormatVersion = 1;
constexpr const char* kMagic = "rankflow array model";
constexpr Index kMostModes = 1000;

std::string mode_name(Index mode) {
  return "mode_" + std::to_string(mode + 1);
}

// The average over one mode after the other; `index` is that of a cell once no position is -1.
double average_from(const ArrayPredictor& predictor, std::vector<std::int32_t>& index, std::span<const Index> shape,
                    std::size_t mode) {
  while (mode < index.size() && index[mode] >= 0) ++mode;
  if (mode == index.size()) return predictor.predict(index);
  double sum = 0;
  for (Index i = 0; i < shape[mode]; ++i) {
    index[mode] = static_cast<std::int32_t>(i);
    sum += average_from(predictor, index, shape, mode + 1);
  }
  index[mode] = -1;
  return sum / static_cast<double>(shape[mode]);
}

}  // namespace

double ArrayPredictor::average(std::span<const std::int32_t> index, std::span<const Index> shape) const {
  std::vector<std::int32_t> at(index.begin(), index.end());
  return average_from(*this, at, shape, 0);
}

std::vector<Index> KeptArray::shape() const {
  std::vector<Index> sizes;
  for (const Axis& mode : modes) sizes.push_back(mode.size());
  return sizes;
}

void KeptArray::write(const std::string& path) const {
  RANKFLOW_ASSERT(predictor != nullptr, "there is no model to keep");
  Archive archive;
  predictor->save(archive);
  archive.set("format", std::string(kMagic));
  archive.set("version", kFormatVersion);
  archive.set("shape", std::vector<std::int64_t>(shape()));
  for (Index n = 0; n < static_cast<Index>(modes.size()); ++n)
    completion::set_axis(archive, mode_name(n), modes[static_cast<std::size_t>(n)]);
  archive.set("value_title", value_title);
  archive.set("record", record);
  archive.write(path);
}

bool KeptArray::is_one(const Archive& archive) {
  return archive.has("format") && archive.get_text("format") == kMagic;
}

KeptArray KeptArray::read(const std::string& path) {
  return read(Archive::read(path));
}

KeptArray KeptArray::read(const Archive& archive) {
  if (!is_one(archive))
    throw InputError(archive.source(), "this is not a rankflow model of an array",
                     "give the model.npz of `rankflow complete --report DIR`");
  if (const std::int64_t version = archive.get_int("version"); version != kFormatVersion)
    throw InputError(archive.source(), "format version " + std::to_string(version) + ", this program reads version " +
                                           std::to_string(kFormatVersion));
  const std::vector<std::int64_t> sizes = archive.get_ints("shape");
  if (sizes.empty() || static_cast<Index>(sizes.size()) > kMostModes)
    throw InputError(archive.source(), std::to_string(sizes.size()) + " modes", "the file is damaged");
  KeptArray model;
  for (Index n = 0; n < static_cast<Index>(sizes.size()); ++n) {
    if (sizes[static_cast<std::size_t>(n)] < 1)
      throw InputError(archive.source(), "a mode without indices", "the file is damaged");
    if (archive.get_int(mode_name(n) + "_size") != sizes[static_cast<std::size_t>(n)])
      throw InputError(archive.source(), "the names of mode " + std::to_string(n + 1) + " do not fit its size",
                       "the file is damaged; run complete again");
    model.modes.push_back(completion::get_axis(archive, mode_name(n), sizes[static_cast<std::size_t>(n)]));
  }
  model.value_title = archive.get_text("value_title");
  model.record = archive.get_text("record");
  model.predictor = completion::read_predictor(archive, model.shape());
  return model;
}

}  // namespace rankflow
