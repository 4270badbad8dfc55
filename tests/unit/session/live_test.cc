#include "session/live.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/random.h"
#include "core/drift/binned.h"
#include "core/metrics/binary.h"
#include "core/monitor/prediction_log.h"
#include "core/stream/bernoulli_cusum.h"
#include "session/live_state.h"
#include "session/session.h"
#include "test_model.h"

namespace firetower::session {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr size_t kInputs = 4;

std::string ModelBytes() {
  const Result<std::vector<uint8_t>> bytes = forest::WriteModel(TestModel());
  EXPECT_TRUE(bytes.ok());
  return {bytes->begin(), bytes->end()};
}

std::string FileBytes(const std::string& path) {
  std::ifstream file(std::string(FIRETOWER_SOURCE_DIR) + "/" + path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

json::value Parsed(const std::string& text) {
  const Result<json::value> value = ParseJson(text, ErrorCode::kBadArgument, "text");
  EXPECT_TRUE(value.ok()) << text.substr(0, 200);
  return value.ok() ? *value : json::value();
}

double Number(const json::value& value) { return value.to_number<double>(); }

// Rows as they come: some columns missing or infinite, some set aside by the reader.
struct Rows {
  size_t rows = 0;
  std::vector<double> columns, labels, times, source_rows;
  std::vector<std::string> references;
  std::vector<int32_t> statuses, status_inputs;

  // Rows [begin, end) as a batch; `columns` is filled for it.
  PushBatch Cut(size_t begin, size_t end, std::vector<double>* cut) const {
    const size_t count = end - begin;
    cut->clear();
    for (size_t c = 0; c < kInputs; ++c) {
      const auto from = columns.begin() + static_cast<std::ptrdiff_t>(c * rows + begin);
      cut->insert(cut->end(), from, from + static_cast<std::ptrdiff_t>(count));
    }
    PushBatch batch;
    batch.rows = count;
    batch.columns = *cut;
    batch.labels = std::span(labels).subspan(begin, count);
    batch.times = std::span(times).subspan(begin, count);
    batch.source_rows = std::span(source_rows).subspan(begin, count);
    for (size_t i = begin; i < end; ++i) batch.references.emplace_back(references[i]);
    batch.statuses = std::span(statuses).subspan(begin, count);
    batch.status_inputs = std::span(status_inputs).subspan(begin, count);
    batch.now_ms = 1700000000000;
    return batch;
  }
};

Rows MakeRows(size_t rows, uint64_t seed) {
  Random random(seed);
  Rows made;
  made.rows = rows;
  made.columns.resize(kInputs * rows);
  made.statuses.assign(rows, 0);
  made.status_inputs.assign(rows, -1);
  for (size_t i = 0; i < rows; ++i) {
    made.columns[i] = 40.0 * static_cast<double>(i);
    made.columns[rows + i] = 4.0 * random.Uniform() - 2.0;
    made.columns[2 * rows + i] = random.Below(10) == 0 ? kNaN : 4.0 * random.Uniform() - 2.0;
    made.columns[3 * rows + i] = 500.0 * random.Uniform();
    const uint32_t fate = random.Below(100);
    if (fate == 0) made.columns[rows + i] = kNaN;
    if (fate == 1) made.columns[3 * rows + i] = kInfinity;
    if (fate == 2) {
      for (size_t c = 0; c < kInputs; ++c) made.columns[c * rows + i] = kNaN;
      made.statuses[i] = static_cast<int32_t>(csv::BadRowReason::kNotANumber);
      made.status_inputs[i] = 2;
    }
    made.labels.push_back(fate < 20 ? kNaN : fate < 50 ? 1.0 : 0.0);
    made.times.push_back(fate < 5 ? kNaN : made.columns[i] - (fate == 7 ? 5000.0 : 0.0));
    made.source_rows.push_back(static_cast<double>(i));
    made.references.push_back(fate < 30 ? "" : "ref-" + std::to_string(i));
  }
  return made;
}

class LiveTest : public testing::Test {
 protected:
  void SetUp() override { Open(&session_, "{}"); }

  static void Open(Session* session, const std::string& settings) {
    ASSERT_TRUE(session->LoadModel(Bytes(ModelBytes())).ok());
    const Status status = session->OpenLive(settings);
    ASSERT_TRUE(status.ok()) << status.error().message;
  }
  static void Push(Live* live, const Rows& rows, size_t begin, size_t end, int64_t now_ms = 0) {
    std::vector<double> columns;
    PushBatch batch = rows.Cut(begin, end, &columns);
    if (now_ms > 0) batch.now_ms = now_ms;
    const Status status = live->Push(batch);
    ASSERT_TRUE(status.ok()) << status.error().message;
  }
  static void Push(Live* live, const Rows& rows) { Push(live, rows, 0, rows.rows); }
  // Statistics, charts and alerts, now.
  static json::value Tick(Live* live, int64_t now_ms = 1700000000000) {
    return Parsed(live->TickJson(now_ms, 0));
  }

  Live& live() { return *session_.live(); }
  Session session_;
};

TEST_F(LiveTest, EndsWithItsModel) {
  Session session;
  EXPECT_EQ(session.OpenLive("{}").error().code, ErrorCode::kNotReady);
  EXPECT_EQ(session.live(), nullptr);
  Open(&session, "{}");
  ASSERT_NE(session.live(), nullptr);
  // A model that is refused leaves it.
  EXPECT_FALSE(session.LoadModel(Bytes("no model")).ok());
  EXPECT_NE(session.live(), nullptr);
  ASSERT_TRUE(session.LoadModel(Bytes(ModelBytes())).ok());
  EXPECT_EQ(session.live(), nullptr);
  EXPECT_EQ(session.OpenLive(R"({"window":{"rows":0}})").error().code, ErrorCode::kBadArgument);
}

TEST_F(LiveTest, HowRowsAreCutIntoBatchesDoesNotMatter) {
  const Rows rows = MakeRows(12000, 1);
  const std::string settings = R"({"window":{"kind":"rows","rows":1000}})";
  ASSERT_TRUE(live().Configure(settings).ok());
  Push(&live(), rows);
  const std::string whole = live().CheckpointJson();
  const std::string window = live().window().Write();
  const json::value tick = Tick(&live());
  Random random(7);
  for (int round = 0; round < 3; ++round) {
    Session other;
    Open(&other, settings);
    for (size_t begin = 0; begin < rows.rows;) {
      const size_t end = std::min(rows.rows, begin + 1 + random.Below(round == 0 ? 40 : 5000));
      Push(other.live(), rows, begin, end);
      begin = end;
    }
    EXPECT_EQ(other.live()->CheckpointJson(), whole);
    EXPECT_EQ(other.live()->window().Write(), window);
    EXPECT_EQ(Tick(other.live()), tick);
  }
}

TEST_F(LiveTest, StatisticsAgainstCountingByHand) {
  const Rows rows = MakeRows(3000, 2);
  ASSERT_TRUE(live().Configure(R"({"window":{"kind":"start"},"threshold":0.3})").ok());
  Push(&live(), rows);
  Session scorer;
  ASSERT_TRUE(scorer.LoadModel(Bytes(ModelBytes())).ok());
  ASSERT_TRUE(scorer.ScoreRows(rows.columns, rows.rows).ok());
  double scored = 0, aside = 0, flagged = 0, sum = 0, missing = 0;
  double true_positive = 0, false_positive = 0, true_negative = 0, false_negative = 0;
  std::vector<double> levels(5, 0);
  for (size_t i = 0; i < rows.rows; ++i) {
    const double p = scorer.probabilities()[i];
    ASSERT_EQ(std::isnan(p) || rows.statuses[i] != 0, std::isnan(live().probabilities()[i]));
    if (std::isnan(p) || rows.statuses[i] != 0) {
      ++aside;
      continue;
    }
    ASSERT_EQ(p, live().probabilities()[i]);
    ++scored;
    flagged += p >= 0.3 ? 1 : 0;
    sum += p;
    missing += std::isnan(rows.columns[2 * rows.rows + i]) ? 1 : 0;
    ++levels[static_cast<size_t>(forest::LevelOf(scorer.model().info, p))];
    if (rows.labels[i] == 1.0) (p >= 0.3 ? true_positive : false_negative) += 1;
    if (rows.labels[i] == 0.0) (p >= 0.3 ? false_positive : true_negative) += 1;
  }
  ASSERT_GT(aside, 30);
  ASSERT_GT(flagged, 100);

  const json::value tick = Tick(&live());
  for (const char* scope : {"window", "overall"}) {
    const json::object& stats = tick.at(scope).as_object();
    EXPECT_EQ(Number(stats.at("rows")), scored);
    EXPECT_EQ(Number(stats.at("aside")), aside);
    EXPECT_EQ(Number(stats.at("aside_rate")), aside / 3000);
    EXPECT_EQ(Number(stats.at("flagged")), flagged);
    const metrics::Interval rate = metrics::WilsonInterval(flagged, scored);
    EXPECT_EQ(Number(stats.at("fraud_rate").at("value")), rate.value);
    EXPECT_EQ(Number(stats.at("fraud_rate").at("low")), rate.low);
    EXPECT_EQ(Number(stats.at("fraud_rate").at("high")), rate.high);
    EXPECT_NEAR(Number(stats.at("average_probability")), sum / scored, 1e-9);
    EXPECT_EQ(Number(stats.at("high_risk_count")), levels[3] + levels[4]);
    EXPECT_NEAR(Number(stats.at("missing_rate")), missing / (4 * scored), 1e-12);
    for (size_t l = 0; l < 5; ++l) EXPECT_EQ(Number(stats.at("levels").at(l)), levels[l]);
    const json::object& labelled = stats.at("labelled").as_object();
    EXPECT_EQ(Number(labelled.at("true_positive")), true_positive);
    EXPECT_EQ(Number(labelled.at("false_positive")), false_positive);
    EXPECT_EQ(Number(labelled.at("true_negative")), true_negative);
    EXPECT_EQ(Number(labelled.at("false_negative")), false_negative);
    EXPECT_EQ(Number(labelled.at("recall").at("value")),
              true_positive / (true_positive + false_negative));
    double first = kInfinity, last = -kInfinity;
    for (const double time : rows.times) {
      if (std::isnan(time)) continue;
      first = std::min(first, time);
      last = std::max(last, time);
    }
    EXPECT_EQ(Number(stats.at("first_time")), first);
    EXPECT_EQ(Number(stats.at("last_time")), last);
  }
  EXPECT_EQ(Number(tick.at("total")), 3000);
  EXPECT_EQ(Number(tick.at("threshold")), 0.3);
  EXPECT_EQ(Number(tick.at("recent").at(0).at("sequence")), 2999);
  EXPECT_EQ(Number(tick.at("recent").at(0).at("row")), 2999);

  const json::value stats = Parsed(live().StatsJson());
  EXPECT_EQ(Number(stats.at("total_predictions")), scored);
  EXPECT_EQ(Number(stats.at("fraud_rate")), flagged / scored);
  EXPECT_EQ(Number(stats.at("high_risk_count")), levels[3] + levels[4]);
  EXPECT_EQ(stats.at("recent_predictions").as_array().size(), kRecentPredictions);
  EXPECT_EQ(stats.at("since").as_string(), "2023-11-14T22:13:20.000Z");
  EXPECT_EQ(Number(stats.at("model_performance").at("auc").at("value")), 0.875);
}

TEST_F(LiveTest, ATickSaysWhatIsWrongWithARow) {
  Rows rows = MakeRows(1, 3);
  rows.columns = {0, 0.5, 0.5, kInfinity};
  rows.statuses = {0};
  rows.references = {"\xff<b>\n"};
  Push(&live(), rows);
  const json::value tick = Tick(&live());
  const json::object& recent = tick.at("recent").at(0).as_object();
  EXPECT_TRUE(recent.at("probability").is_null());
  EXPECT_TRUE(recent.at("risk_level").is_null());
  EXPECT_EQ(recent.at("message").as_string(), "column Amount: is infinite or too large");
  EXPECT_EQ(recent.at("reference").as_string().find('\xff'), std::string::npos);
  // No scored row: rates are unknown, not 0.
  EXPECT_TRUE(tick.at("overall").at("fraud_rate").at("value").is_null());
  EXPECT_TRUE(tick.at("overall").at("average_probability").is_null());
  EXPECT_TRUE(tick.at("overall").at("labelled").is_null());
  EXPECT_TRUE(tick.at("overall").at("drifted_columns").is_null());
}

TEST_F(LiveTest, BatchesThatDoNotFitAreRefused) {
  const Rows rows = MakeRows(10, 4);
  std::vector<double> columns;
  const auto refused = [&](auto change, ErrorCode code) {
    PushBatch batch = rows.Cut(0, 10, &columns);
    change(&batch);
    const Status status = live().Push(batch);
    EXPECT_FALSE(status.ok());
    if (!status.ok()) {
      EXPECT_EQ(status.error().code, code) << status.error().message;
    }
  };
  const int32_t unknown_status[10] = {99};
  const int32_t unknown_input[10] = {4};
  refused([](PushBatch* b) { b->columns = b->columns.first(39); }, ErrorCode::kBadArgument);
  refused([](PushBatch* b) { b->labels = b->labels.first(3); }, ErrorCode::kBadArgument);
  refused([](PushBatch* b) { b->times = b->times.first(9); }, ErrorCode::kBadArgument);
  refused([](PushBatch* b) { b->references.pop_back(); }, ErrorCode::kBadArgument);
  refused([&](PushBatch* b) { b->statuses = unknown_status; }, ErrorCode::kBadArgument);
  refused([&](PushBatch* b) { b->status_inputs = unknown_input; }, ErrorCode::kBadArgument);
  refused([](PushBatch* b) { b->rows = kMaxPushRows + 1; }, ErrorCode::kTooBig);
  EXPECT_EQ(live().overall().rows(), 0u);
  PushBatch empty;
  EXPECT_TRUE(live().Push(empty).ok());
}

TEST_F(LiveTest, WrongSettingsAreNamedAndChangeNothing) {
  const Rows rows = MakeRows(500, 5);
  Push(&live(), rows);
  const std::string before = live().CheckpointJson() + live().RulesJson() + live().window().Write();
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {R"([])", "settings"},
      {R"({"window":7})", "window"},
      {R"({"window":{"kind":"hours"}})", "window.kind"},
      {R"({"window":{"rows":0}})", "window.rows"},
      {R"({"window":{"rows":1.5}})", "window.rows"},
      {R"({"window":{"seconds":"x"}})", "window.seconds"},
      {R"({"window":{"tumbling":1}})", "window.tumbling"},
      {R"({"drift":{"level":1}})", "drift.level"},
      {R"({"drift":{"sharpness":1}})", "drift.sharpness"},
      {R"({"detector":{"factor":1}})", "detector.factor"},
      {R"({"detector":{"rate":0}})", "detector.rate"},
      {R"({"detector":{"run_length":null}})", "detector.run_length"},
      {R"({"threshold":1.01})", "threshold"},
      {R"({"points":1})", "points"},
      {R"({"source":1})", "source"},
      {R"({"rules":[]})", "rules"},
      {R"({"window":{"kind":"time"},"rules":{"version":1,"rules":[{}]}})", "rules[0]"},
      {R"({"colour":"red"})", "colour"},
  };
  for (const auto& [settings, name] : wrong) {
    const Status status = live().Configure(settings);
    ASSERT_FALSE(status.ok()) << settings;
    EXPECT_EQ(status.error().code, ErrorCode::kBadArgument) << settings;
    EXPECT_EQ(status.error().message.find(name), 0u) << settings << ": " << status.error().message;
  }
  EXPECT_EQ(live().CheckpointJson() + live().RulesJson() + live().window().Write(), before);
}

TEST_F(LiveTest, AThresholdMovesToTheNearestScoreEdge) {
  const std::vector<std::pair<double, double>> cases = {
      {0.4, 0.4}, {0.12345, 0.123}, {0.1236, 0.124}, {0, 0}, {1, 1}};
  for (const auto& [asked, expected] : cases) {
    ASSERT_TRUE(live().Configure("{\"threshold\":" + std::to_string(asked) + "}").ok());
    EXPECT_EQ(Number(Tick(&live()).at("threshold")), expected);
  }
  ASSERT_TRUE(live().Configure(R"({"threshold":null})").ok());
  EXPECT_EQ(Number(Tick(&live()).at("threshold")), 0.4);
}

TEST_F(LiveTest, ACheckpointGoesOnWhereItWasMade) {
  const Rows rows = MakeRows(9000, 6);
  const std::string settings =
      R"({"rules":{"version":1,"rules":[{"id":"any","name":"Any","statistic":"rows","scope":"overall","above":10}]}})";
  for (const size_t cut : {size_t{0}, size_t{100}, size_t{4999}, size_t{7000}}) {
    Session whole, first, second;
    Open(&whole, settings);
    Open(&first, settings);
    Open(&second, settings);
    Push(whole.live(), rows, 0, cut);
    Push(first.live(), rows, 0, cut);
    whole.live()->NoteLatency(12.5, cut);
    first.live()->NoteLatency(12.5, cut);
    whole.live()->NoteMalformed(3, "is not JSON", "{");
    first.live()->NoteMalformed(3, "is not JSON", "{");
    Tick(whole.live());
    Tick(first.live());
    const Status restored = second.live()->Restore(first.live()->CheckpointJson());
    ASSERT_TRUE(restored.ok()) << restored.error().message;
    EXPECT_EQ(second.live()->CheckpointJson(), first.live()->CheckpointJson());
    EXPECT_EQ(second.live()->next_sequence(), cut);
    Push(whole.live(), rows, cut, rows.rows);
    Push(second.live(), rows, cut, rows.rows);
    EXPECT_EQ(second.live()->CheckpointJson(), whole.live()->CheckpointJson());
    EXPECT_EQ(second.live()->overall().Write(), whole.live()->overall().Write());
    // The window begins anew.
    EXPECT_EQ(second.live()->window().rows(), std::min<size_t>(rows.rows - cut, 10000));
    EXPECT_EQ(Tick(second.live()).at("alerts").at("episodes").as_array().size(), 1u);
  }
}

TEST_F(LiveTest, ABrokenCheckpointChangesNothing) {
  const Rows rows = MakeRows(6000, 7);
  Push(&live(), rows);
  const json::object good = Parsed(live().CheckpointJson()).as_object();
  Session other;
  Open(&other, "{}");
  Push(other.live(), rows, 0, 10);
  const std::string before = other.live()->CheckpointJson();
  const auto refused = [&](const json::object& checkpoint, const std::string& what) {
    EXPECT_FALSE(other.live()->Restore(json::serialize(checkpoint)).ok()) << what;
    EXPECT_EQ(other.live()->CheckpointJson(), before) << what;
  };
  for (const auto& member : good) {
    const std::string key(member.key().data(), member.key().size());
    for (const json::value& bad : {json::value("text"), json::value(-7.5),
                                   json::value(json::array{1, 2}), json::value(true)}) {
      json::object checkpoint = good;
      if (key == "version" || bad.kind() != member.value().kind()) {
        checkpoint[key] = bad;
        refused(checkpoint, key);
      }
    }
    json::object checkpoint = good;
    checkpoint.erase(key);
    refused(checkpoint, "without " + key);
  }
  json::object inner = good;
  inner["series"].as_object()["points"] = json::array{json::array{1, 2, 3}};
  refused(inner, "series.points");
  inner = good;
  inner["detector"].as_object()["rate"] = 2;
  refused(inner, "detector.rate");
  inner = good;
  inner["first_scores"] = json::array{json::array{100000, 1}};
  refused(inner, "first_scores");
  EXPECT_EQ(other.live()->Restore("{").error().code, ErrorCode::kDataInvalid);
  ASSERT_TRUE(other.live()->Restore(json::serialize(good)).ok());
  EXPECT_EQ(other.live()->CheckpointJson(), live().CheckpointJson());

  // A checkpoint of another model.
  forest::Model model = TestModel();
  model.info.version = "9.9.9";
  const Result<std::vector<uint8_t>> bytes = forest::WriteModel(model);
  ASSERT_TRUE(bytes.ok());
  Session changed;
  ASSERT_TRUE(changed.LoadModel(*bytes).ok());
  ASSERT_TRUE(changed.OpenLive("{}").ok());
  EXPECT_EQ(changed.live()->Restore(json::serialize(good)).error().code,
            ErrorCode::kSchemaMismatch);
}

TEST_F(LiveTest, RulesFireOnTheWindowAndEnd) {
  ASSERT_TRUE(live()
                  .Configure(R"({"window":{"kind":"rows","rows":100},"rules":{"version":1,"rules":[
      {"id":"aside","name":"Rows set aside","statistic":"aside_rate","above":0.5,"for_seconds":2},
      {"id":"psi","name":"V1 moved","statistic":"psi.V1","above":0.2}]}})")
                  .ok());
  Rows bad = MakeRows(100, 8);
  std::fill(bad.columns.begin(), bad.columns.end(), kNaN);
  std::fill(bad.statuses.begin(), bad.statuses.end(), 1);
  int64_t now = 1700000000000;
  Push(&live(), bad);
  EXPECT_EQ(Number(Tick(&live(), now).at("alerts").at("pending")), 1);
  EXPECT_EQ(Number(Tick(&live(), now + 1000).at("alerts").at("firing")), 0);
  const json::value fired = Tick(&live(), now + 2000);
  EXPECT_EQ(Number(fired.at("alerts").at("firing")), 1);
  ASSERT_EQ(fired.at("alerts").at("began").as_array().size(), 1u);
  const json::object& episode = fired.at("alerts").at("episodes").at(0).as_object();
  EXPECT_EQ(episode.at("rule").as_string(), "aside");
  EXPECT_EQ(Number(episode.at("first_value")), 1.0);
  EXPECT_TRUE(live().Acknowledge(1, now));
  EXPECT_FALSE(live().Acknowledge(2, now));
  EXPECT_TRUE(live().Silence("aside", now + 60000));
  EXPECT_FALSE(live().Silence("other", now));
  Rows good = MakeRows(300, 9);
  std::fill(good.statuses.begin(), good.statuses.end(), 0);
  Push(&live(), good);
  EXPECT_EQ(Number(Tick(&live(), now + 3000).at("alerts").at("firing")), 0);
}

