#include "core/monitor/alerts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/base/random.h"

namespace firetower::monitor {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Appending, as gcc 12 has a false -Wrestrict for "literal" + std::string.
std::string Joined(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) text.append(part);
  return text;
}

std::string Document(std::string_view rules) {
  return Joined({R"({"version":1,"rules":[)", rules, "]}"});
}

std::string RuleText(std::string_view id, std::string_view more) {
  return Joined(
      {R"({"id":")", id, R"(","name":"Rule )", id, R"(","statistic":"fraud_rate",)", more, "}"});
}

std::string ReadSource(const std::string& path) {
  std::ifstream file(Joined({FIRETOWER_SOURCE_DIR, "/", path}), std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

AlertBook BookOf(const std::string& rules) {
  AlertBook book;
  const Status status = book.SetRules(Document(rules));
  EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().message);
  return book;
}

// One evaluation with the same value for every rule and a million rows.
std::vector<uint64_t> Look(AlertBook& book, int64_t now_ms, double value) {
  return book.Evaluate(
      now_ms, [&](const std::string&, Scope) { return value; }, [](Scope) { return 1000000u; });
}

json::value State(const AlertBook& book, size_t episodes = 1000) {
  Result<json::value> state = ParseJson(book.StateJson(episodes), ErrorCode::kDataInvalid, "state");
  EXPECT_TRUE(state.ok()) << (state.ok() ? "" : state.error().message);
  return *std::move(state);
}

std::string StateOf(const AlertBook& book, size_t rule = 0) {
  return std::string(State(book).at("rules").at(rule).at("state").as_string());
}

// --- rules

TEST(AlertRulesTest, DocumentsAreReadOrRefusedWithThePlace) {
  const Result<json::value> cases = ParseJson(ReadSource("tests/unit/monitor/alert_rules.json"),
                                              ErrorCode::kDataInvalid, "alert_rules.json");
  ASSERT_TRUE(cases.ok());
  ASSERT_GT(cases->as_array().size(), 40u);
  for (const json::value& each : cases->as_array()) {
    const std::string name(each.at("name").as_string());
    AlertBook book = BookOf(RuleText("kept", R"("above":1)"));
    const std::string before = book.RulesJson();
    const Status status = book.SetRules(json::serialize(each.at("document")));
    if (const json::value* error = each.as_object().if_contains("error")) {
      ASSERT_FALSE(status.ok()) << name;
      EXPECT_EQ(status.error().code, ErrorCode::kBadArgument) << name;
      EXPECT_TRUE(status.error().message.starts_with(std::string(error->as_string())))
          << name << ": " << status.error().message;
      EXPECT_EQ(book.RulesJson(), before) << name;
    } else {
      ASSERT_TRUE(status.ok()) << name << ": " << status.error().message;
      // What is written reads back as the same.
      const std::string written = book.RulesJson();
      ASSERT_TRUE(book.SetRules(written).ok()) << name;
      EXPECT_EQ(book.RulesJson(), written) << name;
      EXPECT_EQ(book.rules().size(), each.at("document").at("rules").as_array().size()) << name;
    }
  }
}

TEST(AlertRulesTest, EveryMemberIsRead) {
  const AlertBook book = BookOf(
      R"({"id":"x","name":"N","statistic":"psi.V14","scope":"overall","above":0.25,"below":-1,)"
      R"("for_seconds":2.5,"cooldown_seconds":60,"min_rows":7,"severity":"info","enabled":false})");
  ASSERT_EQ(book.rules().size(), 1u);
  const AlertRule& rule = book.rules()[0];
  EXPECT_EQ(rule.id, "x");
  EXPECT_EQ(rule.name, "N");
  EXPECT_EQ(rule.statistic, "psi.V14");
  EXPECT_EQ(rule.scope, Scope::kOverall);
  EXPECT_EQ(rule.above, 0.25);
  EXPECT_EQ(rule.below, -1.0);
  EXPECT_EQ(rule.for_seconds, 2.5);
  EXPECT_EQ(rule.cooldown_seconds, 60.0);
  EXPECT_EQ(rule.min_rows, 7u);
  EXPECT_EQ(rule.severity, Severity::kInfo);
  EXPECT_FALSE(rule.enabled);
}

TEST(AlertRulesTest, TextsThatAreNoJsonAreRefused) {
  AlertBook book;
  for (const std::string text : {"", "{", "null", "{\"version\":1,\"rules\":[]} x", "\xff"}) {
    const Status status = book.SetRules(text);
    ASSERT_FALSE(status.ok()) << text;
    EXPECT_EQ(status.error().code, ErrorCode::kBadArgument);
  }
  const Status big = book.SetRules(std::string(kMaxRulesBytes + 1, ' '));
  ASSERT_FALSE(big.ok());
  EXPECT_EQ(big.error().code, ErrorCode::kTooBig);
}

TEST(AlertRulesTest, DefaultsAreThePredecessorsAndDriftAndDetector) {
  AlertBook book;
  ASSERT_TRUE(book.SetRules(AlertBook::DefaultRulesJson()).ok());
  EXPECT_EQ(book.RulesJson(), AlertBook::DefaultRulesJson());
  std::map<std::string, std::pair<double, Severity>> found;
  for (const AlertRule& rule : book.rules()) found[rule.statistic] = {rule.above, rule.severity};
  EXPECT_EQ(found["fraud_rate"], std::pair(0.01, Severity::kAlert));
  EXPECT_EQ(found["average_probability"], std::pair(0.1, Severity::kWarning));
  EXPECT_EQ(found["drifted_columns"], std::pair(0.0, Severity::kWarning));
  EXPECT_EQ(found["detector_alarms"], std::pair(0.0, Severity::kAlert));
  EXPECT_EQ(found.size(), 4u);
}

TEST(AlertRulesTest, TheExampleOfTheDescriptionIsRead) {
  const std::string text = ReadSource("models/ALERTS.md");
  const size_t begin = text.find("```json\n") + 8;
  AlertBook book;
  ASSERT_TRUE(book.SetRules(text.substr(begin, text.find("```", begin) - begin)).ok());
  EXPECT_EQ(book.rules().size(), 3u);
}

TEST(AlertRulesTest, EveryStatisticIsDescribedAndInTheSchema) {
  const std::string text = ReadSource("models/ALERTS.md");
  const Result<json::value> schema =
      ParseJson(ReadSource("models/alert-rules.schema.json"), ErrorCode::kDataInvalid, "schema");
  ASSERT_TRUE(schema.ok());
  const json::array& listed =
      schema->at("$defs").at("statistic").at("anyOf").at(0).at("enum").as_array();
  EXPECT_EQ(listed.size(), StatisticNames().size());
  for (const std::string_view name : StatisticNames()) {
    EXPECT_TRUE(IsStatistic(name));
    EXPECT_NE(text.find(Joined({"`", name, "`"})), std::string::npos) << name;
    EXPECT_TRUE(std::any_of(listed.begin(), listed.end(), [&](const json::value& value) {
      return std::string(value.as_string()) == name;
    })) << name;
  }
}

// --- states

TEST(AlertBookTest, GoesFromIdleOverPendingAndFiringToCooling) {
  AlertBook book = BookOf(RuleText("r", R"("above":0.01,"for_seconds":3,"cooldown_seconds":20)"));
  EXPECT_EQ(StateOf(book), "idle");
  EXPECT_TRUE(Look(book, 10000, 0.005).empty());
  EXPECT_EQ(StateOf(book), "idle");
  EXPECT_TRUE(Look(book, 11000, 0.02).empty());
  EXPECT_EQ(StateOf(book), "pending");
  EXPECT_TRUE(Look(book, 13999, 0.02).empty());
  EXPECT_EQ(StateOf(book), "pending");
  EXPECT_EQ(Look(book, 14000, 0.03), std::vector<uint64_t>{1});
  EXPECT_EQ(StateOf(book), "firing");
  EXPECT_TRUE(Look(book, 15000, 0.05).empty());
  EXPECT_TRUE(Look(book, 16000, 0.04).empty());
  EXPECT_TRUE(Look(book, 17000, 0.01).empty());  // Not above.
  EXPECT_EQ(StateOf(book), "cooling");
  ASSERT_EQ(book.episodes().size(), 1u);
  const Episode& episode = book.episodes()[0];
  EXPECT_EQ(episode.number, 1u);
  EXPECT_EQ(episode.rule, "r");
  EXPECT_EQ(episode.name, "Rule r");
  EXPECT_EQ(episode.statistic, "fraud_rate");
  EXPECT_EQ(episode.since_ms, 14000);
  EXPECT_EQ(episode.last_ms, 16000);
  EXPECT_EQ(episode.ended_ms, 17000);
  EXPECT_EQ(episode.count, 1u);
  EXPECT_EQ(episode.first_value, 0.03);
  EXPECT_EQ(episode.worst_value, 0.05);
  EXPECT_EQ(episode.last_value, 0.04);
  Look(book, 36999, 0.0);
  EXPECT_EQ(StateOf(book), "cooling");
  Look(book, 37000, 0.0);
  EXPECT_EQ(StateOf(book), "idle");
}

TEST(AlertBookTest, WhatStopsHoldingStopsPending) {
  AlertBook book = BookOf(RuleText("r", R"("above":1,"for_seconds":10)"));
  for (int64_t now = 0; now < 100; ++now) {
    EXPECT_TRUE(Look(book, 1000 * now, now % 10 == 9 ? 1.0 : 2.0).empty()) << now;
  }
  EXPECT_TRUE(book.episodes().empty());
}

TEST(AlertBookTest, BelowAndBand) {
  AlertBook book =
      BookOf(RuleText("low", R"("below":0.2)") + "," + RuleText("band", R"("below":-1,"above":1)"));
  const auto states = [&](double value) {
    static int64_t now = 0;
    Look(book, now += 100000, value);
    return StateOf(book, 0) + " " + StateOf(book, 1);
  };
  EXPECT_EQ(states(0.2), "idle idle");
  EXPECT_EQ(states(0.1), "firing idle");
  EXPECT_EQ(states(-1.0), "firing idle");
  EXPECT_EQ(states(-1.5), "firing firing");
  EXPECT_EQ(states(1.0), "idle idle");
  EXPECT_EQ(states(1.5), "idle firing");
  EXPECT_EQ(states(kInfinity), "idle firing");
  EXPECT_EQ(states(-3.0), "firing firing");
  const Episode& band = book.episodes()[2];
  EXPECT_EQ(band.rule, "band");
  EXPECT_EQ(band.worst_value, std::numeric_limits<double>::max());
  EXPECT_EQ(band.last_value, -3.0);
}

TEST(AlertBookTest, AnUnknownValuePausesThePendingTime) {
  AlertBook book = BookOf(RuleText("r", R"("above":1,"for_seconds":4)"));
  Look(book, 0, 2.0);
  Look(book, 2000, 2.0);  // 2 s.
  Look(book, 4000, kNaN);
  EXPECT_EQ(StateOf(book), "pending");
  Look(book, 60000, kNaN);
  Look(book, 61000, 2.0);  // Still 2 s: it is not known what was between.
  Look(book, 62000, 2.0);
  EXPECT_EQ(StateOf(book), "pending");
  EXPECT_EQ(Look(book, 63000, 2.0).size(), 1u);
  Look(book, 64000, kNaN);
  EXPECT_EQ(StateOf(book), "firing");
  EXPECT_EQ(book.episodes()[0].last_ms, 63000);
  EXPECT_TRUE(State(book).at("rules").at(0).at("value").is_number());
}

TEST(AlertBookTest, TooFewRowsAreAsUnknown) {
  AlertBook book = BookOf(RuleText("r", R"("above":1,"min_rows":500)"));
  int asked = 0;
  const auto look = [&](uint64_t rows) {
    return book.Evaluate(
        0, [&](const std::string&, Scope) { return ++asked, 2.0; }, [&](Scope) { return rows; });
  };
  EXPECT_TRUE(look(499).empty());
  EXPECT_EQ(asked, 0);
  EXPECT_TRUE(State(book).at("rules").at(0).at("value").is_null());
  EXPECT_EQ(look(500).size(), 1u);
}

TEST(AlertBookTest, AsksForTheStatisticAndScopeOfTheRule) {
  AlertBook book = BookOf(
      R"({"id":"a","name":"A","statistic":"psi.V14","scope":"overall","above":1,"min_rows":1},)"
      R"({"id":"b","name":"B","statistic":"rows","above":1},)"
      R"({"id":"c","name":"C","statistic":"recall","above":1,"enabled":false})");
  std::vector<std::pair<std::string, Scope>> asked;
  std::vector<Scope> rows;
  book.Evaluate(
      0, [&](const std::string& name, Scope scope) { return asked.emplace_back(name, scope), 0.0; },
      [&](Scope scope) { return rows.push_back(scope), 1u; });
  EXPECT_EQ(asked, (std::vector<std::pair<std::string, Scope>>{{"psi.V14", Scope::kOverall},
                                                               {"rows", Scope::kWindow}}));
  EXPECT_EQ(rows, std::vector<Scope>{Scope::kOverall});
}

TEST(AlertBookTest, AClockThatGoesBackNeitherEndsNorShortensWhatIsPending) {
  AlertBook book = BookOf(RuleText("r", R"("above":1,"for_seconds":10,"cooldown_seconds":30)"));
  constexpr int64_t kHour = 3600000;
  Look(book, kHour, 2.0);
  Look(book, kHour + 6000, 2.0);  // 6 s.
  Look(book, 5000, 2.0);          // An hour back: no time has passed.
  EXPECT_EQ(StateOf(book), "pending");
  EXPECT_TRUE(Look(book, 8999, 2.0).empty());
  EXPECT_EQ(Look(book, 9000, 2.0), std::vector<uint64_t>{1});  // 6 + 4 s.
  Look(book, 10000, 0.0);
  EXPECT_EQ(StateOf(book), "cooling");
  Look(book, 0, 0.0);
  EXPECT_EQ(StateOf(book), "cooling");
  Look(book, 29999, 0.0);
  EXPECT_EQ(StateOf(book), "cooling");
  Look(book, 30000, 0.0);
  EXPECT_EQ(StateOf(book), "idle");
  for (const int64_t now : {INT64_MAX, INT64_MIN, int64_t{0}}) Look(book, now, 0.0);
  EXPECT_EQ(StateOf(book), "idle");
}

TEST(AlertBookTest, OfManyEpisodesWhatFiresMostSeverelyIsTold) {
  std::string rules = RuleText("important", R"("above":1,"severity":"alert")");
  for (int i = 0; i < 60; ++i)
    rules =
        Joined({rules, ",",
                RuleText(Joined({"info", std::to_string(i)}), R"("above":1,"severity":"info")")});
  AlertBook book = BookOf(rules);
  Look(book, 1000, 2.0);
  ASSERT_EQ(book.episodes().size(), 61u);
  Result<json::value> state = ParseJson(book.StateJson(20), ErrorCode::kDataInvalid, "state");
  ASSERT_TRUE(state.ok());
  const json::array& told = (*state).at("episodes").as_array();
  ASSERT_EQ(told.size(), 20u);
  EXPECT_EQ(told.back().at("rule").as_string(), "important");  // The oldest, told all the same.
  for (size_t i = 1; i < told.size(); ++i)
    EXPECT_GT(told[i - 1].at("number").as_int64(), told[i].at("number").as_int64());
}

TEST(AlertBookTest, AStormStaysOneLineWithoutACoolDown) {
  AlertBook book = BookOf(RuleText("storm", R"("above":1)"));
  size_t announced = 0;
  int64_t now = 1000;
  for (int i = 0; i < 10000; ++i) {
    announced += Look(book, now += 100, 2.0).size();
    announced += Look(book, now += 9999, 0.0).size();  // Less than 10 s after it ended.
  }
  EXPECT_EQ(announced, 1u);
  ASSERT_EQ(book.episodes().size(), 1u);
  EXPECT_EQ(book.episodes()[0].count, 10000u);
  EXPECT_EQ(book.episodes()[0].since_ms, 1100);
  EXPECT_EQ(book.episodes()[0].ended_ms, now);
  EXPECT_LT(book.StateJson(1000).size(), 700u);
  Look(book, now += 10000, 2.0);  // And 10 s later it is another.
  EXPECT_EQ(book.episodes().size(), 2u);
}

TEST(AlertBookTest, AFiringWithinTheCoolDownJoinsTheOneBefore) {
  AlertBook book = BookOf(RuleText("r", R"("above":1,"cooldown_seconds":60)"));
  EXPECT_EQ(Look(book, 0, 2.0).size(), 1u);
  EXPECT_TRUE(book.Acknowledge(1, 500));
  Look(book, 1000, 0.0);
  EXPECT_TRUE(Look(book, 60999, 5.0).empty());
  EXPECT_EQ(StateOf(book), "firing");
  ASSERT_EQ(book.episodes().size(), 1u);
  EXPECT_EQ(book.episodes()[0].count, 2u);
  EXPECT_EQ(book.episodes()[0].since_ms, 0);
  EXPECT_EQ(book.episodes()[0].ended_ms, -1);
  EXPECT_EQ(book.episodes()[0].first_value, 2.0);
  EXPECT_EQ(book.episodes()[0].worst_value, 5.0);
  EXPECT_EQ(book.episodes()[0].acknowledged_ms, 500);
  Look(book, 61000, 0.0);
  EXPECT_EQ(Look(book, 121000, 2.0), std::vector<uint64_t>{2});
}

TEST(AlertBookTest, SilencedRulesAreKeptAndNotAnnounced) {
  AlertBook book = BookOf(RuleText("r", R"("above":1,"cooldown_seconds":60)"));
  EXPECT_FALSE(book.Silence("other", 5000));
  EXPECT_TRUE(book.Silence("r", 5000));
  EXPECT_EQ(State(book).at("rules").at(0).at("silenced_until_ms").as_int64(), 5000);
  EXPECT_TRUE(Look(book, 1000, 2.0).empty());
  ASSERT_EQ(book.episodes().size(), 1u);
  EXPECT_TRUE(book.episodes()[0].silenced);
  Look(book, 2000, 0.0);
  EXPECT_TRUE(Look(book, 4999, 2.0).empty());
  EXPECT_EQ(book.episodes()[0].count, 2u);
  Look(book, 5000, 0.0);
  // The silence is over: what was silenced does not swallow it.
  EXPECT_EQ(Look(book, 5001, 2.0), std::vector<uint64_t>{2});
  Look(book, 5002, 0.0);
  EXPECT_TRUE(book.Silence("r", 9000));
  EXPECT_TRUE(Look(book, 6000, 2.0).empty());  // Joins the one that was announced.
  EXPECT_EQ(book.episodes()[1].count, 2u);
  EXPECT_FALSE(book.episodes()[1].silenced);
  EXPECT_TRUE(book.Silence("r", 0));
  EXPECT_EQ(State(book).at("rules").at(0).at("silenced_until_ms").as_int64(), 0);
}

TEST(AlertBookTest, AcknowledgesOneOrAll) {
  AlertBook book = BookOf(RuleText("a", R"("above":1)") + "," + RuleText("b", R"("above":2)"));
  EXPECT_FALSE(book.Acknowledge(0, 1));
  EXPECT_EQ(Look(book, 0, 3.0).size(), 2u);
  EXPECT_FALSE(book.Acknowledge(3, 1));
  EXPECT_TRUE(book.Acknowledge(2, 10));
  json::value state = State(book);
  EXPECT_EQ(state.at("firing").as_int64(), 2);
  EXPECT_EQ(state.at("acknowledged").as_int64(), 1);
  EXPECT_TRUE(book.Acknowledge(0, 20));
  EXPECT_EQ(book.episodes()[0].acknowledged_ms, 20);
  EXPECT_EQ(book.episodes()[1].acknowledged_ms, 10);  // As it was.
  Look(book, 1000, 0.0);
  state = State(book);
  EXPECT_EQ(state.at("firing").as_int64(), 0);
  EXPECT_EQ(state.at("acknowledged").as_int64(), 0);
}

TEST(AlertBookTest, OtherRulesDoNotDisturbTheOnesThatStay) {
  const std::string kept = RuleText("kept", R"("above":1,"for_seconds":5)");
  const std::string changed = RuleText("changed", R"("above":1)");
  AlertBook book = BookOf(kept + "," + changed + "," + RuleText("gone", R"("above":1)"));
  Look(book, 0, 2.0);
  Look(book, 4000, 2.0);
  book.Silence("kept", 99000);
  book.Silence("changed", 99000);
  ASSERT_EQ(book.episodes().size(), 2u);
  // Another name, severity and cool-down are the same condition; another threshold is not.
  ASSERT_TRUE(
      book.SetRules(Document(RuleText("changed", R"("above":1.5)") + "," +
                             R"({"id":"kept","name":"New name","statistic":"fraud_rate","above":1,)"
                             R"("for_seconds":5,"cooldown_seconds":9,"severity":"info"})"))
          .ok());
  EXPECT_EQ(StateOf(book, 0), "idle");
  EXPECT_EQ(StateOf(book, 1), "pending");
  EXPECT_EQ(State(book).at("rules").at(0).at("silenced_until_ms").as_int64(), 99000);
  for (const Episode& episode : book.episodes()) EXPECT_EQ(episode.ended_ms, 4000) << episode.rule;
  Look(book, 5000, 2.0);
  EXPECT_EQ(StateOf(book, 1), "firing");
  EXPECT_EQ(book.episodes().back().name, "New name");
  EXPECT_EQ(book.episodes().back().severity, Severity::kInfo);
  ASSERT_TRUE(
      book.SetRules(Document(RuleText("kept", R"("above":1,"for_seconds":5,"enabled":false)")))
          .ok());
  EXPECT_EQ(book.episodes().back().ended_ms, 5000);
  EXPECT_EQ(StateOf(book), "idle");
  Look(book, 6000, 2.0);
  Look(book, 60000, 2.0);
  EXPECT_EQ(StateOf(book), "idle");
}

TEST(AlertBookTest, ForgetsTheOldestThatEndedAndCountsThem) {
  AlertBook book =
      BookOf(RuleText("steady", R"("above":1)") + "," + RuleText("flaps", R"("above":5)"));
  int64_t now = 0;
  for (int i = 0; i < 1500; ++i) {
    Look(book, now += 20000, 9.0);
    Look(book, now += 20000, 2.0);  // The first rule goes on firing.
  }
  EXPECT_EQ(book.episodes().size(), kMaxEpisodes);
  EXPECT_EQ(book.episodes()[0].rule, "steady");
  EXPECT_EQ(book.episodes()[0].ended_ms, -1);
  EXPECT_EQ(book.episodes()[1].number, 503u);
  EXPECT_EQ(book.episodes().back().number, 1501u);
  const json::value state = State(book, 3);
  EXPECT_EQ(state.at("forgotten").as_int64(), 501);
  ASSERT_EQ(state.at("episodes").as_array().size(), 3u);
  EXPECT_EQ(state.at("episodes").at(0).at("number").as_int64(), 1501);
  EXPECT_EQ(state.at("episodes").at(1).at("number").as_int64(), 1500);
  EXPECT_EQ(state.at("episodes").at(2).at("number").as_int64(), 1);  // It fires.
}

TEST(AlertBookTest, TheStateIsWrittenInFull) {
  AlertBook book;
  ASSERT_TRUE(
      book.SetRules(Document(R"({"id":"r","name":"A \"name\" \u20ac","statistic":"psi.V\n1",)"
                             R"("above":0.1,"severity":"warning"})"))
          .ok());
  EXPECT_EQ(book.StateJson(10),
            R"({"firing":0,"pending":0,"acknowledged":0,"rules":[{"id":"r","state":"idle",)"
            R"("since_ms":-1,"value":null,"silenced_until_ms":0}],"episodes":[],"forgotten":0})");
  Look(book, 1500, 0.25);
  book.Acknowledge(1, 1600);
  EXPECT_EQ(book.StateJson(10),
            R"({"firing":1,"pending":0,"acknowledged":1,"rules":[{"id":"r","state":"firing",)"
            R"("since_ms":1500,"value":0.25,"silenced_until_ms":0}],"episodes":[{"number":1,)"
            R"("rule":"r","name":"A \"name\" )"
            "\xE2\x82\xAC"
            R"(","statistic":"psi.V\n1","severity":"warning","since_ms":1500,"last_ms":1500,)"
            R"("ended_ms":-1,"count":1,"first_value":0.25,"last_value":0.25,"worst_value":0.25,)"
            R"("acknowledged_ms":1600,"silenced":false}],"forgotten":0})");
}

