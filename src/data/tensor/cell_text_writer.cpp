// Cells of an array as text, one a line.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>
#include <span>

#include "data/output_file.h"
#include "data/tensor/tensor_writers.h"
#include "data/text_out.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

class CellFile {
 public:
  CellFile(const std::string& path, const Tensor& names, bool weights, CellText text)
      : file_(path), names_(names), text_(text) {
    if (text.tns && weights)
      throw OptionError(fmt::format("{}: this format has no weights", path), "use .csv, .tsv or .npz");
    if (!text.tns) header(weights);
  }

  // `index(n)` is the position along mode n. Observed values have all their digits.
  template <class IndexOf>
  void line(IndexOf&& index, double value, int digits, const float* weight = nullptr) {
    for (Index n = 0; n < names_.order(); ++n) id(n, index(n));
    char* to = file_.room(2 * kNumberRoom);
    if (!std::isnan(value)) {
      to = put_number(to, value, digits);
    } else if (text_.tns) {
      for (const char c : {'n', 'a', 'n'}) *to++ = c;
    }
    if (weight != nullptr) {
      *to++ = text_.delimiter;
      to = std::to_chars(to, to + kNumberRoom, *weight).ptr;
    }
    *to++ = '\n';
    file_.take(to);
  }
  void finish() { file_.finish(); }

 private:
  void header(bool weights) {
    for (Index n = 0; n < names_.order(); ++n) {
      const std::string& title = names_.modes[n].title;
      put_name(file_, title.empty() ? fmt::format("mode_{}", n + 1) : title, text_.delimiter);
      file_.write({&text_.delimiter, 1});
    }
    put_name(file_, names_.value_title.empty() ? "value" : names_.value_title, text_.delimiter);
    if (weights) {
      file_.write({&text_.delimiter, 1});
      file_.write("weight");
    }
    file_.write("\n");
  }

  void id(Index n, Index i) {
    const Axis& axis = names_.modes[n];
    if (!text_.tns && axis.kind() == Axis::Kind::strings) {
      put_name(file_, axis.name(i, scratch_), text_.delimiter);
      file_.write({&text_.delimiter, 1});
      return;
    }
    std::int64_t number = i + 1;
    if (!text_.tns) number = axis.kind() == Axis::Kind::integers ? axis.integer_ids()[i] : i + axis.base();
    char* to = file_.room(kNumberRoom);
    to = std::to_chars(to, to + kNumberRoom, number).ptr;
    *to++ = text_.delimiter;
    file_.take(to);
  }

  OutputFile file_;
  const Tensor& names_;
  CellText text_;
  std::string scratch_;
};

}  // namespace

void write_text_cells(const std::string& path, CellStream& cells, CellText text, int digits) {
  CellFile file(path, cells.tensor(), false, text);
  for (Index k = 0; k < cells.count(); ++k) {
    const double value = cells.next();
    if (std::isnan(value)) continue;
    file.line([&](Index n) { return cells.index()[n]; }, value, cells.observed() ? 0 : digits);
  }
  file.finish();
}

void write_text_list(const std::string& path, const Tensor& tensor, CellText text) {
  CellFile file(path, tensor, !tensor.weight.empty(), text);
  for (Index k = 0; k < tensor.num_observed(); ++k)
    file.line([&](Index n) { return tensor.index[n][k]; }, tensor.value[k], 0,
              tensor.weight.empty() ? nullptr : &tensor.weight[k]);
  file.finish();
}

void write_text_list(const std::string& path, const Tensor& names, const TensorEntries& entries, CellText text,
                     int digits) {
  CellFile file(path, names, !entries.weight.empty(), text);
  for (std::size_t k = 0; k < entries.value.size(); ++k)
    file.line([&](Index n) { return entries.index[n][k]; }, entries.value[k], digits,
              entries.weight.empty() ? nullptr : &entries.weight[k]);
  file.finish();
}

}  // namespace rankflow
