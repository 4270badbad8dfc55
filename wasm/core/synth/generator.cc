#include "core/synth/generator.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/base/random.h"
#include "core/synth/normal.h"

namespace firetower::synth {
namespace {

constexpr int64_t kMaxDecimals = 15;
constexpr int64_t kCholeskyUnit = 100000;  // Entries are in 1e-5.
constexpr int64_t kScoreUnit = 1000000;    // z is in 1e-6.
// Values times 10^decimals stay below this, so that they are exact integers in float64.
constexpr double kMaxScaled = 9.0e15;

constexpr std::array<double, 16> kPowersOfTen = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

struct Column {
  std::string name;
  int64_t decimals = 0;
};

// One component. dims = columns without the time, plus 1; dimension 0 is the time.
struct Component {
  int32_t label = 0;
  double share = 0.0;           // Of all components; they add up to 1.
  std::vector<double> profile;  // Share of the component's rows per time bin; adds up to 1.
  std::vector<double> before;   // before[b] = sum of profile[0 .. b-1].
  std::vector<double> z;        // Knots, rising.
  std::vector<std::vector<double>> quantile;  // quantile[d - 1][k] = value of dimension d at z[k].
  std::vector<double> cholesky;  // Row d begins at d * (d + 1) / 2 and has d + 1 entries.
};

}  // namespace

struct Generator::Data {
  std::vector<Column> columns;  // In output order.
  size_t time_column = 0;
  std::string label_name;
  double time_bin = 0.0;  // Seconds.
  size_t bins = 0;
  std::vector<Component> components;
  size_t dims() const { return columns.size(); }
};

namespace {

Error Invalid(std::string place, std::string_view reason) {
  return {.code = ErrorCode::kGeneratorInvalid,
          .message = std::move(place) + ": " + std::string(reason)};
}

std::string At(const std::string& place, size_t index) {
  return place + "[" + std::to_string(index) + "]";
}

Result<const json::value*> Member(const json::object& object, const std::string& place,
                                  std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr) return Invalid(place, "has no \"" + std::string(key) + "\"");
  return value;
}

Result<int64_t> Integer(const json::value& value, const std::string& place, int64_t low,
                        int64_t high) {
  if (!value.is_int64()) return Invalid(place, "is not an integer");
  const int64_t number = value.get_int64();
  if (number < low || number > high) {
    return Invalid(place, std::to_string(number) + " is not in " + std::to_string(low) + " .. " +
                              std::to_string(high));
  }
  return number;
}

Result<int64_t> IntegerMember(const json::object& object, const std::string& place,
                              std::string_view key, int64_t low, int64_t high) {
  Result<const json::value*> value = Member(object, place, key);
  if (!value.ok()) return value.error();
  return Integer(**value, place + "." + std::string(key), low, high);
}

Result<std::string> TextMember(const json::object& object, const std::string& place,
                               std::string_view key) {
  Result<const json::value*> value = Member(object, place, key);
  if (!value.ok()) return value.error();
  if (!(*value)->is_string()) return Invalid(place + "." + std::string(key), "is not a text");
  return std::string((*value)->get_string().data(), (*value)->get_string().size());
}

// The array under key, which must hold low .. high values.
Result<const json::array*> ArrayMember(const json::object& object, const std::string& place,
                                       std::string_view key, size_t low, size_t high) {
  Result<const json::value*> value = Member(object, place, key);
  if (!value.ok()) return value.error();
  const std::string here = place + "." + std::string(key);
  if (!(*value)->is_array()) return Invalid(here, "is not an array");
  const json::array& array = (*value)->get_array();
  if (array.size() < low || array.size() > high) {
    const std::string wanted =
        low == high ? std::to_string(low) : std::to_string(low) + " .. " + std::to_string(high);
    return Invalid(here, "has " + std::to_string(array.size()) + " values instead of " + wanted);
  }
  return &array;
}

// Integers low .. high, each divided by unit.
Result<std::vector<double>> Numbers(const json::array& array, const std::string& place, double unit,
                                    int64_t low, int64_t high) {
  std::vector<double> numbers;
  numbers.reserve(array.size());
  for (size_t i = 0; i < array.size(); ++i) {
    Result<int64_t> number = Integer(array[i], At(place, i), low, high);
    if (!number.ok()) return number.error();
    numbers.push_back(static_cast<double>(*number) / unit);
  }
  return numbers;
}

struct ColumnSpec {
  Column column;
  bool is_time = false;
  int64_t unit = 0;  // Quantiles are in 10^-unit.
};

Result<ColumnSpec> ReadColumn(const json::value& value, const std::string& place) {
  if (!value.is_object()) return Invalid(place, "is not an object");
  const json::object& object = value.get_object();
  Result<std::string> name = TextMember(object, place, "name");
  if (!name.ok()) return name.error();
  Result<std::string> kind = TextMember(object, place, "kind");
  if (!kind.ok()) return kind.error();
  ColumnSpec spec;
  spec.column.name = *name;
  if (*kind == "time") {
    spec.is_time = true;
    return spec;
  }
  if (*kind != "number") return Invalid(place + ".kind", "is neither \"time\" nor \"number\"");
  Result<int64_t> decimals = IntegerMember(object, place, "decimals", 0, kMaxDecimals);
  if (!decimals.ok()) return decimals.error();
  Result<int64_t> unit = IntegerMember(object, place, "unit", 0, kMaxDecimals);
  if (!unit.ok()) return unit.error();
  spec.column.decimals = *decimals;
  spec.unit = *unit;
  return spec;
}

Status ReadProfile(const json::object& object, const std::string& place, size_t bins,
                   Component* component) {
  Result<const json::array*> array = ArrayMember(object, place, "profile", bins, bins);
  if (!array.ok()) return array.error();
  Result<std::vector<double>> rates = Numbers(**array, place + ".profile", 1.0, 0, 1000000000);
  if (!rates.ok()) return rates.error();
  double total = 0.0;
  for (double rate : *rates) total += rate;
  if (!(total > 0.0)) return Invalid(place + ".profile", "is zero everywhere");
  component->profile = std::move(*rates);
  component->before.assign(bins + 1, 0.0);
  for (size_t b = 0; b < bins; ++b) {
    component->profile[b] /= total;
    component->before[b + 1] = component->before[b] + component->profile[b];
  }
  return {};
}

Status ReadQuantiles(const json::object& object, const std::string& place,
                     const std::vector<ColumnSpec>& specs, Component* component) {
  Result<const json::array*> knots = ArrayMember(object, place, "z", 2, kMaxKnots);
  if (!knots.ok()) return knots.error();
  Result<std::vector<double>> z = Numbers(**knots, place + ".z", static_cast<double>(kScoreUnit),
                                          -9 * kScoreUnit, 9 * kScoreUnit);
  if (!z.ok()) return z.error();
  for (size_t k = 1; k < z->size(); ++k) {
    if (!((*z)[k - 1] < (*z)[k])) return Invalid(At(place + ".z", k), "does not rise");
  }
  component->z = std::move(*z);

  Result<const json::array*> tables =
      ArrayMember(object, place, "quantiles", specs.size() - 1, specs.size() - 1);
  if (!tables.ok()) return tables.error();
  size_t d = 0;
  for (const ColumnSpec& spec : specs) {
    if (spec.is_time) continue;
    const std::string here = At(place + ".quantiles", d);
    const json::value& table = (**tables)[d++];
    if (!table.is_array()) return Invalid(here, "is not an array");
    if (table.get_array().size() != component->z.size()) {
      return Invalid(here, "has " + std::to_string(table.get_array().size()) +
                               " values instead of " + std::to_string(component->z.size()));
    }
    const double unit = kPowersOfTen[static_cast<size_t>(spec.unit)];
    const double scale = kPowersOfTen[static_cast<size_t>(spec.column.decimals)];
    const double limit = std::min(kMaxScaled, kMaxScaled / scale * unit);
    const auto bound = static_cast<int64_t>(limit);
    Result<std::vector<double>> values = Numbers(table.get_array(), here, unit, -bound, bound);
    if (!values.ok()) return values.error();
    for (size_t k = 1; k < values->size(); ++k) {
      if ((*values)[k] < (*values)[k - 1]) return Invalid(At(here, k), "falls");
    }
    component->quantile.push_back(std::move(*values));
  }
  return {};
}

Status ReadCholesky(const json::object& object, const std::string& place, size_t dims,
                    Component* component) {
  Result<const json::array*> matrix = ArrayMember(object, place, "cholesky", dims, dims);
  if (!matrix.ok()) return matrix.error();
  for (size_t d = 0; d < dims; ++d) {
    const std::string here = At(place + ".cholesky", d);
    const json::value& row = (**matrix)[d];
    if (!row.is_array()) return Invalid(here, "is not an array");
    if (row.get_array().size() != d + 1) {
      return Invalid(here, "has " + std::to_string(row.get_array().size()) + " values instead of " +
                               std::to_string(d + 1));
    }
    Result<std::vector<double>> entries = Numbers(
        row.get_array(), here, static_cast<double>(kCholeskyUnit), -kCholeskyUnit, kCholeskyUnit);
    if (!entries.ok()) return entries.error();
    double square = 0.0;
    for (double entry : *entries) square += entry * entry;
    if (std::fabs(square - 1.0) > 1e-3) {
      return Invalid(here, "is not of unit length (the factor is of a correlation matrix)");
    }
    component->cholesky.insert(component->cholesky.end(), entries->begin(), entries->end());
  }
  return {};
}

// Appends scaled / 10^decimals without trailing zeros.
void AppendFixed(int64_t scaled, int64_t decimals, std::string* out) {
  char buffer[24];
  char* end = buffer + sizeof buffer;
  char* at = end;
  uint64_t rest =
      scaled < 0 ? uint64_t{0} - static_cast<uint64_t>(scaled) : static_cast<uint64_t>(scaled);
  bool shown = false;  // A digit of the fraction that is not a trailing zero has been seen.
  for (int64_t i = 0; i < decimals; ++i) {
    const auto digit = static_cast<char>('0' + rest % 10);
    rest /= 10;
    shown = shown || digit != '0';
    if (shown) *--at = digit;
  }
  if (shown) *--at = '.';
  do {
    *--at = static_cast<char>('0' + rest % 10);
    rest /= 10;
  } while (rest != 0);
  if (scaled < 0) *--at = '-';
  out->append(at, static_cast<size_t>(end - at));
}

void AppendQuoted(std::string_view text, std::string* out) {
  out->push_back('"');
  for (char c : text) {
    if (c == '"') out->push_back('"');
    out->push_back(c);
  }
  out->push_back('"');
}

// Uniform over the open interval (0, 1).
double OpenUniform(Random& random) {
  return (static_cast<double>(random.Next() >> 12) + 0.5) * 0x1.0p-52;
}

// The table's value at z: linear between knots, constant outside them.
double Interpolate(const std::vector<double>& knots, const std::vector<double>& values, double z) {
  if (z <= knots.front()) return values.front();
  if (z >= knots.back()) return values.back();
  const auto k =
      static_cast<size_t>(std::upper_bound(knots.begin(), knots.end(), z) - knots.begin());
  const double fraction = (z - knots[k - 1]) / (knots[k] - knots[k - 1]);
  return values[k - 1] + (values[k] - values[k - 1]) * fraction;
}

}  // namespace

