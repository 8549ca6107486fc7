// Which parts does the page have, and what is the HTML of each?
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "report/json_data.h"

namespace rankflow::report {

/// One part of the page. An empty body means that its data are not there and the part is left out.
struct Section {
  std::string id, title, body;
};

Section figures_section(const ReportInput& input);
Section notes_section(const ReportInput& input);
Section quality_section(const Json& data);
Section map_section(const Json& data);
Section columns_section(const ReportInput& input);
Section surprises_section(const ReportInput& input);
Section spectrum_section(const Json& data);
Section candidates_section(const ReportInput& input);
Section panels_section(const Json& data);
Section history_section(const Json& data, const ReportInput& input);
Section record_section(const ReportInput& input);

/// A place for one chart: heading, canvas, caption, and room for the table of its numbers; page/*.js fills it.
std::string chart(const std::string& id, const std::string& title, const std::string& caption, bool wide = false);

}  // namespace rankflow::report
