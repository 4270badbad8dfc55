// The file of a summary (models/SUMMARY.md).
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/monitor/summary.h"
#include "random_rows.h"

namespace firetower::monitor {
namespace {

using namespace test;  // NOLINT: the helpers of this folder's tests.

Summary RandomSummary(uint64_t seed, size_t count) {
  const auto layout = MakeLayout(seed);
  Random random(seed);
  std::vector<Row> rows;
  for (size_t i = 0; i < count; ++i) rows.push_back(RandomRow(&random, *layout));
  return SummaryOf(layout, rows);
}

TEST(SummaryFile, ByHand) {
  SummaryLayout layout;
  layout.model_name = "m";
  layout.model_version = "1.0";
  layout.model_hash = "00ff";
  layout.threshold = 0.5;
  layout.risk_cuts = {0.05, 0.2, 0.5, 0.8};
  layout.inputs = {"x", "\"y\""};
  layout.features = {"x"};
  layout.edges = {{-0.0, 0.1, 1e300}};
  Summary summary(std::make_shared<const SummaryLayout>(layout));
  const std::vector<Row> rows = {{.features = {0.05f}, .probability = 0.5, .time = 1.5},
                                 {.features = {-1.0f}, .probability = 0, .time = -2},
                                 {.features = {1.0f}, .status = 7, .status_input = 1}};
  const Columns columns(rows);
  summary.Add(columns.block(), 0, rows.size());
  const std::string text = summary.Write();
  EXPECT_EQ(text.substr(0, text.find("\"scores\"")),
            "{\"format\":\"firetower-summary\",\n"
            "\"version\":1,\n"
            "\"model\":{\"name\":\"m\",\"version\":\"1.0\",\"hash\":\"00ff\"},\n"
            "\"threshold\":0.5,\n"
            "\"risk_cuts\":[0.05,0.2,0.5,0.8],\n"
            "\"scored\":2,\n"
            "\"aside\":1,\n"
            "\"flagged\":1,\n"
            "\"score_sum\":2147483648,\n"
            "\"levels\":[1,0,0,1,0],\n"
            "\"reasons\":[0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0],\n"
            "\"times_ms\":[-2000,1500],\n"
            "\"inputs\":[\"x\",\"\\\"y\\\"\"],\n"
            "\"invalid\":[0,1],\n");
  EXPECT_EQ(text.substr(text.find("\"features\"")),
            "\"features\":[{\"name\":\"x\",\"edges\":[0,0.1,1e+300],\"bins\":[1,0],"
            "\"below\":[[0,1]],\"above\":[],\"missing\":0,\"negative_infinite\":0,"
            "\"positive_infinite\":0}]}\n");
  const Result<Summary> read = Summary::Read(text);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->Write(), text);
}

TEST(SummaryFile, ReadingGivesTheSameSummary) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const Summary summary = RandomSummary(seed, static_cast<size_t>(seed * 10));
    const std::string text = summary.Write();
    const Result<Summary> read = Summary::Read(text);
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(read->layout(), summary.layout());
    EXPECT_EQ(read->scored, summary.scored);
    EXPECT_EQ(read->first_time_ms, summary.first_time_ms);
    EXPECT_EQ(read->features[0].below, summary.features[0].below);
    ASSERT_EQ(read->Write(), text);
  }
}

TEST(SummaryFile, OtherSpellingsBecomeTheCanonicalOne) {
  const std::string text = RandomSummary(5, 300).Write();
  std::string spaced;
  for (const char c : text) {
    spaced += c;
    if (c == ',') spaced += " \n\t";
  }
  // In another order, a number in another notation.
  std::string reordered = text;
  const std::string format = "\"format\":\"firetower-summary\",\n\"version\":1,\n";
  ASSERT_EQ(reordered.substr(1, format.size()), format);
  reordered = "{" + reordered.substr(1 + format.size());
  reordered.resize(reordered.rfind('}'));
  reordered += ",\"version\":1,\"format\":\"firetower-summary\"}";
  const std::string threshold = "\"threshold\":0.4321,";
  ASSERT_NE(reordered.find(threshold), std::string::npos);
  reordered.replace(reordered.find(threshold), threshold.size(), "\"threshold\":4321e-4,");
  for (const std::string& other : {spaced, reordered}) {
    const Result<Summary> read = Summary::Read(other);
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(read->Write(), text);
  }
}