Generator::Generator() = default;
double Generator::positive_share() const {
  double share = 0.0;
  for (const Component& component : data_->components) share += component.label == 1 ? component.share : 0.0;
  return share;
}

std::string_view Generator::time_column() const {
  return data_->columns[data_->time_column].name;
}

Generator::~Generator() = default;
Generator::Generator(Generator&&) noexcept = default;
Generator& Generator::operator=(Generator&&) noexcept = default;

Result<Generator> Generator::FromJson(std::string_view text) {
  const std::string root = "generator";
  if (text.size() > kMaxGeneratorBytes) {
    return Error{.code = ErrorCode::kTooBig,
                 .message = "generator: " + std::to_string(text.size()) +
                            " bytes are more than the " + std::to_string(kMaxGeneratorBytes) +
                            " allowed"};
  }
  Result<json::value> document = ParseJson(text, ErrorCode::kGeneratorInvalid, root);
  if (!document.ok()) return document.error();
  if (!document->is_object()) return Invalid(root, "is not an object");
  const json::object& object = document->get_object();

  Result<std::string> format = TextMember(object, root, "format");
  if (!format.ok()) return format.error();
  if (*format != "firetower-generator") {
    return Invalid(root + ".format", "is not \"firetower-generator\"");
  }
  Result<int64_t> version = IntegerMember(object, root, "version", 1, 1);
  if (!version.ok()) return version.error();

  auto data = std::make_unique<Data>();
  Result<std::string> label_name = TextMember(object, root, "label");
  if (!label_name.ok()) return label_name.error();
  data->label_name = *label_name;
  Result<int64_t> time_bin = IntegerMember(object, root, "time_bin", 1, 1000000000);
  if (!time_bin.ok()) return time_bin.error();
  data->time_bin = static_cast<double>(*time_bin);
  Result<int64_t> bins =
      IntegerMember(object, root, "time_bins", 1, static_cast<int64_t>(kMaxTimeBins));
  if (!bins.ok()) return bins.error();
  data->bins = static_cast<size_t>(*bins);

  Result<const json::array*> columns = ArrayMember(object, root, "columns", 2, kMaxColumns);
  if (!columns.ok()) return columns.error();
  std::vector<ColumnSpec> specs;
  size_t times = 0;
  for (size_t c = 0; c < (*columns)->size(); ++c) {
    Result<ColumnSpec> spec = ReadColumn((**columns)[c], At("columns", c));
    if (!spec.ok()) return spec.error();
    if (spec->is_time) {
      data->time_column = c;
      ++times;
    }
    data->columns.push_back(spec->column);
    specs.push_back(std::move(*spec));
  }
  if (times != 1) return Invalid("columns", "need exactly one of kind \"time\"");

  Result<const json::array*> components =
      ArrayMember(object, root, "components", 2, kMaxComponents);
  if (!components.ok()) return components.error();
  double total = 0.0;
  std::array<double, 2> by_label = {0.0, 0.0};
  for (size_t k = 0; k < (*components)->size(); ++k) {
    const std::string place = At("components", k);
    if (!(**components)[k].is_object()) return Invalid(place, "is not an object");
    const json::object& member = (**components)[k].get_object();
    Component component;
    Result<int64_t> label = IntegerMember(member, place, "label", 0, 1);
    if (!label.ok()) return label.error();
    component.label = static_cast<int32_t>(*label);
    Result<int64_t> share = IntegerMember(member, place, "share", 1, 1000000000);
    if (!share.ok()) return share.error();
    component.share = static_cast<double>(*share);
    total += component.share;
    by_label[static_cast<size_t>(*label)] += component.share;
    for (const Status& status : {ReadProfile(member, place, data->bins, &component),
                                 ReadQuantiles(member, place, specs, &component),
                                 ReadCholesky(member, place, specs.size(), &component)}) {
      if (!status.ok()) return status.error();
    }
    data->components.push_back(std::move(component));
  }
  for (size_t label = 0; label < 2; ++label) {
    if (by_label[label] == 0.0) {
      return Invalid("components", "have none of label " + std::to_string(label));
    }
  }
  for (Component& component : data->components) component.share /= total;

  Generator generator;
  generator.data_ = std::move(data);
  return generator;
}

