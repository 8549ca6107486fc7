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
  int code = 0;
  archive_ = zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code);
  if (archive_ == nullptr) throw InputError(path, "not a sound .npz (zip) file: " + reason(code), kHint);
  list_members();
}

NpzReader::NpzReader(std::string_view bytes, const std::string& name) : path_(name) {
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

std::string NpzReader::bytes(const std::string& name) const {
  const auto fail = [&](const std::string& problem) { throw InputError(where(name), problem, kHint); };
  zip_file_t* member = zip_fopen_index(archive_, members_.at(name), 0);
  if (member == nullptr) fail(std::string("cannot be unpacked: ") + zip_strerror(archive_));
  const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> closes(member, zip_fclose);
  zip_stat_t status;
  zip_stat_init(&status);
  zip_stat_index(archive_, members_.at(name), 0, &status);
  // The size in the directory is a claim: memory grows with what is really there.
  constexpr std::size_t kStep = 1 << 20;
  const std::size_t claimed = (status.valid & ZIP_STAT_SIZE) != 0 ? status.size : kStep;
  std::string bytes;
  std::size_t have = 0;
  while (true) {
    // One byte more than claimed, so that the end, where the checksum is verified, is reached.
    bytes.resize(std::min(std::max(have + kStep, 2 * have), std::max(claimed, have) + 1));
    const zip_int64_t got = zip_fread(member, bytes.data() + have, bytes.size() - have);
    if (got < 0) fail(std::string("is damaged: ") + zip_error_strerror(zip_file_get_error(member)));
    if (got == 0) break;
    have += got;
  }
  bytes.resize(have);
  return bytes;
}

}  // namespace rankflow