TEST_F(LiveTest, TheDetectorIsTheBernoulliCusum) {
  const Rows rows = MakeRows(20000, 10);
  ASSERT_TRUE(live().Configure(R"({"detector":{"rate":0.2,"factor":1.5,"run_length":1e5}})").ok());
  Push(&live(), rows);
  stream::BernoulliCusum cusum(
      {.p0 = 0.2, .p1 = 0.3, .threshold = stream::CusumThreshold(0.2, 0.3, 1e5)});
  uint64_t flagged = 0, learnt = 0, scored = 0;
  for (const double p : live().probabilities()) {
    if (std::isnan(p)) continue;
    cusum.Update(p >= 0.4);
    ++scored;
    flagged += p >= 0.4 ? 1 : 0;
    if (scored == 5000) learnt = flagged;
  }
  const json::value given = Tick(&live()).at("detector");
  EXPECT_EQ(Number(given.at("sum")), cusum.sum());
  EXPECT_EQ(Number(given.at("alarms")), static_cast<double>(cusum.alarms()));
  EXPECT_EQ(Number(given.at("rate")), 0.2);
  EXPECT_EQ(Number(given.at("learning")), 0);

  Session learning;
  Open(&learning, "{}");
  Push(learning.live(), rows, 0, 1000);
  const json::value early = Tick(learning.live()).at("detector");
  EXPECT_TRUE(early.at("rate").is_null());
  EXPECT_GT(Number(early.at("learning")), 4000);
  Push(learning.live(), rows, 1000, rows.rows);
  EXPECT_EQ(Number(Tick(learning.live()).at("detector").at("rate")),
            HighestUsualRate(learnt, 5000));
  // scipy.stats.binomtest(8, 5000).proportion_ci(0.9, "wilson").high: two sides of 5 % leave one
  // of 95 %.
  EXPECT_NEAR(HighestUsualRate(8, 5000), 0.0028373104962265572, 1e-15);
  EXPECT_NEAR(HighestUsualRate(0, 5000), 0.0005408160505539935, 1e-15);
  EXPECT_LT(HighestUsualRate(5000, 5000), 1.0);
}

