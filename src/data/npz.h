// How do .npy arrays get into a zip file and out of it?
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/atomic_file.h"
#include "data/npy.h"

struct zip;

namespace rankflow {

/// Bytes that were never zeroed: large arrays pass through here.
struct ByteBlock {
  std::unique_ptr<char[]> data;
  std::size_t size = 0;
  std::string_view view() const { return {data.get(), size}; }
};

class NpzReader {
 public:
  explicit NpzReader(const std::string& path);
  /// From bytes in memory, which must outlive the reader; `name` stands in messages.
  NpzReader(std::string_view bytes, const std::string& name);
  ~NpzReader();

  /// Names of the .npy members, without ".npy".
  std::vector<std::string> names() const;
  bool has(const std::string& name) const { return members_.count(name) > 0; }
  /// The .npy file itself, its checksum verified.
  ByteBlock bytes(const std::string& name) const;
  std::string where(const std::string& name) const { return path_ + ": array '" + name + "'"; }

 private:
  void list_members();

  std::string path_;
  zip* archive_ = nullptr;
  std::size_t file_size_ = 0;
  std::map<std::string, std::uint64_t> members_;  // name to position in the zip
};

/// Fills a buffer with the next bytes of an array's data, as many as asked for.
using ByteSupply = std::function<void(char* to, std::size_t size)>;

class NpzWriter {
 public:
  NpzWriter(const std::string& path, bool compress);
  ~NpzWriter();
  /// `array` must live until finish().
  void add(const std::string& name, const Array& array);
  /// A float64 array of which no more than a piece is in memory at a time.
  void add_streamed(const std::string& name, const std::vector<Index>& shape, ByteSupply supply);
  /// Everything is written here. Throws InputError (path, reason).
  void finish();

 private:
  struct Member;  // what libzip reads from while finish() runs
  void insert(const std::string& name, void* source);
  [[noreturn]] void fail(int system_error, const char* reason) const;

  AtomicFile file_;
  std::string zip_path_;
  bool compress_;
  zip* archive_ = nullptr;
  std::vector<std::unique_ptr<Member>> members_;
};

}  // namespace rankflow
