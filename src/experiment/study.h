// A study: a grid of runs, the figures that show them, and claims about them that can be checked.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "experiment/document.h"
#include "experiment/run_config.h"

namespace rankflow::experiment {

/// Which runs: every key has one of its values. Keys are dotted names; what does not apply to a run does not match.
struct Selection {
  std::vector<std::pair<std::string, std::vector<std::string>>> where;
};

/// One axis of the grid: several keys if they change together.
struct GridAxis {
  std::vector<std::string> keys;
  std::vector<std::vector<std::string>> values;  // per point one value for each key
  Place place;
};

/// Settings and the axes that vary over them. A study has one grid, and one for each [[also]].
struct Grid {
  std::vector<std::pair<std::string, const Node*>> settings;  // dotted; into Study::document
  std::vector<GridAxis> axes;
};

/// What a quantity is compared with.
struct Comparison {
  Selection selection;
  std::string quantity;           // empty = the claim's own
  std::vector<std::string> same;  // keys in which both runs agree; the claim's axes without it
};

struct Claim {
  std::string text;
  Selection selection;
  std::string quantity;             // one number a run
  std::string every, when;          // or: one number a record, at records where `when` holds
  std::optional<double> low, high;  // what the quantity, or its ratio to `over`, has to lie between
  std::optional<Comparison> over;
  std::string along;          // a key: the quantity is ordered along it
  bool rising = false;        // else falling
  double slack = 0;           // share by which a step may go the wrong way
  Index at_least = 0;         // 0 = all selected runs have to satisfy
  bool quick = true;          // no = only the full study can show it
  bool paper_length = false;  // yes = only the study at its source's length can
  Place place;
};

struct Panel {
  std::string title, x, x_label, y_label;
  std::vector<std::string> y, names;              // names: what each y is called
  std::optional<std::vector<std::string>> group;  // keys that make a series; without it all that vary but x
  std::vector<std::string> dash;                  // keys that make a curve of the same colour in another dash
  Selection selection;
  bool x_log = false, y_log = false, markers = false;
  std::optional<double> x_low, x_high, y_low, y_high;
  Place place;
};

struct Figure {
  std::string name, title, caption;
  std::vector<Panel> panels;
};

struct Study {
  std::string path;  // file it was read from; other files are looked for beside it
  std::string title, source, about, needs;
  std::vector<std::string> choices;        // what the source leaves open, and what was chosen
  bool quick = false, overridden = false;  // overridden: by --set or --vary
  bool paper_length = false;
  Node document;  // after quick or paper_length, and overrides
  std::vector<Grid> grids;
  std::vector<Figure> figures;
  std::vector<Claim> claims;
};

struct StudyOptions {
  bool quick = false;
  bool paper_length = false;      // as long as the source had it, where the full study is shorter
  std::vector<std::string> set;   // "engine.step_size=1e-3"
  std::vector<std::string> vary;  // "depth=2,3,4", "seed=1:10"
};

/// Throws InputError with file, line, column, what was found, what was expected, and the nearest key that is known.
Study read_study(const std::string& path, const StudyOptions& options = {});
Study parse_study(Node document, const std::string& path, const StudyOptions& options = {});

/// Changes a document as --set and --vary say. Throws OptionError.
void apply_overrides(Node& document, const StudyOptions& options);

/// The dotted key that `key` means. Complains if there is none.
std::string resolve_key(const std::string& key, const Place& place);

}  // namespace rankflow::experiment
