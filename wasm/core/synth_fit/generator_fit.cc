#include "core/synth_fit/generator_fit.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/synth/generator.h"
#include "core/synth/normal.h"

namespace firetower::synth {
namespace {

// Normal scores beyond this are not told apart: 7 in a million are.
constexpr double kEndScore = 4.5;
// Of the probability: keeps the outermost knots inside the ends.
constexpr double kLeastCell = 2e-5;
constexpr double kPi = 3.14159265358979323846;

struct Rows {
  std::vector<std::vector<double>> columns;  // [c][i]
  std::vector<double> weights;
  size_t size() const { return weights.size(); }
  double total() const { return std::accumulate(weights.begin(), weights.end(), 0.0); }
  double heaviest() const { return *std::max_element(weights.begin(), weights.end()); }
};

// How a column's values are stored and written.
struct ColumnForm {
  int32_t decimals = 12;  // Of the values written: 0 or 2 where the data has no more, else 12.
  int32_t unit = 5;       // Quantiles are stored in 10^-unit.
  bool never_negative = true;
};

Error BadArgument(std::string message) {
  return {.code = ErrorCode::kBadArgument, .message = std::move(message)};
}

Error BadRow(std::string message, size_t row) {
  return {.code = ErrorCode::kDataInvalid,
          .message = std::move(message) + " in row " + std::to_string(row),
          .row = static_cast<int64_t>(row)};
}

Status Check(const FitInput& input, const FitOptions& options) {
  if (input.columns.size() < 2 || input.columns.size() != input.names.size() ||
      input.columns.size() > kMaxColumns) {
    return BadArgument("a generator needs 2 to " + std::to_string(kMaxColumns) + " named columns");
  }
  if (input.time_column >= input.columns.size())
    return BadArgument("the time column is out of range");
  const size_t rows = input.labels.size();
  for (std::span<const double> column : input.columns) {
    if (column.size() != rows) return BadArgument("columns and labels differ in length");
  }
  if (!input.weights.empty() && input.weights.size() != rows) {
    return BadArgument("weights and labels differ in length");
  }
  if (options.genuine_cell_rows < 2 || options.fraud_cell_rows < 2) {
    return BadArgument("a quantile cell needs at least 2 rows");
  }
  if (options.cells < 2 || options.cells > 4096) return BadArgument("cells must be 2 .. 4096");
  if (options.time_bin < 1) return BadArgument("the time bin must be at least 1 second");
  for (double share : {options.far_genuine_share, options.near_fraud_share}) {
    if (!(share >= 0.0 && share <= 0.5)) return BadArgument("shares must be 0 .. 0.5");
  }
  for (size_t i = 0; i < rows; ++i) {
    if (input.labels[i] != 0.0 && input.labels[i] != 1.0) return BadRow("a label is not 0 or 1", i);
    if (!input.weights.empty() && !(std::isfinite(input.weights[i]) && input.weights[i] >= 0.0)) {
      return BadRow("a weight is negative or not finite", i);
    }
    for (size_t c = 0; c < input.columns.size(); ++c) {
      if (std::isinf(input.columns[c][i])) return BadRow(input.names[c] + " is infinite", i);
    }
    if (input.columns[input.time_column][i] < 0.0) return BadRow("the time is negative", i);
  }
  return {};
}

// The complete rows of one label that weigh something.
Rows Select(const FitInput& input, double label) {
  Rows rows;
  rows.columns.resize(input.columns.size());
  for (size_t i = 0; i < input.labels.size(); ++i) {
    const double weight = input.weights.empty() ? 1.0 : input.weights[i];
    bool complete = input.labels[i] == label && weight > 0.0;
    for (std::span<const double> column : input.columns)
      complete = complete && !std::isnan(column[i]);
    if (!complete) continue;
    for (size_t c = 0; c < input.columns.size(); ++c)
      rows.columns[c].push_back(input.columns[c][i]);
    rows.weights.push_back(weight);
  }
  return rows;
}

bool IsMultiple(double value, double unit) {
  const double scaled = value * unit;
  return std::fabs(scaled - std::round(scaled)) < 1e-6;
}

int32_t CellRows(const FitOptions& options, int label) {
  return label == 1 ? options.fraud_cell_rows : options.genuine_cell_rows;
}

ColumnForm FormOf(const Rows& genuine, const Rows& fraud, size_t column) {
  bool whole = true;
  bool cents = true;
  ColumnForm form;
  for (const Rows* rows : {&genuine, &fraud}) {
    for (double value : rows->columns[column]) {
      whole = whole && IsMultiple(value, 1.0);
      cents = cents && IsMultiple(value, 100.0);
      form.never_negative = form.never_negative && value >= 0.0;
    }
  }
  if (cents) {
    form.decimals = whole ? 0 : 2;
    form.unit = 2;
  }
  return form;
}

// Row indexes by value, ties by index.
std::vector<size_t> Order(const std::vector<double>& values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return values[a] < values[b] || (values[a] == values[b] && a < b);
  });
  return order;
}