TEST(RateDetectorTest, CalmTrafficHasNoMoreFalseAlarmsThanPromised) {
  // One in 1,000,000 rows: 24 in all. With the plain share of the first rows there are some 250.
  constexpr int kSessions = 120;
  constexpr int kRows = 200000;
  uint64_t alarms = 0;
  for (int session = 0; session < kSessions; ++session) {
    Random random(5, static_cast<uint64_t>(session));
    RateDetector detector{LiveSettings()};
    for (int row = 0; row < kRows; ++row) detector.Add(random.Uniform() < 0.0017);
    alarms += detector.alarms;
  }
  EXPECT_LE(alarms, 48u);
}

TEST_F(LiveTest, ColumnsAgainstTheDriftLibrary) {
  const Rows rows = MakeRows(2000, 11);
  ASSERT_TRUE(live().Configure(R"({"window":{"kind":"start"}})").ok());
  Push(&live(), rows);
  // V2: bins [-2, 0), [0, 1), [1, 2], then missing, of the scored rows; the reference's 40 rows
  // stand for the 100 the model was trained on.
  std::vector<double> current(4, 0);
  for (size_t i = 0; i < rows.rows; ++i) {
    if (std::isnan(live().probabilities()[i])) continue;
    const double v2 = rows.columns[2 * rows.rows + i];
    ++current[std::isnan(v2) ? 3 : v2 < 0 ? 0 : v2 < 1 ? 1 : 2];
  }
  const std::vector<double> reference = {25, 50, 25, 0};
  const drift::BinnedDrift expected = drift::CompareCounts(reference, current);
  const json::value tick = Tick(&live());
  ASSERT_EQ(tick.at("columns").as_array().size(), 4u);
  for (const json::value& column : tick.at("columns").as_array()) {
    if (column.at("name").as_string() != "V2") continue;
    EXPECT_NEAR(Number(column.at("psi")), expected.psi, 1e-6);
    EXPECT_NEAR(Number(column.at("psi_noise")), expected.psi_noise, 1e-6);
    EXPECT_EQ(Number(column.at("p")), expected.p_value);
    EXPECT_NEAR(Number(column.at("missing_rate")),
                current[3] / (current[0] + current[1] + current[2] + current[3]), 1e-6);
  }
  const Result<std::string> detail = live().ColumnJson("V2");
  ASSERT_TRUE(detail.ok());
  const json::value column = Parsed(*detail);
  EXPECT_EQ(column.at("edges").as_array().size(), 4u);
  EXPECT_EQ(Number(column.at("reference").at(1)), 0.5);
  EXPECT_NEAR(Number(column.at("current").at(0)),
              current[0] / (current[0] + current[1] + current[2]), 1e-6);
  EXPECT_EQ(live().ColumnJson("V3").error().code, ErrorCode::kBadArgument);
}

