// A pool of workers over the jobs of a plan. A job is one run, or several that share their measuring matrices.
// SPDX-License-Identifier: Apache-2.0
#include "experiment/runner.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <new>
#include <thread>

#include "base/threads.h"
#include "experiment/data_set.h"
#include "rankflow/error.h"

namespace rankflow::experiment {
namespace {

using Job = std::vector<std::size_t>;  // positions in the plan

// Runs with equal keys are measured alike.
std::string data_key(const PlannedRun& run) {
  std::string key;
  for (const auto& [name, value] : run.settings)
    if (name.starts_with("data.") || name.starts_with("problem.")) key += name + "=" + value + "\n";
  return key + run.config.data.path;
}

class Pool {
 public:
  Pool(const std::vector<PlannedRun>& plan, const RunnerOptions& options,
       const std::function<void(const RunEvent&)>& report, const StopAsked& stop)
      : plan_(plan), options_(options), report_(report), stop_(stop), records_(plan.size()) {}

  std::vector<RunRecord> run() {
    make_jobs();
    const int workers = std::max(1, std::min<int>(options_.jobs, static_cast<int>(jobs_.size())));
    const int threads_before = num_threads();
    if (workers > 1) set_num_threads(1);
    {
      std::vector<std::jthread> others;
      for (int k = 1; k < workers; ++k) others.emplace_back([this] { work(); });
      work();
    }
    if (workers > 1) set_num_threads(threads_before);
    if (failure_) std::rethrow_exception(failure_);
    return std::move(records_);
  }

 private:
  std::string folder(std::size_t k) const { return options_.folder + "/runs/" + plan_[k].folder; }

  void make_jobs() {
    std::map<std::string, std::size_t> together;  // key -> job
    for (std::size_t k = 0; k < plan_.size(); ++k) {
      if (std::optional<RunRecord> kept = read_record(folder(k), plan_[k])) {
        records_[k] = std::move(*kept);
        ++done_;
        tell(RunEvent::Kind::kept, k);
        continue;
      }
      if (!moves_together(plan_[k].config)) {
        jobs_.push_back({k});
        continue;
      }
      const std::string key = data_key(plan_[k]) + plan_[k].setting("engine.scalar");
      const auto [place, fresh] = together.emplace(key, jobs_.size());
      if (fresh) jobs_.emplace_back();
      jobs_[place->second].push_back(k);
    }
  }

  void work() {
    for (std::size_t job = next_++; job < jobs_.size(); job = next_++) {
      if (broken_ || (stop_ && stop_())) return;
      try {
        make(jobs_[job]);
      } catch (...) {  // the disk is full, or a bug: no further run can succeed
        const std::lock_guard lock(mutex_);
        if (!failure_) failure_ = std::current_exception();
        broken_ = true;
      }
    }
  }

  void make(const Job& job) {
    for (const std::size_t k : job) tell(RunEvent::Kind::started, k);
    std::vector<RunRecord> made(job.size());
    try {
      const PlannedRun& first = plan_[job.front()];
      const auto data = data_sets_.get(data_key(first), first.config);
      std::vector<RunOutcome> outcomes;
      if (job.size() == 1) {
        outcomes.push_back(execute(first.config, *data, stop_));
      } else {
        std::vector<const RunConfig*> configs;
        for (const std::size_t k : job) configs.push_back(&plan_[k].config);
        outcomes = execute_together(configs, *data, stop_);
      }
      if (stop_ && stop_()) return;  // cut short: as if it had not begun
      for (std::size_t i = 0; i < job.size(); ++i) {
        made[i].status = RunRecord::Status::finished;
        made[i].outcome = std::move(outcomes[i]);
        made[i].outcome.numbers.insert(data->numbers.begin(), data->numbers.end());
      }
    } catch (const InternalError&) {
      throw;
    } catch (const std::bad_alloc&) {
      for (RunRecord& record : made) {
        record.status = RunRecord::Status::failed;
        record.why = "out of memory: the data or the model are too large for this machine";
      }
    } catch (const std::exception& error) {
      for (RunRecord& record : made) {
        record.status = RunRecord::Status::failed;
        record.why = error.what();
      }
    }
    for (std::size_t i = 0; i < job.size(); ++i) keep(job[i], std::move(made[i]));
  }

  void keep(std::size_t k, RunRecord record) {
    write_record(folder(k), plan_[k], record);
    {
      const std::lock_guard lock(mutex_);
      records_[k] = std::move(record);
      ++done_;
    }
    tell(records_[k].usable() ? RunEvent::Kind::finished : RunEvent::Kind::failed, k);
  }

  void tell(RunEvent::Kind kind, std::size_t k) {
    if (!report_) return;
    const std::lock_guard lock(mutex_);
    report_({kind, &plan_[k], kind == RunEvent::Kind::started ? nullptr : &records_[k], done_, plan_.size()});
  }

  const std::vector<PlannedRun>& plan_;
  const RunnerOptions& options_;
  const std::function<void(const RunEvent&)>& report_;
  const StopAsked& stop_;
  std::vector<RunRecord> records_;
  std::vector<Job> jobs_;
  DataSets data_sets_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> broken_{false};
  std::size_t done_ = 0;
  std::mutex mutex_;
  std::exception_ptr failure_;
};

}  // namespace

std::vector<RunRecord> make_runs(const std::vector<PlannedRun>& plan, const RunnerOptions& options,
                                 const std::function<void(const RunEvent&)>& report, const StopAsked& stop) {
  return Pool(plan, options, report, stop).run();
}

}  // namespace rankflow::experiment
