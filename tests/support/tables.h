// Tables as text, so that a test can say what it expects in one line.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "data/readers.h"
#include "rankflow/error.h"
#include "rankflow/read.h"
#include "support/files.h"

namespace rankflow::test {

inline Table read_bytes_as_table(const std::string& bytes, const ReadOptions& options = {},
                                 const std::string& name = "test.csv") {
  Input input(bytes, name);
  Flaws flaws(name);
  Table table = read_input(input, options, flaws);
  table.validate();
  return table;
}

/// One line per row, "." for a hole.
inline std::string cells(const Table& table) {
  std::string text;
  for (Index i = 0; i < table.num_rows(); ++i) {
    Index k = table.row_begin[i];
    for (Index j = 0; j < table.num_columns(); ++j) {
      if (j > 0) text += ' ';
      if (k < table.row_begin[i + 1] && table.column[k] == j) {
        text += fmt::format("{}", table.value[k++]);
      } else {
        text += '.';
      }
    }
    text += '\n';
  }
  return text;
}

inline std::vector<std::string> names(const Axis& axis) {
  std::vector<std::string> all;
  for (Index i = 0; i < axis.size(); ++i) all.push_back(axis.name(i));
  return all;
}

/// The message of the InputError that `act` throws.
inline std::string message(const std::function<void()>& act) {
  try {
    act();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no InputError";
}

inline std::string message_of(const std::string& bytes, const ReadOptions& options = {},
                              const std::string& name = "test.csv") {
  return message([&] { read_bytes_as_table(bytes, options, name); });
}

inline bool any_contains(const std::vector<std::string>& sentences, const std::string& part) {
  for (const std::string& sentence : sentences)
    if (sentence.find(part) != std::string::npos) return true;
  return false;
}

}  // namespace rankflow::test
