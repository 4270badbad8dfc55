#include "core/stream/detector.h"

#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <limits>
#include <map>
#include <numeric>

#include "core/base/random.h"
#include "streams.h"

namespace firetower::stream {
namespace {

using Rows = std::vector<size_t>;
using Settings = std::vector<std::pair<std::string, std::string>>;

std::unique_ptr<Detector> Made(std::string_view name, const Settings& settings) {
  Result<std::unique_ptr<Detector>> made = MakeDetector(name, settings);
  EXPECT_TRUE(made.ok()) << (made.ok() ? "" : made.error().message);
  return made.ok() ? *std::move(made) : nullptr;
}

struct Said {
  Rows drifts;
  Rows warnings;
};

Said Watch(std::string_view name, const Settings& settings, const std::vector<double>& values) {
  const std::unique_ptr<Detector> detector = Made(name, settings);
  Said said;
  for (size_t i = 0; i < values.size(); ++i) {
    const DetectorState state = detector->Update(values[i]);
    if (state == DetectorState::kDrift) said.drifts.push_back(i);
    if (state == DetectorState::kWarning) said.warnings.push_back(i);
  }
  return said;
}

Rows Alarms(std::string_view name, Settings settings, const std::vector<double>& values) {
  settings.emplace_back("semantics", "river");
  return Watch(name, settings, values).drifts;
}

// With the offset basis that the list of streams was made with, a digit short of the standard's.
uint64_t Fnv1a(const std::vector<double>& values) {
  uint64_t hash = 1469598103934665603u;
  for (const double value : values) hash = (hash ^ static_cast<uint8_t>(value)) * 0x100000001b3u;
  return hash;
}

double Sum(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

TEST(StreamsTest, AreThePublishedOnes) {
  EXPECT_EQ(Sum(Steps()), 3985.0);
  EXPECT_EQ(Fnv1a(Steps()), 0xbe11542640de0b94u);
  EXPECT_EQ(Sum(Errors()), 1000.0);
  EXPECT_EQ(Fnv1a(Errors()), 0xb93d917ff11d8c83u);
  EXPECT_EQ(Sum(Levels()), 5970.0);
  EXPECT_EQ(Fnv1a(Levels()), 0xe5448cb3b240cda3u);
}

// Published by river: documentation and tests of its detectors.
TEST(DetectorTest, AlarmsWhereRiverDoes) {
  EXPECT_EQ(Alarms("adwin", {}, Steps()), (Rows{1023}));
  EXPECT_EQ(Alarms("adwin", {}, Levels()), (Rows{1023}));
  EXPECT_EQ(Alarms("page_hinkley", {}, Levels()), (Rows{1006}));
  EXPECT_EQ(Alarms("ddm", {}, Errors()), (Rows{1049}));
  EXPECT_EQ(Alarms("eddm", {{"alpha", "0.9"}, {"beta", "0.8"}}, Errors()), (Rows{1059}));
  EXPECT_EQ(Alarms("hddm_a", {}, Errors()), (Rows{1047}));
  EXPECT_EQ(Alarms("hddm_w", {}, Errors()), (Rows{1018}));
  EXPECT_EQ(Alarms("kswin", {{"alpha", "0.0001"}, {"seed", "42"}}, Levels()), (Rows{1016}));
  EXPECT_EQ(
      Alarms("kswin",
             {{"alpha", "0.0001"}, {"window_size", "200"}, {"stat_size", "100"}, {"seed", "42"}},
             Steps()),
      (Rows{1042}));
  const std::vector<double> rise = Flips(42, 1000, 0.7);
  EXPECT_EQ(Alarms("ddm", {}, rise), (Rows{1334}));
  EXPECT_EQ(Alarms("eddm", {{"alpha", "0.8"}, {"beta", "0.75"}}, rise), (Rows{1278}));
  EXPECT_EQ(Alarms("hddm_a", {}, rise), (Rows{1206}));
  EXPECT_EQ(Alarms("hddm_w", {}, rise), (Rows{1077}));
  const std::vector<double> fall = Flips(42, 250, 0.1);
  EXPECT_EQ(Alarms("fhddm", {}, fall), (Rows{315}));
  EXPECT_EQ(Alarms("fhddm", {{"short_window_size", "20"}}, fall), (Rows{279}));
  EXPECT_EQ(Alarms("wstd", {}, Errors()), (Rows{1028}));
  EXPECT_EQ(Alarms("wstd", {}, Flips(42, 250, 0.9)), (Rows{277}));
  std::vector<double> block(460);
  std::fill(block.begin() + 200, block.begin() + 260, 1.0);
  EXPECT_EQ(Alarms("wstd", {}, block), (Rows{210, 273}));
}

TEST(DetectorTest, WarnsWhereRiverDoes) {
  const Settings river = {{"semantics", "river"}};
  const std::vector<double> rise = Flips(42, 1000, 0.7);
  EXPECT_EQ(Watch("ddm", river, rise).warnings[0], 1084u);
  EXPECT_EQ(Watch("hddm_a", river, rise).warnings[0], 451u);
  EXPECT_EQ(Watch("hddm_w", river, rise).warnings[0], 451u);
  EXPECT_EQ(
      Watch("eddm", {{"alpha", "0.8"}, {"beta", "0.75"}, {"semantics", "river"}}, rise).warnings[0],
      1059u);
  EXPECT_EQ(Watch("wstd", river, Errors()).warnings[0], 1017u);
  EXPECT_EQ(Watch("wstd", river, Flips(42, 250, 0.9)).warnings[0], 265u);
}

// A stream in which the published example moves again and again: with river's semantics every
// stretch after an alarm is a stream of its own.
TEST(DetectorTest, WithRiversSemanticsAnAlarmForgetsEverything) {
  Random random(3);
  std::vector<double> binary;
  std::vector<double> numbers;
  for (int i = 0; i < 6000; ++i) {
    const double rate = i / 700 % 2 == 0 ? 0.1 : 0.6;
    binary.push_back(random.Uniform() < rate ? 1.0 : 0.0);
    numbers.push_back(random.Uniform() + random.Uniform() + 3.0 * rate);
  }
  for (const DetectorKind& kind : DetectorKinds()) {
    SCOPED_TRACE(kind.name);
    const std::vector<double>& values = kind.binary ? binary : numbers;
    Settings settings = {{"semantics", "river"}};
    if (kind.name == "bernoulli_cusum") settings.emplace_back("p0", "0.2");
    const Rows alarms = Watch(kind.name, settings, values).drifts;
    ASSERT_GE(alarms.size(), 2u);
    for (size_t k = 0; k + 1 < alarms.size(); ++k) {
      const std::vector<double> rest(values.begin() + static_cast<std::ptrdiff_t>(alarms[k]) + 1,
                                     values.end());
      EXPECT_EQ(alarms[k] + 1 + Watch(kind.name, settings, rest).drifts.at(0), alarms[k + 1]);
    }
  }
}

// --- what the papers keep

double FigureOf(const Detector& detector, std::string_view name) {
  for (const DetectorFigure& figure : detector.Figures()) {
    if (figure.name == name) return figure.value;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

// Whatever was cut and merged, the window is the last `width` values.
TEST(DetectorTest, AdwinKeepsTheRestOfItsWindow) {
  Random random(5);
  std::vector<double> values;
  const std::unique_ptr<Detector> adwin = Made("adwin", {});
  size_t alarms = 0;
  for (int i = 0; i < 5000; ++i) {
    values.push_back(random.Uniform() + (i / 900 % 3));
    const bool drift = adwin->Update(values.back()) == DetectorState::kDrift;
    const double before = static_cast<double>(values.size());
    alarms += drift ? 1 : 0;
    const double width = FigureOf(*adwin, "width");
    ASSERT_LE(width, before);
    if (drift) {
      EXPECT_GT(width, 1.0);
    }
    if (!drift && i % 50 != 0) continue;
    const std::vector<double> window(values.end() - static_cast<std::ptrdiff_t>(width),
                                     values.end());
    const double mean = Sum(window) / width;
    double variance = 0.0;
    for (const double value : window) variance += (value - mean) * (value - mean) / width;
    ASSERT_NEAR(FigureOf(*adwin, "mean"), mean, 1e-9);
    ASSERT_NEAR(FigureOf(*adwin, "variance"), variance, 1e-9);
  }
  EXPECT_GE(alarms, 5u);
}

// After an alarm the window has the newest 30 values in it, so that the next test is 70 rows later.
TEST(DetectorTest, KswinKeepsItsNewestValues) {
  std::vector<double> values(100, 0.0);
  values.resize(400, 1.0);
  const Settings paper = {{"alpha", "0.0001"}};
  const std::unique_ptr<Detector> kswin = Made("kswin", paper);
  size_t at = 0;
  while (kswin->Update(values.at(at)) != DetectorState::kDrift) ++at;
  for (int i = 1; i < 70; ++i) {
    kswin->Update(1.0);
    ASSERT_EQ(FigureOf(*kswin, "window"), 30 + i);
  }
  const std::unique_ptr<Detector> river =
      Made("kswin", {{"alpha", "0.0001"}, {"semantics", "river"}});
  at = 0;
  while (river->Update(values.at(at)) != DetectorState::kDrift) ++at;
  river->Update(1.0);
  EXPECT_EQ(FigureOf(*river, "window"), 1);
}

TEST(DetectorTest, ChartsKeepWhatTheyHaveLearnt) {
  Random random(8);
  std::vector<double> values;
  for (int i = 0; i < 600; ++i) values.push_back(random.Uniform() + (i < 400 ? 0.0 : 5.0));
  for (const char* name : {"shewhart", "cusum", "ewma"}) {
    SCOPED_TRACE(name);
    const Settings settings = {{"min_instances", "200"}};
    const Rows kept = Watch(name, settings, values).drifts;
    const Rows river = Alarms(name, settings, values);
    // The values stay where they are: out of the chart's limits, again and again; river learns the
    // new level from the rows after its first alarm.
    EXPECT_GE(kept.size(), 60u);
    EXPECT_EQ(river.size(), 1u);
    EXPECT_GE(kept.at(0), 400u);
    EXPECT_LE(kept.at(0), 410u);
    EXPECT_GE(river.at(0), 400u);
  }
}

TEST(DetectorTest, ChartsLearnNothingFromEqualValues) {
  std::vector<double> values(500, 0.0);
  values[100] = 1.0;
  for (const char* name : {"shewhart", "cusum"}) {
    EXPECT_EQ(Alarms(name, {}, values).at(0), 100u) << name;
    EXPECT_EQ(Watch(name, {}, values).drifts, Rows()) << name;
  }
}

// Rates of fraud: definitions of the drift notes have DDM alarm in 49 of 50 calm streams.
TEST(DetectorTest, DdmWaitsForEnoughErrors) {
  int paper = 0;
  int river = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Random random(seed);
    std::vector<double> values;
    for (int i = 0; i < 20000; ++i) values.push_back(random.Uniform() < 0.0017 ? 1.0 : 0.0);
    paper += Watch("ddm", {}, values).drifts.empty() ? 0 : 1;
    river += Alarms("ddm", {}, values).empty() ? 0 : 1;
  }
  EXPECT_GE(river, 18);
  EXPECT_LE(paper, 4);
}

// One for an error: where errors become many the paper's detector fires, river's where they become
// few.
TEST(DetectorTest, FhddmWatchesTheShareOfCorrectRows) {
  const std::vector<double> rise = Flips(42, 250, 0.9);
  std::vector<double> fall;
  for (const double value : rise) fall.push_back(1.0 - value);
  EXPECT_FALSE(Watch("fhddm", {}, rise).drifts.empty());
  EXPECT_TRUE(Watch("fhddm", {}, fall).drifts.empty());
  EXPECT_EQ(Watch("fhddm", {}, rise).drifts, Alarms("fhddm", {}, fall));
}

// --- directions

TEST(DetectorTest, LooksInTheDirectionAskedFor) {
  std::vector<double> up;
  std::vector<double> down;
  std::vector<double> rates;
  for (int i = 0; i < 2000; ++i) {
    const double noise = (i * 37 % 101) / 101.0;  // Evenly spread: nothing happens by chance.
    up.push_back(noise + (i < 1000 ? 0.0 : 2.0));
    down.push_back(noise - (i < 1000 ? 0.0 : 2.0));
    rates.push_back(noise < (i < 1000 ? 0.7 : 0.1) ? 1.0 : 0.0);
  }
  for (const char* name : {"page_hinkley", "cusum", "ewma", "shewhart"}) {
    SCOPED_TRACE(name);
    for (const char* semantics : {"paper", "river"}) {
      Settings loud = {{"semantics", semantics}};
      if (std::string_view(name) != "page_hinkley") loud.emplace_back("min_instances", "500");
      if (std::string_view(name) == "cusum") loud.emplace_back("threshold", "12");
      Settings rising = loud;
      rising.emplace_back("mode", "up");
      Settings falling = loud;
      falling.emplace_back("mode", "down");
      EXPECT_GE(Watch(name, rising, up).drifts.at(0), 1000u);
      EXPECT_TRUE(Watch(name, rising, down).drifts.empty());
      EXPECT_GE(Watch(name, falling, down).drifts.at(0), 1000u);
      EXPECT_TRUE(Watch(name, falling, up).drifts.empty());
      EXPECT_EQ(Watch(name, loud, up).drifts.at(0), Watch(name, rising, up).drifts.at(0));
      EXPECT_EQ(Watch(name, loud, down).drifts.at(0), Watch(name, falling, down).drifts.at(0));
    }
  }
  for (const char* name : {"hddm_a", "hddm_w"}) {
    EXPECT_GE(Watch(name, {{"two_sided", "true"}}, rates).drifts.at(0), 1000u) << name;
    EXPECT_EQ(Watch(name, {{"two_sided", "0"}}, rates).drifts, Watch(name, {}, rates).drifts)
        << name;
    for (const size_t row : Watch(name, {}, rates).drifts) EXPECT_LT(row, 1000u) << name;
  }
}

// --- what every detector has to stand

TEST(DetectorTest, ConstantStreamsAreNoDrift) {
  for (const DetectorKind& kind : DetectorKinds()) {
    for (const double value : {0.0, 1.0, -1e300, 1e300}) {
      if (kind.binary && std::fabs(value) > 1.0) continue;
      if (kind.name == "bernoulli_cusum" && value == 1.0) continue;  // A rate of 1 is not p0.
      for (const char* semantics : {"paper", "river"}) {
        const Said said =
            Watch(kind.name, {{"semantics", semantics}}, std::vector<double>(3000, value));
        EXPECT_TRUE(said.drifts.empty() && said.warnings.empty())
            << kind.name << " " << semantics << " " << value;
      }
    }
  }
}

TEST(DetectorTest, TheSameValuesGiveTheSameStates) {
  Random random(9);
  std::vector<double> values;
  for (int i = 0; i < 3000; ++i) values.push_back(random.Uniform() < 0.2 + i / 6000.0 ? 1.0 : 0.0);
  for (const DetectorKind& kind : DetectorKinds()) {
    const Said first = Watch(kind.name, {}, values);
    const Said again = Watch(kind.name, {}, values);
    EXPECT_EQ(first.drifts, again.drifts) << kind.name;
    EXPECT_EQ(first.warnings, again.warnings) << kind.name;
  }
}

// --- the list and the settings

TEST(DetectorTest, ListsThirteenThatCanBeMade) {
  EXPECT_EQ(DetectorKinds().size(), 13u);
  for (const DetectorKind& kind : DetectorKinds()) {
    SCOPED_TRACE(kind.name);
    EXPECT_EQ(FindDetector(kind.name), &kind);
    Made(kind.name, {});
    std::map<std::string_view, int> names;
    for (const DetectorParameter& parameter : kind.parameters) {
      SCOPED_TRACE(parameter.name);
      EXPECT_EQ(++names[parameter.name], 1);
      EXPECT_EQ(FindParameter(kind, parameter.name), &parameter);
      EXPECT_FALSE(parameter.meaning.empty());
      if (!parameter.choices.empty()) continue;
      EXPECT_LE(parameter.low, parameter.value);
      EXPECT_LE(parameter.value, parameter.high);
      const std::string beyond = parameter.low > 0.0 ? "0" : "-1";
      const Result<std::unique_ptr<Detector>> made =
          MakeDetector(kind.name, Settings{{std::string(parameter.name), beyond}});
      ASSERT_FALSE(made.ok());
      EXPECT_EQ(made.error().code, ErrorCode::kBadArgument);
      EXPECT_EQ(
          made.error().message.rfind(std::string(kind.name) + ": " + std::string(parameter.name) +
                                         ": \"" + beyond + "\" is not a ",
                                     0),
          0u)
          << made.error().message;
    }
    EXPECT_EQ(names["semantics"], 1);
  }
  EXPECT_EQ(FindDetector("ADWIN"), nullptr);
}

std::string Refusal(std::string_view name, const Settings& settings) {
  const Result<std::unique_ptr<Detector>> made = MakeDetector(name, settings);
  return made.ok() ? "made" : made.error().message;
}

TEST(DetectorTest, SaysWhatIsWrongWithASetting) {
  EXPECT_EQ(
      Refusal("adwni", {}),
      "\"adwni\" is not a detector; there are adwin, page_hinkley, cusum, ewma, shewhart, ddm, "
      "eddm, hddm_a, hddm_w, kswin, fhddm, wstd, bernoulli_cusum");
  EXPECT_EQ(Refusal("ddm", {{"delta", "1"}}),
            "ddm: \"delta\" is not a setting; there are warm_start, warning_threshold, "
            "drift_threshold, min_errors, semantics");
  EXPECT_EQ(Refusal("adwin", {{"delta", "2"}}),
            "adwin: delta: \"2\" is not a number between 1e-12 and 1");
  EXPECT_EQ(Refusal("kswin", {{"stat_size", "30.5"}}),
            "kswin: stat_size: \"30.5\" is not a whole number between 1 and 10000");
  EXPECT_EQ(Refusal("cusum", {{"mode", "sideways"}}),
            "cusum: mode: \"sideways\" is not one of both|up|down");
  for (const char* text : {"", "nan", "inf", "1x", " 1", "0x1", "1e999"}) {
    EXPECT_NE(Refusal("page_hinkley", {{"lambda", text}}), "made") << text;
  }
  EXPECT_EQ(Refusal("page_hinkley", {{"lambda", "5"}, {"threshold", "6"}}),
            "page_hinkley: lambda: is set twice");
  EXPECT_EQ(Refusal("kswin", {{"window_size", "50"}}),
            "kswin: window_size: 50 is less than twice stat_size");
  EXPECT_EQ(Refusal("eddm", {{"beta", "0.99"}}), "eddm: beta: 0.99 is above alpha");
  EXPECT_EQ(Refusal("fhddm", {{"short_window_size", "101"}}),
            "fhddm: short_window_size: 101 is above window_size");
  EXPECT_EQ(Refusal("wstd", {{"min_instances", "121"}}),
            "wstd: min_instances: 121 is above older_window_size");
  EXPECT_EQ(Refusal("wstd", {{"alpha_drift", "0.1"}}),
            "wstd: alpha_drift: 0.1 is above alpha_warning");
  EXPECT_EQ(Refusal("bernoulli_cusum", {{"p0", "0.5"}, {"p1", "0.5"}}),
            "bernoulli_cusum: p1: is the same as p0");
}

TEST(DetectorTest, SettingsGoByRiversNamesToo) {
  const std::vector<double> values = Levels();
  EXPECT_EQ(Alarms("page_hinkley", {{"threshold", "80"}}, values),
            Alarms("page_hinkley", {{"lambda", "80"}}, values));
  EXPECT_EQ(Alarms("hddm_w", {{"lambda_val", "0.2"}, {"two_sided_test", "True"}}, Errors()),
            Alarms("hddm_w", {{"lambda", "0.2"}, {"two_sided", "true"}}, Errors()));
  EXPECT_EQ(
      Alarms("fhddm", {{"sliding_window_size", "40"}, {"confidence_level", "0.01"}}, Errors()),
      Alarms("fhddm", {{"window_size", "40"}, {"confidence", "0.01"}}, Errors()));
}

// --- the promised run length, through the settings a person has

TEST(DetectorTest, BernoulliCusumKeepsItsPromisedRunLength) {
  struct Case {
    const char* rate;
    double p0;
    const char* run_length;
    double promised;
  };
  for (const Case& c : {Case{"0.0017", 0.0017, "10000", 10000.0},
                        Case{"0.01", 0.01, "3000", 3000.0}, Case{"0.1", 0.1, "1000", 1000.0}}) {
    const std::unique_ptr<Detector> cusum =
        Made("bernoulli_cusum", {{"p0", c.rate}, {"run_length", c.run_length}});
    Random random(17);
    constexpr int kAlarms = 1500;
    double rows = 0.0;
    for (int alarms = 0; alarms < kAlarms; rows += 1.0) {
      alarms += cusum->Update(random.Uniform() < c.p0 ? 1.0 : 0.0) == DetectorState::kDrift ? 1 : 0;
    }
    EXPECT_NEAR(rows / kAlarms / c.promised, 1.0, 0.2) << c.rate;
  }
}

}  // namespace
}  // namespace firetower::stream
