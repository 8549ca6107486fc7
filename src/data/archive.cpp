// Typed access to named arrays; a file's arrays are checked before they are believed.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/archive.h"

#include <fmt/format.h>

#include "data/npz.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

std::string shape_text(const std::vector<Index>& shape) {
  std::string text;
  for (const Index extent : shape) text += fmt::format("{}{}", text.empty() ? "" : " x ", extent);
  return shape.empty() ? "a single value" : text;
}

std::string extent_text(Index extent) {
  return extent < 0 ? "any" : fmt::format("{}", extent);
}

template <class T>
const char* type_word();
template <>
const char* type_word<double>() {
  return "float64";
}
template <>
const char* type_word<float>() {
  return "float32";
}
template <>
const char* type_word<std::int64_t>() {
  return "int64";
}
template <>
const char* type_word<std::int32_t>() {
  return "int32";
}
template <>
const char* type_word<std::uint8_t>() {
  return "uint8";
}
template <>
const char* type_word<std::string>() {
  return "text";
}

const char* type_of(const Array& array) {
  return std::visit([]<class T>(const std::vector<T>&) { return type_word<T>(); }, array.data);
}

template <class T>
Array vector_array(const std::vector<T>& value) {
  return {{static_cast<Index>(value.size())}, value};
}

template <class T>
Array matrix_array(const MatrixOf<T>& value) {
  return {{value.rows(), value.cols()}, std::vector<T>(value.data(), value.data() + value.size())};
}

}  // namespace

Index Array::size() const {
  return std::visit([](const auto& items) { return static_cast<Index>(items.size()); }, data);
}

void Archive::set(const std::string& name, const Matrix& value) {
  set(name, matrix_array(value));
}
void Archive::set(const std::string& name, const MatrixOf<float>& value) {
  set(name, matrix_array(value));
}
void Archive::set(const std::string& name, const Vector& value) {
  set(name, Array{{value.size()}, std::vector<double>(value.data(), value.data() + value.size())});
}
void Archive::set(const std::string& name, double value) {
  set(name, Array{{}, std::vector<double>{value}});
}
void Archive::set(const std::string& name, std::int64_t value) {
  set(name, Array{{}, std::vector<std::int64_t>{value}});
}
void Archive::set(const std::string& name, const std::string& text) {
  set(name, vector_array(std::vector<std::uint8_t>(text.begin(), text.end())));
}
void Archive::set(const std::string& name, const std::vector<double>& value) {
  set(name, vector_array(value));
}
void Archive::set(const std::string& name, const std::vector<float>& value) {
  set(name, vector_array(value));
}
void Archive::set(const std::string& name, const std::vector<std::int64_t>& value) {
  set(name, vector_array(value));
}
void Archive::set(const std::string& name, const std::vector<std::int32_t>& value) {
  set(name, vector_array(value));
}
void Archive::set(const std::string& name, const std::vector<std::uint8_t>& value) {
  set(name, vector_array(value));
}
void Archive::set(const std::string& name, const std::vector<std::string>& value) {
  set(name, vector_array(value));
}

std::vector<std::string> Archive::names() const {
  std::vector<std::string> all;
  for (const auto& [name, array] : arrays_) all.push_back(name);
  return all;
}

void Archive::complain(const std::string& name, const std::string& problem) const {
  throw InputError(source_, fmt::format("array '{}': {}", name, problem));
}

const Array& Archive::at(const std::string& name) const {
  const auto found = arrays_.find(name);
  if (found == arrays_.end()) {
    std::string have;
    for (const std::string& other : names()) have += (have.empty() ? "" : ", ") + other;
    complain(name, "it is missing; the file has " + (have.empty() ? "no arrays" : have));
  }
  return found->second;
}

template <class T>
const std::vector<T>& Archive::typed(const std::string& name) const {
  const Array& array = at(name);
  const auto* items = std::get_if<std::vector<T>>(&array.data);
  if (items == nullptr) complain(name, fmt::format("found {}, expected {}", type_of(array), type_word<T>()));
  return *items;
}

template <class T>
std::vector<T> Archive::list(const std::string& name, Index size) const {
  const std::vector<T>& items = typed<T>(name);
  const std::vector<Index>& shape = at(name).shape;
  if (shape.size() != 1 || (size >= 0 && shape[0] != size))
    complain(name, fmt::format("found {}, expected a list of {} values", shape_text(shape), extent_text(size)));
  return items;
}

template <class T>
MatrixOf<T> Archive::matrix(const std::string& name, Index rows, Index columns) const {
  const std::vector<T>& items = typed<T>(name);
  const std::vector<Index>& shape = at(name).shape;
  if (shape.size() != 2 || (rows >= 0 && shape[0] != rows) || (columns >= 0 && shape[1] != columns))
    complain(name,
             fmt::format("found {}, expected {} x {}", shape_text(shape), extent_text(rows), extent_text(columns)));
  return Eigen::Map<const MatrixOf<T>>(items.data(), shape[0], shape[1]);
}

template <class T>
T Archive::scalar(const std::string& name) const {
  const std::vector<T>& items = typed<T>(name);
  if (items.size() != 1) complain(name, fmt::format("found {}, expected a single value", shape_text(at(name).shape)));
  return items[0];
}

Matrix Archive::get_matrix(const std::string& name, Index rows, Index columns) const {
  return matrix<double>(name, rows, columns);
}
MatrixOf<float> Archive::get_float_matrix(const std::string& name, Index rows, Index columns) const {
  return matrix<float>(name, rows, columns);
}
Vector Archive::get_vector(const std::string& name, Index size) const {
  const std::vector<double> items = list<double>(name, size);
  return Eigen::Map<const Vector>(items.data(), static_cast<Index>(items.size()));
}
double Archive::get_double(const std::string& name) const {
  return scalar<double>(name);
}
std::int64_t Archive::get_int(const std::string& name) const {
  return scalar<std::int64_t>(name);
}
std::string Archive::get_text(const std::string& name) const {
  const std::vector<std::uint8_t> bytes = list<std::uint8_t>(name, -1);
  return {bytes.begin(), bytes.end()};
}
std::vector<double> Archive::get_doubles(const std::string& name, Index size) const {
  return list<double>(name, size);
}
std::vector<float> Archive::get_floats(const std::string& name, Index size) const {
  return list<float>(name, size);
}
std::vector<std::int64_t> Archive::get_ints(const std::string& name, Index size) const {
  return list<std::int64_t>(name, size);
}
std::vector<std::int32_t> Archive::get_int32s(const std::string& name, Index size) const {
  return list<std::int32_t>(name, size);
}
std::vector<std::uint8_t> Archive::get_bytes(const std::string& name, Index size) const {
  return list<std::uint8_t>(name, size);
}
std::vector<std::string> Archive::get_strings(const std::string& name, Index size) const {
  return list<std::string>(name, size);
}

void Archive::write(const std::string& path, bool compress) const {
  NpzWriter writer(path, compress);
  for (const auto& [name, array] : arrays_) writer.add(name, array);
  writer.finish();
}

Archive Archive::read(const std::string& path) {
  NpzReader reader(path);
  Archive archive;
  archive.source_ = path;
  for (const std::string& name : reader.names())
    archive.set(name, decode_npy(reader.bytes(name).view(), reader.where(name)));
  return archive;
}

}  // namespace rankflow