// --- against a slow reference, which sees the whole sequence at once

struct Look1 {
  int64_t now_ms;
  double value;
  bool silenced;
};

// What one rule makes of a sequence: every stretch from the first value that holds to the next that
// does not is looked at as a whole.
std::vector<Episode> ReferenceEpisodes(const AlertRule& rule, const std::vector<Look1>& looks,
                                       std::vector<size_t>* announced) {
  std::vector<int64_t> clock = {0};  // Forward movements only.
  for (size_t i = 1; i < looks.size(); ++i) {
    clock.push_back(clock.back() + std::max<int64_t>(0, looks[i].now_ms - looks[i - 1].now_ms));
  }
  const auto holds = [&](size_t i) {
    const double v = looks[i].value;
    return (!std::isnan(rule.above) && v > rule.above) ||
           (!std::isnan(rule.below) && v < rule.below);
  };
  const auto worse = [&](double a, double b) {
    const auto distance = [&](double v) {
      double d = -kInfinity;
      if (!std::isnan(rule.above)) d = std::max(d, v - rule.above);
      if (!std::isnan(rule.below)) d = std::max(d, rule.below - v);
      return d;
    };
    return distance(b) > distance(a) ? b : a;
  };
  std::vector<Episode> episodes;
  int64_t ended_clock = INT64_MIN / 2;
  for (size_t begin = 0; begin < looks.size();) {
    if (!holds(begin)) {
      ++begin;
      continue;
    }
    size_t end = begin;  // One past the stretch.
    while (end < looks.size() && (holds(end) || std::isnan(looks[end].value))) ++end;
    size_t fired = end;
    int64_t pending = 0;
    for (size_t i = begin; i < end && fired == end; ++i) {
      if (!holds(i)) continue;
      if (i > begin && holds(i - 1)) pending += clock[i] - clock[i - 1];
      if (static_cast<double>(pending) >= 1000.0 * rule.for_seconds) fired = i;
    }
    if (fired < end) {
      const double join = 1000.0 * std::max(rule.cooldown_seconds, 10.0);
      const bool joins = !episodes.empty() &&
                         static_cast<double>(clock[fired] - ended_clock) < join &&
                         (looks[fired].silenced || !episodes.back().silenced);
      if (joins) {
        ++episodes.back().count;
      } else {
        episodes.push_back({});
        episodes.back().since_ms = looks[fired].now_ms;
        episodes.back().first_value = looks[fired].value;
        episodes.back().worst_value = looks[fired].value;
        episodes.back().silenced = looks[fired].silenced;
        if (!looks[fired].silenced) announced->push_back(fired);
      }
      Episode& episode = episodes.back();
      for (size_t i = fired; i < end; ++i) {
        if (!holds(i)) continue;
        episode.last_ms = looks[i].now_ms;
        episode.last_value = looks[i].value;
        episode.worst_value = worse(episode.worst_value, looks[i].value);
      }
      episode.ended_ms = end < looks.size() ? looks[end].now_ms : -1;
      if (end < looks.size()) ended_clock = clock[end];
    }
    begin = end;
  }
  return episodes;
}

