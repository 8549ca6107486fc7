// Where are the files that were embedded into the library at build time (the page's templates, the chart library)?
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace rankflow::report {

/// The content of an embedded file, by its file name ("page.html"). Defined by cmake/RankflowEmbed.cmake.
std::string_view resource(std::string_view name);

}  // namespace rankflow::report