TEST_F(LiveTest, RecentRowsOfARangeTheMostUnusualFirst) {
  Rows rows = MakeRows(6000, 12);
  Push(&live(), rows);
  const Result<std::string> found = live().RowsJson("V1", 0.5, 1.5, 50);
  ASSERT_TRUE(found.ok());
  const json::array list = Parsed(*found).as_array();
  ASSERT_EQ(list.size(), 50u);
  double before = kInfinity;
  for (const json::value& row : list) {
    const double value = Number(row.at("value"));
    EXPECT_GE(value, 0.5);
    EXPECT_LE(value, 1.5);
    // The median of the reference is 0.5, in the middle of the second bin; bins are 1 wide there.
    EXPECT_LE(std::abs(value - 0.5), before + 1e-9);
    before = std::abs(value - 0.5);
    const auto place = static_cast<size_t>(Number(row.at("row")));
    EXPECT_GE(place, rows.rows - kRecentRows);
    EXPECT_EQ(static_cast<double>(static_cast<float>(Number(row.at("inputs").at(1)))), value);
    EXPECT_EQ(Number(row.at("inputs").at(1)), rows.columns[rows.rows + place]);
    EXPECT_EQ(Number(row.at("probability")), live().probabilities()[place]);
  }
  // Rows without a value are at the end of everything.
  const json::array all = Parsed(*live().RowsJson("V2", -kInfinity, kInfinity, 10000)).as_array();
  EXPECT_TRUE(all.back().at("value").is_null());
  EXPECT_EQ(live().RowsJson("V1", 1, 0, 5).error().code, ErrorCode::kBadArgument);
  EXPECT_EQ(live().RowsJson("V1", kNaN, 0, 5).error().code, ErrorCode::kBadArgument);
  EXPECT_EQ(live().RowsJson("V9", 0, 1, 5).error().code, ErrorCode::kBadArgument);
}