TEST(AlertBookTest, IsTheSlowReferenceOnRandomSequences) {
  Random random(9);
  size_t total = 0;
  size_t joined = 0;
  for (int round = 0; round < 400; ++round) {
    const double for_seconds = random.Below(3) == 0 ? 0.0 : random.Below(20) * 0.5;
    const double cooldown = random.Below(2) == 0 ? 0.0 : random.Below(100);
    const uint32_t kind = random.Below(3);
    std::string bounds = kind != 1 ? R"("above":1)" : "";
    if (kind != 0) bounds += std::string(kind == 2 ? "," : "") + R"("below":-1)";
    AlertBook book =
        BookOf(RuleText("r", bounds + R"(,"for_seconds":)" + std::to_string(for_seconds) +
                                 R"(,"cooldown_seconds":)" + std::to_string(cooldown)));
    const AlertRule rule = book.rules()[0];
    std::vector<Look1> looks;
    std::vector<size_t> announced;
    int64_t now = 1700000000000;
    double level = 0.0;
    bool silenced = false;
    for (int i = 0; i < 300; ++i) {
      // Quarter seconds, so that the sums are exact in float64.
      now += 250 * static_cast<int64_t>(random.Below(random.Below(10) == 0 ? 200 : 20));
      if (random.Below(40) == 0) now -= 250 * static_cast<int64_t>(random.Below(1000));
      if (random.Below(4) == 0) level = 4.0 * random.Uniform() - 2.0;
      if (random.Below(15) == 0) silenced = !silenced;
      looks.push_back(
          {now, random.Below(8) == 0 ? kNaN : level + 0.2 * random.Uniform(), silenced});
      ASSERT_TRUE(book.Silence("r", silenced ? now + 1 : 0));
      const std::vector<uint64_t> began = Look(book, now, looks.back().value);
      if (!began.empty()) {
        ASSERT_EQ(began, std::vector<uint64_t>{book.episodes().back().number});
        announced.push_back(looks.size() - 1);
      }
    }
    std::vector<size_t> expected_announced;
    const std::vector<Episode> expected = ReferenceEpisodes(rule, looks, &expected_announced);
    ASSERT_EQ(book.episodes().size(), expected.size()) << round;
    EXPECT_EQ(announced, expected_announced) << round;
    for (size_t i = 0; i < expected.size(); ++i) {
      const Episode& episode = book.episodes()[i];
      EXPECT_EQ(episode.number, i + 1);
      EXPECT_EQ(episode.since_ms, expected[i].since_ms) << round;
      EXPECT_EQ(episode.last_ms, expected[i].last_ms) << round;
      EXPECT_EQ(episode.ended_ms, expected[i].ended_ms) << round;
      EXPECT_EQ(episode.count, expected[i].count) << round;
      EXPECT_EQ(episode.first_value, expected[i].first_value) << round;
      EXPECT_EQ(episode.last_value, expected[i].last_value) << round;
      EXPECT_EQ(episode.worst_value, expected[i].worst_value) << round;
      EXPECT_EQ(episode.silenced, expected[i].silenced) << round;
      joined += episode.count - 1;
    }
    total += expected.size();
  }
  EXPECT_GT(total, 1000u);
  EXPECT_GT(joined, 1000u);
}

