// What a report shows, and the two functions that write it: one self-contained HTML page, and the full history as CSV.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rankflow/fit.h"
#include "rankflow/types.h"

namespace rankflow {

/// One headline number. Text as the reader shall see it; format_number() below helps to make it.
struct ReportFigure {
  std::string label;        // "Held-out RMSE"
  std::string value;        // "0.8137"
  std::string detail;       // what qualifies the value, set small beside it: "95 % interval 0.806 to 0.821"
  std::string explanation;  // one sentence: what it means, in which unit
};

/// One engine that was tried.
struct ReportCandidate {
  std::string engine;
  double validation_rmse = kNaN;
  bool chosen = false;
  std::string why;  // "lowest validation error", "diverged at iteration 12"
};

/// Where a run of an engine was stopped: the iteration whose state was kept.
struct ReportStop {
  std::string engine, stage;  // as in Step
  Index iteration = 0;
  std::string reason;  // "lowest validation error"
};

/// Observed and predicted values of entries that the fit has not seen; equal lengths.
struct ReportHeldOut {
  std::vector<double> observed, predicted;
};

struct ReportSpectrum {
  std::vector<double> singular_values;  // descending
  Index rank = 0;                       // how many of them are kept; 0 = no cut to mark
};

/// Share of entries inside the interval of each nominal level, all in [0, 1]. A part that was not measured is empty.
struct ReportCalibration {
  std::vector<double> nominal, validation, held_out;
};

/// A dense table or image before (NaN = hole) and after; equal sizes.
struct ReportMap {
  std::string title;  // above the pair; may be empty
  Matrix before, after;
  bool image = false;     // shown in grey; otherwise in colours, by column if `by_column`
  bool by_column = true;  // each column in its own units: (value - mean) / spread of its observed entries
  std::string row_title, column_title, value_title;
};

/// One column of a table; errors are in units of the column's spread.
struct ReportColumn {
  std::string name;
  double spread = kNaN;    // standard deviation of the observed entries, in the column's unit
  double rmse = kNaN;      // held-out RMSE / spread
  double baseline = kNaN;  // the same for the baseline
  Index held_out = 0;      // number of entries behind the errors
};

/// An entry that the model finds hard to believe.
struct ReportSurprise {
  std::string row, column;
  double observed = kNaN, predicted = kNaN;
  double sigmas = kNaN;  // |observed - predicted| in units of the predicted spread
};

/// Named series against a common axis: factors of a mode, sizes of components.
struct ReportPanel {
  enum class Kind { lines, points, bars };
  struct Series {
    std::string name;
    std::vector<double> values;  // one per place on the axis
  };
  std::string title, caption, x_title, y_title;
  Kind kind = Kind::lines;
  bool logarithmic = false;         // the values' axis
  std::vector<double> x;            // places on the axis
  std::vector<std::string> labels;  // names of the places; empty = the numbers
  std::vector<Series> series;
  bool wide = false;  // takes the page's whole width
};

struct ReportOption {
  std::string name, value, default_value, help;  // marked where value and default differ
};

struct ReportFact {
  std::string name, value;  // "seed", "42"
};

/// Every part is optional: what is empty is left out of the page.
struct ReportInput {
  std::string title;    // defaults to the source's name
  std::string source;   // file the data came from
  std::string summary;  // one paragraph in words, before any chart
  std::vector<ReportFigure> figures;
  std::vector<std::string> notes;     // what was assumed
  std::vector<std::string> warnings;  // what the reader should know
  std::vector<ReportCandidate> candidates;
  std::string candidate_word = "engine";      // what they are
  std::string sizes_word = "singular value";  // what a step's singular values are called
  std::string shown_engine;                   // whose history is shown first; empty = the one with most to show
  std::vector<Step> history;                  // of one or more engines and stages, each in order
  std::vector<ReportStop> stops;              // without one, the lowest validation error of a run is marked
  std::optional<ReportHeldOut> held_out;
  std::optional<ReportSpectrum> spectrum;
  std::optional<ReportCalibration> calibration;
  std::vector<ReportMap> maps;
  std::vector<ReportColumn> columns;
  std::vector<ReportSurprise> surprises;
  std::string row_title = "Row", column_title = "Column";  // of the surprises
  std::vector<ReportPanel> panels;                         // what was learned
  std::vector<ReportOption> options;
  std::vector<ReportFact> facts;  // seed, versions, machine: processor, kernels, threads
  std::string command;            // the command line that repeats the run
};

/// The page as text. Same input, same bytes.
std::string render_report(const ReportInput& input);

/// Writes the page atomically (temporary file, fsync, rename). Throws InputError naming path and the system's reason.
void write_report(const std::string& path, const ReportInput& input);

/// Every step in full, one line each: engine, stage, iteration, seconds, time, step_size, train_rmse, validation_rmse,
/// rank, effective_rank, rate, sigma_1 ... sigma_k (k the largest count). An empty cell is a NaN or a value that does
/// not exist. Atomic as write_report().
void write_history_csv(const std::string& path, const std::vector<Step>& history);

/// A number for people: at most four significant digits, thousands separated by thin spaces, powers of ten as ×10ⁿ.
std::string format_number(double value, int digits = 4);
/// A duration: "0.42 s", "3 min 5 s", "2 h 14 min".
std::string format_seconds(double seconds);
/// An amount of memory in binary units: "312 MiB".
std::string format_bytes(double bytes);
/// A share in [0, 1] as "1.7 %".
std::string format_share(double share, int digits = 3);

}  // namespace rankflow