struct RowStream::State {
  const Generator::Data* data = nullptr;
  StreamOptions options;
  std::vector<double> shares;  // Per component, after the fraud rate.
  std::vector<double> before;  // before[b] = share of all rows in the time bins before b.
  uint64_t next = 0;
  bool header_written = false;
  std::vector<double> deviates;  // One row's, reused.

  double BinShare(size_t component, size_t bin) const {
    return shares[component] * data->components[component].profile[bin];
  }
  void AppendHeader(std::string* out) const;
  void AppendRow(uint64_t row, std::string* out);
};

RowStream::RowStream(const Generator& generator, const StreamOptions& options)
    : state_(std::make_unique<State>()) {
  state_->data = &generator.data();
  state_->options = options;
  const std::vector<Component>& components = state_->data->components;
  double positives = 0.0;
  for (const Component& component : components) {
    if (component.label == 1) positives += component.share;
  }
  const bool own_rate = !(options.fraud_rate >= 0.0);
  const double rate = own_rate ? positives : std::min(options.fraud_rate, 1.0);
  for (const Component& component : components) {
    state_->shares.push_back(component.label == 1
                                 ? component.share / positives * rate
                                 : component.share / (1.0 - positives) * (1.0 - rate));
  }
  state_->before.assign(1, 0.0);
  for (size_t b = 0; b < state_->data->bins; ++b) {
    double share = 0.0;
    for (size_t k = 0; k < components.size(); ++k) share += state_->BinShare(k, b);
    state_->before.push_back(state_->before.back() + share);
  }
  state_->deviates.resize(state_->data->dims());
}