// --- checkpoints

TEST(AlertBookTest, GoesOnFromACheckpoint) {
  Random random(10);
  const std::string rules = RuleText("a", R"("above":1,"cooldown_seconds":30)") + "," +
                            RuleText("b", R"("below":-1)") + "," +
                            RuleText("c", R"("above":1.5,"cooldown_seconds":5)");
  AlertBook whole = BookOf(rules);
  AlertBook book = BookOf(rules);
  int64_t now = 0;
  for (int i = 0; i < 4000; ++i) {
    now += 250 * static_cast<int64_t>(random.Below(60));
    const double value = 4.0 * random.Uniform() - 2.0;
    if (random.Below(30) == 0) {
      whole.Silence("a", now + 20000);
      book.Silence("a", now + 20000);
    }
    if (random.Below(30) == 0) {
      whole.Acknowledge(0, now);
      book.Acknowledge(0, now);
    }
    EXPECT_EQ(Look(whole, now, value), Look(book, now, value));
    if (random.Below(20) == 0) {
      AlertBook next = BookOf(rules);
      ASSERT_TRUE(next.Restore(book.CheckpointJson()).ok());
      EXPECT_EQ(next.CheckpointJson(), book.CheckpointJson());
      book = std::move(next);
      Look(whole, now, value);
      Look(book, now, value);
    }
    ASSERT_EQ(whole.StateJson(50), book.StateJson(50)) << i;
  }
  EXPECT_EQ(whole.episodes().size(), kMaxEpisodes);
}

