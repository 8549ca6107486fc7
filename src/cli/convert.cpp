// rankflow convert: the same table in another format.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "cli/array_verbs.h"
#include "cli/option_binding.h"
#include "cli/option_scope.h"
#include "cli/table_report.h"
#include "cli/verbs.h"
#include "data/rounding.h"
#include "rankflow/error.h"
#include "rankflow/read.h"
#include "rankflow/summary.h"
#include "rankflow/write.h"

namespace rankflow::cli {
namespace {

using Shape = OutputShape;

struct Convert {
  std::string input, output;
  Shape shape = Shape::as_read;
  bool json = false;
  int digits = 0;
  TensorReadOptions read;
  WriteOptions write;
};

// Every format then holds the same values, text shows no more.
void round_values(Table& table, int digits) {
  for (double& value : table.value) value = rounded(value, digits);
  table.integer_values = table.integer_values && std::all_of(table.value.begin(), table.value.end(),
                                                             [](double x) { return x == std::floor(x); });
}

bool loses_names(std::string path) {
  if (path.ends_with(".gz")) path.resize(path.size() - 3);
  const auto is = [&path](const char* ending) { return path.ends_with(ending); };
  return is(".mtx") || is(".npy") || is(".pgm") || is(".png");
}

void run(const Convert& convert, const CLI::App& verb) {
  if (convert.json && convert.output == "-") throw OptionError("--json and OUT = - both want standard output");
  if (holds_tensor(convert.input, convert.read))
    return convert_array_file({convert.input, convert.output, convert.read, convert.shape, convert.digits},
                              convert.json);
  refuse_array_options(verb);
  Table table = read_table(convert.input, convert.read.table);
  if (convert.digits > 0) round_values(table, convert.digits);
  switch (convert.shape) {
    case Shape::triplets:
      write_triplets(convert.output, table, convert.write);
      break;
    case Shape::dense:
      write_dense(convert.output, table, {}, convert.write);
      break;
    default:
      write_table(convert.output, table, convert.write);
  }
  print_warnings(table);
  if (loses_names(convert.output) &&
      (table.rows.kind() == Axis::Kind::strings || table.columns.kind() == Axis::Kind::strings))
    fmt::print(stderr, "warning: {} does not hold the names of rows and columns; .csv and .npz keep them\n",
               convert.output);
  if (convert.json) {
    nlohmann::ordered_json object = table_json(table, summarize(table));
    object["written"] = convert.output;
    fmt::print("{}\n", dump(object));
    return;
  }
  fmt::print(stderr, "{}: {} x {}, {} observed, read as {}\n", table.source, table.num_rows(), table.num_columns(),
             table.num_observed(), table.format);
}

}  // namespace

void add_convert(CLI::App& program, Outcome&) {
  CLI::App* verb = program.add_subcommand("convert", "write the same table in another format");
  const auto convert = std::make_shared<Convert>();
  verb->add_option("IN", convert->input, "the file to read; - is standard input")->required();
  verb->add_option("OUT", convert->output, fmt::format("the file to write: {}", kWritableFormats))->required();
  verb->add_flag("--json", convert->json, "describe the table as one JSON object on standard output");
  bind(*verb, {choice("shape", convert->shape,
                      {{"as-read", Shape::as_read}, {"triplets", Shape::triplets}, {"dense", Shape::dense}},
                      "write observations one a line, or a table with holes"),
               field("digits", convert->digits, {0, 17}, "significant digits that values are rounded to; 0 = all")});
  bind(*verb, fields(convert->read.table), "Reading");
  bind(*verb, array_fields(convert->read), "Reading");
  verb->callback([convert, verb] { run(*convert, *verb); });
}

}  // namespace rankflow::cli
