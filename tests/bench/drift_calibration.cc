// Do the tests of drift err as often as they say? Data sets without drift, windows of 50 to 100,000
// rows, every test and the overall verdict; and how much of a shift of V14 is found. Writes
// Markdown to standard output; exits with 1 where a type-I error is above its nominal value.
//
//   drift_calibration models/creditcard/generator.json [--sets N] [--seed N] [--windows A,B,...]
//
// Rows: a pool of 1,000,000 generated transactions; each data set draws its two windows from it at
// random without replacement, so that neither has a time of day of its own. Two such windows differ
// by chance only, and the variance of their difference is that of independent samples.
#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/random.h"
#include "core/drift/calibrated.h"
#include "core/drift/categorical.h"
#include "core/drift/distances.h"
#include "core/drift/from_counts.h"
#include "core/drift/kolmogorov.h"
#include "core/drift/tally.h"
#include "core/drift/two_sample.h"
#include "core/drift/verdict.h"
#include "core/synth/generator.h"

namespace {

using firetower::Random;
using namespace firetower::drift;

constexpr size_t kPoolRows = 1'000'000;
constexpr size_t kLongReference = 10'000;
constexpr size_t kBins = 10;
constexpr double kLevel = 0.05;
constexpr std::array<double, 4> kShifts = {0.1, 0.25, 0.5, 2.0};
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Column {
  std::string name;
  std::vector<double> values;
  std::vector<uint32_t> order;  // Rows by value.
};

struct Pool {
  std::vector<Column> columns;  // The model's 31 features.
  std::vector<uint8_t> hours;   // Six parts of the day.
  std::vector<uint8_t> small;   // Amount below 10.
  std::vector<uint8_t> fraud;
  size_t v14 = 0;
  size_t amount = 0;
  double v14_deviation = 0;
};

bool MakePool(const char* path, uint64_t seed, Pool* pool) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto generator = firetower::synth::Generator::FromJson(text);
  if (!generator.ok()) {
    std::fprintf(stderr, "drift_calibration: %s: %s\n", path, generator.error().message.c_str());
    return false;
  }
  firetower::synth::RowStream rows(*generator, {.rows = kPoolRows, .seed = seed});
  std::string csv;
  const auto line = [](std::string_view* rest) {
    const size_t end = rest->find('\n');
    const std::string_view found = rest->substr(0, end);
    rest->remove_prefix(end + 1);
    return found;
  };
  std::vector<double> labels;
  for (size_t done = 0; done < kPoolRows;) {
    csv.clear();
    const bool first = done == 0;
    done += rows.AppendCsv(10'000, &csv);
    std::string_view rest = csv;
    if (first) {
      std::string_view names = line(&rest);
      while (!names.empty()) {
        const size_t comma = std::min(names.find(','), names.size());
        pool->columns.push_back({std::string(names.substr(1, comma - 2)), {}, {}});
        names.remove_prefix(std::min(comma + 1, names.size()));
      }
    }
    while (!rest.empty()) {
      const char* at = line(&rest).data();
      for (Column& column : pool->columns) {
        if (*at == '"') ++at;
        char* end = nullptr;
        column.values.push_back(std::strtod(at, &end));
        at = *end == '"' ? end + 2 : end + 1;
      }
    }
  }
  const auto column = [&](std::string_view name) {
    return static_cast<size_t>(std::find_if(pool->columns.begin(), pool->columns.end(),
                                            [&](const Column& each) { return each.name == name; }) -
                               pool->columns.begin());
  };
  const size_t time = column("Time");
  const size_t label = column("Class");
  pool->amount = column("Amount");
  pool->v14 = column("V14");
  Column hour{.name = "Time_hour", .values = {}, .order = {}};
  for (size_t i = 0; i < kPoolRows; ++i) {
    const double hours = std::fmod(pool->columns[time].values[i] / 3600.0, 24.0);
    hour.values.push_back(hours);
    pool->hours.push_back(static_cast<uint8_t>(hours / 4.0));
    pool->small.push_back(pool->columns[pool->amount].values[i] < 10.0 ? 1 : 0);
    pool->fraud.push_back(pool->columns[label].values[i] > 0.0 ? 1 : 0);
  }
  pool->columns[label] = std::move(hour);
  for (Column& each : pool->columns) {
    each.order.resize(kPoolRows);
    std::iota(each.order.begin(), each.order.end(), 0u);
    std::sort(each.order.begin(), each.order.end(), [&](uint32_t a, uint32_t b) {
      return each.values[a] != each.values[b] ? each.values[a] < each.values[b] : a < b;
    });
  }
  double mean = 0.0;
  double square = 0.0;
  for (const double x : pool->columns[pool->v14].values) mean += x / kPoolRows;
  for (const double x : pool->columns[pool->v14].values)
    square += (x - mean) * (x - mean) / kPoolRows;
  pool->v14_deviation = std::sqrt(square);
  return true;
}

// Two windows: rows of the pool, no row twice.
struct DataSet {
  std::vector<uint32_t> reference;
  std::vector<uint32_t> current;
  std::vector<uint8_t> side;  // Per row of the pool: 1 reference, 2 current. Only for long windows.
};

class Worker {
 public:
  explicit Worker(const Pool& pool) : pool_(pool), rows_(kPoolRows) {
    std::iota(rows_.begin(), rows_.end(), 0u);
  }

