// The files that `rankflow complete` leaves behind.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "rankflow/complete.h"
#include "rankflow/write.h"

namespace rankflow::cli {

struct OutputOptions {
  std::string table_path;     // -o
  std::string report_folder;  // --report
  std::string model_path;     // --model-file
  double intervals = 0;       // level; 0 = none
  bool all_cells = false;
  WriteOptions write;
};

/// Makes a folder, and refuses a file that cannot be made: found out before the work, not after it. InputError.
void make_folder(const std::filesystem::path& folder);
void check_writable(const std::string& path);

/// Refuses before any work what could not be written afterwards.
void check_outputs(const OutputOptions& output, const Table& table);

/// Writes what was asked for; returns one sentence per file written.
std::vector<std::string> write_outputs(const OutputOptions& output, const Table& table, Completion& result,
                                       const CompleteOptions& options, const std::vector<std::string>& command);

}  // namespace rankflow::cli
