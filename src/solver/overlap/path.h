// A path of falling eps, walked by one fit per validation part at the same time.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "rankflow/overlap.h"
#include "solver/overlap/smoother.h"

namespace rankflow::overlap {

/// What all paths of one job share: scaled values, masks without each part, starts, and work arrays.
struct Ground {
  Ground(const OverlapProblem& problem, const OverlapOptions& options);

  const OverlapProblem& problem;
  const OverlapOptions& options;
  Unfoldings unfoldings;
  double scale = 1;                        // root mean square of the training values
  std::vector<float> y;                    // values / scale
  std::vector<CellMask> masks;             // one per part: training cells without it; the last one has them all
  std::vector<std::vector<float>> starts;  // shrunk means, one per mask
  WorkSpace<float> work;

  std::size_t num_parts() const { return masks.size() - 1; }
};

/// Either the fits without each part (validated together) or the one fit on everything.
class Path {
 public:
  Path(Ground& ground, OverlapSetting setting, double ratio, bool on_everything);
  /// Ends at this point and not before; otherwise where validation says so, or at eps_end.
  void end_at(Index point) { last_ = point; }
  /// Validation does not end it before eps is as small as this.
  void go_at_least_to(double eps) { least_eps_ = eps; }
  /// Ends below this eps if no point had an error as small as `rmse` (scaled).
  void give_up_below(double eps, double rmse) { rival_eps_ = eps, rival_rmse_ = rmse; }

  /// One point; false once the path has ended (the point before was its last).
  bool advance();
  const OverlapSetting& setting() const { return setting_; }
  Index points() const { return points_; }
  Index best_point() const { return best_; }
  double eps_at(Index point) const;
  double rmse() const { return rmse_; }            // at the last point, scaled; NaN without parts
  double best_rmse() const { return best_rmse_; }  // at the best point
  double train_rmse() const;                       // at the last point, over all its fits
  /// Iterates at the best point (of the last one without parts), one per fit. Kept only if asked for before the start.
  void keep_best(bool keep) { keep_ = keep; }
  const std::vector<std::vector<float>>& best_x() const { return best_x_; }
  const std::vector<float>& x(std::size_t fit) const { return fits_[fit].x(); }

  void save(Archive& to) const;
  void load(const Archive& from);

 private:
  double validate() const;
  bool at_end() const;

  Ground& ground_;
  OverlapSetting setting_;
  double ratio_;
  bool on_everything_, keep_ = false;
  Index last_ = -1, points_ = 0, best_ = 0;
  double least_eps_ = kNaN, rival_eps_ = kNaN, rival_rmse_ = kNaN, rmse_ = kNaN, best_rmse_ = kNaN;
  bool falling_ = false;  // the last point's error was below that of the one before
  std::vector<Smoother<float>> fits_;
  std::vector<std::vector<float>> best_x_;
};

}  // namespace rankflow::overlap