  const DataSet& Draw(size_t reference, size_t current, uint64_t seed, uint64_t set) {
    // The draw does not depend on the draws before it: the first rows are put back first.
    Random random(seed, set);
    std::vector<std::pair<uint32_t, uint32_t>> swaps;
    for (size_t i = 0; i < reference + current; ++i) {
      const uint32_t j =
          static_cast<uint32_t>(i) + random.Below(static_cast<uint32_t>(kPoolRows - i));
      std::swap(rows_[i], rows_[j]);
      swaps.emplace_back(static_cast<uint32_t>(i), j);
    }
    const auto begin = rows_.begin();
    const auto middle = begin + static_cast<std::ptrdiff_t>(reference);
    data_.reference.assign(begin, middle);
    data_.current.assign(middle, middle + static_cast<std::ptrdiff_t>(current));
    for (auto swap = swaps.rbegin(); swap != swaps.rend(); ++swap)
      std::swap(rows_[swap->first], rows_[swap->second]);
    data_.side.clear();
    if (reference + current >= kPoolRows / 16) {
      data_.side.assign(kPoolRows, 0);
      for (const uint32_t row : data_.reference) data_.side[row] = 1;
      for (const uint32_t row : data_.current) data_.side[row] = 2;
    }
    return data_;
  }

  // Of long windows by a pass over the pool in order, of short ones by sorting.
  Tally Of(const Column& column, double shift = 0.0) const {
    if (data_.side.empty() || shift != 0.0) {
      std::vector<double> reference;
      std::vector<double> current;
      for (const uint32_t row : data_.reference) reference.push_back(column.values[row]);
      for (const uint32_t row : data_.current) current.push_back(column.values[row] + shift);
      return TallyOf(reference, current);
    }
    Tally tally;
    for (const uint32_t row : column.order) {
      const uint8_t side = data_.side[row];
      if (side == 0) continue;
      if (tally.values.empty() || column.values[row] != tally.values.back()) {
        tally.values.push_back(column.values[row]);
        tally.reference.push_back(0);
        tally.current.push_back(0);
      }
      ++(side == 1 ? tally.reference : tally.current).back();
    }
    tally.reference_rows = data_.reference.size();
    tally.current_rows = data_.current.size();
    return tally;
  }

  BinCounts Of(const std::vector<uint8_t>& categories, size_t count) const {
    BinCounts counts{.reference = std::vector<double>(count),
                     .current = std::vector<double>(count)};
    for (const uint32_t row : data_.reference) counts.reference[categories[row]] += 1.0;
    for (const uint32_t row : data_.current) counts.current[categories[row]] += 1.0;
    return counts;
  }

