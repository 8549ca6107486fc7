// The program as a user meets it: outputs, exit statuses, messages, kills.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <nlohmann/json.hpp>

#include "rankflow/rng.h"
#include "support/files.h"
#include "support/ratings.h"

namespace rankflow {
namespace {

using test::Folder;
using test::read_bytes;
using test::run_shell;
using test::write_bytes;
using testing::HasSubstr;

const std::string kQuick = " --sweeps 30 --burn-in 5 -q ";

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> list;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) list.push_back(line);
  return list;
}

TEST(CompleteProgram, WritesEveryCellAndNeverAltersAnObservedOne) {
  const Folder folder;
  write_bytes(folder / "r.csv", test::ratings_csv(40, 30, 0.4, 1));
  const auto run = run_shell("$RANKFLOW complete " + (folder / "r.csv") + " -o " + (folder / "out.csv") + " --json" +
                             kQuick + "--intervals 0.9");
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(nlohmann::json::parse(run.out)["rows"], 40);
  std::map<std::string, std::string> cells;
  const auto written = lines(read_bytes(folder / "out.csv"));
  EXPECT_EQ(written[0], "user,item,rating,low,high");
  for (const std::string& line : written) {
    const auto first = line.find(','), second = line.find(',', first + 1), third = line.find(',', second + 1);
    cells[line.substr(0, second)] = line.substr(second + 1, third - second - 1);
  }
  EXPECT_EQ(written.size(), 1u + 40 * 30);
  for (const std::string& line : lines(read_bytes(folder / "r.csv"))) {
    const auto comma = line.rfind(',');
    EXPECT_EQ(cells[line.substr(0, comma)], line.substr(comma + 1));
  }
}

TEST(CompleteProgram, FillsADenseTableInPlaceWithIntervalsBesideIt) {
  const Folder folder;
  const std::string data = RANKFLOW_SHIPPED_DATA "/covid19_serology.csv";
  const auto run = run_shell("$RANKFLOW complete " + data + " -o " + (folder / "out.csv") + " --report " +
                             (folder / "report") + kQuick + "--intervals 0.8 --engine posterior");
  ASSERT_EQ(run.status, 0) << run.err;
  const auto before = lines(read_bytes(data)), after = lines(read_bytes(folder / "out.csv"));
  ASSERT_EQ(before.size(), after.size());
  EXPECT_EQ(before[0], after[0]);
  for (std::size_t i = 1; i < before.size(); i += 20) {
    std::istringstream a(before[i] + ","), b(after[i] + ",");
    for (std::string x, y; std::getline(a, x, ',') && std::getline(b, y, ',');) {
      if (!x.empty()) {
        EXPECT_EQ(x, y);
      }
      EXPECT_FALSE(y.empty());
    }
  }
  EXPECT_THAT(folder.files(), testing::ElementsAre("out.csv", "out.high.csv", "out.low.csv", "report"));
  EXPECT_THAT(read_bytes(folder / "report/report.html"), HasSubstr("</html>"));
  EXPECT_THAT(read_bytes(folder / "report/history.csv"), HasSubstr("posterior"));

  // The removed entries are known: the kept model predicts them far better than nothing, with honest intervals.
  const auto predicted = run_shell("$RANKFLOW predict " + (folder / "report/model.npz") +
                                   " " RANKFLOW_SHIPPED_DATA "/covid19_serology_removed.csv --intervals 0.9");
  ASSERT_EQ(predicted.status, 0) << predicted.err;
  const auto truth = lines(read_bytes(RANKFLOW_SHIPPED_DATA "/covid19_serology_removed.csv"));
  const auto answers = lines(predicted.out);
  ASSERT_EQ(truth.size(), answers.size());
  double squares = 0, spread = 0, inside = 0;
  for (std::size_t k = 1; k < truth.size(); ++k) {
    const auto field = [](const std::string& line, int which) {
      std::istringstream in(line);
      std::string text;
      for (int f = 0; f <= which; ++f) std::getline(in, text, ',');
      return std::stod(text);
    };
    const double value = field(truth[k], 2);
    squares += std::pow(field(answers[k], 2) - value, 2);
    spread += value * value;
    inside += field(answers[k], 3) <= value && value <= field(answers[k], 4);
  }
  EXPECT_LT(std::sqrt(squares / spread), 0.5);
  EXPECT_NEAR(inside / static_cast<double>(truth.size() - 1), 0.9, 0.03);
}

