// How is a table described to a person and to a program?
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "rankflow/summary.h"
#include "rankflow/table.h"

namespace rankflow::cli {

/// On standard output.
void print_table(const Table& table, const TableSummary& summary);
/// Warnings on standard error.
void print_warnings(const Table& table);
nlohmann::ordered_json table_json(const Table& table, const TableSummary& summary);
/// Indented; bytes that are not UTF-8 (names in other encodings) are replaced.
std::string dump(const nlohmann::ordered_json& object);

}  // namespace rankflow::cli
