// Statistics of counts, for drift_counts_test.py: one JSON document in, one out. Numbers have 17
// digits; what is not finite is null (infinite: 1e999 with its sign).
#include <cmath>
#include <cstdio>
#include <functional>
#include <iostream>
#include <iterator>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/drift/categorical.h"
#include "core/drift/distances.h"
#include "core/drift/from_counts.h"
#include "core/drift/verdict.h"

namespace {

using firetower::json::array;
using firetower::json::value;
namespace drift = firetower::drift;

std::vector<double> Numbers(const value& list) {
  std::vector<double> numbers;
  for (const value& each : list.as_array()) {
    numbers.push_back(each.is_null() ? std::numeric_limits<double>::quiet_NaN()
                                     : each.to_number<double>());
  }
  return numbers;
}

std::string Text(double number) {
  if (std::isnan(number)) return "null";
  if (std::isinf(number)) return number > 0 ? "1e999" : "-1e999";
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", number);
  return text;
}

std::string Joined(char open, const std::vector<std::string>& parts, char close) {
  std::string text(1, open);
  for (const std::string& part : parts) {
    if (text.size() > 1) text += ',';
    text += part;
  }
  return text + close;
}

std::string List(const std::vector<double>& numbers) {
  std::vector<std::string> parts;
  for (const double number : numbers) parts.push_back(Text(number));
  return Joined('[', parts, ']');
}

std::string Fields(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::vector<std::string> parts;
  for (const auto& [name, field] : fields) {
    std::string part(1, '"');
    part.append(name).append("\":").append(field);
    parts.push_back(part);
  }
  return Joined('{', parts, '}');
}

std::string Each(const value& cases, const std::function<std::string(const array&)>& answer) {
  std::vector<std::string> parts;
  for (const value& each : cases.as_array()) parts.push_back(answer(each.as_array()));
  return Joined('[', parts, ']');
}

std::string List(const drift::Effect& effect) {
  return List(std::vector{effect.value, effect.low, effect.high});
}

std::string Counts(const array& sides) {
  const std::vector<double> reference = Numbers(sides[0]);
  const std::vector<double> current = Numbers(sides[1]);
  const auto test = [](const drift::ContingencyResult& result) {
    return List(
        std::vector{result.statistic, result.p_value, result.degrees, result.smallest_expected});
  };
  std::vector<std::pair<std::string, std::string>> fields;
  using drift::ZeroRule;
  const std::pair<std::string, ZeroRule> rules[] = {
      {"add_half", ZeroRule::kAddHalf}, {"floor", ZeroRule::kFloor}, {"none", ZeroRule::kNone}};
  for (const auto& [name, rule] : rules) {
    fields.emplace_back("psi_" + name, Text(drift::Psi(reference, current, rule)));
    fields.emplace_back("kl_" + name, Text(drift::KullbackLeibler(current, reference, rule)));
  }
  fields.emplace_back("js_e", Text(drift::JensenShannon(reference, current, std::exp(1.0))));
  fields.emplace_back("js_2", Text(drift::JensenShannon(reference, current, 2.0)));
  fields.emplace_back("hellinger", Text(drift::Hellinger(reference, current)));
  fields.emplace_back("tv", Text(drift::TotalVariation(reference, current)));
  fields.emplace_back("linf", Text(drift::LInfinity(reference, current)));
  fields.emplace_back("chi_square", test(drift::ChiSquareContingency(reference, current)));
  fields.emplace_back("chi_square_plain",
                      test(drift::ChiSquareContingency(reference, current, false)));
  fields.emplace_back("g", test(drift::GTest(reference, current)));
  fields.emplace_back("g_plain", test(drift::GTest(reference, current, false)));
  fields.emplace_back("cramers_v", Text(drift::CramersV(reference, current)));
  fields.emplace_back("effect_of_psi", List(drift::EffectOfPsi(reference, current)));
  fields.emplace_back("effect_of_cramers_v", List(drift::EffectOfCramersV(reference, current)));
  const drift::CountedKs ks = drift::KsFromCounts(reference, current);
  fields.emplace_back("ks", List(std::vector{ks.distance, ks.upper, ks.resolution, ks.p_value}));
  double n = 0;
  double m = 0;
  for (const double count : reference) n += count;
  for (const double count : current) m += count;
  const drift::PsiNull null = drift::PsiUnderNull(reference.size(), n, m);
  fields.emplace_back("psi_null", List(std::vector{null.expected, null.bound}));
  return Fields(fields);
}

std::string Table(const array& table) {
  const double a = table[0].to_number<double>();
  const double b = table[1].to_number<double>();
  const double c = table[2].to_number<double>();
  const double d = table[3].to_number<double>();
  const drift::TestResult fisher = drift::FisherExact(a, b, c, d);
  const drift::TestResult z = drift::ProportionsZ(a, a + b, c, c + d);
  return Fields({{"fisher", List(std::vector{fisher.statistic, fisher.p_value})},
                 {"z", List(std::vector{z.statistic, z.p_value})}});
}

std::string Sample(const array& sample) {
  const drift::Tally tally = drift::TallyOf(Numbers(sample[0]), Numbers(sample[1]));
  const size_t bins = static_cast<size_t>(sample[2].to_number<double>());
  std::vector<std::pair<std::string, std::string>> fields;
  const auto add = [&](const std::string& name, const std::vector<double>& edges) {
    const drift::BinCounts counts = drift::CountInto(tally, edges, true);
    fields.emplace_back(name, Fields({{"edges", List(edges)},
                                      {"reference", List(counts.reference)},
                                      {"current", List(counts.current)}}));
  };
  add("quantiles", drift::ReferenceQuantileEdges(tally, bins));
  add("equal", drift::EqualWidthEdges(tally, bins));
  add("sturges", drift::SturgesEdges(tally));
  add("doane", drift::DoaneEdges(tally));
  return Fields(fields);
}

std::string Corrected(const array& p_values) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (const char* name : {"none", "BH", "BY", "Holm", "Bonferroni"}) {
    fields.emplace_back(name, List(drift::Correct(Numbers(p_values), *drift::CorrectionOf(name))));
  }
  return Fields(fields);
}

}  // namespace

int main() {
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  const auto document =
      firetower::ParseJson(text, firetower::ErrorCode::kDataInvalid, "standard input");
  if (!document.ok()) {
    std::cerr << document.error().message << "\n";
    return 3;
  }
  std::cout << Fields({{"counts", Each(document->at("counts"), Counts)},
                       {"tables", Each(document->at("tables"), Table)},
                       {"samples", Each(document->at("samples"), Sample)},
                       {"p_values", Each(document->at("p_values"), Corrected)}})
            << "\n";
  return 0;
}
