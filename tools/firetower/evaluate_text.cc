#include "evaluate_text.h"

#define FMT_HEADER_ONLY
#include <fmt/format.h>

#include <array>
#include <cstdint>

namespace firetower::tools {
namespace {

constexpr std::array<std::pair<const char*, const char*>, 6> kFigures = {
    {{"auc", "AUC"},
     {"average_precision", "average precision"},
     {"precision", "precision"},
     {"recall", "recall"},
     {"specificity", "specificity"},
     {"f1", "F1"}}};

std::string Number(const json::value& value, int digits = 4) {
  if (!value.is_number()) return "-";
  return fmt::format("{:.{}f}", value.to_number<double>(), digits);
}

std::string Plain(const json::value& value) {
  if (!value.is_number()) return "-";
  return fmt::format("{:.6g}", value.to_number<double>());
}

std::string Interval(const json::value& value) {
  if (!value.at("value").is_number()) return "not defined";
  if (!value.at("low").is_number()) return Number(value.at("value")) + " (no interval)";
  return fmt::format("{} ({} .. {})", Number(value.at("value")), Number(value.at("low")),
                     Number(value.at("high")));
}

std::string Place(const json::object& window) {
  const std::string rows =
      fmt::format("{}..{}", Plain(window.at("first")), Plain(window.at("last")));
  return fmt::format("{:<18}", rows);
}

std::string CostText(const json::value& cost) {
  const auto point = [](const json::value& at) {
    const std::string where = at.at("threshold").is_number() ? "from " + Plain(at.at("threshold"))
                                                             : std::string("flagging nothing");
    return fmt::format("{} {}, {} flagged", Plain(at.at("cost")), where, Plain(at.at("flagged")));
  };
  return fmt::format(
      "cost               {}\n  least            {}\n  nothing flagged  {}\n  all flagged      "
      "{}\n",
      point(cost.at("at_threshold")), point(cost.at("best")), Plain(cost.at("nothing")),
      Plain(cost.at("everything")));
}

std::string BudgetText(const json::value& budget, const char* title) {
  std::string text = fmt::format(
      "{:<19}{} alerts find {}: precision {}, recall {}, lift {}\n", title,
      Plain(budget.at("alerts")), Plain(budget.at("true_positive")),
      Interval(budget.at("precision")), Interval(budget.at("recall")), Plain(budget.at("lift")));
  if (budget.at("value").is_number()) {
    text += fmt::format("  value            {} of {} (share {})\n", Plain(budget.at("value")),
                        Plain(budget.at("value_total")), Number(budget.at("value_share")));
  }
  return text;
}

std::string PerformanceText(const json::object& d) {
  std::string text;
  if (d.at("matured") != d.at("rows")) {
    text += fmt::format("matured            {} of {} rows, share {}; all figures are theirs\n",
                        Plain(d.at("matured")), Plain(d.at("rows")), Number(d.at("share_matured")));
    for (const auto& [key, title] : kFigures) {
      text += fmt::format("{:<19}{}\n", title, Interval(d.at(key)));
    }
  } else {
    text += fmt::format("average precision  {} (bootstrap)\n", Interval(d.at("average_precision")));
    text += fmt::format("F1                 {}\n", Interval(d.at("f1")));
  }
  const json::value& calibration = d.at("calibration");
  text += fmt::format("calibration error  {} expected, {} at most, over {} bins\n",
                      Plain(calibration.at("ece")), Plain(calibration.at("largest")),
                      calibration.at("bins").get_array().size());
  if (!d.at("cost").is_null()) text += CostText(d.at("cost"));
  if (!d.at("budget").is_null()) text += BudgetText(d.at("budget"), "budget");
  if (!d.at("budget_per_window").is_null()) {
    text += BudgetText(d.at("budget_per_window"), "budget per window");
  }
  const json::array& windows = d.at("windows").get_array();
  if (!windows.empty()) {
    text += fmt::format("\n{:<18}{:>9}{:>11}{:>9}{:>9}{:>11}{:>9}{:>9}{:>11}\n", "rows", "matured",
                        "positives", "AUC", "AP", "precision", "recall", "F1", "ECE");
  }
  for (const json::value& window : windows) {
    const json::object& w = window.get_object();
    text += fmt::format(
        "{}{:>9}{:>11}{:>9}{:>9}{:>11}{:>9}{:>9}{:>11}\n", Place(w), Plain(w.at("matured")),
        Plain(w.at("positives")), Number(w.at("auc").at("value")),
        Number(w.at("average_precision").at("value")), Number(w.at("precision").at("value")),
        Number(w.at("recall").at("value")), Number(w.at("f1").at("value")), Plain(w.at("ece")));
  }
  return text;
}

std::string ComparisonText(const json::object& d) {
  const json::array& auc = d.at("auc").get_array();
  return fmt::format(
      "AUC, both models   {} and {}, on {} rows\ndifference         {}, z {}, p {}\n",
      Interval(auc[0]), Interval(auc[1]), Plain(d.at("rows")), Interval(d.at("difference")),
      Plain(d.at("z")), Plain(d.at("p_value")));
}

std::string Text(const json::value& value) { return value.get_string().c_str(); }

std::string EstimateText(const json::object& d) {
  const json::value& calibration = d.at("calibration");
  std::string text =
      fmt::format("Without labels, to be expected of {} rows:\n", Plain(d.at("rows")));
  for (const auto& [key, title] : kFigures) {
    text += fmt::format("{:<19}{}\n", title, Interval(d.at(key)));
  }
  const json::value& confusion = d.at("confusion");
  text += fmt::format("confusion          TP {}, FP {}, FN {}, TN {}\n",
                      Plain(confusion.at("true_positive")), Plain(confusion.at("false_positive")),
                      Plain(confusion.at("false_negative")), Plain(confusion.at("true_negative")));
  text += fmt::format("calibrated by      {}, {} rows, error {}\n", Text(calibration.at("from")),
                      Plain(calibration.at("rows")), Plain(calibration.at("ece")));
  const json::array& windows = d.at("windows").get_array();
  if (!windows.empty()) {
    text += fmt::format("{:<18}{:>9}{:>11}{:>9}{:>9}{:>11}{:>9}{:>9}\n", "rows", "rows",
                        "positives", "AUC", "AP", "precision", "recall", "F1");
  }
  for (const json::value& window : windows) {
    const json::object& w = window.get_object();
    text += fmt::format("{}{:>9}{:>11}{:>9}{:>9}{:>11}{:>9}{:>9}\n", Place(w), Plain(w.at("rows")),
                        Number(w.at("positives"), 1), Number(w.at("auc").at("value")),
                        Number(w.at("average_precision").at("value")),
                        Number(w.at("precision").at("value")), Number(w.at("recall").at("value")),
                        Number(w.at("f1").at("value")));
  }
  return text + Text(d.at("assumption")) + "\n" + "Bands: " + Text(d.at("bands")) + "\n";
}

std::string BackTestText(const json::object& d) {
  std::string text = fmt::format("Back-test, calibrated by {}: estimated, realised, ! outside\n",
                                 Text(d.at("calibration").at("from")));
  text += fmt::format("{:<18}", "rows");
  for (const auto& [key, title] : kFigures) text += fmt::format("{:>20}", title);
  text += "\n";
  for (const json::value& window : d.at("windows").get_array()) {
    const json::object& w = window.get_object();
    text += Place(w);
    for (const auto& [key, title] : kFigures) {
      const json::value& inside = w.at("inside").at(key);
      text += fmt::format("{:>20}",
                          fmt::format("{} {}{}", Number(w.at("estimated").at(key).at("value")),
                                      Number(w.at("realised").at(key)),
                                      inside.is_bool() && !inside.get_bool() ? " !" : "  "));
    }
    text += "\n";
  }
  const auto line = [&](const char* title, const char* member, int digits) {
    text += fmt::format("{:<18}", title);
    for (const auto& [key, name] : kFigures) {
      text += fmt::format("{:>18}  ", Number(d.at(member).at(key), digits));
    }
    text += "\n";
  };
  line("mean error", "error", 4);
  line("bias", "bias", 4);
  line("inside the band", "coverage", 3);
  return text + Text(d.at("assumption")) + "\n";
}

}  // namespace

std::string DocumentText(std::string_view name, const json::object& document) {
  if (name == "performance") return "\n" + PerformanceText(document);
  if (name == "comparison") return "\n" + ComparisonText(document);
  if (name == "estimate") return "\n" + EstimateText(document);
  return "\n" + BackTestText(document);
}

}  // namespace firetower::tools
