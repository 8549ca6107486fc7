// Putting together what the beginning of a text says.
// SPDX-License-Identifier: Apache-2.0
#include "data/text_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "data/integer_text.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

constexpr Index kMostFurtherModes = 6;  // columns that are not used: more are hardly modes

Cell kind_of(const std::string& text) {
  double unused = 0;
  return parse_cell(text, unused);
}

std::string quoted_list(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "'" : ", '") + word + "'";
  return all;
}

// Fields from the first to the last, cells all whole numbers that grow: years, days, 1 2 3.
bool grows(const std::vector<std::string>& cells) {
  std::int64_t last = 0, number = 0;
  for (std::size_t k = 1; k < cells.size(); ++k) {
    if (!canonical_integer(cells[k], number) || (k > 1 && number <= last)) return false;
    last = number;
  }
  return cells.size() > 3;
}

bool first_line_is_header(const Sample& sample, Index num_fields) {
  const std::vector<std::string>& first = sample.lines[0];
  const auto text = [&](const std::string& cell) { return kind_of(cell) == Cell::text; };
  if (sample.lines.size() == 1) return std::all_of(first.begin(), first.end(), text);
  if (static_cast<Index>(first.size()) == num_fields - 1 && std::any_of(first.begin(), first.end(), text)) return true;
  if (static_cast<Index>(first.size()) != num_fields) return std::all_of(first.begin(), first.end(), text);

  const auto share_of_text = [&](std::size_t field) {
    Index texts = 0, lines = 0;
    for (std::size_t k = 1; k < sample.lines.size(); ++k)
      if (field < sample.lines[k].size()) texts += text(sample.lines[k][field]), ++lines;
    return static_cast<double>(texts) / static_cast<double>(std::max<Index>(lines, 1));
  };
  for (std::size_t k = 0; k < first.size(); ++k)
    if (text(first[k]) && share_of_text(k) < 0.5) return true;
  bool row = false, column = false;
  for (const std::string& word : first) {
    const Role role = role_of(word);
    row |= role == Role::row || role == Role::entity;
    column |= role == Role::column || role == Role::item;
  }
  if (row && column) return true;
  // Names in front: the first line tells only if its corner is empty or called a name, or if its numbers alone grow.
  if (first.size() > 1 && share_of_text(0) >= 0.5) {
    if (first[0].empty() || names_things(first[0])) return true;
    return grows(first) && std::none_of(sample.lines.begin() + 1, sample.lines.end(), grows);
  }
  return first.size() > 1 && first[0].empty() && grows(first);
}

Index num_ids(const std::vector<std::string>& header) {
  return std::count_if(header.begin(), header.end(), [](const std::string& word) {
    const Role role = role_of(word);
    return role == Role::row || role == Role::column || role == Role::entity || role == Role::item;
  });
}

class Finder {
 public:
  Finder(const Sample& sample, const ReadOptions& options, const Flaws& flaws, TextLayout& layout)
      : sample_(sample), options_(options), flaws_(flaws), out_(layout) {}

  void find() {
    count_fields();
    find_header();
    std::string why;
    out_.triplets = decide(why);
    out_.notes.push_back(fmt::format("read as {}, because {}",
                                     out_.triplets ? "triplets (one observation a line)" : "a dense table", why));
    if (out_.triplets) {
      triplet_fields();
    } else {
      dense_fields();
    }
  }

 private:
  void count_fields() {
    std::map<Index, Index> counts;
    const std::size_t from = sample_.lines.size() > 1 ? 1 : 0;
    for (std::size_t k = from; k < sample_.lines.size(); ++k) ++counts[static_cast<Index>(sample_.lines[k].size())];
    // Ties go to the first line, which a header or the first row makes likely to be right.
    const auto first = static_cast<Index>(sample_.lines[0].size());
    Index most = 0;
    for (const auto& [size, count] : counts)
      if (count > most || (count == most && size == first)) most = count, out_.num_fields = size;
  }

  void find_header() {
    using Choice = ReadOptions::Choice;
    out_.has_header = options_.header == Choice::yes ||
                      (options_.header == Choice::automatic && first_line_is_header(sample_, out_.num_fields));
    first_ = out_.has_header ? 1 : 0;
    if (out_.has_header) {
      out_.header = sample_.lines[0];
      out_.header_line = sample_.line_numbers[0];
      if (sample_.lines.size() == 1)
        flaws_.fail(out_.header_line, "found a header and nothing after it; expected lines of data",
                    "pass --header no if this line is data");
      fit_header();
    }
    out_.first_line = sample_.line_numbers[first_];
  }

  // One word for every field. A header one field short has no word above the row names (as R writes tables), unless the
  // lines below end with a delimiter.
  void fit_header() {
    std::vector<std::string>& header = out_.header;
    const auto size = static_cast<Index>(header.size());
    if (size == out_.num_fields - 1) {
      header.insert(ends_empty(size) ? header.end() : header.begin(), "");
    } else if (size == out_.num_fields + 1 && header.back().empty()) {
      header.pop_back();
    } else if (size != out_.num_fields) {
      flaws_.fail(out_.header_line,
                  fmt::format("the header has {} fields, the lines below have {}", size, out_.num_fields),
                  "make them equal, or pass --header no");
    }
  }