TEST(CompleteProgram, GivesTheSameFilesForOneAndTwoThreads) {
  const Folder folder;
  write_bytes(folder / "r.csv", test::ratings_csv(200, 150, 0.2, 2));
  for (const char* threads : {"1", "2"}) {
    const auto run = run_shell("$RANKFLOW complete " + (folder / "r.csv") + " -o " + (folder / threads) + ".csv" +
                               kQuick + "--threads " + threads);
    ASSERT_EQ(run.status, 0) << run.err;
  }
  EXPECT_EQ(read_bytes(folder / "1.csv"), read_bytes(folder / "2.csv"));
}

TEST(CompleteProgram, LosesNothingWhenKilledAtRandomMoments) {
  const Folder folder;
  write_bytes(folder / "r.csv", test::ratings_csv(200, 150, 0.2, 3));
  const std::string common = "exec $RANKFLOW complete " + (folder / "r.csv") + " --sweeps 60 -q --threads 1 -o ";
  ASSERT_EQ(run_shell(common + (folder / "whole.csv")).status, 0);
  Rng rng(11);
  int killed = 0;
  const std::string checkpoint = folder / "c.npz";
  for (int attempt = 0; attempt < 200; ++attempt) {
    // After 20 kills the run may finish.
    const double delay = killed < 20 ? 0.01 + 0.15 * rng.uniform() : 60;
    const std::string resume = std::filesystem::exists(checkpoint) ? " --resume " + checkpoint : "";
    const auto run =
        run_shell(fmt::format("( {}{} --checkpoint {} --checkpoint-every 0.001 {} ) & p=$!; ( sleep {}; kill -9 $p ) & "
                              "w=$!; wait $p; s=$?; kill $w; exit $s",
                              common, folder / "killed.csv", checkpoint, resume, delay));
    if (run.status == 0) break;
    ASSERT_EQ(run.status, 128 + SIGKILL) << run.err;
    ++killed;
    EXPECT_FALSE(std::filesystem::exists(folder / "killed.csv"));  // nothing half-written
  }
  EXPECT_GE(killed, 5);
  EXPECT_EQ(read_bytes(folder / "whole.csv"), read_bytes(folder / "killed.csv"));
  EXPECT_FALSE(std::filesystem::exists(checkpoint));  // no longer needed
}

TEST(CompleteProgram, WritesACheckpointOnCtrlCAndSaysHowToGoOn) {
  const Folder folder;
  write_bytes(folder / "r.csv", test::ratings_csv(300, 200, 0.2, 4));
  const std::string common =
      "exec $RANKFLOW complete " + (folder / "r.csv") + " --sweeps 100000 -q -o " + (folder / "out.csv");
  const auto run = run_shell("( " + common + " ) & p=$!; sleep 0.7; kill -INT $p; wait $p");
  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.err, HasSubstr("--resume"));
  EXPECT_THAT(run.err, HasSubstr("out.csv.checkpoint.npz"));
  EXPECT_TRUE(std::filesystem::exists(folder / "out.csv.checkpoint.npz"));
  EXPECT_FALSE(std::filesystem::exists(folder / "out.csv"));
  // The checkpoint belongs to these options and this file.
  const auto other = run_shell("$RANKFLOW complete " + (folder / "r.csv") + " --sweeps 3 --resume " +
                               (folder / "out.csv.checkpoint.npz"));
  EXPECT_EQ(other.status, 3);
  EXPECT_THAT(other.err, HasSubstr("other data or other options"));
}

TEST(CompleteProgram, StopsAtTheTimeLimitWithAnAnswerAndStatusOne) {
  const Folder folder;
  write_bytes(folder / "r.csv", test::ratings_csv(300, 200, 0.2, 5));
  const auto run = run_shell("$RANKFLOW complete " + (folder / "r.csv") +
                             " --sweeps 1000000 --time-limit 2 -q --json -o " + (folder / "out.csv"));
  EXPECT_EQ(run.status, 1) << run.err;
  const auto out = nlohmann::json::parse(run.out);
  EXPECT_EQ(out["stop"], "time_limit");
  EXPECT_LT(out["held_out"]["rmse"], out["baseline"]["rmse"]);
  EXPECT_EQ(lines(read_bytes(folder / "out.csv")).size(), 1u + 300 * 200);
}

