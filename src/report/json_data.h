// How do numbers get into the page's data block: short, valid JSON, and safe inside a <script> element?
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "rankflow/report.h"

namespace rankflow::report {

using Json = nlohmann::ordered_json;

/// A number with six significant digits; NaN and infinities become null, whole numbers lose their point.
Json number(double value);
Json numbers(const std::vector<double>& values);
/// JSON text without '<', so that no element can be closed or opened by what a user's file contains.
std::string script_safe(const Json& data);

/// One entry per run (engine and stage), with what a screen can resolve of it.
Json history_data(const std::vector<Step>& history, const std::vector<ReportStop>& stops);
/// Scatter sample or boxes, and the residuals' histogram.
Json held_out_data(const ReportHeldOut& held_out);
/// Pixels of both maps as base64 bytes: 0 = hole, 1 ... 255 = from the lowest to the highest colour.
Json map_data(const ReportMap& map);
/// Places, labels and series of one panel; long ones are thinned.
Json panel_data(const ReportPanel& panel);

}  // namespace rankflow::report