TEST(SummaryFile, HoldsNoValueOfARow) {
  const auto layout = MakeLayout(8);
  Random random(8);
  std::vector<Row> rows;
  for (int i = 0; i < 500; ++i) {
    Row row;
    for (size_t f = 0; f < layout->features.size(); ++f) {
      row.features.push_back(static_cast<float>(77.0 + random.Uniform()));
    }
    row.probability = 0.5 + random.Uniform() / 2000.0;
    rows.push_back(row);
  }
  const std::string text = SummaryOf(layout, rows).Write();
  for (const Row& row : rows) {
    for (const float x : row.features) {
      const std::string digits = std::to_string(static_cast<double>(x)).substr(0, 6);
      EXPECT_EQ(text.find(digits), std::string::npos) << digits;
    }
    EXPECT_EQ(text.find(std::to_string(row.probability).substr(0, 7)), std::string::npos);
  }
}

// --- refusals

struct Refusal {
  const char* error;  // What its message begins with.
  std::function<void(json::object*)> change;
};

json::value& Feature(json::object* document, size_t f, const char* key) {
  return document->at("features").as_array()[f].as_object()[key];
}
int64_t Count(const json::value& value) { return value.to_number<int64_t>(); }

TEST(SummaryFile, EveryRefusalNamesItsPlace) {
  const Summary summary = RandomSummary(6, 400);
  const std::string text = summary.Write();
  const std::vector<Refusal> refusals = {
      {"format: ", [](auto* d) { d->erase("format"); }},
      {"format: ", [](auto* d) { (*d)["format"] = "firetower-session"; }},
      {"version: ", [](auto* d) { (*d)["version"] = 2; }},
      {"version: ", [](auto* d) { d->erase("version"); }},
      {"extra: is not known", [](auto* d) { (*d)["extra"] = 1; }},
      {"model: is missing", [](auto* d) { d->erase("model"); }},
      {"model: is not an object", [](auto* d) { (*d)["model"] = 3; }},
      {"model.name: is not a text", [](auto* d) { (*d)["model"].as_object()["name"] = 3; }},
      {"model.hash: is missing", [](auto* d) { (*d)["model"].as_object().erase("hash"); }},
      {"model.age: is not known", [](auto* d) { (*d)["model"].as_object()["age"] = 3; }},
      {"threshold: is not within", [](auto* d) { (*d)["threshold"] = 1.5; }},
      {"threshold: is not a finite number", [](auto* d) { (*d)["threshold"] = "0.5"; }},
      {"risk_cuts: are not four", [](auto* d) { (*d)["risk_cuts"].as_array().pop_back(); }},
      {"risk_cuts: are not rising", [](auto* d) { (*d)["risk_cuts"].as_array()[1] = 0.01; }},
      {"risk_cuts: is not a list", [](auto* d) { (*d)["risk_cuts"] = 1; }},
      {"inputs[1]: is not a text", [](auto* d) { (*d)["inputs"].as_array()[1] = 1; }},
      {"scored: is missing", [](auto* d) { d->erase("scored"); }},
      {"scored: is not a count", [](auto* d) { (*d)["scored"] = -1; }},
      {"scored: is not a count", [](auto* d) { (*d)["scored"] = 400.0; }},
      {"scored: 2147483649 is over", [](auto* d) { (*d)["scored"] = 2147483649; }},
      {"features[0]: the counts add up to", [](auto* d) { (*d)["scored"] = 10000; }},
      {"aside: 2147483648 is over", [](auto* d) { (*d)["aside"] = 2147483648; }},
      {"reasons: add up to", [](auto* d) { (*d)["aside"] = Count((*d)["aside"]) + 1; }},
      {"reasons: 15 counts where 16 belong",
       [](auto* d) { (*d)["reasons"].as_array().pop_back(); }},
      {"flagged: ", [](auto* d) { (*d)["flagged"] = Count((*d)["flagged"]) - 1; }},
      {"score_sum: 1 is not within", [](auto* d) { (*d)["score_sum"] = 1; }},
      {"score_sum: ", [](auto* d) { (*d)["score_sum"] = UINT64_MAX; }},
      {"levels[0]: ",
       [](auto* d) {
         auto& levels = (*d)["levels"].as_array();
         levels[0] = Count(levels[0]) + 1;
         levels[1] = Count(levels[1]) - 1;
       }},
      {"levels: 6 counts where 5 belong", [](auto* d) { (*d)["levels"].as_array().push_back(0); }},
      {"invalid[0]: ", [](auto* d) { (*d)["invalid"].as_array()[0] = 5000; }},
      {"invalid: add up to",
       [](auto* d) {
         (*d)["invalid"] = json::array{Count((*d)["aside"]), 1};
       }},
      {"scores: add up to",
       [](auto* d) {
         auto& count = (*d)["scores"].as_array()[0];
         count = Count(count) + 1;
       }},
      {"scores: 3 counts where 1003 belong",
       [](auto* d) {
         (*d)["scores"] = json::array{1, 2, 3};
       }},
      {"scores[7]: is not a count", [](auto* d) { (*d)["scores"].as_array()[7] = nullptr; }},
      {"positives[500]: more labels", [](auto* d) { (*d)["positives"].as_array()[500] = 300; }},
      {"negatives: is not a list", [](auto* d) { (*d)["negatives"] = "none"; }},
      {"times_ms: ",
       [](auto* d) {
         (*d)["times_ms"] = json::array{5, 4};
       }},
      {"times_ms: ",
       [](auto* d) {
         (*d)["times_ms"] = json::array{5, 6, 7};
       }},
      {"times_ms[1]: ",
       [](auto* d) {
         (*d)["times_ms"] = json::array{5, 6.5};
       }},
      {"times_ms[1]: ",
       [](auto* d) {
         (*d)["times_ms"] = json::array{5, 9007199254740993};
       }},
      {"features: is not a list", [](auto* d) { (*d)["features"] = json::object(); }},
      {"features[2]: is not an object", [](auto* d) { (*d)["features"].as_array()[2] = 1; }},
      {"features[2].name: ", [](auto* d) { Feature(d, 2, "name") = nullptr; }},
      {"features[2].kind: is not known", [](auto* d) { Feature(d, 2, "kind") = 1; }},
      {"features[1].edges: are fewer than two",
       [](auto* d) { Feature(d, 1, "edges") = json::array(1, json::value(7)); }},
      {"features[1].edges[1]: is not above",
       [](auto* d) {
         Feature(d, 1, "edges") = json::array{1, 1};
       }},
      {"features[3].bins[1]: ", [](auto* d) { Feature(d, 3, "bins").as_array()[1] = -7; }},
      {"features[3].bins: 4 counts where 5 belong",
       [](auto* d) { Feature(d, 3, "bins").as_array().pop_back(); }},
      {"features[3]: the counts add up to",
       [](auto* d) { Feature(d, 3, "missing") = Count(Feature(d, 3, "missing")) + 1; }},
      {"features[1].below[0]: is not a bucket",
       [](auto* d) { Feature(d, 1, "below").as_array()[0] = 3; }},
      {"features[1].below[0][0]: 9999 is over",
       [](auto* d) { Feature(d, 1, "below").as_array()[0].as_array()[0] = 9999; }},
      {"features[1].below[0]: the bucket is empty",
       [](auto* d) { Feature(d, 1, "below").as_array()[0].as_array()[1] = 0; }},
      {"features[1].below[1]: the bucket is not above",
       [](auto* d) {
         auto& below = Feature(d, 1, "below").as_array();
         below[1].as_array()[0] = below[0].as_array()[0];
       }},
  };
  for (const Refusal& refusal : refusals) {
    Result<json::value> document = ParseJson(text, ErrorCode::kDataInvalid, "test");
    ASSERT_TRUE(document.ok());
    refusal.change(&document->as_object());
    const Result<Summary> read = Summary::Read(json::serialize(*document));
    ASSERT_FALSE(read.ok()) << refusal.error;
    EXPECT_EQ(read.error().code, ErrorCode::kDataInvalid);
    EXPECT_EQ(read.error().message.substr(0, std::string(refusal.error).size()), refusal.error)
        << read.error().message;
  }
}