  bool ends_empty(Index field) const {
    return std::all_of(
        sample_.lines.begin() + static_cast<std::ptrdiff_t>(first_), sample_.lines.end(), [&](const auto& cells) {
          return static_cast<Index>(cells.size()) <= field || cells[static_cast<std::size_t>(field)].empty();
        });
  }

  bool decide(std::string& why) {
    if (options_.format != ReadOptions::Format::automatic) {
      why = "--format says so";
      return options_.format == ReadOptions::Format::triplets;
    }
    if (!options_.columns.empty()) return why = "--columns names the columns of triplets", true;
    if (!out_.header.empty() && by_header()) return why = "the header's words say so", true;
    if (num_ids(out_.header) > 2) return why = "the header names more than two kinds of things", false;
    return looks_like_triplets(sample_, first_, out_.num_fields, out_.header, why);
  }

  // A word for rows and one for columns, and what is left for values. Weak words ("x", "source") need a word for
  // values.
  bool by_header() {
    Index row = -1, column = -1, value = -1, weight = -1, first_left = -1;  // -1 = not met
    bool weak = false, swapped = false;
    for (Index k = 0; k < static_cast<Index>(out_.header.size()); ++k) {
      const Role role = role_of(out_.header[static_cast<std::size_t>(k)]);
      const bool id =
          role == Role::row || role == Role::column || role == Role::entity || role == Role::item || role == Role::weak;
      if (id && row < 0) {
        row = k;
        swapped = role == Role::column;
        weak |= role == Role::weak;
      } else if (id && column < 0) {
        column = k;
        weak |= role == Role::weak;
      } else if (role == Role::value && value < 0) {
        value = k;
      } else if (role == Role::weight && weight < 0) {
        weight = k;
      } else if (role != Role::time && first_left < 0) {
        first_left = k;
      }
    }
    if (row < 0 || column < 0 || (weak && value < 0)) return false;
    if (num_ids(out_.header) > 2) return false;             // "user,book,film,game": a rating of each
    if (value < 0 && out_.header.size() > 5) return false;  // a table that happens to have such columns
    if (swapped) std::swap(row, column);
    out_.row_field = row;
    out_.column_field = column;
    out_.value_field = value >= 0 ? value : first_left >= 0 ? first_left : weight;  // -1: pairs alone
    return true;
  }

  Index field_of(const std::string& word, const char* option) const {
    for (std::size_t k = 0; k < out_.header.size(); ++k)
      if (out_.header[k] == word) return static_cast<Index>(k);
    std::int64_t position = 0;
    if (canonical_integer(word, position) && position >= 1 && position <= out_.num_fields) return position - 1;
    const std::string have = out_.header.empty()
                                 ? fmt::format("positions 1 to {}", out_.num_fields)
                                 : fmt::format("{} (or positions 1 to {})", quoted_list(out_.header), out_.num_fields);
    flaws_.fail(out_.header_line, fmt::format("there is no column '{}' ({}); the file has {}", word, option, have));
  }

