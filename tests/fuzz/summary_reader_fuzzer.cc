// Any bytes as a summary: the reader gives an error with a message, or a summary that is written
// and read again as the same bytes, whose figures go together, and that adds up with itself.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/monitor/summary.h"

namespace {

namespace monitor = firetower::monitor;

void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto summary =
      monitor::Summary::Read(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!summary.ok()) {
    Require(!summary.error().message.empty());
    return 0;
  }
  const std::string written = summary->Write();
  const auto again = monitor::Summary::Read(written);
  Require(again.ok());
  Require(again->Write() == written);
  Require(summary->FlaggedAt(summary->layout().threshold) == summary->flagged);
  Require(summary->FlaggedAt(0.0) == summary->scored);
  if (summary->scored > 0) {
    const double average = summary->average_probability();
    Require(average >= 0.0 && average <= 1.0);
  }
  monitor::Summary doubled = *summary;
  const bool fits = summary->rows() <= monitor::kMaxSummaryRows / 2;
  Require(doubled.Merge(*again).ok() == fits);
  if (!fits) return 0;
  const auto read = monitor::Summary::Read(doubled.Write());
  Require(read.ok() && read->rows() == 2 * summary->rows());
  doubled.Subtract(*again);
  Require(doubled.Write() == written);
  return 0;
}
