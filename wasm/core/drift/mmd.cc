#include "core/drift/mmd.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <vector>

#include "core/base/portable_exp.h"
#include "core/base/random.h"

namespace firetower::drift {
namespace {

constexpr size_t kMinRows = 10;
constexpr size_t kMostRows = 2000;
constexpr int32_t kMostPermutations = 10000;
constexpr double kSame = 1e-12;  // Kernel values are 0..1; sums differ by less through rounding.
enum Stream : uint64_t { kReference = 0x6d6d6430, kCurrent, kLabels };

// Squared distances of all pairs: d[i * n + j].
std::vector<double> SquaredDistances(const StandardisedRows& rows, size_t n) {
  const size_t width = rows.columns.size();
  std::vector<double> distances(n * n, 0.0);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = i + 1; j < n; ++j) {
      double sum = 0.0;
      for (size_t c = 0; c < width; ++c) {
        const double difference = rows.z[i * width + c] - rows.z[j * width + c];
        sum += difference * difference;
      }
      distances[i * n + j] = distances[j * n + i] = sum;
    }
  }
  return distances;
}

// Median of the pairs' squared distances; where it is 0 the mean of those that are not.
double TypicalDistance(std::span<const double> distances, size_t n) {
  std::vector<double> pairs;
  pairs.reserve(n * (n - 1) / 2);
  double sum = 0.0;
  size_t positive = 0;
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = i + 1; j < n; ++j) {
      const double distance = distances[i * n + j];
      pairs.push_back(distance);
      sum += distance;
      positive += distance > 0.0 ? 1 : 0;
    }
  }
  const auto middle = pairs.begin() + static_cast<std::ptrdiff_t>(pairs.size() / 2);
  std::nth_element(pairs.begin(), middle, pairs.end());
  double median = *middle;
  if (pairs.size() % 2 == 0) {
    median = 0.5 * (median + *std::max_element(pairs.begin(), middle));
  }
  return median > 0.0 ? median : sum / static_cast<double>(positive);
}

// MMD^2 of the rows order[0 .. first - 1] against the others, from the kernel matrix, its row sums
// and the sum over its pairs.
struct Kernel {
  std::vector<double> values;    // values[i * n + j]
  std::vector<double> row_sums;  // Without the diagonal.
  double pair_sum = 0.0;

  double Mmd2(std::span<const uint32_t> order, size_t first) const {
    const size_t n = order.size();
    double within_first = 0.0;  // Over pairs.
    double first_rows = 0.0;
    for (size_t a = 0; a < first; ++a) {
      const double* row = values.data() + order[a] * n;
      first_rows += row_sums[order[a]];
      for (size_t b = a + 1; b < first; ++b) within_first += row[order[b]];
    }
    const double across = first_rows - 2.0 * within_first;
    const double within_second = pair_sum - within_first - across;
    const double x = static_cast<double>(first);
    const double y = static_cast<double>(n - first);
    return 2.0 * within_first / (x * (x - 1.0)) + 2.0 * within_second / (y * (y - 1.0)) -
           2.0 * across / (x * y);
  }
};

Kernel KernelOf(std::vector<double> distances, size_t n, double twice_sigma2) {
  Kernel kernel = {.values = std::move(distances), .row_sums = std::vector<double>(n, 0.0)};
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = i + 1; j < n; ++j) {
      const double value = PortableExp(-kernel.values[i * n + j] / twice_sigma2);
      kernel.values[i * n + j] = kernel.values[j * n + i] = value;
      kernel.row_sums[i] += value;
      kernel.row_sums[j] += value;
      kernel.pair_sum += value;
    }
  }
  return kernel;
}

}  // namespace

Result<MmdResult> Mmd(const SampleMatrix& sample, const MmdOptions& options) {
  if (Status status = CheckSample(sample, kMinRows); !status.ok()) return status.error();
  if (options.max_rows < kMinRows || options.max_rows > kMostRows || options.permutations < 1 ||
      options.permutations > kMostPermutations) {
    return Error{.code = ErrorCode::kBadArgument,
                 .message = "MMD takes 10 to 2000 rows of a side and 1 to 10000 permutations"};
  }
  std::vector<uint32_t> drawn =
      DrawRows(0, sample.reference_rows, options.max_rows, options.seed, kReference);
  const size_t reference_rows = drawn.size();
  const std::vector<uint32_t> current =
      DrawRows(sample.reference_rows, sample.rows - sample.reference_rows, options.max_rows,
               options.seed, kCurrent);
  drawn.insert(drawn.end(), current.begin(), current.end());
  const StandardisedRows rows = Standardise(sample, drawn);
  if (rows.columns.empty()) {
    return Error{.code = ErrorCode::kDataInvalid, .message = "no column varies"};
  }
  const size_t n = drawn.size();
  std::vector<double> distances = SquaredDistances(rows, n);
  const double typical = TypicalDistance(distances, n);
  const Kernel kernel = KernelOf(std::move(distances), n, typical);

  std::vector<uint32_t> order(n);
  std::iota(order.begin(), order.end(), uint32_t{0});
  MmdResult result = {.mmd2 = kernel.Mmd2(order, reference_rows),
                      .sigma = std::sqrt(typical / 2.0),
                      .permutations = options.permutations,
                      .reference_rows = reference_rows,
                      .current_rows = n - reference_rows,
                      .left_out = sample.columns - rows.columns.size(),
                      .missing = rows.missing};
  int32_t at_least = 0;
  Random random(options.seed, kLabels);
  for (int32_t r = 0; r < options.permutations; ++r) {
    for (size_t i = 0; i < reference_rows; ++i) {
      std::swap(order[i], order[i + random.Below(static_cast<uint32_t>(n - i))]);
    }
    if (kernel.Mmd2(order, reference_rows) >= result.mmd2 - kSame) ++at_least;
  }
  result.p_value = (1.0 + at_least) / (1.0 + options.permutations);
  return result;
}

}  // namespace firetower::drift
