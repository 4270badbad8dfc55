// The drawings of the HTML report as inline SVG. Colours come from the page's style sheet by class;
// reference and current differ by shape too. Internal to analysis/. Thread-safety: pure functions.
#ifndef FIRETOWER_ANALYSIS_REPORT_SVG_H_
#define FIRETOWER_ANALYSIS_REPORT_SVG_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace firetower::analysis {

// One bin or category: its share of each side's rows (0..1) and its part of the column's distance.
struct Bar {
  double reference = 0;
  double current = 0;
  double contribution = 0;  // NaN: not known, drawn as none.
  std::string label;        // Below it; empty: none. Escaped already.
};
// Shares side by side, below them the contributions. what: what is drawn, for those who hear the
// page; escaped already. Empty without bars.
std::string BarsSvg(std::string_view what, std::span<const Bar> bars);

struct TrendPoint {
  double value = 0;  // NaN: a gap.
  double low = 0;    // NaN: no band here.
  double high = 0;
  bool marked = false;  // A dot: drifted, outside.
};
// A line over windows with its band. Empty without a value.
std::string TrendSvg(std::string_view what, std::span<const TrendPoint> points);

// Where in `rows` rows the alarms (long) and warnings (short) of a detector are.
std::string AlarmsSvg(std::string_view what, double rows, std::span<const double> alarms,
                      std::span<const double> warnings);

}  // namespace firetower::analysis

#endif  // FIRETOWER_ANALYSIS_REPORT_SVG_H_
