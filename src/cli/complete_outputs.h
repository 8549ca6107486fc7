// The files that `rankflow complete` leaves behind.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "rankflow/complete.h"
#include "rankflow/report.h"
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

/// --model-file, or model.npz in the report's folder; empty where neither was asked for.
std::string model_path(const OutputOptions& output);

/// history.csv and report.html in a folder; adds a sentence for each.
void write_report_files(const std::filesystem::path& folder, const std::vector<Step>& history,
                        const ReportInput& report, std::vector<std::string>& written);

/// How a model was made, to keep beside it: the figures of --json, the command, and every option.
std::string kept_record(const std::string& figures, const std::vector<OptionField>& options,
                        const std::vector<std::string>& command);

/// Writes what was asked for; returns one sentence per file written.
std::vector<std::string> write_outputs(const OutputOptions& output, const Table& table, Completion& result,
                                       const CompleteOptions& options, const std::vector<std::string>& command);

}  // namespace rankflow::cli
