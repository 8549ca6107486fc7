// Which numbers and options go into a fingerprint.
// SPDX-License-Identifier: Apache-2.0
#include "completion/fingerprint.h"

namespace rankflow::completion {

std::string fingerprint(const Table& table, const CompleteOptions& options) {
  Fingerprint hash;
  hash.word(static_cast<std::uint64_t>(table.num_rows()));
  hash.word(static_cast<std::uint64_t>(table.num_columns()));
  for (const Index begin : table.row_begin) hash.word(static_cast<std::uint64_t>(begin));
  for (const std::int32_t j : table.column) hash.word(static_cast<std::uint64_t>(j));
  for (const double value : table.value) hash.number(value);
  for (const float weight : table.weight) hash.number(static_cast<double>(weight));
  CompleteOptions copy = options;
  for (const OptionField& option : fields(copy))
    if (option.name != "time_limit" && option.name != "refit") hash.text(option.name + "=" + option.get());
  return hash.shown();
}

std::string fingerprint(const Tensor& tensor, const ArrayOptions& options) {
  Fingerprint hash;
  hash.word(static_cast<std::uint64_t>(tensor.order()));
  for (const Index size : tensor.shape()) hash.word(static_cast<std::uint64_t>(size));
  hash.word(static_cast<std::uint64_t>(tensor.layout));
  for (const std::vector<std::int32_t>& index : tensor.index) hash.bytes(index.data(), index.size() * sizeof index[0]);
  for (const double value : tensor.value) hash.number(value);
  for (const float weight : tensor.weight) hash.number(static_cast<double>(weight));
  hash.bytes(options.parts.data(), options.parts.size() * sizeof(Part));
  hash.word(options.absent_zero);
  hash.word(static_cast<std::uint64_t>(options.descent.width));
  hash.number(options.descent.scale);
  ArrayOptions copy = options;
  for (const std::vector<OptionField>& list :
       {fields(copy), fields(copy.grow), fields(copy.overlap), fields(copy.generalized), fields(copy.list),
        fields(copy.flow), fields(copy.descent.descent)})
    for (const OptionField& option : list)
      if (option.name != "time_limit" && option.name != "refit" && option.name != "max_seconds")
        hash.text(option.name + "=" + option.get());
  return hash.shown();
}

}  // namespace rankflow::completion