 private:
  const Pool& pool_;
  std::vector<uint32_t> rows_;
  DataSet data_;
};

// p-values of one data set, by the name of what was tested.
using PValues = std::map<std::string, double>;

void TestColumn(const Tally& tally, const std::string& of, PValues* p) {
  (*p)["ks, " + of] = KolmogorovSmirnov(tally).p_value;
  (*p)["cvm, " + of] = CramerVonMisesWithTies(tally).p_value;
  (*p)["ad, " + of] = AndersonDarlingWithTies(tally).p_value;
  (*p)["mwu, " + of] = MannWhitney(tally).p_value;
  (*p)["welch, " + of] = WelchWhereNormal(tally).p_value;
  const BinCounts counts = CountInto(tally, ReferenceQuantileEdges(tally, kBins), false);
  (*p)["chi_square, " + of] = TestShares(counts.reference, counts.current, {}).p_value;
  (*p)["g, " + of] = TestShares(counts.reference, counts.current, {.likelihood = true}).p_value;
}

// A column of the whole numbers 0, 1, ...
Tally TallyOfCounts(const BinCounts& counts) {
  Tally tally;
  for (size_t c = 0; c < counts.reference.size(); ++c) {
    if (counts.reference[c] + counts.current[c] == 0.0) continue;
    tally.values.push_back(static_cast<double>(c));
    tally.reference.push_back(static_cast<uint32_t>(counts.reference[c]));
    tally.current.push_back(static_cast<uint32_t>(counts.current[c]));
    tally.reference_rows += tally.reference.back();
    tally.current_rows += tally.current.back();
  }
  return tally;
}

void TestCategories(const Worker& worker, const Pool& pool, PValues* p) {
  const BinCounts hours = worker.Of(pool.hours, 6);
  (*p)["ad, part of day"] = AndersonDarlingWithTies(TallyOfCounts(hours)).p_value;
  (*p)["chi_square, part of day"] =
      TestShares(hours.reference, hours.current, {.ordered = false}).p_value;
  (*p)["g, part of day"] =
      TestShares(hours.reference, hours.current, {.likelihood = true, .ordered = false}).p_value;
  for (const auto& [name, flags] :
       {std::pair{"Amount < 10", &pool.small}, {"fraud", &pool.fraud}}) {
    const BinCounts counts = worker.Of(*flags, 2);
    if (flags == &pool.small) {
      (*p)[std::string("ad, ") + name] = AndersonDarlingWithTies(TallyOfCounts(counts)).p_value;
    }
    const std::vector<double>& r = counts.reference;
    const std::vector<double>& c = counts.current;
    (*p)[std::string("fisher, ") + name] = FisherExact(r[1], r[0], c[1], c[0]).p_value;
    (*p)[std::string("z, ") + name] = TestProportions(r[1], r[0] + r[1], c[1], c[0] + c[1]).p_value;
  }
}

constexpr std::array<Correction, 3> kCorrections = {
    Correction::kBenjaminiHochberg, Correction::kBenjaminiYekutieli, Correction::kHolm};

struct ColumnOutcome {
  double p_value = 1;
  double effect = 0;
};

ColumnOutcome ByKs(const Tally& tally) {
  const KsResult ks = KolmogorovSmirnov(tally);
  return {.p_value = ks.p_value, .effect = ks.statistic};
}

ColumnOutcome ByChiSquare(const Tally& tally) {
  const BinCounts counts = CountInto(tally, ReferenceQuantileEdges(tally, kBins), false);
  return {.p_value = TestShares(counts.reference, counts.current, {}).p_value,
          .effect = EffectOfPsi(counts.reference, counts.current).value};
}

struct Judged {
  OverallVerdict overall;
  std::vector<Verdict> verdicts;
};

Judged Judge(const std::vector<ColumnOutcome>& outcomes, size_t reference, size_t current,
             Correction correction, double floor) {
  const VerdictOptions options{.level = kLevel, .correction = correction, .effect_floor = floor};
  std::vector<double> p_values;
  for (const ColumnOutcome& outcome : outcomes) p_values.push_back(outcome.p_value);
  const std::vector<double> corrected = Correct(p_values, correction);
  Judged judged;
  for (size_t i = 0; i < outcomes.size(); ++i) {
    judged.verdicts.push_back(JudgeColumn(static_cast<double>(reference),
                                          static_cast<double>(current), corrected[i],
                                          outcomes[i].effect, options));
  }
  judged.overall = JudgeOverall(corrected, judged.verdicts, options);
  return judged;
}

// What one data set says.
struct SetResult {
  PValues p_values;                       // Of single tests.
  std::map<std::string, double> overall;  // Global p-values and 0/1 for moved.
  struct Power {
    std::map<std::string, double> p_values;  // V14 by each test, uncorrected.
    Verdict verdict = Verdict::kTooFewRows;  // V14 among 31 columns: KS, BH, floor.
    bool moved = false;
    double false_share = 0;  // Of the columns called drifted, those that are not V14.
  };
  std::array<Power, kShifts.size()> power;
};

SetResult RunSet(const Pool& pool, Worker* worker, size_t reference, size_t current, uint64_t seed,
                 uint64_t set) {
  SetResult result;
  worker->Draw(reference, current, seed, set);
  std::vector<ColumnOutcome> by_ks;
  std::vector<ColumnOutcome> by_chi_square;
  for (size_t c = 0; c < pool.columns.size(); ++c) {
    const Tally tally = worker->Of(pool.columns[c]);
    by_ks.push_back(ByKs(tally));
    by_chi_square.push_back(ByChiSquare(tally));
    if (c == pool.v14) TestColumn(tally, "V14", &result.p_values);
    if (c == pool.amount) TestColumn(tally, "Amount", &result.p_values);
  }
  TestCategories(*worker, pool, &result.p_values);
  for (const Correction correction : kCorrections) {
    const std::string name(Name(correction));
    const Judged ks = Judge(by_ks, reference, current, correction, kKsFloor);
    const Judged bins = Judge(by_chi_square, reference, current, correction, kPsiExcessFloor);
    result.overall["ks, " + name + ", global p < 0.05"] = ks.overall.p_value < kLevel;
    result.overall["ks, " + name + ", moved"] = ks.overall.moved;
    result.overall["chi_square, " + name + ", global p < 0.05"] = bins.overall.p_value < kLevel;
    result.overall["chi_square, " + name + ", moved"] = bins.overall.moved;
  }
  for (size_t s = 0; s < kShifts.size(); ++s) {
    SetResult::Power& power = result.power[s];
    const Tally tally = worker->Of(pool.columns[pool.v14], kShifts[s] * pool.v14_deviation);
    TestColumn(tally, "V14", &power.p_values);
    std::vector<ColumnOutcome> outcomes = by_ks;
    outcomes[pool.v14] = ByKs(tally);
    const Judged judged =
        Judge(outcomes, reference, current, Correction::kBenjaminiHochberg, kKsFloor);
    power.verdict = judged.verdicts[pool.v14];
    power.moved = judged.overall.moved;
    const double others =
        static_cast<double>(judged.overall.drifted) - (power.verdict == Verdict::kDrifted ? 1 : 0);
    if (judged.overall.drifted > 0)
      power.false_share = others / static_cast<double>(judged.overall.drifted);
  }
  return result;
}

// Clopper-Pearson's interval of a share, both tails `tail`, by halving.
std::pair<double, double> BinomialInterval(double hits, double trials, double tail) {
  const auto at_most = [&](double k, double share) {
    double sum = 0.0;
    for (double i = 0.0; i <= k; ++i) {
      sum += std::exp(std::lgamma(trials + 1.0) - std::lgamma(i + 1.0) -
                      std::lgamma(trials - i + 1.0) + i * std::log(share) +
                      (trials - i) * std::log1p(-share));
    }
    return sum;
  };
  const auto root = [](const std::function<bool(double)>& beyond) {
    double low = 0.0;
    double high = 1.0;
    for (int i = 0; i < 50; ++i) {
      const double middle = 0.5 * (low + high);
      (beyond(middle) ? high : low) = middle;
    }
    return 0.5 * (low + high);
  };
  const double low =
      hits == 0.0 ? 0.0 : root([&](double share) { return 1.0 - at_most(hits - 1, share) > tail; });
  const double high =
      hits == trials ? 1.0 : root([&](double share) { return at_most(hits, share) < tail; });
  return {low, high};
}

// The level that a KS test of continuous samples has: the largest attainable p-value below 0.05.
double KsLevel(size_t n, size_t m) {
  if (std::max(n, m) > 10'000) return kLevel;
  const uint64_t steps = std::lcm<uint64_t>(n, m);
  uint64_t low = 0;
  uint64_t high = steps;
  while (high - low > 1) {
    const uint64_t middle = low + (high - low) / 2;
    (SmirnovTail(n, m, middle) < kLevel ? high : low) = middle;
  }
  return SmirnovTail(n, m, high);
}

// Why a test may err less often than nominal; empty: it should not.
std::string Conservative(const std::string& what) {
  const auto has = [&](std::string_view text) { return what.find(text) != std::string::npos; };
  if (has("moved")) return "asks for an effect above the floor too";
  if (has("BY")) return "BY allows for any dependence: nominal / 4.03";
  if (has("fisher")) return "exact, few attainable p-values";
  if (has("fraud")) return "0.17 % of rows: few attainable p-values";
  if (has("z, ") || has("Amount < 10")) return "few attainable p-values";
  if (has("ks, ")) return "few attainable p-values; ties";
  if (has("part of day")) return "";
  if (has("chi_square") || has("g, "))
    return "bins at the quantiles of a reference as small as the window";
  if (has("welch, Amount")) return "heavy tails";
  return "";
}

struct Checks {
  int cells = 0;
  int outside = 0;
  int above = 0;
};

std::string Cell(double hits, double sets, double nominal, bool may_be_below, Checks* checks) {
  constexpr double kPercent = 100.0;
  const auto [low, high] = BinomialInterval(hits, sets, 0.025);
  const auto [least, most] = BinomialInterval(hits, sets, 0.0001);
  const char* mark = "";
  ++checks->cells;
  if (low > nominal) {
    mark = " **above**";
    ++checks->outside;
    if (least > nominal) ++checks->above;
  } else if (high < nominal) {
    mark = may_be_below ? " (below)" : " **below**";
    if (!may_be_below) {
      ++checks->outside;
      if (most < nominal) ++checks->above;
    }
  }
  char text[96];
  std::snprintf(text, sizeof text, "%.1f [%.1f, %.1f]%s", kPercent * hits / sets, kPercent * low,
                kPercent * high, mark);
  return text;
}

struct Setting {
  size_t reference = 0;
  size_t current = 0;
};

std::string Title(const Setting& setting) {
  return std::to_string(setting.current) + " vs " + std::to_string(setting.reference);
}

void PrintRow(const std::vector<std::string>& cells) {
  for (const std::string& cell : cells) std::printf("| %s ", cell.c_str());
  std::printf("|\n");
}

void PrintHeader(const std::string& first, const std::vector<Setting>& settings) {
  std::vector<std::string> cells = {first};
  for (const Setting& setting : settings) cells.push_back(Title(setting));
  PrintRow(cells);
  PrintRow(std::vector<std::string>(cells.size(), "---"));
}

std::string Percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", 100.0 * share);
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  size_t sets = 1000;
  uint64_t seed = 1;
  std::vector<size_t> windows = {50, 200, 1000, 10'000, 100'000};
  if (argc < 2 || argc % 2 != 0) {
    std::fprintf(stderr,
                 "usage: drift_calibration GENERATOR [--sets N] [--seed N] [--windows A,B]\n");
    return 2;
  }
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string_view option = argv[i];
    if (option == "--sets") sets = std::strtoul(argv[i + 1], nullptr, 10);
    if (option == "--seed") seed = std::strtoull(argv[i + 1], nullptr, 10);
    if (option == "--windows") {
      windows.clear();
      for (char* at = argv[i + 1]; *at != '\0'; at += *at == ',' ? 1 : 0)
        windows.push_back(std::strtoul(at, &at, 10));
    }
  }
  Pool pool;
  if (!MakePool(argv[1], seed, &pool)) return 4;

