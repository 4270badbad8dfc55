#include "core/stream/adwin.h"

#include <cmath>

#include "core/base/portable_log.h"

namespace firetower::stream {
namespace {

double BucketSize(size_t row) { return std::ldexp(1.0, static_cast<int>(row)); }

}  // namespace

void Adwin::Reset() {
  rows_.assign(1, {});
  width_ = total_ = variance_ = 0.0;
  tick_ = 0;
  drift_ = false;
}

void Adwin::Add(double x) {
  rows_[0].push_back({.total = x});
  width_ += 1.0;
  if (width_ > 1.0) {
    const double off = x - total_ / (width_ - 1.0);
    variance_ += (width_ - 1.0) * off * off / width_;
  }
  total_ += x;
  const size_t full = static_cast<size_t>(options_.max_buckets) + 1;
  for (size_t r = 0; rows_[r].size() == full; ++r) {
    if (r + 1 == rows_.size()) rows_.emplace_back();
    std::vector<Bucket>& row = rows_[r];
    const double size = BucketSize(r);
    const double apart = row[0].total / size - row[1].total / size;
    rows_[r + 1].push_back(
        {.total = row[0].total + row[1].total,
         .variance = row[0].variance + row[1].variance + size * 0.5 * apart * apart});
    row.erase(row.begin(), row.begin() + 2);
  }
}

void Adwin::DropOldest() {
  std::vector<Bucket>& row = rows_.back();
  const double size = BucketSize(rows_.size() - 1);
  const Bucket oldest = row[0];
  width_ -= size;
  total_ -= oldest.total;
  const double mean = oldest.total / size;
  const double rest = total_ / width_;
  variance_ -= oldest.variance + size * width_ * (mean - rest) * (mean - rest) / (size + width_);
  row.erase(row.begin());
  if (row.empty()) rows_.pop_back();
}

bool Adwin::Cut() {
  const double d = PortableLog(2.0 * PortableLog(width_) / options_.delta);
  double n0 = 0.0;
  double n1 = width_;
  double u0 = 0.0;
  double u1 = total_;
  for (size_t r = rows_.size(); r-- > 0;) {
    const double size = BucketSize(r);
    for (size_t k = 0; k < rows_[r].size(); ++k) {
      if (r == 0 && k + 1 == rows_[r].size()) return false;  // The newest is no window of its own.
      n0 += size;
      n1 -= size;
      u0 += rows_[r][k].total;
      u1 -= rows_[r][k].total;
      if (n0 < options_.min_window || n1 < options_.min_window) continue;
      const double m =
          1.0 / (n0 - options_.min_window + 1.0) + 1.0 / (n1 - options_.min_window + 1.0);
      const double bound = std::sqrt(2.0 * m * (variance_ / width_) * d) + 2.0 / 3.0 * d * m;
      if (std::fabs(u0 / n0 - u1 / n1) > bound) {
        DropOldest();
        return true;
      }
    }
  }
  return false;
}

DetectorState Adwin::Update(double x) {
  if (drift_ && options_.semantics == Semantics::kRiver) Reset();
  drift_ = false;
  Add(x);
  ++tick_;
  if (tick_ % options_.clock == 0 && width_ > options_.grace_period) {
    while (width_ > 1.0 && Cut()) drift_ = true;
  }
  return drift_ ? DetectorState::kDrift : DetectorState::kStable;
}

std::vector<DetectorFigure> Adwin::Figures() const {
  return {{"width", width_},
          {"mean", width_ > 0.0 ? total_ / width_ : 0.0},
          {"variance", width_ > 0.0 ? variance_ / width_ : 0.0}};
}

}  // namespace firetower::stream