struct BadCall {
  const char* arguments;
  int status;
  const char* says;
};

TEST(CompleteProgram, AnswersBadCallsWithOneClearMessageAndTheRightStatus) {
  const Folder folder;
  write_bytes(folder / "r.csv", test::ratings_csv(20, 15, 0.5, 6));
  write_bytes(folder / "twice.csv", "user,item,rating\n1,1,5\n1,2,3\n1,1,4\n");
  write_bytes(folder / "empty.csv", "");
  const std::string in = folder.path();
  for (const BadCall& call : {BadCall{"$D/missing.csv", 3, "missing.csv"},
                              {"$D/empty.csv", 3, "empty"},
                              {"$D/twice.csv", 3, "twice.csv:4"},
                              {"$D", 3, "folder"},
                              {"$D/r.csv --depth 0.5", 2, "--depth"},
                              {"$D/r.csv --depth nan", 2, "--depth"},
                              {"$D/r.csv --intervals nan", 2, "--intervals"},
                              {"$D/r.csv --intervals 1", 2, "[0, 0.999]"},
                              {"$D/r.csv --checkpoint-every nan", 2, "--checkpoint-every"},
                              {"$D/r.csv --checkpoint-every 0", 2, "--checkpoint-every"},
                              {"$D/r.csv --held-out nan", 2, "--held-out"},
                              {"$D/r.csv --time-limit nan", 2, "--time-limit"},
                              {"$D/r.csv --threads nan", 2, "--threads"},
                              {"$D/r.csv --columns user,user,user", 2, "named twice"},
                              {"$D/r.csv --held-out 2", 2, "--held-out"},
                              {"$D/r.csv --engine best", 2, "--engine"},
                              {"$D/r.csv --no-such-option", 2, "no-such-option"},
                              {"$D/r.csv --columns user,item,stars", 3, "stars"},
                              {"$D/r.csv -o $D/no/such/folder/out.csv", 3, "does not exist"},
                              {"$D/r.csv -o $D/out.npy", 2, ".csv"},
                              {"$D/r.csv --resume $D/r.csv", 3, "r.csv"},
                              {"$D/r.csv --checkpoint $D/twice.csv", 3, "not a checkpoint"},
                              {"$D/r.csv --checkpoint $D/no/c.npz", 3, "cannot be written"},
                              {"$D/r.csv --weight-decay 1", 2, "--weight-decay"},
                              {"$D/r.csv -o $D/x.csv --model $D/x.csv", 2, "same file"},
                              {"$D/r.csv --sweeps 3 -q > /dev/full", 3, "standard output"},
                              {"$D/r.csv -o /dev/full -q", 3, "/dev/full"}}) {
    const auto run = run_shell("D=" + in + "; $RANKFLOW complete " + call.arguments);
    EXPECT_EQ(run.status, call.status) << call.arguments << "\n" << run.err;
    EXPECT_THAT(run.err, HasSubstr(call.says)) << call.arguments;
  }
  EXPECT_THAT(folder.files(), testing::ElementsAre("empty.csv", "r.csv", "twice.csv"));  // nothing lost, nothing left
}

TEST(CompleteProgram, RefusesOptionsThatTheEngineHasNoUseFor) {
  const Folder folder;
  write_bytes(folder / "r.csv", test::ratings_csv(20, 15, 0.5, 6));
  for (const auto& [words, told] : std::vector<std::pair<const char*, const char*>>{
           {"--engine gd --sweeps 5", "--sweeps belongs to --engine posterior"},
           {"--engine flow --width 5", "--width belongs to --engine posterior"},
           {"--engine posterior --depth 4", "--depth belongs to the engines flow and gd"},
           {"--engine posterior --max-iterations 4", "--max-iterations does not end --engine posterior"},
           {"--engine posterior --strategy noisy", "--strategy belongs to the fast motion"},
           {"--motion faithful --no-thorough", "--thorough (--no-thorough) belongs to the fast motion"},
           {"--max-time 2", "--motion faithful"},
           {"--optimizer adam", "add --engine gd"},
           {"--engine flow --scale 1e-4", "add --engine gd"},
           {"--engine nuclear --path-length 5", "--engine soft-impute"},
           {"--engine flow --match 0", "--engine nuclear"}}) {
    const auto run = run_shell("$RANKFLOW complete -q " + (folder / "r.csv") + " " + words);
    EXPECT_EQ(run.status, 2) << words << ": " << run.err;
    EXPECT_THAT(run.err, HasSubstr(told)) << words;
  }
}

