#include "core/stream/hoeffding.h"

#include <algorithm>
#include <cmath>

#include "core/base/portable_log.h"

namespace firetower::stream {
namespace {

double ZeroOrOne(double x) { return x != 0.0 ? 1.0 : 0.0; }

}  // namespace

HddmA::HddmA(const HddmOptions& options)
    : options_(options),
      log_drift_(PortableLog(1.0 / options.drift_confidence)),
      log_drift_2_(PortableLog(2.0 / options.drift_confidence)),
      log_warning_2_(PortableLog(2.0 / options.warning_confidence)) {}

double HddmA::Bound(double count) const { return std::sqrt(1.0 / (2.0 * count) * log_drift_); }

bool HddmA::Moved(const RunningMean& cut, double by, double log_confidence) const {
  if (cut.count() == all_.count()) return false;
  const double m = (all_.count() - cut.count()) / cut.count() * (1.0 / all_.count());
  return by >= std::sqrt(m / 2.0 * log_confidence);
}

DetectorState HddmA::Update(double x) {
  if (said_ == DetectorState::kDrift) all_ = low_ = high_ = RunningMean();
  all_.Add(ZeroOrOne(x));
  if (low_.count() == 0.0) low_ = high_ = all_;
  const double bound = Bound(all_.count());
  if (low_.mean() + Bound(low_.count()) >= all_.mean() + bound) low_ = all_;
  if (high_.mean() - Bound(high_.count()) <= all_.mean() - bound) high_ = all_;
  const double rise = all_.mean() - low_.mean();
  const double fall = high_.mean() - all_.mean();
  said_ = DetectorState::kStable;
  if (Moved(low_, rise, log_drift_2_) || (options_.two_sided && Moved(high_, fall, log_drift_2_))) {
    said_ = DetectorState::kDrift;
  } else if (Moved(low_, rise, log_warning_2_) ||
             (options_.two_sided && Moved(high_, fall, log_warning_2_))) {
    said_ = DetectorState::kWarning;
  }
  return said_;
}

std::vector<DetectorFigure> HddmA::Figures() const {
  return {{"rows", all_.count()},
          {"rate", all_.mean()},
          {"lowest_rate", low_.mean()},
          {"highest_rate", high_.mean()}};
}

HddmW::HddmW(const HddmOptions& options)
    : options_(options),
      log_drift_(PortableLog(1.0 / options.drift_confidence)),
      log_warning_(PortableLog(1.0 / options.warning_confidence)),
      all_(options.lambda),
      before_rise_(options.lambda),
      after_rise_(options.lambda),
      before_fall_(options.lambda),
      after_fall_(options.lambda) {}

void HddmW::Reset() {
  all_ = before_rise_ = after_rise_ = before_fall_ = after_fall_ = Sample(options_.lambda);
  begun_ = false;
}

void HddmW::Add(double x, Sample* sample) const {
  sample->mean.Add(x);
  const double rest = 1.0 - options_.lambda;
  sample->bound = options_.lambda * options_.lambda + rest * rest * sample->bound;
}

bool HddmW::Moved(const Sample& from, const Sample& to, double log_confidence) const {
  if (!from.mean.begun() || !to.mean.begun()) return false;
  const double bound = std::sqrt((from.bound + to.bound) * log_confidence / 2.0);
  return to.mean.mean() - from.mean.mean() > bound;
}

DetectorState HddmW::Update(double x) {
  if (said_ == DetectorState::kDrift) Reset();
  const double value = ZeroOrOne(x);
  Add(value, &all_);
  const double bound = std::sqrt(all_.bound * log_drift_ / 2.0);
  if (!begun_ || all_.mean.mean() + bound < lowest_) {
    lowest_ = all_.mean.mean() + bound;
    before_rise_ = all_;
    after_rise_ = Sample(options_.lambda);
  } else {
    Add(value, &after_rise_);
  }
  if (!begun_ || all_.mean.mean() - bound > highest_) {
    highest_ = all_.mean.mean() - bound;
    before_fall_ = all_;
    after_fall_ = Sample(options_.lambda);
  } else {
    Add(value, &after_fall_);
  }
  begun_ = true;
  said_ = DetectorState::kStable;
  if (Moved(before_rise_, after_rise_, log_drift_) ||
      (options_.two_sided && Moved(after_fall_, before_fall_, log_drift_))) {
    said_ = DetectorState::kDrift;
  } else if (Moved(before_rise_, after_rise_, log_warning_) ||
             (options_.two_sided && Moved(after_fall_, before_fall_, log_warning_))) {
    said_ = DetectorState::kWarning;
  }
  return said_;
}

std::vector<DetectorFigure> HddmW::Figures() const {
  return {{"rate", all_.mean.mean()},
          {"before", before_rise_.mean.mean()},
          {"after", after_rise_.mean.mean()}};
}

Fhddm::Fhddm(const FhddmOptions& options)
    : options_(options), rows_(static_cast<size_t>(options.window_size)) {
  const double log_confidence = PortableLog(1.0 / options.confidence);
  const auto window = [&](int64_t size) {
    return Window{.size = size,
                  .bound = std::sqrt(log_confidence / (2.0 * static_cast<double>(size)))};
  };
  whole_ = window(options.window_size);
  if (options.short_window_size > 0) short_ = window(options.short_window_size);
}

bool Fhddm::Fell(Window* window) const {
  window->share = static_cast<double>(window->ones) / static_cast<double>(window->size);
  window->highest = std::max(window->highest, window->share);
  const double fall = window->highest - window->share;
  return options_.semantics == Semantics::kRiver ? fall > window->bound : fall >= window->bound;
}

DetectorState Fhddm::Update(double x) {
  if (said_ == DetectorState::kDrift) {
    seen_ = 0;
    whole_.ones = short_.ones = 0;
    whole_.highest = short_.highest = 0.0;
  }
  said_ = DetectorState::kStable;
  const bool one = options_.semantics == Semantics::kRiver ? x != 0.0 : x == 0.0;
  for (Window* window : {&whole_, &short_}) {
    if (window->size == 0) continue;
    if (seen_ >= window->size) {
      window->ones -= rows_[static_cast<size_t>((seen_ - window->size) % whole_.size)];
    }
    window->ones += one ? 1 : 0;
  }
  rows_[static_cast<size_t>(seen_ % whole_.size)] = one ? 1 : 0;
  ++seen_;
  if (seen_ < whole_.size) return said_;
  const bool long_fell = Fell(&whole_);
  const bool short_fell = short_.size > 0 && Fell(&short_);
  if (long_fell || short_fell) said_ = DetectorState::kDrift;
  return said_;
}

std::vector<DetectorFigure> Fhddm::Figures() const {
  return {{"share", whole_.share}, {"highest_share", whole_.highest}, {"bound", whole_.bound}};
}

}  // namespace firetower::stream
