// Arrays as HDF5: one data set of doubles, `value`. Its few hundred bytes of description are written here and not by
// the HDF5 library, which keeps a file that it could not write to the end and crashes over it when the program ends.
// Source: The HDF Group, "HDF5 File Format Specification Version 3.0".
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <bit>
#include <cstring>

#include "data/output_file.h"
#include "data/tensor/tensor_writers.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

constexpr std::string_view kName = "value";
constexpr std::size_t kMostModes = 32;  // HDF5's own limit
constexpr std::uint64_t kNowhere = ~std::uint64_t{0};
constexpr std::uint64_t kSuperblock = 48;   // bytes
constexpr std::uint64_t kDataBegin = 1024;  // behind all descriptions

template <class T>
void put(std::string& bytes, T number) {
  bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
}

// Checksum of descriptions: Bob Jenkins, lookup3.c (public domain), hashlittle() with the initial value 0.
std::uint32_t checksum(std::string bytes) {
  std::uint32_t a = 0xdeadbeef + static_cast<std::uint32_t>(bytes.size()), b = a, c = a;
  const std::size_t size = bytes.size(), whole = size == 0 ? 0 : (size - 1) / 12 * 12;
  bytes.append(12, '\0');
  const auto add = [&](std::size_t at) {
    const auto word = [&](std::size_t k) {
      std::uint32_t x;
      std::memcpy(&x, bytes.data() + at + 4 * k, sizeof x);
      return x;
    };
    a += word(0), b += word(1), c += word(2);
  };
  for (std::size_t at = 0; at < whole; at += 12) {
    add(at);
    a -= c, a ^= std::rotl(c, 4), c += b;
    b -= a, b ^= std::rotl(a, 6), a += c;
    c -= b, c ^= std::rotl(b, 8), b += a;
    a -= c, a ^= std::rotl(c, 16), c += b;
    b -= a, b ^= std::rotl(a, 19), a += c;
    c -= b, c ^= std::rotl(b, 4), b += a;
  }
  add(whole);
  c ^= b, c -= std::rotl(b, 14);
  a ^= c, a -= std::rotl(c, 11);
  b ^= a, b -= std::rotl(a, 25);
  c ^= b, c -= std::rotl(b, 16);
  a ^= c, a -= std::rotl(c, 4);
  b ^= a, b -= std::rotl(a, 14);
  c ^= b, c -= std::rotl(b, 24);
  return c;
}

// Section IV.A.2: messages that describe one object.
class ObjectHeader {
 public:
  void message(std::uint8_t type, const std::string& data) {
    put(messages_, type);
    put(messages_, static_cast<std::uint16_t>(data.size()));
    put(messages_, std::uint8_t{0});
    messages_ += data;
  }
  std::string bytes() const {
    std::string all = "OHDR";
    put(all, std::uint8_t{2});  // version
    put(all, std::uint8_t{1});  // the next number has two bytes
    put(all, static_cast<std::uint16_t>(messages_.size()));
    all += messages_;
    put(all, checksum(all));
    return all;
  }

 private:
  std::string messages_;
};

std::string dataspace(const std::vector<Index>& shape) {
  std::string data = {2, static_cast<char>(shape.size()), 0, 1};  // version, order, no maximum, simple
  for (const Index size : shape) put(data, static_cast<std::uint64_t>(size));
  return data;
}

// IEEE double, little-endian: section IV.A.2.d.
std::string float64() {
  std::string data = {0x11, 0x20, 63, 0};  // version 1, floating point; leading 1 implied; where the sign is
  put(data, std::uint32_t{8});
  put(data, std::uint16_t{0});   // first bit
  put(data, std::uint16_t{64});  // bits
  data += {52, 11, 0, 52};       // exponent and mantissa: place, bits
  put(data, std::uint32_t{1023});
  return data;
}

ObjectHeader data_set(const std::vector<Index>& shape, std::uint64_t data_bytes) {
  ObjectHeader header;
  header.message(0x01, dataspace(shape));
  header.message(0x03, float64());
  header.message(0x05, {3, 0x0a});  // fill value: late, if set; it is not
  std::string layout = {3, 1};      // contiguous
  put(layout, kDataBegin);
  put(layout, data_bytes);
  header.message(0x08, layout);
  return header;
}

ObjectHeader root_group(std::uint64_t data_set_at) {
  ObjectHeader header;
  std::string links = {0, 0};
  put(links, kNowhere);  // few links: they stand here
  put(links, kNowhere);
  header.message(0x02, links);
  header.message(0x0a, {0, 0});
  std::string link = {1, 0, static_cast<char>(kName.size())};
  link += kName;
  put(link, data_set_at);
  header.message(0x06, link);
  return header;
}

std::string description(const std::vector<Index>& shape, std::uint64_t data_bytes) {
  const std::string group = root_group(0).bytes();  // for its length
  const std::uint64_t set_at = kSuperblock + group.size();
  std::string file = "\x89HDF\r\n\x1a\n";
  file += {2, 8, 8, 0};  // version, bytes of an address, of a length, no flags
  put(file, std::uint64_t{0});
  put(file, kNowhere);
  put(file, kDataBegin + data_bytes);
  put(file, kSuperblock);  // the root group follows at once
  put(file, checksum(file));
  file += root_group(set_at).bytes() + data_set(shape, data_bytes).bytes();
  RANKFLOW_ASSERT(file.size() <= kDataBegin, "descriptions end before the data begin");
  file.resize(kDataBegin, '\0');
  return file;
}

}  // namespace

void write_hdf5_cells(const std::string& path, CellStream& cells) {
  const std::vector<Index> shape = cells.tensor().shape();
  if (shape.size() > kMostModes)
    throw OptionError(fmt::format("{}: HDF5 holds at most {} modes, and there are {}", path, kMostModes, shape.size()),
                      "write .npy, or the cells as .csv");
  OutputFile file(path);
  file.write(description(shape, static_cast<std::uint64_t>(cells.count()) * sizeof(double)));
  put_cells(file, cells);
  file.finish();
}

}  // namespace rankflow
