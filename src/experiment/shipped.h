// Where are the studies that come with the program?
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace rankflow::experiment {

struct ShippedStudy {
  std::string name;  // "arora2019/completion-2000"
  std::string path;
};

/// Sorted by name. Looks beside the program, where the build and the installation put them. Throws InputError naming
/// the folders that were looked at if there are none.
std::vector<ShippedStudy> shipped_studies();

/// The path of a study by its name, or `name` itself if it is a file. Throws OptionError with the closest names.
std::string find_study(const std::string& name);

}  // namespace rankflow::experiment
