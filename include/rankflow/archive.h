// Named arrays in one .npz file: models, histories and checkpoints; NumPy reads them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "rankflow/types.h"

namespace rankflow {

/// One array as .npy stores it, in C order. Files may hold more types; reading takes the smallest of these that holds
/// them exactly (bool -> uint8, int16 -> int32, ...).
struct Array {
  using Data = std::variant<std::vector<double>, std::vector<float>, std::vector<std::int64_t>,
                            std::vector<std::int32_t>, std::vector<std::uint8_t>, std::vector<std::string>>;
  std::vector<Index> shape;
  Data data;
  Index size() const;
};

/// One .npy file. Throws InputError on anything but a sound one.
Array read_array(const std::string& path);

/// An ordered set of named arrays. get_*() throw InputError (file, array, found, expected) when the array is missing,
/// of another type, or of another shape: a file is never trusted.
class Archive {
 public:
  void set(const std::string& name, Array array) { arrays_[name] = std::move(array); }
  void set(const std::string& name, const Matrix& value);
  void set(const std::string& name, const MatrixOf<float>& value);
  void set(const std::string& name, const Vector& value);
  void set(const std::string& name, double value);
  void set(const std::string& name, std::int64_t value);
  void set(const std::string& name, const std::string& text);  // as bytes
  void set(const std::string& name, const std::vector<double>& value);
  void set(const std::string& name, const std::vector<float>& value);
  void set(const std::string& name, const std::vector<std::int64_t>& value);
  void set(const std::string& name, const std::vector<std::int32_t>& value);
  void set(const std::string& name, const std::vector<std::uint8_t>& value);
  void set(const std::string& name, const std::vector<std::string>& value);  // NumPy's unicode arrays

  bool has(const std::string& name) const { return arrays_.count(name) > 0; }
  std::vector<std::string> names() const;
  void erase(const std::string& name) { arrays_.erase(name); }
  /// What messages call it; read() sets it to the path.
  const std::string& source() const { return source_; }
  void set_source(const std::string& source) { source_ = source; }
  const Array& at(const std::string& name) const;
  /// rows, columns: expected size; -1 = any.
  Matrix get_matrix(const std::string& name, Index rows = -1, Index columns = -1) const;
  MatrixOf<float> get_float_matrix(const std::string& name, Index rows = -1, Index columns = -1) const;
  Vector get_vector(const std::string& name, Index size = -1) const;
  double get_double(const std::string& name) const;
  std::int64_t get_int(const std::string& name) const;
  std::string get_text(const std::string& name) const;
  std::vector<double> get_doubles(const std::string& name, Index size = -1) const;
  std::vector<float> get_floats(const std::string& name, Index size = -1) const;
  std::vector<std::int64_t> get_ints(const std::string& name, Index size = -1) const;
  std::vector<std::int32_t> get_int32s(const std::string& name, Index size = -1) const;
  std::vector<std::uint8_t> get_bytes(const std::string& name, Index size = -1) const;
  std::vector<std::string> get_strings(const std::string& name, Index size = -1) const;

  /// Writes beside the path, fsyncs, renames: the file is the old one or the new one, never half of either.
  /// compress = false stores (checkpoints: speed), true deflates. Throws InputError (path, system's reason) and then
  /// leaves no file behind.
  void write(const std::string& path, bool compress = true) const;
  /// Reads a whole .npz. Throws InputError on anything but a sound file; checksums are verified.
  static Archive read(const std::string& path);

 private:
  template <class T>
  const std::vector<T>& typed(const std::string& name) const;
  template <class T>
  std::vector<T> list(const std::string& name, Index size) const;
  template <class T>
  MatrixOf<T> matrix(const std::string& name, Index rows, Index columns) const;
  template <class T>
  T scalar(const std::string& name) const;
  [[noreturn]] void complain(const std::string& name, const std::string& problem) const;

  std::string source_ = "archive";  // for messages
  std::map<std::string, Array> arrays_;
};

}  // namespace rankflow