TEST(SummaryFile, OtherFilesAreRefused) {
  for (const std::string text :
       {"", "{}", "[]", "null", "1", "{\"format\":1}", "row,probability\n0,0.5\n", "\xff\xfe"}) {
    const Result<Summary> read = Summary::Read(text);
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_EQ(read.error().code, ErrorCode::kDataInvalid);
  }
  const Result<Summary> big = Summary::Read(std::string(kMaxSummaryBytes + 1, ' '));
  ASSERT_FALSE(big.ok());
  EXPECT_EQ(big.error().code, ErrorCode::kTooBig);
}

TEST(SummaryFile, ACutFileIsRefused) {
  const std::string text = RandomSummary(7, 50).Write();
  for (size_t size = 0; size + 1 < text.size(); size += 97) {
    EXPECT_FALSE(Summary::Read(text.substr(0, size)).ok()) << size;
  }
}

TEST(SummaryFile, ThereAreNoTimesWithoutRows) {
  std::string text = Summary(MakeLayout(1)).Write();
  ASSERT_TRUE(Summary::Read(text).ok());
  const std::string none = "\"times_ms\":null";
  text.replace(text.find(none), none.size(), "\"times_ms\":[1,2]");
  EXPECT_FALSE(Summary::Read(text).ok());
}

}  // namespace
}  // namespace firetower::monitor
