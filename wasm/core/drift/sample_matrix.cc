#include "core/drift/sample_matrix.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "core/base/random.h"

namespace firetower::drift {

Status CheckSample(const SampleMatrix& sample, size_t min_rows) {
  if (sample.rows > std::numeric_limits<int32_t>::max() || sample.reference_rows > sample.rows ||
      sample.values.size() != sample.rows * sample.columns) {
    return Error{.code = ErrorCode::kBadArgument,
                 .message = "rows, columns and values of the sample differ in length"};
  }
  if (sample.columns == 0) {
    return Error{.code = ErrorCode::kDataInvalid, .message = "there is no column to compare"};
  }
  if (sample.reference_rows < min_rows || sample.rows - sample.reference_rows < min_rows) {
    return Error{.code = ErrorCode::kDataInvalid,
                 .message = "each side needs at least " + std::to_string(min_rows) + " rows"};
  }
  return {};
}

double ColumnScale::Apply(double value) const {
  if (!std::isfinite(value) || known == 0) return 0.0;
  const double difference = value * factor - mean;
  return deviation > 0.0 ? difference / deviation : difference;
}

ColumnScale ScaleOf(std::span<const double> column, std::span<const uint32_t> rows) {
  ColumnScale scale;
  double largest = 0.0;
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (const uint32_t row : rows) {
    const double value = column[row];
    if (!std::isfinite(value)) continue;
    ++scale.known;
    largest = std::max(largest, std::abs(value));
    low = std::min(low, value);
    high = std::max(high, value);
  }
  if (scale.known == 0) return scale;
  int exponent = 0;
  std::frexp(largest, &exponent);
  constexpr int kPlain = 400;  // Squares of values between 2^-400 and 2^400 are safe as they are.
  if (exponent > kPlain || exponent < -kPlain) {
    scale.factor = std::ldexp(1.0, -std::max(exponent, -1000));
  }
  if (low == high) {
    scale.mean = low * scale.factor;
    return scale;
  }
  double sum = 0.0;
  for (const uint32_t row : rows) {
    if (std::isfinite(column[row])) sum += column[row] * scale.factor;
  }
  scale.mean = sum / static_cast<double>(scale.known);
  double squares = 0.0;
  for (const uint32_t row : rows) {
    if (!std::isfinite(column[row])) continue;
    const double difference = column[row] * scale.factor - scale.mean;
    squares += difference * difference;
  }
  scale.deviation = std::sqrt(squares / static_cast<double>(scale.known));
  return scale;
}

StandardisedRows Standardise(const SampleMatrix& sample, std::span<const uint32_t> rows) {
  StandardisedRows standardised;
  std::vector<ColumnScale> scales;
  for (size_t c = 0; c < sample.columns; ++c) {
    const ColumnScale scale = ScaleOf(sample.values.subspan(c * sample.rows, sample.rows), rows);
    if (!(scale.deviation > 0.0)) continue;
    standardised.columns.push_back(c);
    standardised.missing += rows.size() - scale.known;
    scales.push_back(scale);
  }
  const size_t width = scales.size();
  standardised.z.resize(rows.size() * width);
  for (size_t c = 0; c < width; ++c) {
    const double* column = sample.values.data() + standardised.columns[c] * sample.rows;
    for (size_t i = 0; i < rows.size(); ++i) {
      standardised.z[i * width + c] = scales[c].Apply(column[rows[i]]);
    }
  }
  return standardised;
}

std::vector<uint32_t> DrawRows(size_t first, size_t size, size_t count, uint64_t seed,
                               uint64_t stream) {
  std::vector<uint32_t> rows(size);
  std::iota(rows.begin(), rows.end(), static_cast<uint32_t>(first));
  if (size <= count) return rows;
  Random random(seed, stream);
  for (size_t i = 0; i < count; ++i) {
    std::swap(rows[i], rows[i + random.Below(static_cast<uint32_t>(size - i))]);
  }
  rows.resize(count);
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace firetower::drift