  std::vector<Index> chosen_fields() const {
    std::vector<Index> fields;
    std::string_view rest = options_.columns;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(','), rest.size());
      const Index field = field_of(std::string(trimmed(rest.substr(0, end))), "--columns");
      if (std::find(fields.begin(), fields.end(), field) != fields.end())
        throw OptionError(fmt::format("--columns = {}: {} is named twice", options_.columns, called(field)),
                          "name every column once; of several columns with one name, take the positions from 1");
      fields.push_back(field);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return fields;
  }

  std::string called(Index field) const {
    if (out_.header.empty()) return fmt::format("column {}", field + 1);
    return fmt::format("column {} '{}'", field + 1, shown(out_.header[static_cast<std::size_t>(field)]));
  }

  void triplet_fields() {
    const std::vector<Index> chosen = chosen_fields();
    if (!chosen.empty()) {
      if (chosen.size() != 2 && chosen.size() != 3)
        throw OptionError(fmt::format("--columns = {}: expected row,column,value", options_.columns));
      out_.row_field = chosen[0];
      out_.column_field = chosen[1];
      out_.value_field = chosen.size() == 3 ? chosen[2] : -1;
    } else if (options_.format == ReadOptions::Format::triplets && !out_.header.empty()) {
      by_header();
    }
    if (!options_.weight.empty()) out_.weight_field = field_of(options_.weight, "--weight");
    if (out_.value_field >= out_.num_fields && out_.num_fields == 2) out_.value_field = -1;
    const Index most = std::max({out_.row_field, out_.column_field, out_.value_field, out_.weight_field});
    if (most >= out_.num_fields)
      flaws_.fail(
          out_.first_line,
          fmt::format("found {} column(s), expected at least {}: row, column, value", out_.num_fields, most + 1),
          "check --delimiter and --columns");
    std::string text = fmt::format("{} is the row, {} the column", called(out_.row_field), called(out_.column_field));
    if (out_.value_field >= 0) {
      text += fmt::format(", {} the value", called(out_.value_field));
    } else {
      out_.warnings.push_back("there is no column of values: every pair that occurs has the value 1");
    }
    if (out_.weight_field >= 0) text += fmt::format(", {} the weight", called(out_.weight_field));
    out_.notes.push_back(text);
    say_unused();
  }

  // Columns that are not used may be modes of an array; times of day or dates of a rating seldom are.
  void say_unused() {
    std::vector<Index> unused;
    std::string names;
    bool likely = false;
    for (Index k = 0; k < out_.num_fields; ++k) {
      if (k == out_.row_field || k == out_.column_field || k == out_.value_field || k == out_.weight_field) continue;
      unused.push_back(k);
      names += (names.empty() ? "" : ", ") + called(k);
      likely = likely || k < out_.value_field;
    }
    if (unused.empty()) return;
    if (out_.value_field >= 0 && std::ssize(unused) <= kMostFurtherModes) {
      std::string modes = fmt::format("{},{}", word(out_.row_field), word(out_.column_field));
      for (const Index k : unused) modes += fmt::format(",{}", word(k));
      out_.as_array = fmt::format("{},{}", modes, word(out_.value_field));
    }
    out_.notes.push_back(names + ": not used");
    if (likely && options_.columns.empty() && !out_.as_array.empty())
      out_.notes.back() += fmt::format("; --columns {} reads an array with a mode for each", out_.as_array);
  }

  // How --columns names a field: by its title if that is one word and nobody else's.
  std::string word(Index field) const {
    const auto named = [&](const std::string& title) {
      return !title.empty() && std::count(out_.header.begin(), out_.header.end(), title) == 1 &&
             title.find_first_of(" ,;'\"$\\") == std::string::npos;
    };
    if (!out_.header.empty() && named(out_.header[static_cast<std::size_t>(field)]))
      return out_.header[static_cast<std::size_t>(field)];
    return std::to_string(field + 1);
  }

  void dense_fields() {
    using Choice = ReadOptions::Choice;
    if (!options_.weight.empty())
      throw OptionError("--weight names a column of triplets, but this is a dense table", "pass --format triplets");
    std::vector<Index> chosen = chosen_fields();
    if (options_.row_names == Choice::yes || (options_.row_names == Choice::automatic && first_column_is_names()))
      out_.name_field = 0;
    if (chosen.empty()) {
      const bool trailing =
          !out_.header.empty() && out_.num_fields > 1 && ends_empty(out_.num_fields - 1) && out_.header.back().empty();
      if (trailing) out_.notes.push_back("every line ends with a delimiter: the empty last column is not read");
      for (Index k = 0; k < out_.num_fields - trailing; ++k)
        if (k != out_.name_field) chosen.push_back(k);
    } else {
      chosen.erase(std::remove(chosen.begin(), chosen.end(), out_.name_field), chosen.end());
    }
    if (chosen.empty()) flaws_.fail(out_.first_line, "found no column of numbers", "check --delimiter");
    out_.dense_fields = std::move(chosen);
    if (out_.name_field == 0) out_.notes.push_back("the first column holds the names of the rows");
    out_.notes.push_back(out_.has_header ? "the first line is the header" : "there is no header");
  }

  // Text in front; or an empty corner, or a corner called a name above numbers that are all different.
  bool first_column_is_names() const {
    if (out_.num_fields < 2) return false;
    Index texts = 0, lines = 0;
    std::map<std::string, Index> distinct;
    bool holes = false;
    for (std::size_t k = first_; k < sample_.lines.size(); ++k) {
      const std::string& cell = sample_.lines[k][0];
      const Cell kind = kind_of(cell);
      texts += kind == Cell::text;
      holes |= kind == Cell::hole;
      ++distinct[cell];
      ++lines;
    }
    if (2 * texts >= lines) return true;
    if (out_.header.empty() || holes || static_cast<Index>(distinct.size()) != lines) return false;
    return out_.header[0].empty() || names_things(out_.header[0]);
  }

  const Sample& sample_;
  const ReadOptions& options_;
  const Flaws& flaws_;
  TextLayout& out_;
  std::size_t first_ = 0;
};

}  // namespace

TextLayout find_layout(std::string_view head, bool whole, const ReadOptions& options, const Flaws& flaws) {
  TextLayout layout;
  layout.delimiter = find_delimiter(head, whole, options.delimiter);
  const Sample sample = take_sample(head, whole, layout.delimiter);
  if (sample.lines.empty())
    flaws.fail(0, sample.comments > 0 ? "the file holds only comments; expected data" : "the file holds no data",
               "check that this is the right file");
  layout.notes.push_back(fmt::format("fields are separated by {}", layout.delimiter.name()));
  Finder(sample, options, flaws, layout).find();
  return layout;
}

}  // namespace rankflow
