// One observation a line.
// SPDX-License-Identifier: Apache-2.0
#include "data/output_file.h"
#include "data/text_out.h"
#include "data/writers.h"

namespace rankflow {
namespace {

class TripletFile {
 public:
  TripletFile(const std::string& path, const Table& names, bool weights, char delimiter)
      : file_(path), names_(names), delimiter_(delimiter) {
    const auto title = [&](const std::string& own, const char* otherwise) {
      put_name(file_, own.empty() ? otherwise : own, delimiter_);
    };
    title(names.rows.title, "row");
    file_.write({&delimiter_, 1});
    title(names.columns.title, "column");
    file_.write({&delimiter_, 1});
    title(names.value_title, "value");
    if (weights) {
      file_.write({&delimiter_, 1});
      file_.write("weight");
    }
    file_.write("\n");
  }

  void line(Index i, Index j, double value, const float* weight) {
    name(names_.rows, i);
    name(names_.columns, j);
    char* to = put_number(file_.room(2 * kNumberRoom), value, 0);
    if (weight != nullptr) {
      *to++ = delimiter_;
      to = std::to_chars(to, to + kNumberRoom, *weight).ptr;
    }
    *to++ = '\n';
    file_.take(to);
  }
  void finish() { file_.finish(); }

 private:
  void name(const Axis& axis, Index i) {
    if (axis.kind() == Axis::Kind::strings) {
      put_name(file_, axis.name(i, scratch_), delimiter_);
      file_.write({&delimiter_, 1});
      return;
    }
    const std::int64_t number = axis.kind() == Axis::Kind::integers ? axis.integer_ids()[i] : i + axis.base();
    char* to = file_.room(kNumberRoom);
    to = std::to_chars(to, to + kNumberRoom, number).ptr;
    *to++ = delimiter_;
    file_.take(to);
  }

  OutputFile file_;
  const Table& names_;
  char delimiter_;
  std::string scratch_;
};

}  // namespace

void write_triplet_text(const std::string& path, const Table& table, char delimiter) {
  TripletFile file(path, table, !table.weight.empty(), delimiter);
  for (Index i = 0; i < table.num_rows(); ++i)
    for (Index k = table.row_begin[i]; k < table.row_begin[i + 1]; ++k)
      file.line(i, table.column[k], table.value[k], table.weight.empty() ? nullptr : &table.weight[k]);
  file.finish();
}

void write_triplet_text(const std::string& path, const Table& names, const Entries& entries, char delimiter) {
  TripletFile file(path, names, !entries.weight.empty(), delimiter);
  for (std::size_t k = 0; k < entries.row.size(); ++k)
    file.line(entries.row[k], entries.column[k], entries.value[k],
              entries.weight.empty() ? nullptr : &entries.weight[k]);
  file.finish();
}

}  // namespace rankflow