  std::vector<Setting> settings;
  for (const size_t window : windows) {
    settings.push_back({.reference = window, .current = window});
    if (window < kLongReference)
      settings.push_back({.reference = kLongReference, .current = window});
  }
  std::vector<std::vector<SetResult>> results;
  for (const Setting& setting : settings) {
    std::vector<SetResult> found(sets);
    std::atomic<size_t> next = 0;
    const auto work = [&] {
      Worker worker(pool);
      for (size_t set = next++; set < sets; set = next++)
        found[set] = RunSet(pool, &worker, setting.reference, setting.current, seed,
                            setting.reference * 1'000'000 + setting.current * 10'000'000'000 + set);
    };
    std::vector<std::thread> threads(std::max(1u, std::thread::hardware_concurrency()));
    for (std::thread& thread : threads) thread = std::thread(work);
    for (std::thread& thread : threads) thread.join();
    results.push_back(std::move(found));
    std::fprintf(stderr, "%s rows: done\n", Title(setting).c_str());
  }

  Checks checks;
  const double count = static_cast<double>(sets);
  std::printf(
      "# Drift: error rates and power\n\n"
      "Made by `tests/bench/drift_calibration.cc` (%zu data sets per cell, seed %llu):\n\n"
      "```\ncmake --preset bench && cmake --build --preset bench --target drift_calibration\n"
      "build/bench/tests/bench/drift_calibration models/creditcard/generator.json --sets %zu "
      "--seed "
      "%llu > tests/bench/drift_calibration.md\n```\n\n"
      "Rows are drawn by the fitted generator; nothing here is of real rows. Columns: rows of the "
      "window vs rows of the reference. \"part of day\": six categories; \"Amount < 10\": 2 x 2; "
      "\"fraud\": 2 x 2, 0.17 %% of rows.\n\n"
      "## Type-I error, in percent, at a nominal 5 %%\n\n"
      "In brackets the binomial 95 %% interval of the rate. **above**, **below**: the nominal rate "
      "is "
      "outside of it, which happens by chance in 1 of 20 cells; (below): a test that errs less "
      "often for a reason that is given. For `ks` on V14 the nominal rate is the largest "
      "attainable below 5 %%, which the first row gives. \"refused\": too few rows for the test to "
      "say (Welch's with skewed values: nearly always where 50 rows are compared with 10,000). "
      "Windows of 100,000 rows are compared with 100,000 rows only. `ad`, `cvm`, `welch`, "
      "`chi_square`, `g` and `z` are the "
      "functions "
      "that verdicts go by (`core/drift/calibrated.h`, `TestShares`).\n\n",
      sets, static_cast<unsigned long long>(seed), sets, static_cast<unsigned long long>(seed));
  PrintHeader("test", settings);
  std::vector<double> ks_levels;
  std::vector<std::string> level_row = {"attainable by exact KS"};
  for (const Setting& setting : settings) {
    ks_levels.push_back(KsLevel(setting.reference, setting.current));
    level_row.push_back(Percent(ks_levels.back()));
  }
  PrintRow(level_row);
  std::map<std::string, std::string> reasons;
  for (const auto& [name, unused] : results[0][0].p_values) {
    const std::string why = name == "ks, V14" ? "" : Conservative(name);
    if (!why.empty()) reasons[name] = why;
    std::vector<std::string> row = {name};
    for (size_t s = 0; s < settings.size(); ++s) {
      double hits = 0.0;
      double refused = 0.0;
      for (const SetResult& result : results[s]) {
        hits += result.p_values.at(name) < kLevel ? 1 : 0;
        refused += std::isnan(result.p_values.at(name)) ? 1 : 0;
      }
      const double nominal = name == "ks, V14" ? ks_levels[s] : kLevel;
      if (refused > 0.5 * count) {
        row.push_back("refused in " + Percent(refused / count) + " %");
      } else {
        row.push_back(Cell(hits, count - refused, nominal, !why.empty(), &checks));
        if (refused > 0.0) row.back() += "; refused in " + Percent(refused / count) + " %";
      }
    }
    PrintRow(row);
  }
  std::printf(
      "\nThe overall verdict, 31 columns (V1 to V28, Amount, Time, hour) of one data set, by the "
      "test "
      "and the correction; \"moved\" is what a person is told.\n\n");
  PrintHeader("overall", settings);
  for (const auto& [name, unused] : results[0][0].overall) {
    const std::string why = Conservative(name);
    if (!why.empty()) reasons[name] = why;
    std::vector<std::string> row = {name};
    for (size_t s = 0; s < settings.size(); ++s) {
      double hits = 0.0;
      for (const SetResult& result : results[s]) hits += result.overall.at(name);
      row.push_back(Cell(hits, count, kLevel, !why.empty(), &checks));
    }
    PrintRow(row);
  }
  std::printf("\nWhere less than nominal is right:\n\n");
  std::map<std::string, std::string> by_reason;
  for (const auto& [name, why] : reasons)
    by_reason[why] += (by_reason[why].empty() ? "`" : ", `") + name + "`";
  for (const auto& [why, names] : by_reason) std::printf("- %s: %s\n", why.c_str(), names.c_str());
  std::printf(
      "\n%d of %d cells have the nominal rate outside their 95 %% interval (1 in 20 is expected of "
      "right tests); %d have it outside their 99.98 %% interval.\n",
      checks.outside, checks.cells, checks.above);

  std::printf(
      "\n## Power: V14 moved by a share of its standard deviation\n\n"
      "Percent of data sets. Per test p < 0.05 of V14 alone; then its verdict among the 31 columns "
      "(KS, BH, floor %.2f) and what is said of the whole; last the mean share of columns called "
      "drifted that had not moved.\n",
      kKsFloor);
  for (size_t k = 0; k < kShifts.size(); ++k) {
    std::printf("\n### V14 + %g standard deviations\n\n", kShifts[k]);
    PrintHeader("", settings);
    const auto row = [&](const std::string& name, auto&& of) {
      std::vector<std::string> cells = {name};
      for (size_t s = 0; s < settings.size(); ++s) {
        double sum = 0.0;
        for (const SetResult& result : results[s]) sum += of(result.power[k]);
        cells.push_back(Percent(sum / count));
      }
      PrintRow(cells);
    };
    for (const auto& [name, unused] : results[0][0].power[k].p_values) {
      row(name, [&, key = name](const SetResult::Power& power) {
        return power.p_values.at(key) < kLevel ? 1.0 : 0.0;
      });
    }
    for (const Verdict verdict :
         {Verdict::kDrifted, Verdict::kTooSmallToMatter, Verdict::kStable, Verdict::kTooFewRows}) {
      row("V14 is \"" + std::string(Name(verdict)) + "\"",
          [&](const SetResult::Power& power) { return power.verdict == verdict ? 1.0 : 0.0; });
    }
    row("the whole has moved",
        [](const SetResult::Power& power) { return power.moved ? 1.0 : 0.0; });
    row("called drifted, but had not moved",
        [](const SetResult::Power& power) { return power.false_share; });
  }
  return checks.above > 0 ? 1 : 0;
}
