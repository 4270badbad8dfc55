#include "core/drift/verdict.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

namespace firetower::drift {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::array<std::string_view, 5> kCorrections = {"none", "BH", "BY", "Holm", "Bonferroni"};

double Harmonic(size_t n) {
  double sum = 0.0;
  for (size_t i = 1; i <= n; ++i) sum += 1.0 / static_cast<double>(i);
  return sum;
}

Error OutOfRange(std::string what) { return Error{ErrorCode::kBadArgument, std::move(what)}; }

}  // namespace

std::string_view Name(Verdict verdict) {
  constexpr std::array<std::string_view, 4> kNames = {"too few rows", "stable",
                                                      "too small to matter", "drifted"};
  return kNames[static_cast<size_t>(verdict)];
}

std::string_view Name(Correction correction) {
  return kCorrections[static_cast<size_t>(correction)];
}

Result<Correction> CorrectionOf(std::string_view name) {
  for (size_t i = 0; i < kCorrections.size(); ++i)
    if (kCorrections[i] == name) return static_cast<Correction>(i);
  std::string message = "correction is one of";
  for (const std::string_view known : kCorrections) message.append(" ").append(known);
  return Error{ErrorCode::kBadArgument, std::move(message)};
}

std::vector<double> Correct(std::span<const double> p_values, Correction correction) {
  std::vector<size_t> order;
  for (size_t i = 0; i < p_values.size(); ++i) {
    if (p_values[i] == p_values[i]) order.push_back(i);
  }
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return p_values[a] != p_values[b] ? p_values[a] < p_values[b] : a < b;
  });
  std::vector<double> corrected(p_values.size(), kNaN);
  const double tests = static_cast<double>(order.size());
  if (correction == Correction::kBenjaminiHochberg ||
      correction == Correction::kBenjaminiYekutieli) {
    const double times =
        correction == Correction::kBenjaminiYekutieli ? tests * Harmonic(order.size()) : tests;
    double least = 1.0;
    for (size_t rank = order.size(); rank > 0; --rank) {
      const size_t i = order[rank - 1];
      least = std::min(least, p_values[i] * times / static_cast<double>(rank));
      corrected[i] = least;
    }
    return corrected;
  }
  double most = 0.0;
  for (size_t rank = 1; rank <= order.size(); ++rank) {
    const size_t i = order[rank - 1];
    const double times = correction == Correction::kNone   ? 1.0
                         : correction == Correction::kHolm ? tests - static_cast<double>(rank - 1)
                                                           : tests;
    most = std::max(most, std::min(1.0, p_values[i] * times));
    corrected[i] = most;
  }
  return corrected;
}

Status CheckOptions(const VerdictOptions& options) {
  if (!(options.level >= 1e-6 && options.level <= 0.5))
    return OutOfRange("level is between 1e-6 and 0.5");
  if (!(options.effect_floor >= 0.0) || std::isinf(options.effect_floor))
    return OutOfRange("effect floor is 0 or more");
  if (!(options.min_rows >= 2.0) || std::isinf(options.min_rows))
    return OutOfRange("fewest rows is 2 or more");
  if (!(options.drift_share >= 0.0 && options.drift_share <= 1.0))
    return OutOfRange("drift share is between 0 and 1");
  return {};
}

Verdict JudgeColumn(double reference_rows, double current_rows, double p_corrected,
                    double effect_size, const VerdictOptions& options) {
  const bool enough = reference_rows >= options.min_rows && current_rows >= options.min_rows;
  if (!enough || std::isnan(p_corrected)) return Verdict::kTooFewRows;
  if (p_corrected >= options.level) return Verdict::kStable;
  return std::fabs(effect_size) < options.effect_floor ? Verdict::kTooSmallToMatter
                                                       : Verdict::kDrifted;
}

OverallVerdict JudgeOverall(std::span<const double> corrected, std::span<const Verdict> verdicts,
                            const VerdictOptions& options) {
  OverallVerdict overall;
  for (size_t i = 0; i < verdicts.size(); ++i) {
    if (verdicts[i] == Verdict::kTooFewRows) continue;
    ++overall.judged;
    overall.drifted += verdicts[i] == Verdict::kDrifted ? 1u : 0u;
    overall.small += verdicts[i] == Verdict::kTooSmallToMatter ? 1u : 0u;
    overall.p_value = std::min(overall.p_value, corrected[i]);
  }
  if (overall.judged == 0) {
    overall.share = kNaN;
    overall.p_value = kNaN;
    return overall;
  }
  overall.share = static_cast<double>(overall.drifted) / static_cast<double>(overall.judged);
  overall.moved = overall.p_value < options.level && overall.drifted > 0;
  overall.widespread = overall.moved && overall.share >= options.drift_share;
  return overall;
}

}  // namespace firetower::drift
