// Where do bytes come from? A mapped file, or a stream (standard input, a pipe, gzip) read piece by piece.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace rankflow {

class Input {
 public:
  /// "-" is standard input. Throws InputError when it cannot be read.
  explicit Input(const std::string& path);
  /// Bytes in memory, which must outlive this.
  Input(std::string_view bytes, std::string name);
  ~Input();
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  /// The name for messages; "standard input" for "-".
  const std::string& name() const { return name_; }
  /// Name without ".gz", to be matched by its ending.
  std::string_view inner_name() const;
  /// The next bytes, at least `size` of them unless the end comes first. They stay to be read.
  std::string_view ahead(std::size_t size);
  void skip(std::size_t size);
  /// Whole lines: up to a line's end, or up to the end of the file. Empty at the end. Valid until the next call.
  std::string_view lines();
  /// Everything from here on.
  std::string_view rest();
  /// Bytes of the file as far as known without reading it: mapped files only, otherwise 0.
  std::size_t known_size() const { return known_size_; }

  struct Stream;

 private:
  bool read_more(std::size_t size);
  void release_read_pages();

  std::string name_;
  std::string_view data_;           // what lies ready
  std::unique_ptr<Stream> stream_;  // null: everything lies ready
  std::string buffer_;              // of a stream; data_ points into it
  void* map_ = nullptr;
  std::size_t map_size_ = 0, known_size_ = 0, given_ = 0, released_ = 0;
};

}  // namespace rankflow
