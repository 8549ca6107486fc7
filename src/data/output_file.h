// Where do written bytes go? To a buffer, through gzip if the name ends in .gz, to a file that appears whole or not at
// all. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "data/atomic_file.h"

namespace rankflow {

class OutputFile {
 public:
  explicit OutputFile(const std::string& path);
  ~OutputFile();

  void write(std::string_view bytes);
  /// Room for at least `size` bytes to be filled in place; take() says how far it was filled.
  char* room(std::size_t size);
  void take(const char* end) { used_ = static_cast<std::size_t>(end - buffer_.get()); }
  /// Everything is on the disk and the file is there. Without it nothing appears.
  void finish();
  const std::string& path() const { return file_.path(); }

 private:
  void flush();
  void to_descriptor(const char* bytes, std::size_t size);
  void deflate_piece(const char* bytes, std::size_t size, bool last);

  struct Deflater;
  AtomicFile file_;
  int descriptor_ = -1;
  std::unique_ptr<char[]> buffer_;
  std::size_t used_ = 0;
  std::unique_ptr<Deflater> deflater_;  // null: not compressed
};

/// A whole file at once.
void write_file(const std::string& path, std::string_view bytes);

/// Copies a file to "-" or a device.
void copy_file(const std::string& from, const std::string& to);

}  // namespace rankflow