TEST_F(LiveTest, TheLogsBlockHoldsTheBatch) {
  ASSERT_TRUE(live().Configure(R"({"source":"replay: x.csv"})").ok());
  live().set_next_sequence(1000);
  const Rows rows = MakeRows(300, 13);
  std::vector<double> columns;
  PushBatch batch = rows.Cut(0, 300, &columns);
  batch.keep_log = true;
  ASSERT_TRUE(live().Push(batch).ok());
  EXPECT_EQ(live().next_sequence(), 1300u);
  size_t used = 0;
  const Result<monitor::LogBlock> block = monitor::DecodeLogBlock(live().log_block(), &used);
  ASSERT_TRUE(block.ok());
  EXPECT_EQ(used, live().log_block().size());
  EXPECT_EQ(block->first_sequence, 1000u);
  EXPECT_EQ(block->model_version, "1.2.3");
  EXPECT_EQ(block->source, "replay: x.csv");
  EXPECT_EQ(block->references, rows.references);
  EXPECT_EQ(block->rows, rows.source_rows);
  ASSERT_EQ(block->probabilities.size(), 300u);
  for (size_t i = 0; i < 300; ++i) {
    const double p = live().probabilities()[i];
    EXPECT_TRUE(block->probabilities[i] == p ||
                (std::isnan(p) && std::isnan(block->probabilities[i])));
  }
  const std::vector<uint8_t> bytes = live().RecentLog();
  const Result<monitor::LogBlock> recent = monitor::DecodeLogBlock(bytes, &used);
  ASSERT_TRUE(recent.ok());
  EXPECT_EQ(recent->first_sequence, 1000u);
  EXPECT_EQ(recent->references, rows.references);
  PushBatch quiet = rows.Cut(0, 10, &columns);
  ASSERT_TRUE(live().Push(quiet).ok());
  EXPECT_TRUE(live().log_block().empty());
}

