// Reading the members of a zip file, distrusting its directory.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/stat.h>
#include <zip.h>

#include <cerrno>
#include <cstring>

#include "data/npz.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

std::string reason(int code) {
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

constexpr const char* kHint = "copy or save the file again";

}  // namespace

NpzReader::NpzReader(const std::string& path) : path_(path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) throw InputError(path, std::string("cannot read: ") + std::strerror(errno));
  if (S_ISDIR(status.st_mode)) throw InputError(path, "is a folder; expected a .npz file");
  file_size_ = static_cast<std::size_t>(status.st_size);
  int code = 0;
  archive_ = zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code);
  if (archive_ == nullptr) throw InputError(path, "not a sound .npz (zip) file: " + reason(code), kHint);
  list_members();
}

NpzReader::NpzReader(std::string_view bytes, const std::string& name) : path_(name), file_size_(bytes.size()) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  if (source != nullptr) archive_ = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error);
  if (archive_ == nullptr) {
    const std::string text = zip_error_strerror(&error);
    if (source != nullptr) zip_source_free(source);
    zip_error_fini(&error);
    throw InputError(name, "not a sound .npz (zip) file: " + text, kHint);
  }
  zip_error_fini(&error);
  list_members();
}

NpzReader::~NpzReader() {
  if (archive_ != nullptr) zip_discard(archive_);
}

void NpzReader::list_members() {
  const zip_int64_t count = zip_get_num_entries(archive_, 0);
  for (zip_int64_t k = 0; k < count; ++k) {
    const char* name = zip_get_name(archive_, k, ZIP_FL_ENC_RAW);
    if (name == nullptr) continue;
    const std::string_view text = name;
    if (text.ends_with(".npy")) members_[std::string(text.substr(0, text.size() - 4))] = k;
  }
}

std::vector<std::string> NpzReader::names() const {
  std::vector<std::string> all;
  for (const auto& [name, position] : members_) all.push_back(name);
  return all;
}

ByteBlock NpzReader::bytes(const std::string& name) const {
  const auto fail = [&](const std::string& problem) { throw InputError(where(name), problem, kHint); };
  zip_file_t* member = zip_fopen_index(archive_, members_.at(name), 0);
  if (member == nullptr) fail(std::string("cannot be unpacked: ") + zip_strerror(archive_));
  const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> closes(member, zip_fclose);
  zip_stat_t status;
  zip_stat_init(&status);
  zip_stat_index(archive_, members_.at(name), 0, &status);
  // The size in the directory is a claim. What is stored lies in the file as it is; what is packed shrinks to no less
  // than 1/1032, but memory still grows only with what was really unpacked.
  const bool stored = status.comp_method == ZIP_CM_STORE && status.size <= file_size_;
  constexpr std::size_t kStep = 1 << 20;
  ByteBlock block;
  std::size_t room = stored ? status.size + 1 : kStep;  // one more, so that the end, where the checksum is, is reached
  block.data = std::make_unique_for_overwrite<char[]>(room);
  while (true) {
    if (block.size == room) {
      room *= 2;
      auto larger = std::make_unique_for_overwrite<char[]>(room);
      std::memcpy(larger.get(), block.data.get(), block.size);
      block.data = std::move(larger);
    }
    const zip_int64_t got = zip_fread(member, block.data.get() + block.size, std::min(room - block.size, 4 * kStep));
    if (got < 0) fail(std::string("is damaged: ") + zip_error_strerror(zip_file_get_error(member)));
    if (got == 0) return block;
    block.size += static_cast<std::size_t>(got);
  }
}

}  // namespace rankflow