// Root mean square of the columns' distances from the genuine mean, in standard deviations; the
// time is left out.
std::vector<double> Distances(const Rows& rows, const Rows& genuine, size_t time_column) {
  std::vector<double> squares(rows.size(), 0.0);
  const double total = genuine.total();
  for (size_t c = 0; c < rows.columns.size(); ++c) {
    if (c == time_column) continue;
    double mean = 0.0;
    for (size_t i = 0; i < genuine.size(); ++i) mean += genuine.weights[i] * genuine.columns[c][i];
    mean /= total;
    double variance = 0.0;
    for (size_t i = 0; i < genuine.size(); ++i) {
      const double distance = genuine.columns[c][i] - mean;
      variance += genuine.weights[i] * distance * distance;
    }
    variance /= total;
    if (variance == 0.0) continue;
    for (size_t i = 0; i < rows.size(); ++i) {
      const double distance = rows.columns[c][i] - mean;
      squares[i] += distance * distance / variance;
    }
  }
  return squares;
}

// The rows below and above the point that leaves `share` of the weight below it. Share 0 or 1: one
// part is empty.
std::pair<Rows, Rows> Split(const Rows& rows, const std::vector<double>& distances, double share) {
  std::pair<Rows, Rows> parts;
  parts.first.columns.resize(rows.columns.size());
  parts.second.columns.resize(rows.columns.size());
  const double wanted = share * rows.total();
  double below = 0.0;
  for (size_t i : Order(distances)) {
    Rows& part = below < wanted ? parts.first : parts.second;
    below += rows.weights[i];
    for (size_t c = 0; c < rows.columns.size(); ++c) part.columns[c].push_back(rows.columns[c][i]);
    part.weights.push_back(rows.weights[i]);
  }
  return parts;
}

// Cell borders in probability, closer together towards both ends (sin^2), every cell at least
// `least` wide, two of them at least. REQUIRES: least <= 1/2.
std::vector<double> CellBorders(int32_t cells, double least) {
  std::vector<double> borders = {0.0};
  for (int32_t k = 1; k < cells; ++k) {
    const double root = std::sin(kPi / 2.0 * k / cells);
    const double border = root * root;
    if (border - borders.back() >= least && 1.0 - border >= least) borders.push_back(border);
  }
  if (borders.size() == 1) borders.push_back(0.5);
  borders.push_back(1.0);
  return borders;
}

// Weighted mean of the values in every cell; a row across a border counts for both sides by its
// parts.
std::vector<double> CellMeans(const std::vector<double>& values, const std::vector<double>& weights,
                              const std::vector<double>& borders) {
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<double> means(borders.size() - 1, 0.0);
  size_t cell = 0;
  double at = 0.0;
  for (size_t i : Order(values)) {
    double left = weights[i] / total;
    while (cell + 1 < means.size() && at + left >= borders[cell + 1]) {
      const double part = borders[cell + 1] - at;
      means[cell++] += part * values[i];
      at += part;
      left -= part;
    }
    means[cell] += left * values[i];
    at += left;
  }
  for (size_t k = 0; k < means.size(); ++k) means[k] /= borders[k + 1] - borders[k];
  return means;
}

// Normal scores of the values: the normal quantile of the weighted rank, ties at their middle.
Eigen::VectorXd NormalScores(const std::vector<double>& values,
                             const std::vector<double>& weights) {
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  const std::vector<size_t> order = Order(values);
  Eigen::VectorXd scores(static_cast<Eigen::Index>(values.size()));
  double below = 0.0;
  for (size_t first = 0; first < order.size();) {
    size_t last = first;
    double tied = 0.0;
    while (last < order.size() && values[order[last]] == values[order[first]]) {
      tied += weights[order[last++]];
    }
    const double rank = (below + tied / 2.0) / total;
    const double score = NormalQuantile(std::min(std::max(rank, 1e-9), 1.0 - 1e-9));
    for (size_t k = first; k < last; ++k) scores[static_cast<Eigen::Index>(order[k])] = score;
    below += tied;
    first = last;
  }
  return scores;
}

