// Which columns of a text are the modes of an array, and which holds the values?
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "data/integer_text.h"
#include "data/tensor/tensor_readers.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

constexpr std::size_t kLook = std::size_t{1} << 20;

std::vector<std::string> words_of(std::string_view list) {
  std::vector<std::string> words;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    words.emplace_back(trimmed(list.substr(0, end)));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return words;
}

// Delimiter, header and number of fields, by the rules for dense tables: they do not ask which column is which.
TextLayout text_layout(Input& input, const ReadOptions& given, const Flaws& flaws) {
  if (input.ahead(kLook).starts_with("\xef\xbb\xbf")) input.skip(3);
  const std::string_view head = input.ahead(kLook + 1);
  if (head.find('\n') == std::string_view::npos && head.find('\r') != std::string_view::npos)
    flaws.fail(1, "lines end with a carriage return alone", "convert the line ends: tr '\\r' '\\n'");
  ReadOptions options;
  options.format = ReadOptions::Format::dense;
  options.delimiter = input.inner_name().ends_with(".tns") && given.delimiter == "auto" ? "blank" : given.delimiter;
  options.header = given.header;
  options.row_names = ReadOptions::Choice::no;
  TextLayout layout = find_layout(head.substr(0, kLook), head.size() <= kLook, options, flaws);
  layout.notes = {fmt::format("fields are separated by {}", layout.delimiter.name())};
  return layout;
}

class Columns {
 public:
  Columns(const TextLayout& layout, const Flaws& flaws) : layout_(layout), flaws_(flaws) {}

  Index field(const std::string& word, const char* option) const {
    for (std::size_t k = 0; k < layout_.header.size(); ++k)
      if (layout_.header[k] == word) return static_cast<Index>(k);
    std::int64_t position = 0;
    if (canonical_integer(word, position) && position >= 1 && position <= layout_.num_fields) return position - 1;
    std::string have = fmt::format("positions 1 to {}", layout_.num_fields);
    if (!layout_.header.empty()) {
      have.clear();
      for (const std::string& title : layout_.header) have += (have.empty() ? "'" : ", '") + shown(title) + "'";
    }
    flaws_.fail(layout_.header_line, fmt::format("there is no column '{}' ({}); the file has {}", word, option, have));
  }
  std::string called(Index field) const {
    if (layout_.header.empty()) return fmt::format("column {}", field + 1);
    return fmt::format("column {} '{}'", field + 1, shown(layout_.header[static_cast<std::size_t>(field)]));
  }

 private:
  const TextLayout& layout_;
  const Flaws& flaws_;
};

void describe(ListLayout& layout, const Columns& columns) {
  constexpr std::size_t kShown = 8;
  std::string text;
  for (std::size_t n = 0; n < std::min(layout.mode.size(), kShown); ++n)
    text += (n > 0 ? ", " : "") + columns.called(layout.mode[n]);
  if (layout.mode.size() > kShown) text += fmt::format(", ... ({} in all)", layout.mode.size());
  layout.text.notes.push_back("the modes are " + text);
  layout.text.notes.push_back(columns.called(layout.value) + " is the value");
  if (layout.weight >= 0) layout.text.notes.push_back(columns.called(layout.weight) + " is the weight");
  std::string unused;
  for (Index k = 0; k < layout.text.num_fields; ++k)
    if (k != layout.value && k != layout.weight &&
        std::find(layout.mode.begin(), layout.mode.end(), k) == layout.mode.end())
      unused += (unused.empty() ? "" : ", ") + columns.called(k);
  if (!unused.empty()) layout.text.notes.push_back(unused + ": not used");
  layout.text.notes.push_back(layout.text.has_header ? "the first line is the header" : "there is no header");
}

}  // namespace

ListLayout find_list_layout(Input& input, const TensorReadOptions& options, const Flaws& flaws) {
  ListLayout layout;
  layout.text = text_layout(input, options.table, flaws);
  const Columns columns(layout.text, flaws);
  if (!options.table.weight.empty()) layout.weight = columns.field(options.table.weight, "--weight");
  std::vector<Index> fields;
  for (const std::string& word : words_of(options.table.columns)) {
    const Index field = columns.field(word, "--columns");
    if (field == layout.weight || std::find(fields.begin(), fields.end(), field) != fields.end())
      throw OptionError(fmt::format("--columns = {}: {} is named twice", options.table.columns, columns.called(field)),
                        "name every column once; of several columns with one name, take the positions from 1");
    fields.push_back(field);
  }
  if (fields.empty())
    for (Index k = 0; k < layout.text.num_fields; ++k)
      if (k != layout.weight) fields.push_back(k);
  if (fields.size() < 2)
    flaws.fail(layout.text.first_line,
               fmt::format("found {} column(s), expected at least two: modes and a value", layout.text.num_fields),
               "check --delimiter and --columns");
  layout.value = fields.back();
  fields.pop_back();
  layout.mode = std::move(fields);
  describe(layout, columns);
  return layout;
}

bool looks_like_cell_list(Input& input, const TensorReadOptions& options, const Flaws& flaws) {
  constexpr Index kFewest = 4;  // three modes and a value
  const TextLayout layout = text_layout(input, options.table, flaws);
  if (layout.num_fields < kFewest) return false;
  // "user, film, rating, time": the matrix readers know it. A header that names only two things leaves the rest open.
  for (std::size_t k = 0; k + 1 < layout.header.size(); ++k)
    if (role_of(layout.header[k]) == Role::value) return false;
  const std::string_view head = input.ahead(kLook);
  const Sample sample = take_sample(head.substr(0, kLook), head.size() < kLook, layout.delimiter);
  std::unordered_set<std::string> cells;
  Index lines = 0;
  const auto fields = static_cast<std::size_t>(layout.num_fields);
  for (std::size_t k = layout.has_header ? 1 : 0; k < sample.lines.size(); ++k) {
    const auto& line = sample.lines[k];
    if (line.size() != fields) continue;
    double value = 0;
    const Cell last = parse_cell(line.back(), value);
    if (last != Cell::number && last != Cell::hole) return false;
    std::string cell;
    for (std::size_t n = 0; n + 1 < fields; ++n) {
      const Cell kind = parse_cell(line[n], value);
      const bool id = kind == Cell::text || (kind == Cell::number && written_as_integer(line[n]) && value >= 0);
      if (!id) return false;
      cell += line[n] + '\n';
    }
    cells.insert(std::move(cell));
    ++lines;
  }
  const Index repeated = lines - static_cast<Index>(cells.size());
  return lines > 0 && 100 * repeated <= lines;
}

}  // namespace rankflow