TEST(AlertBookTest, PendingTimeDoesNotRunWhileTheBookIsAway) {
  const std::string rules = RuleText("r", R"("above":1,"for_seconds":10)");
  AlertBook book = BookOf(rules);
  Look(book, 0, 2.0);
  Look(book, 6000, 2.0);
  AlertBook next = BookOf(rules);
  ASSERT_TRUE(next.Restore(book.CheckpointJson()).ok());
  EXPECT_EQ(StateOf(next), "pending");
  EXPECT_TRUE(Look(next, 60000, 2.0).empty());
  EXPECT_TRUE(Look(next, 63999, 2.0).empty());
  EXPECT_EQ(Look(next, 64000, 2.0).size(), 1u);
}

TEST(AlertBookTest, EpisodesOfRulesThatAreGoneEndWhereTheyWereLastSeen) {
  AlertBook book = BookOf(RuleText("a", R"("above":1)") + "," + RuleText("b", R"("above":1)"));
  Look(book, 1000, 2.0);
  Look(book, 2000, 2.0);
  AlertBook next = BookOf(RuleText("b", R"("above":1)"));
  ASSERT_TRUE(next.Restore(book.CheckpointJson()).ok());
  ASSERT_EQ(next.episodes().size(), 2u);
  EXPECT_EQ(next.episodes()[0].ended_ms, 2000);
  EXPECT_EQ(next.episodes()[1].ended_ms, -1);
  Look(next, 3000, 0.0);
  EXPECT_EQ(next.episodes()[1].ended_ms, 3000);
}

