// How is the full history of a fit written for other programs?
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "data/output_file.h"
#include "rankflow/report.h"

namespace rankflow {
namespace {

// The shortest text that reads back as the same number.
void append_cell(std::string& line, double value) {
  line += ',';
  if (!std::isnan(value)) fmt::format_to(std::back_inserter(line), "{}", value);
}

// Quoted as RFC 4180 asks where a word holds a comma, a quote or a line break.
std::string quoted(const std::string& word) {
  if (word.find_first_of(",\"\r\n") == std::string::npos) return word;
  std::string text = "\"";
  for (const char c : word) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + '"';
}

}  // namespace

void write_history_csv(const std::string& path, const std::vector<Step>& history) {
  std::size_t width = 0;
  for (const Step& step : history) width = std::max(width, step.singular_values.size());
  std::string text =
      "engine,stage,iteration,seconds,time,step_size,train_rmse,validation_rmse,rank,effective_rank,rate";
  for (std::size_t k = 1; k <= width; ++k) text += ",sigma_" + std::to_string(k);
  text += '\n';
  for (const Step& step : history) {
    text += quoted(step.engine) + ',' + quoted(step.stage) + ',' + std::to_string(step.iteration);
    append_cell(text, step.seconds);
    append_cell(text, step.time);
    append_cell(text, step.step_size);
    append_cell(text, step.train_rmse);
    append_cell(text, step.validation_rmse);
    text += ',' + std::to_string(step.rank);
    append_cell(text, step.effective_rank);
    append_cell(text, step.rate);
    for (const double sigma : step.singular_values) append_cell(text, sigma);
    text.append(width - step.singular_values.size(), ',');
    text += '\n';
  }
  write_file(path, text);
}

}  // namespace rankflow
