// Lists in an .npz file that describe observations: values, weights, names. What does not fit is refused by array.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "data/flaws.h"
#include "data/npz.h"
#include "rankflow/table.h"

namespace rankflow {

class NpzLists {
 public:
  /// Both outlive this.
  NpzLists(const NpzReader& reader, const Flaws& flaws) : reader_(reader), flaws_(flaws) {}

  Array array(const std::string& name) const { return decode_npy(reader_.bytes(name).view(), reader_.where(name)); }
  [[noreturn]] void wrong(const std::string& name, const std::string& problem) const;

  /// Of an array of any shape.
  std::vector<double> as_numbers(const std::string& name, const Array& read) const;
  /// Of a list of so many; -1 = any number.
  std::vector<double> numbers(const std::string& name, Index size) const;
  Axis axis(const std::string& name, Index size) const;
  /// The array `weight`.
  std::vector<float> weights(Index count) const;

 private:
  const NpzReader& reader_;
  const Flaws& flaws_;
};

/// Are all of them integers, however they were written?
bool all_whole(const std::vector<double>& values);

}  // namespace rankflow