TEST_F(LiveTest, ASummaryThatWasKeptIsAdded) {
  const Rows rows = MakeRows(1000, 14);
  Push(&live(), rows, 0, 400);
  Session other;
  Open(&other, "{}");
  Push(other.live(), rows, 400, 1000);
  ASSERT_TRUE(live().MergeSummary(other.live()->overall().Write()).ok());
  Session whole;
  Open(&whole, "{}");
  Push(whole.live(), rows);
  EXPECT_EQ(live().overall().Write(), whole.live()->overall().Write());
  EXPECT_EQ(live().window().rows(), 400u);
  EXPECT_EQ(live().MergeSummary("{}").error().code, ErrorCode::kDataInvalid);
}

TEST_F(LiveTest, ChartsComeOnlyWhenTheyChangedAndSeriesStayShort) {
  const Rows rows = MakeRows(100, 15);
  ASSERT_TRUE(live().Configure(R"({"points":50})").ok());
  int64_t now = 1700000000000;
  for (int i = 0; i < 400; ++i, now += 300) Push(&live(), rows, 0, 5, now);
  const json::value tick = Parsed(live().TickJson(now, 0));
  const json::object& series = tick.at("series").as_object();
  EXPECT_LE(series.at("begin_ms").as_array().size(), 50u);
  double scored = 0;
  for (const json::value& count : series.at("scored").as_array()) scored += Number(count);
  EXPECT_EQ(scored, static_cast<double>(live().overall().scored));
  for (size_t i = 0; i < series.at("begin_ms").as_array().size(); ++i) {
    double shares = 0;
    for (size_t l = 0; l < 5; ++l) shares += Number(series.at("levels").at(l).at(i));
    EXPECT_NEAR(shares, 1.0, 1e-5);
  }
  const auto generation = tick.at("generation").to_number<uint64_t>();
  EXPECT_FALSE(Parsed(live().TickJson(now + 600, generation)).as_object().contains("series"));
  Push(&live(), rows, 0, 5, now + 700);
  EXPECT_TRUE(Parsed(live().TickJson(now + 1300, generation)).as_object().contains("series"));
  double shares = 0;
  for (const json::value& share : tick.at("histogram").at("window").as_array())
    shares += Number(share);
  EXPECT_NEAR(shares, 1.0, 1e-4);
  // 5 rows each 300 ms.
  EXPECT_NEAR(Number(tick.at("throughput")), 5 / 0.3, 1.5);
}

