#include "core/drift/pca.h"

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/drift/two_sample.h"

namespace firetower::drift {
namespace {

constexpr size_t kMinRows = 20;
constexpr double kRoundingPerColumn = 1e-9;
constexpr uint64_t kSplitStream = 0x706361;

std::vector<uint32_t> Numbers(size_t first, size_t end) {
  std::vector<uint32_t> numbers(end - first);
  std::iota(numbers.begin(), numbers.end(), static_cast<uint32_t>(first));
  return numbers;
}

double Mean(std::span<const double> values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

}  // namespace

Result<Pca> Pca::Fit(const SampleMatrix& sample, std::span<const uint32_t> rows, double explained) {
  const size_t columns = sample.columns;
  Pca pca;
  bool varies = false;
  for (size_t c = 0; c < columns; ++c) {
    pca.scales_.push_back(ScaleOf(sample.values.subspan(c * sample.rows, sample.rows), rows));
    varies = varies || pca.scales_.back().deviation > 0.0;
  }
  if (!varies) {
    return Error{.code = ErrorCode::kDataInvalid,
                 .message = "no column varies over the reference's rows"};
  }
  const auto size = static_cast<Eigen::Index>(columns);
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Zero(size, size);
  std::vector<double> z(columns);
  // Row by row in a fixed order: a product of Eigen's is summed in blocks that differ by machine.
  for (const uint32_t row : rows) {
    for (size_t c = 0; c < columns; ++c) {
      const double value = sample.values[c * sample.rows + row];
      // A column without spread has no part in the components.
      z[c] = pca.scales_[c].deviation > 0.0 ? pca.scales_[c].Apply(value) : 0.0;
    }
    for (Eigen::Index a = 0; a < size; ++a) {
      const double factor = z[static_cast<size_t>(a)];
      for (Eigen::Index b = a; b < size; ++b) {
        covariance(b, a) += factor * z[static_cast<size_t>(b)];
      }
    }
  }
  covariance /= static_cast<double>(rows.size());
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(covariance);
  if (solver.info() != Eigen::Success) {
    return Error{.code = ErrorCode::kDataInvalid,
                 .message = "the principal components were not found"};
  }
  const Eigen::VectorXd& values = solver.eigenvalues();  // Rising.
  double total = 0.0;
  for (Eigen::Index k = 0; k < size; ++k) total += std::max(0.0, values[k]);
  double kept = 0.0;
  for (Eigen::Index k = size - 1; k >= 0 && !(kept > explained * total); --k) {
    kept += std::max(0.0, values[k]);
    ++pca.components_;
    for (Eigen::Index c = 0; c < size; ++c) pca.axes_.push_back(solver.eigenvectors()(c, k));
  }
  pca.explained_ = kept / total;
  return pca;
}

void Pca::Errors(const SampleMatrix& sample, std::span<const uint32_t> rows,
                 std::span<double> out) const {
  const size_t columns = sample.columns;
  std::vector<double> z(columns);
  std::vector<double> rest(columns);
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t c = 0; c < columns; ++c) {
      z[c] = scales_[c].Apply(sample.values[c * sample.rows + rows[i]]);
    }
    rest = z;
    for (size_t k = 0; k < components_; ++k) {
      const double* axis = axes_.data() + k * columns;
      double score = 0.0;
      for (size_t c = 0; c < columns; ++c) score += axis[c] * z[c];
      for (size_t c = 0; c < columns; ++c) rest[c] -= score * axis[c];
    }
    double squares = 0.0;
    double length = 0.0;
    for (size_t c = 0; c < columns; ++c) {
      squares += rest[c] * rest[c];
      length += z[c] * z[c];
    }
    const double error = std::sqrt(squares);
    const double rounding =
        kRoundingPerColumn * std::max(static_cast<double>(columns), std::sqrt(length));
    out[i] = error > rounding ? error : 0.0;
  }
}

std::vector<uint32_t> FittedRows(size_t reference_rows, uint64_t seed) {
  return DrawRows(0, reference_rows, reference_rows / 2, seed, kSplitStream);
}

Result<PcaDrift> ComparePca(const SampleMatrix& sample, const PcaOptions& options) {
  if (Status status = CheckSample(sample, kMinRows); !status.ok()) return status.error();
  if (!(options.explained > 0.0 && options.explained < 1.0)) {
    return Error{.code = ErrorCode::kBadArgument,
                 .message = "the share of variance to explain must be between 0 and 1"};
  }
  const std::vector<uint32_t> fitted = FittedRows(sample.reference_rows, options.seed);
  const std::vector<uint32_t> reference = Numbers(0, sample.reference_rows);
  std::vector<uint32_t> held;
  std::set_difference(reference.begin(), reference.end(), fitted.begin(), fitted.end(),
                      std::back_inserter(held));
  const std::vector<uint32_t> current = Numbers(sample.reference_rows, sample.rows);
  const Result<Pca> pca = Pca::Fit(sample, fitted, options.explained);
  if (!pca.ok()) return pca.error();

  std::vector<double> held_errors(held.size());
  std::vector<double> current_errors(current.size());
  pca->Errors(sample, held, held_errors);
  pca->Errors(sample, current, current_errors);
  PcaDrift drift = {.components = pca->components(),
                    .explained = pca->explained(),
                    .reference_error = Mean(held_errors),
                    .current_error = Mean(current_errors),
                    .auc = 0.5,
                    .p_value = std::numeric_limits<double>::quiet_NaN(),
                    .fitted_rows = fitted.size(),
                    .held_rows = held.size()};
  for (const double value : sample.values) drift.missing += std::isfinite(value) ? 0u : 1u;
  if (drift.reference_error > 0.0 || drift.current_error > 0.0) {
    const MannWhitneyResult test = MannWhitney(TallyOf(held_errors, current_errors));
    drift.auc = test.auc;
    drift.p_value = test.p_value;
  }
  return drift;
}

}  // namespace firetower::drift