RowStream::~RowStream() = default;
RowStream::RowStream(RowStream&&) noexcept = default;
RowStream& RowStream::operator=(RowStream&&) noexcept = default;

void RowStream::State::AppendHeader(std::string* out) const {
  for (const Column& column : data->columns) {
    AppendQuoted(column.name, out);
    out->push_back(',');
  }
  AppendQuoted(data->label_name, out);
  out->push_back('\n');
}

void RowStream::State::AppendRow(uint64_t row, std::string* out) {
  Random random(options.seed, row);

  // Where the row stands in all traffic, which bin of time that is, and how far into the bin.
  const double place = (static_cast<double>(row) + random.Uniform()) /
                       static_cast<double>(options.rows) * before.back();
  size_t bin =
      static_cast<size_t>(std::upper_bound(before.begin(), before.end(), place) - before.begin());
  bin = std::min(std::max<size_t>(bin, 1), data->bins) - 1;
  const double bin_share = before[bin + 1] - before[bin];
  const double into =
      bin_share > 0.0 ? std::min(std::max((place - before[bin]) / bin_share, 0.0), 1.0) : 0.0;
  const auto seconds =
      static_cast<int64_t>(std::min((static_cast<double>(bin) + into) * data->time_bin,
                                    static_cast<double>(data->bins) * data->time_bin - 1.0));

  // The component, by the shares within the bin.
  double pick = random.Uniform() * bin_share;
  size_t chosen = 0;
  for (size_t k = 0; k < shares.size(); ++k) {
    const double share = BinShare(k, bin);
    if (share <= 0.0) continue;
    chosen = k;
    if (pick < share) break;
    pick -= share;
  }
  const Component& component = data->components[chosen];

  const double rank = component.before[bin] + component.profile[bin] * into;
  deviates[0] = NormalQuantile(std::min(std::max(rank, 1e-6), 1.0 - 1e-6));
  for (size_t d = 1; d < deviates.size(); ++d) deviates[d] = NormalQuantile(OpenUniform(random));

  size_t d = 0;
  const double* factor = component.cholesky.data() + 1;
  for (size_t c = 0; c < data->columns.size(); ++c) {
    if (c == data->time_column) {
      AppendFixed(seconds, 0, out);
    } else {
      ++d;
      double z = 0.0;
      for (size_t i = 0; i <= d; ++i) z += factor[i] * deviates[i];
      factor += d + 1;
      const double value = Interpolate(component.z, component.quantile[d - 1], z);
      const int64_t decimals = data->columns[c].decimals;
      const double scaled = value * kPowersOfTen[static_cast<size_t>(decimals)];
      AppendFixed(static_cast<int64_t>(std::floor(scaled + 0.5)), decimals, out);
    }
    out->push_back(',');
  }
  out->append(component.label == 1 ? "\"1\"\n" : "\"0\"\n");
}

uint64_t RowStream::AppendCsv(uint64_t max_rows, std::string* out) {
  if (!state_->header_written) {
    state_->AppendHeader(out);
    state_->header_written = true;
  }
  const uint64_t rows = std::min(max_rows, state_->options.rows - state_->next);
  for (uint64_t i = 0; i < rows; ++i) state_->AppendRow(state_->next++, out);
  return rows;
}

}  // namespace firetower::synth
