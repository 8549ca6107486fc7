// Bytes of a .npy file to an Array and back.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <limits>
#include <numeric>

#include "data/npy.h"
#include "data/utf8.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

// Calls use(position in C order, position in the file) for every item.
template <class Use>
void for_each_item(const NpyHeader& header, Use&& use) {
  if (!header.fortran_order || header.shape.size() < 2) {
    for (Index k = 0; k < header.count; ++k) use(k, k);
    return;
  }
  const std::size_t order = header.shape.size();
  std::vector<Index> stride(order, 1), index(order, 0);
  for (std::size_t d = 1; d < order; ++d) stride[d] = stride[d - 1] * header.shape[d - 1];
  for (Index k = 0; k < header.count; ++k) {
    use(k, std::inner_product(index.begin(), index.end(), stride.begin(), Index{0}));
    for (std::size_t d = order; d-- > 0;) {
      if (++index[d] < header.shape[d]) break;
      index[d] = 0;
    }
  }
}

// The type of Array that holds numbers of type T.
template <class T>
struct Holder {
  using type = std::conditional_t<sizeof(T) == 8 || std::is_same_v<T, std::uint32_t>, std::int64_t, std::int32_t>;
};
template <>
struct Holder<double> {
  using type = double;
};
template <>
struct Holder<float> {
  using type = float;
};
template <>
struct Holder<std::uint8_t> {
  using type = std::uint8_t;
};

template <class T>
Array::Data decode_numbers(const NpyHeader& header, const char* from, const std::string& where) {
  using Held = typename Holder<T>::type;
  std::vector<Held> items(static_cast<std::size_t>(header.count));
  const bool as_stored =
      std::is_same_v<T, Held> && !header.swapped && (!header.fortran_order || header.shape.size() < 2);
  if (as_stored) {
    if (!items.empty()) std::memcpy(items.data(), from, items.size() * sizeof(T));
    return items;
  }
  for_each_item(header, [&](Index to, Index at) {
    const T item = load_item<T>(from + at * static_cast<Index>(sizeof(T)), header.swapped);
    if constexpr (std::is_same_v<T, std::uint64_t>)
      if (item > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        throw InputError(where, fmt::format("the value {} does not fit into 64 bits with sign", item));
    items[to] = static_cast<Held>(item);
  });
  return items;
}

Array::Data decode_strings(const NpyHeader& header, const char* from) {
  std::vector<std::string> items(static_cast<std::size_t>(header.count));
  for_each_item(header, [&](Index to, Index at) {
    const char* item = from + at * header.item_size;
    std::string& text = items[to];
    if (header.kind == 'S') {
      text.assign(item, item + header.item_size);
    } else {
      for (Index k = 0; k < header.item_size; k += 4)
        append_utf8(text, load_item<std::uint32_t>(item + k, header.swapped));
    }
    text.resize(text.find_last_not_of('\0') + 1);  // npos + 1 = 0: all padding
  });
  return items;
}

}  // namespace

Array decode_npy(std::string_view bytes, const std::string& where) {
  const NpyHeader header = parse_npy_header(bytes, where);
  check_npy_size(header, bytes.size() - header.data_begin, where);
  const char* from = bytes.data() + header.data_begin;
  Array array;
  array.shape = header.shape;
  const bool numbers =
      with_npy_type(header, [&](auto zero) { array.data = decode_numbers<decltype(zero)>(header, from, where); });
  if (!numbers) array.data = decode_strings(header, from);
  return array;
}

std::string_view npy_bytes(const Array& array, std::string& descr, std::string& storage) {
  const auto view = [](const auto& items) {
    return std::string_view(reinterpret_cast<const char*>(items.data()), items.size() * sizeof(items[0]));
  };
  if (const auto* items = std::get_if<std::vector<double>>(&array.data)) return descr = "<f8", view(*items);
  if (const auto* items = std::get_if<std::vector<float>>(&array.data)) return descr = "<f4", view(*items);
  if (const auto* items = std::get_if<std::vector<std::int64_t>>(&array.data)) return descr = "<i8", view(*items);
  if (const auto* items = std::get_if<std::vector<std::int32_t>>(&array.data)) return descr = "<i4", view(*items);
  if (const auto* items = std::get_if<std::vector<std::uint8_t>>(&array.data)) return descr = "|u1", view(*items);

  const auto& names = std::get<std::vector<std::string>>(array.data);
  std::size_t longest = 1;
  for (const std::string& name : names) longest = std::max(longest, utf8_length(name));
  storage.assign(names.size() * longest * 4, '\0');
  for (std::size_t i = 0; i < names.size(); ++i) {
    char* to = storage.data() + i * longest * 4;
    for (std::size_t at = 0; at < names[i].size(); to += 4) {
      const std::uint32_t character = next_utf8(names[i], at);
      std::memcpy(to, &character, 4);
    }
  }
  descr = fmt::format("<U{}", longest);
  return storage;
}

}  // namespace rankflow