// Demo rows as the page makes them: generated, read back, changed, pushed.
void PushDemo(Session* session, const std::string& scenario, size_t rows) {
  const Result<double> rate = session->ScenarioFraudRate(scenario);
  ASSERT_TRUE(rate.ok());
  ASSERT_TRUE(session->BeginSynth(rows, 1, *rate).ok());
  session->SynthRows(rows);
  const std::vector<uint8_t> text(session->output().begin(), session->output().end());
  ASSERT_TRUE(session->InspectCsv(text, {.complete = true}).ok());
  RangeOptions range;
  range.kind = JobKind::kRows;
  range.begin = session->layout().data_offset;
  ASSERT_TRUE(session->BeginRange(range).ok());
  size_t read = 0;
  for (size_t at = static_cast<size_t>(range.begin); at < text.size(); at += 100000) {
    const size_t bytes = std::min<size_t>(100000, text.size() - at);
    ASSERT_TRUE(session->Feed(std::span(text).subspan(at, bytes)).ok());
    if (at + bytes == text.size()) {
      ASSERT_TRUE(session->FinishRange().ok());
    }
    ReadRows piece = session->TakeRows();
    EXPECT_EQ(session->TakeRows().rows, 0u);
    ASSERT_EQ(piece.labels.size(), piece.rows);
    ASSERT_TRUE(
        session->ApplyScenario(scenario, read, piece.rows, piece.columns, piece.labels).ok());
    PushBatch batch;
    batch.rows = piece.rows;
    batch.columns = piece.columns;
    batch.labels = piece.labels;
    ASSERT_TRUE(session->live()->Push(batch).ok());
    read += piece.rows;
  }
  EXPECT_EQ(read, rows);
}

