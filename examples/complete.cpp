// Completes a table with holes, says how well, and writes it: complete IN.csv OUT.csv
// SPDX-License-Identifier: Apache-2.0
#include <rankflow/complete.h>
#include <rankflow/error.h>
#include <rankflow/read.h>
#include <rankflow/write.h>

#include <iostream>

int run(const char* in, const char* out) {
  const rankflow::Table table = rankflow::read_table(in);
  const rankflow::CompleteOptions options{.held_out = 0.1, .seed = 7};
  const rankflow::Completion result = rankflow::complete(table, options);
  std::cout << rankflow::brief(table, result) << "\n";
  if (!result.usable()) return 1;
  const rankflow::CompletionModel& model = result.table_model ? *result.table_model : result.model;
  rankflow::write_dense(out, table, [&](rankflow::Index i, rankflow::Index j) { return model.predict(i, j); });
  const rankflow::Interval cell = model.interval(0, 0, 0.9);
  std::cout << "first cell: " << model.predict(0, 0) << ", 90 % interval " << cell.low << " to " << cell.high << "\n";
  return 0;
}

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: complete IN.csv OUT.csv\n";
    return 2;
  }
  try {
    return run(argv[1], argv[2]);
  } catch (const rankflow::OptionError& error) {
    std::cerr << "error: " << error.what() << "\n";
    return 2;
  } catch (const rankflow::InputError& error) {
    std::cerr << "error: " << error.what() << "\n";
    return 3;
  }
}
