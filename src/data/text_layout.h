// What is this text: triplets or a dense table, cut by which character, with which header? Answered from its beginning.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/flaws.h"
#include "data/text_lines.h"
#include "rankflow/read.h"

namespace rankflow {

struct TextLayout {
  Delimiter delimiter;
  bool triplets = false;
  bool has_header = false;
  Index header_line = 0, first_line = 0;  // line numbers from 1
  std::vector<std::string> header;        // its fields; empty without one
  Index num_fields = 0;                   // of the lines of data
  // Triplets: fields from 0; -1 = none (value 1, weight 1).
  Index row_field = 0, column_field = 1, value_field = 2, weight_field = -1;
  std::string as_array;  // value of --columns that makes modes of the columns that are not used; empty without any
  // Dense: the fields that are read; the field of the row names, or -1.
  std::vector<Index> dense_fields;
  Index name_field = -1;
  std::vector<std::string> notes, warnings;
};

/// @param head  the beginning of the file, from its byte-order mark (if any) on
/// @param whole  nothing follows `head`
TextLayout find_layout(std::string_view head, bool whole, const ReadOptions& options, const Flaws& flaws);

/// The first lines of data, cut into fields.
struct Sample {
  std::vector<std::vector<std::string>> lines;
  std::vector<Index> line_numbers;
  Index comments = 0;
};
Sample take_sample(std::string_view head, bool whole, const Delimiter& delimiter);
Delimiter find_delimiter(std::string_view head, bool whole, const std::string& option);

/// What a header's word says about its column.
enum class Role { none, row, column, entity, item, weak, value, weight, time };
Role role_of(std::string_view header_word);
/// "user_id", "uid", "No.": a word that names things rather than measures them.
bool names_things(std::string_view header_word);

/// Whether the sample looks like triplets by its content (the rule in docs/file-formats.md); `why` says it in words.
bool looks_like_triplets(const Sample& sample, std::size_t first, Index num_fields,
                         const std::vector<std::string>& header, std::string& why);

}  // namespace rankflow
