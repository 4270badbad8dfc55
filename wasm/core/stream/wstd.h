// WSTD: Wilcoxon's rank-sum test between the newest rows and the ones before, for 0 and 1.
//
// As published the normal approximation knows nothing of ties, of which 0 and 1 have many: its
// p-values are too large for rare events. It begins anew after an alarm, paper and river alike.
// Source: de Barros, Hidalgo and Cabral, "Wilcoxon rank sum test drift detector", Neurocomputing
// 275 (2018). Thread-safety: one object per thread.
#ifndef FIRETOWER_CORE_STREAM_WSTD_H_
#define FIRETOWER_CORE_STREAM_WSTD_H_

#include <cstdint>
#include <vector>

#include "core/stream/detector.h"

namespace firetower::stream {

struct WstdOptions {
  int64_t recent_window_size = 30;  // Newest rows. Range: >= 2. Default: 30.
  int64_t older_window_size = 120;  // Rows before, at most. Range: >= 2. Default: 120.
  int64_t min_instances = 30;       // At least. Range: 2 .. older_window_size. Default: 30.
  double alpha_warning = 0.05;      // Range: 0 .. 1. Default: 0.05.
  double alpha_drift = 0.003;       // Range: 0 .. alpha_warning. Default: 0.003.
};

class Wstd : public Detector {
 public:
  explicit Wstd(const WstdOptions& options);
  DetectorState Update(double x) override;  // O(1), does not allocate.
  std::vector<DetectorFigure> Figures() const override;

 private:
  double PValue() const;

  WstdOptions options_;
  std::vector<uint8_t> rows_;  // A ring of both windows.
  int64_t seen_ = 0;
  int64_t recent_ones_ = 0;
  int64_t older_ones_ = 0;
  int64_t older_ = 0;  // Rows in the older window.
  double p_value_ = 1;
  DetectorState said_ = DetectorState::kStable;
};

}  // namespace firetower::stream

#endif  // FIRETOWER_CORE_STREAM_WSTD_H_
