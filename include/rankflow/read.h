// Tables from files: text, NumPy, Matrix Market, images; what a file is, is found out from its content.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "rankflow/options.h"
#include "rankflow/table.h"

namespace rankflow {

struct ReadOptions {
  enum class Format { automatic, triplets, dense };
  enum class Duplicates { error, mean, last };
  enum class Choice { automatic, yes, no };
  enum class IndexBase { automatic, zero, one };

  /// What a text file is: one observation a line, or a table. See docs/file-formats.md for what `automatic` does.
  Format format = Format::automatic;
  /// "row,column,value" by header name or position from 1. With format = dense: the columns to read. Empty = found out.
  std::string columns = {};
  /// Column with the weights (relative precisions, > 0) of triplets, by name or position. Empty = all 1.
  std::string weight = {};
  /// Image or array of the table's size: nonzero = observed. Empty = none. For images and dense tables.
  std::string mask = {};
  /// Which array of an .npz file. Empty = the only one.
  std::string array = {};
  /// Matrix Market alone: where its indices begin. Its specification says 1.
  IndexBase index_base = IndexBase::automatic;
  /// auto, comma, semicolon, tab, pipe, blank, or the delimiter itself ("::").
  std::string delimiter = "auto";
  Choice header = Choice::automatic;
  /// Does the first column of a dense text table hold row names?
  Choice row_names = Choice::automatic;
  /// Further cell contents that mean a hole, separated by commas ("-200,-999"). Numbers are compared as numbers.
  std::string missing = {};
  /// What a pair that occurs twice with different values becomes. Equal ones are kept once whatever this says.
  Duplicates duplicates = Duplicates::error;
};

std::vector<OptionField> fields(ReadOptions& options);

/// Reads a table; "-" is standard input. Throws InputError (file:line, found, expected, hint) at the first thing that
/// is wrong. Anything .gz is unpacked on the way.
Table read_table(const std::string& path, const ReadOptions& options = {});

/// One thing that is wrong with a file.
struct Flaw {
  Index line = 0;  // 0 = does not belong to a line
  std::string problem, hint;
  std::string repair;  // what a repaired copy has instead, e.g. "left out"
};

/// What is in a file, with everything that is wrong with it.
struct Inspection {
  Table table;              // as if every flaw had been repaired
  std::vector<Flaw> flaws;  // the first ones, in the order they were met
  Index num_flaws = 0;      // all of them
};

/// Reads on after a flaw. Still throws InputError where nothing can be read at all.
Inspection inspect_table(const std::string& path, const ReadOptions& options = {}, Index max_flaws = 100);

}  // namespace rankflow