TEST(AlertBookTest, BrokenCheckpointsAreRefusedAndChangeNothing) {
  const std::string rules = RuleText("r", R"("above":1)");
  AlertBook book = BookOf(rules);
  Look(book, 1000, 2.0);
  const std::string good = book.CheckpointJson();
  AlertBook other = BookOf(rules);
  const std::string before = other.CheckpointJson();
  const auto refused = [&](const std::string& text) {
    const Status status = other.Restore(text);
    EXPECT_EQ(other.CheckpointJson(), before);
    return status.ok() ? "accepted" : status.error().message;
  };
  for (size_t length = 0; length < good.size(); ++length) {
    EXPECT_NE(refused(good.substr(0, length)), "accepted") << length;
  }
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    EXPECT_NE(text.find(from), std::string::npos) << from;
    return text.replace(text.find(from), from.size(), to);
  };
  EXPECT_EQ(refused(replaced("\"version\":1", "\"version\":2")),
            "alerts.version: is not between 1 and 1");
  EXPECT_EQ(refused(replaced("\"number\":1", "\"number\":9")),
            "alerts.episodes[0].number: is out of order");
  EXPECT_EQ(refused(replaced("\"state\":\"firing\"", "\"state\":\"idle\"")),
            "alerts.rules[0].state: contradicts its episode");
  EXPECT_EQ(refused(replaced("\"ended_ms\":-1", "\"ended_ms\":5")),
            "alerts.rules[0].state: contradicts its episode");
  EXPECT_EQ(refused(replaced("\"silenced\":false", "\"silenced\":0")),
            "alerts.episodes[0].silenced: is neither true nor false");
  EXPECT_EQ(refused(replaced("\"first_value\":2", "\"first_value\":null")),
            "alerts.episodes[0].first_value: is not a number");
  EXPECT_NE(refused(std::string(kMaxCheckpointBytes + 1, ' ')), "accepted");
  EXPECT_TRUE(other.Restore(good).ok());
}

}  // namespace
}  // namespace firetower::monitor