TEST(LiveDemoTest, TheShiftedColumnIsFoundAndCalmIsCalm) {
  const std::string model = FileBytes("models/creditcard/creditcard-rf.safetensors");
  const std::string generator = FileBytes("models/creditcard/generator.json");
  const auto drifted = [&](const std::string& scenario, double* missing) {
    Session session;
    EXPECT_TRUE(session.LoadModel(Bytes(model)).ok());
    EXPECT_TRUE(session.LoadGenerator(generator).ok());
    EXPECT_TRUE(session.OpenLive("{}").ok());
    PushDemo(&session, scenario, 5000);
    const json::value tick = Parsed(session.live()->TickJson(1, 0));
    *missing = Number(tick.at("window").at("missing_rate"));
    std::vector<std::string> names;
    for (const json::value& column : tick.at("columns").as_array()) {
      if (column.at("verdict").as_string() == "drifted")
        names.emplace_back(column.at("name").as_string().c_str());
    }
    EXPECT_EQ(Number(tick.at("window").at("drifted_columns")), static_cast<double>(names.size()));
    return names;
  };
  double missing = 0;
  EXPECT_EQ(drifted("calm", &missing), std::vector<std::string>());
  EXPECT_EQ(missing, 0.0);
  EXPECT_EQ(drifted("shift", &missing), std::vector<std::string>{"V14"});
  EXPECT_EQ(drifted("missing_column", &missing), std::vector<std::string>{"V10"});
  // One input of 30 that is one feature of 31.
  EXPECT_DOUBLE_EQ(missing, 1.0 / 31.0);
  EXPECT_EQ(drifted("cents", &missing), std::vector<std::string>{"Amount_scaled"});
}

TEST_F(LiveTest, ScenariosNeedAModelAndAGenerator) {
  std::vector<double> columns(kInputs * 2, 1.0);
  EXPECT_EQ(session_.ApplyScenario("storm", 0, 2, columns, {}).error().code,
            ErrorCode::kBadArgument);
  EXPECT_EQ(session_.ApplyScenario("cents", 0, 3, columns, {}).error().code,
            ErrorCode::kBadArgument);
  ASSERT_TRUE(session_.ApplyScenario("cents", 0, 2, columns, {}).ok());
  EXPECT_EQ(columns, (std::vector<double>{1, 1, 1, 1, 1, 1, 100, 100}));
  EXPECT_EQ(session_.ScenarioFraudRate("calm").error().code, ErrorCode::kNotReady);
  Session empty;
  EXPECT_EQ(empty.ApplyScenario("calm", 0, 2, columns, {}).error().code, ErrorCode::kNotReady);
}

TEST_F(LiveTest, RowsOfAFileWithWhatIsWrongWithThem) {
  const std::string text =
      "Time,V1,V2,Amount,Class\n1,2,,4,1\n5,x,7,8,0\n9,10\n11,12,13,14,oops\n15,inf,17,18,0\n";
  ASSERT_TRUE(session_.InspectCsv(Bytes(text), {.complete = true}).ok());
  RangeOptions range;
  range.kind = JobKind::kRows;
  range.begin = session_.layout().data_offset;
  ASSERT_TRUE(session_.BeginRange(range).ok());
  ASSERT_TRUE(session_.Feed(Bytes(text).subspan(static_cast<size_t>(range.begin))).ok());
  ASSERT_TRUE(session_.FinishRange().ok());
  const ReadRows read = session_.TakeRows();
  ASSERT_EQ(read.rows, 5u);
  EXPECT_EQ(read.statuses, (std::vector<int32_t>{0, 2, 1, 0, 0}));
  EXPECT_EQ(read.status_inputs, (std::vector<int32_t>{-1, 1, -1, -1, -1}));
  EXPECT_EQ(read.offsets[0], static_cast<double>(text.find("1,2,,")));
  EXPECT_EQ(read.columns[0], 1.0);
  EXPECT_TRUE(std::isnan(read.columns[2 * 5]));
  EXPECT_TRUE(std::isnan(read.columns[5 + 1]));
  EXPECT_EQ(read.columns[5 + 4], kInfinity);
  EXPECT_EQ(read.labels[0], 1.0);
  EXPECT_TRUE(std::isnan(read.labels[3]));
  EXPECT_EQ(session_.TakeRows().rows, 0u);
}

}  // namespace
}  // namespace firetower::session