// Lower Cholesky factor of the weighted correlation of the normal scores, the time first. Shrunk
// towards independence by 0.2 dims / rows, which keeps the matrix of a small component regular;
// further, if that is not enough.
Eigen::MatrixXd CopulaFactor(const Rows& rows, size_t time_column) {
  const auto dims = static_cast<Eigen::Index>(rows.columns.size());
  const auto count = static_cast<Eigen::Index>(rows.size());
  Eigen::MatrixXd scores(count, dims);
  scores.col(0) = NormalScores(rows.columns[time_column], rows.weights);
  Eigen::Index d = 1;
  for (size_t c = 0; c < rows.columns.size(); ++c) {
    if (c != time_column) scores.col(d++) = NormalScores(rows.columns[c], rows.weights);
  }
  const Eigen::Map<const Eigen::VectorXd> weights(rows.weights.data(), count);
  const Eigen::RowVectorXd mean = (weights.transpose() * scores) / weights.sum();
  scores.rowwise() -= mean;
  Eigen::MatrixXd correlation = scores.transpose() * weights.asDiagonal() * scores;
  const Eigen::VectorXd deviation =
      correlation.diagonal().array().max(1e-300).sqrt();  // A constant column: correlation 0.
  correlation =
      deviation.cwiseInverse().asDiagonal() * correlation * deviation.cwiseInverse().asDiagonal();
  correlation.diagonal().setOnes();
  double shrinkage = std::min(0.5, 0.2 * static_cast<double>(dims) / static_cast<double>(count));
  for (;;) {
    Eigen::MatrixXd shrunk = correlation * (1.0 - shrinkage);
    shrunk.diagonal().setOnes();
    const Eigen::LLT<Eigen::MatrixXd> llt(shrunk);
    Eigen::MatrixXd factor = llt.matrixL();
    if (llt.info() == Eigen::Success && factor.diagonal().minCoeff() > 1e-3) return factor;
    shrinkage = 0.5 * (1.0 + shrinkage);
  }
}

// Weight per bin of time. Where bins hold few rows the profile is smoothed with weights 1 4 6 4 1.
std::vector<double> TimeProfile(const Rows& rows, size_t time_column, double bin_seconds,
                                size_t bins) {
  std::vector<double> profile(bins, 0.0);
  for (size_t i = 0; i < rows.size(); ++i) {
    profile[static_cast<size_t>(rows.columns[time_column][i] / bin_seconds)] += rows.weights[i];
  }
  if (rows.size() >= 50 * bins) return profile;
  for (int pass = 0; pass < 2; ++pass) {
    const std::vector<double> rough = profile;
    for (size_t b = 0; b < bins; ++b) {
      const double before = rough[b == 0 ? b : b - 1];
      const double after = rough[b + 1 == bins ? b : b + 1];
      profile[b] = 0.25 * before + 0.5 * rough[b] + 0.25 * after;
    }
  }
  return profile;
}

// "[1,2,3]"
template <typename Values>
void AppendIntegers(const Values& values, double unit, std::string* out) {
  out->push_back('[');
  for (size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out->push_back(',');
    out->append(std::to_string(std::llround(values[i] * unit)));
  }
  out->push_back(']');
}

void AppendComponent(const Rows& rows, int label, double all, const FitInput& input,
                     const FitOptions& options, const std::vector<ColumnForm>& forms, size_t bins,
                     std::string* out) {
  const double total = rows.total();
  const double cell_share = CellRows(options, label) * rows.heaviest() / total;
  const std::vector<double> borders = CellBorders(options.cells, std::max(cell_share, kLeastCell));

  out->append("{\"label\":" + std::to_string(label) +
              ",\"share\":" + std::to_string(std::max(1LL, std::llround(total / all * 1e8))));
  out->append(",\n\"profile\":");
  const std::vector<double> profile =
      TimeProfile(rows, input.time_column, static_cast<double>(options.time_bin), bins);
  AppendIntegers(profile, 1e5 / std::accumulate(profile.begin(), profile.end(), 0.0), out);

  // Knots stand at the middles of the cells, in normal scores; two more at the ends.
  std::vector<double> z = {-kEndScore};
  for (size_t k = 0; k + 1 < borders.size(); ++k) {
    z.push_back(NormalQuantile(0.5 * (borders[k] + borders[k + 1])));
  }
  z.push_back(kEndScore);
  out->append(",\n\"z\":");
  AppendIntegers(z, 1e6, out);

  out->append(",\n\"quantiles\":[");
  bool first = true;
  for (size_t c = 0; c < rows.columns.size(); ++c) {
    if (c == input.time_column) continue;
    std::vector<double> knots = CellMeans(rows.columns[c], rows.weights, borders);
    // Rounding may leave a mean an ulp below the one before it.
    for (size_t k = 1; k < knots.size(); ++k) knots[k] = std::max(knots[k], knots[k - 1]);
    const size_t n = knots.size();
    // The outermost slope goes on, but over no more than three times its own stretch.
    const auto beyond = [](double step, double stretch, double distance) {
      return step * std::min(3.0, distance / stretch);
    };
    double low = knots[0] - beyond(knots[1] - knots[0], z[2] - z[1], z[1] - z[0]);
    const double high =
        knots[n - 1] + beyond(knots[n - 1] - knots[n - 2], z[n] - z[n - 1], z[n + 1] - z[n]);
    if (forms[c].never_negative) low = std::max(low, 0.0);
    knots.insert(knots.begin(), low);
    knots.push_back(high);
    out->append(first ? "\n" : ",\n");
    first = false;
    AppendIntegers(knots, std::pow(10.0, forms[c].unit), out);
  }

  out->append("],\n\"cholesky\":[");
  const Eigen::MatrixXd factor = CopulaFactor(rows, input.time_column);
  for (Eigen::Index d = 0; d < factor.rows(); ++d) {
    std::vector<double> row;
    for (Eigen::Index i = 0; i <= d; ++i) row.push_back(factor(d, i));
    out->append(d == 0 ? "\n" : ",\n");
    AppendIntegers(row, 1e5, out);
  }
  out->append("]}");
}

}  // namespace

