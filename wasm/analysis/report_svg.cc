#include "analysis/report_svg.h"

#include <algorithm>
#include <cmath>

#include "analysis/report_text.h"

namespace firetower::analysis {
namespace {

constexpr double kLeft = 56;  // Of the drawing's area: what stands before it is the scale.
constexpr double kRight = 632;

std::string Begin(std::string_view what, double height) {
  return "<svg role=\"img\" viewBox=\"0 0 640 " + Place(height) + "\" aria-label=\"" +
         std::string(what) + "\">";
}

std::string Rectangle(std::string_view kind, double x, double y, double width, double height) {
  return "<rect class=\"" + std::string(kind) + "\" x=\"" + Place(x) + "\" y=\"" + Place(y) +
         "\" width=\"" + Place(width) + "\" height=\"" + Place(height) + "\"/>";
}

std::string Line(std::string_view kind, double x1, double y1, double x2, double y2) {
  return "<line class=\"" + std::string(kind) + "\" x1=\"" + Place(x1) + "\" y1=\"" + Place(y1) +
         "\" x2=\"" + Place(x2) + "\" y2=\"" + Place(y2) + "\"/>";
}

std::string Words(std::string_view anchor, double x, double y, std::string_view escaped) {
  return "<text text-anchor=\"" + std::string(anchor) + "\" x=\"" + Place(x) + "\" y=\"" +
         Place(y) + "\">" + std::string(escaped) + "</text>";
}

double Finite(double value) { return std::isfinite(value) ? value : 0; }

}  // namespace

std::string BarsSvg(std::string_view what, std::span<const Bar> bars) {
  if (bars.empty()) return {};
  constexpr double kTop = 10, kBase = 160, kLabels = 178, kLowTop = 192, kLowBase = 242;
  double most = 0, most_contribution = 0;
  for (const Bar& bar : bars) {
    most = std::max({most, Finite(bar.reference), Finite(bar.current)});
    most_contribution = std::max(most_contribution, std::fabs(Finite(bar.contribution)));
  }
  const double step = (kRight - kLeft) / static_cast<double>(bars.size());
  std::string svg = Begin(what, 250);
  svg += Words("end", kLeft - 6, kTop + 8, Percent(most));
  svg += Words("end", kLeft - 6, kBase, "0 %");
  for (size_t i = 0; i < bars.size(); ++i) {
    const Bar& bar = bars[i];
    const double x = kLeft + static_cast<double>(i) * step;
    const double scale = most > 0 ? (kBase - kTop) / most : 0;
    const double reference = scale * Finite(bar.reference);
    const double current = scale * Finite(bar.current);
    svg += Rectangle("r", x + 0.08 * step, kBase - reference, 0.84 * step, reference);
    svg += Rectangle("c", x + 0.3 * step, kBase - current, 0.4 * step, current);
    if (!bar.label.empty()) svg += Words("middle", x + 0.5 * step, kLabels, bar.label);
    if (most_contribution > 0 && std::isfinite(bar.contribution)) {
      const double height = (kLowBase - kLowTop) * std::fabs(bar.contribution) / most_contribution;
      svg += Rectangle("d", x + 0.2 * step, kLowBase - height, 0.6 * step, height);
    }
  }
  svg += Line("a", kLeft, kBase, kRight, kBase);
  if (most_contribution > 0) {
    svg += Words("end", kLeft - 6, kLowTop + 8, Number(most_contribution, 2));
    svg += Words("end", kLeft - 6, kLowBase, "0");
    svg += Line("a", kLeft, kLowBase, kRight, kLowBase);
  }
  return svg + "</svg>";
}

std::string TrendSvg(std::string_view what, std::span<const TrendPoint> points) {
  constexpr double kTop = 10, kBase = 90;
  double least = 0, most = 0;
  bool any = false;
  for (const TrendPoint& point : points) {
    if (!std::isfinite(point.value)) continue;
    const double low = std::isfinite(point.low) ? std::min(point.low, point.value) : point.value;
    const double high = std::isfinite(point.high) ? std::max(point.high, point.value) : point.value;
    least = any ? std::min(least, low) : low;
    most = any ? std::max(most, high) : high;
    any = true;
  }
  if (!any) return {};
  const double span = most - least;
  const auto x = [&](size_t i) {
    const double windows = static_cast<double>(points.size());
    return kLeft + (kRight - kLeft) * (static_cast<double>(i) + 0.5) / windows;
  };
  const auto y = [&](double value) {
    return span > 0 ? kBase - (kBase - kTop) * ((value - least) / span) : 0.5 * (kTop + kBase);
  };
  std::string bands, lines, dots, path;
  bool drawing = false;
  for (size_t i = 0; i < points.size(); ++i) {
    const TrendPoint& point = points[i];
    if (!std::isfinite(point.value)) {
      drawing = false;
      continue;
    }
    if (std::isfinite(point.low) && std::isfinite(point.high)) {
      bands += Line("b", x(i), y(point.low), x(i), y(point.high));
    }
    path += drawing ? 'L' : 'M';
    path += Place(x(i));
    path += ' ';
    path += Place(y(point.value));
    drawing = true;
    if (point.marked || points.size() <= 60) {
      dots += "<circle class=\"" + std::string(point.marked ? "m" : "p") + "\" cx=\"" +
              Place(x(i)) + "\" cy=\"" + Place(y(point.value)) + "\" r=\"" +
              (point.marked ? "4" : "2") + "\"/>";
    }
  }
  lines = "<path class=\"l\" d=\"" + path + "\"/>";
  std::string svg = Begin(what, 100);
  svg += Words("end", kLeft - 6, kTop + 8, Number(most, 3));
  if (span > 0) svg += Words("end", kLeft - 6, kBase, Number(least, 3));
  svg += Line("a", kLeft, kBase + 5, kRight, kBase + 5);
  return svg + bands + lines + dots + "</svg>";
}

std::string AlarmsSvg(std::string_view what, double rows, std::span<const double> alarms,
                      std::span<const double> warnings) {
  if (!(rows > 0)) return {};
  const auto x = [&](double row) {
    return kLeft + (kRight - kLeft) * std::clamp(Finite(row) / rows, 0.0, 1.0);
  };
  std::string svg = Begin(what, 40);
  for (const double row : warnings) svg += Line("w", x(row), 20, x(row), 30);
  for (const double row : alarms) svg += Line("m", x(row), 5, x(row), 30);
  svg += Line("a", kLeft, 30, kRight, 30);
  return svg + "</svg>";
}

}  // namespace firetower::analysis
