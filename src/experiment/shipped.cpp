// Finding shipped studies relative to the program, so that build trees and installations can be moved.
// SPDX-License-Identifier: Apache-2.0
#include "experiment/shipped.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "experiment/document.h"
#include "rankflow/error.h"

namespace rankflow::experiment {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> folders() {
  std::error_code unknown;
  const fs::path program = fs::read_symlink("/proc/self/exe", unknown);
  const fs::path folder = program.parent_path();
  // The build tree has a link beside the program; an installation has bin/ and share/ side by side.
  return {folder / "share/rankflow/experiments", folder / "../share/rankflow/experiments"};
}

}  // namespace

std::vector<ShippedStudy> shipped_studies() {
  for (const fs::path& folder : folders()) {
    if (!fs::is_directory(folder)) continue;
    std::vector<ShippedStudy> studies;
    const fs::path root = fs::canonical(folder);
    for (const auto& entry : fs::recursive_directory_iterator(root))
      if (entry.path().extension() == ".toml")
        studies.push_back({fs::relative(entry.path(), root).replace_extension().string(), entry.path().string()});
    std::sort(studies.begin(), studies.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return studies;
  }
  throw InputError(folders().front().lexically_normal().string(), "the shipped studies are not here",
                   "install the project, or name a study's file");
}

std::string find_study(const std::string& name) {
  if (fs::is_regular_file(name)) return name;
  std::vector<std::string> names;
  for (const ShippedStudy& study : shipped_studies()) {
    if (study.name == name) return study.path;
    names.push_back(study.name);
  }
  const std::string near = closest(name, names);
  throw OptionError(fmt::format("no study is called '{}', and no file either", name),
                    near.empty() ? "rankflow reproduce --list names them" : fmt::format("did you mean '{}'?", near));
}

}  // namespace rankflow::experiment