Result<std::string> FitGenerator(const FitInput& input, const FitOptions& options) {
  const Status checked = Check(input, options);
  if (!checked.ok()) return checked.error();
  const Rows genuine = Select(input, 0.0);
  const Rows fraud = Select(input, 1.0);

  std::vector<std::pair<int, Rows>> components;
  const auto add = [&components](int label, Rows rows) {
    if (rows.size() > 0) components.emplace_back(label, std::move(rows));
  };
  std::pair<Rows, Rows> parts = Split(genuine, Distances(genuine, genuine, input.time_column),
                                      1.0 - options.far_genuine_share);
  add(0, std::move(parts.first));
  add(0, std::move(parts.second));
  parts = Split(fraud, Distances(fraud, genuine, input.time_column), options.near_fraud_share);
  add(1, std::move(parts.first));
  add(1, std::move(parts.second));
  for (int label = 0; label < 2; ++label) {
    // Two cells at least, in a component whose rows all weigh as much as its heaviest.
    const int32_t needed = 2 * CellRows(options, label);
    bool enough = (label == 0 ? genuine : fraud).size() > 0;
    for (const auto& [of, rows] : components) {
      enough = enough && (of != label || rows.total() >= needed * rows.heaviest());
    }
    if (!enough) {
      return Error{.code = ErrorCode::kDataInvalid,
                   .message = "label " + std::to_string(label) +
                              " has too few complete rows: each of its components needs " +
                              std::to_string(needed)};
    }
  }

  double latest = 0.0;
  for (const Rows* rows : {&genuine, &fraud}) {
    for (double time : rows->columns[input.time_column]) latest = std::max(latest, time);
  }
  const double bins = std::floor(latest / options.time_bin) + 1.0;
  if (bins > static_cast<double>(kMaxTimeBins)) {
    return BadArgument("the time spans more than " + std::to_string(kMaxTimeBins) + " bins");
  }

  std::string out = "{\"format\":\"firetower-generator\",\"version\":1,\n";
  out += "\"name\":" + json::serialize(json::value(options.name)) + ",\n";
  out += "\"source\":" + json::serialize(options.source) + ",\n";
  out += "\"label\":" + json::serialize(json::value(input.label_name)) + ",\n";
  out += "\"time_bin\":" + std::to_string(options.time_bin) +
         ",\"time_bins\":" + std::to_string(static_cast<int64_t>(bins)) + ",\n\"columns\":[";
  std::vector<ColumnForm> forms;
  for (size_t c = 0; c < input.columns.size(); ++c) {
    forms.push_back(FormOf(genuine, fraud, c));
    out += c == 0 ? "\n{" : ",\n{";
    out += "\"name\":" + json::serialize(json::value(input.names[c]));
    out += c == input.time_column
               ? ",\"kind\":\"time\"}"
               : ",\"kind\":\"number\",\"decimals\":" + std::to_string(forms[c].decimals) +
                     ",\"unit\":" + std::to_string(forms[c].unit) + "}";
  }
  out += "],\n\"components\":[";
  const double all = genuine.total() + fraud.total();
  for (size_t k = 0; k < components.size(); ++k) {
    out += k == 0 ? "\n" : ",\n";
    AppendComponent(components[k].second, components[k].first, all, input, options, forms,
                    static_cast<size_t>(bins), &out);
  }
  out += "]}\n";
  return out;
}

}  // namespace firetower::synth
