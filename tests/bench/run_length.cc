// The run length that the Bernoulli CUSUM promises beside the one it has: rows between false alarms
// at the base rate, counted over made-up rows one by one, and rows until a doubled rate is found.
//
//   run_length [alarms per line]        // default 1000: intervals of +- 6 %
//
// Exit code 1 where a measured run length is more than 20 % off the promised one.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/random.h"
#include "core/base/shortest.h"
#include "core/stream/detector.h"

namespace {

using firetower::Random;
using firetower::stream::Detector;
using firetower::stream::DetectorState;

std::string Text(double number) {
  std::string text;
  firetower::AppendShortest(number, &text);
  return text;
}

// Rows to each of so many alarms, the rate being p.
std::vector<double> RowsToAlarms(Detector* detector, double p, int alarms, uint64_t seed) {
  Random random(seed);
  const auto below = static_cast<uint64_t>(std::ldexp(p, 64));
  std::vector<double> rows;
  for (uint64_t since = 1; rows.size() < static_cast<size_t>(alarms); ++since) {
    if (detector->Update(random.Next() < below ? 1.0 : 0.0) != DetectorState::kDrift) continue;
    rows.push_back(static_cast<double>(since));
    since = 0;
  }
  return rows;
}

struct Mean {
  double value = 0;
  double half_width = 0;  // Of the 95 % interval.
};

Mean MeanOf(const std::vector<double>& values) {
  const double n = static_cast<double>(values.size());
  double sum = 0.0;
  for (const double value : values) sum += value;
  double squares = 0.0;
  for (const double value : values) squares += (value - sum / n) * (value - sum / n);
  return {sum / n, 1.96 * std::sqrt(squares / (n - 1.0) / n)};
}

}  // namespace

int main(int argc, char** argv) {
  const int alarms = argc > 1 ? std::max(2, std::atoi(argv[1])) : 1000;
  std::printf(
      "| base rate | promised | measured (95 %% interval) | off | rows to find twice the rate |\n");
  std::printf("|---|---|---|---|---|\n");
  bool kept = true;
  uint64_t seed = 1;
  for (const double p0 : {0.0017, 0.01, 0.1}) {
    for (const double promised : {10.0 / p0, 100.0 / p0, 1000.0 / p0}) {
      const double run_length = std::round(promised);
      const std::vector<std::pair<std::string, std::string>> settings = {
          {"p0", Text(p0)}, {"run_length", Text(run_length)}};
      const auto make = [&] {
        return *firetower::stream::MakeDetector("bernoulli_cusum", settings);
      };
      const std::unique_ptr<Detector> calm = make();
      const Mean measured = MeanOf(RowsToAlarms(calm.get(), p0, alarms, seed++));
      const std::unique_ptr<Detector> doubled = make();
      const Mean delay = MeanOf(RowsToAlarms(doubled.get(), 2.0 * p0, alarms, seed++));
      const double off = measured.value / run_length - 1.0;
      kept = kept && std::fabs(off) <= 0.2;
      std::printf("| %g | %.0f | %.0f (%.0f to %.0f) | %+.1f %% | %.0f |\n", p0, run_length,
                  measured.value, measured.value - measured.half_width,
                  measured.value + measured.half_width, 100.0 * off, delay.value);
      std::fflush(stdout);
    }
  }
  return kept ? 0 : 1;
}