TEST(PredictProgram, FoldsInNewRowsAndSaysHowItAnswered) {
  const Folder folder;
  write_bytes(folder / "r.csv", test::ratings_csv(80, 40, 0.5, 7));
  ASSERT_EQ(run_shell("$RANKFLOW complete " + (folder / "r.csv") + " --model " + (folder / "m.npz") + kQuick).status,
            0);
  write_bytes(folder / "pairs.csv", "user,item\nu1,i1\nnew,i1\nstranger,i1\nu1,nothing\n");
  std::string given = "user,item,rating\n";
  for (int j = 2; j < 12; ++j) given += fmt::format("new,i{},5\n", j);
  write_bytes(folder / "new.csv", given);
  const auto run = run_shell("$RANKFLOW predict " + (folder / "m.npz") + " " + (folder / "pairs.csv") + " --given " +
                             (folder / "new.csv") + " --intervals 0.9");
  ASSERT_EQ(run.status, 0) << run.err;
  const auto out = lines(run.out);
  ASSERT_EQ(out.size(), 5u);
  EXPECT_EQ(out[0], "user,item,rating,low,high");
  const auto value = [&](int line) {
    return std::stod(out[line].substr(out[line].find(',', out[line].find(',') + 1) + 1));
  };
  EXPECT_GT(value(2), value(3));  // somebody who gives fives everywhere, against the average user
  EXPECT_THAT(run.err, HasSubstr("1 of rows folded in"));
  // Fives that hardly weigh anything leave the average user.
  std::string light = "user,item,rating,trust\n";
  for (int j = 2; j < 12; ++j) light += fmt::format("new,i{},5,1e-9\n", j);
  write_bytes(folder / "light.csv", light);
  const auto weighted = run_shell("$RANKFLOW predict " + (folder / "m.npz") + " " + (folder / "pairs.csv") +
                                  " --given " + (folder / "light.csv") + " --weight trust --digits 4");
  ASSERT_EQ(weighted.status, 0) << weighted.err;
  const auto of_light = lines(weighted.out);
  EXPECT_EQ(of_light[2].substr(of_light[2].rfind(',')), of_light[3].substr(of_light[3].rfind(',')));
  EXPECT_THAT(run.err, HasSubstr("1 of unknown rows"));
  EXPECT_THAT(run.err, HasSubstr("1 of unknown columns"));
  for (const char* wrong : {"--intervals nan", "--digits nan", "--weight w"})
    EXPECT_EQ(run_shell("$RANKFLOW predict " + (folder / "m.npz") + " " + (folder / "pairs.csv") + " " + wrong).status,
              2)
        << wrong;
  const auto damaged = run_shell("$RANKFLOW predict " + (folder / "r.csv") + " " + (folder / "pairs.csv"));
  EXPECT_EQ(damaged.status, 3);
  write_bytes(folder / "bad.csv", "u1,i1\nu2\n");
  const auto bad = run_shell("$RANKFLOW predict " + (folder / "m.npz") + " " + (folder / "bad.csv"));
  EXPECT_EQ(bad.status, 3);
  EXPECT_THAT(bad.err, HasSubstr("bad.csv:2"));
}

TEST(DoctorProgram, NamesKernelsLibrariesAndThreads) {
  const auto run = run_shell("$RANKFLOW doctor --json --threads 2");
  ASSERT_EQ(run.status, 0);
  const auto out = nlohmann::json::parse(run.out);
  for (const char* key : {"processor", "kernels", "blas_kernel", "cores"}) EXPECT_TRUE(out.contains(key)) << key;
  EXPECT_EQ(out["threads"], 2);
}

}  // namespace
}  // namespace rankflow
