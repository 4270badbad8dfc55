// Alert rules over the monitor's statistics. A rule compares one statistic with a threshold or a
// band; it must hold for a while (pending) before it fires; after it ended it stays quiet for its
// cool-down; it can be silenced and acknowledged. As the alerting rules of Prometheus (`for`,
// `keep_firing_for`, silences), for one page.
//
//   Result<AlertBook> book = AlertBook::FromJson(rules);
//   book->Evaluate(now_ms, [&](const std::string& name, Scope scope) { return value; });
//
// The clock is the caller's; one that goes backwards does not end or shorten a pending time (it is
// measured from the latest time seen). Thread-safety: one object per thread.
#ifndef FIRETOWER_CORE_MONITOR_ALERTS_H_
#define FIRETOWER_CORE_MONITOR_ALERTS_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace firetower::monitor {

inline constexpr size_t kMaxRules = 200;
inline constexpr size_t kMaxRulesBytes = size_t{1} << 20;
inline constexpr size_t kMaxEpisodes = 1000;  // Kept in the history; the oldest ended ones go first and are counted.

enum class Scope : int32_t { kWindow = 0, kOverall = 1 };
enum class Severity : int32_t { kInfo = 0, kWarning = 1, kAlert = 2 };
enum class AlertState : int32_t { kIdle = 0, kPending = 1, kFiring = 2, kCooling = 3 };

// Holds when value > above, or value < below; both set: outside the band [below, above] (below < above).
struct AlertRule {
  std::string id;         // Unique, [A-Za-z0-9_.-]{1,64}
  std::string name;       // For people, 1..200 characters.
  std::string statistic;  // "fraud_rate", "psi.V14", ...: see StatisticNames() and models/ALERTS.md.
  Scope scope = Scope::kWindow;
  double above = std::numeric_limits<double>::quiet_NaN();
  double below = std::numeric_limits<double>::quiet_NaN();
  double for_seconds = 0;       // 0 .. 86,400
  double cooldown_seconds = 0;  // 0 .. 86,400
  uint64_t min_rows = 0;        // Rows the scope must have before the rule is looked at.
  Severity severity = Severity::kAlert;
  bool enabled = true;
};

// One stretch of firing. An episode that begins within the cool-down of the one before joins it: count rises.
struct Episode {
  uint64_t number = 0;     // From 1, over all rules.
  std::string rule;        // id
  std::string name;
  std::string statistic;
  Severity severity = Severity::kAlert;
  int64_t since_ms = 0;
  int64_t last_ms = 0;     // Last time it was seen to hold.
  int64_t ended_ms = -1;   // -1: still firing.
  uint64_t count = 1;      // Firings joined in this line.
  double first_value = 0;  // That fired it.
  double last_value = 0;
  double worst_value = 0;  // Farthest beyond the threshold.
  int64_t acknowledged_ms = -1;
  bool silenced = false;   // Fired while its rule was silenced: kept, not announced.
};

class AlertBook {
 public:
  AlertBook();  // No rules.

  // The predecessor's rules (fraud_rate > 0.01 alert, average_probability > 0.1 warning), drifted
  // columns and detector alarms.
  static std::string DefaultRulesJson();
  // {"version": 1, "rules": [{id, name, statistic, scope, above, below, for_seconds,
  // cooldown_seconds, min_rows, severity, enabled}]}, checked against the schema in
  // models/alert-rules.schema.json: kBadArgument names the place ("rules[2].above: ..."). Unknown
  // keys are refused by name. States of rules that did not change are kept.
  Status SetRules(std::string_view json);
  std::string RulesJson() const;  // As SetRules takes it; canonical.
  std::span<const AlertRule> rules() const;

  // NaN: unknown now; the rule stays as it is (pending time does not run on).
  using Lookup = std::function<double(const std::string& statistic, Scope scope)>;
  using Rows = std::function<uint64_t(Scope scope)>;
  // Returns the numbers of episodes that began (not those that were joined or silenced).
  std::vector<uint64_t> Evaluate(int64_t now_ms, const Lookup& value, const Rows& rows);

  // Episode by number; 0: all. False if there is none.
  bool Acknowledge(uint64_t number, int64_t now_ms);
  // Until a time; 0 ends the silence. False if there is no such rule.
  bool Silence(std::string_view rule, int64_t until_ms);

  // {"firing": n, "pending": n, "acknowledged": n, "rules": [{id, state, since_ms, value, silenced_until_ms}],
  //  "episodes": [newest first, every field of Episode], "forgotten": n}
  std::string StateJson(size_t max_episodes) const;
  std::span<const Episode> episodes() const;  // Oldest first.

 private:
  // The implementation adds what it needs.
};

}  // namespace firetower::monitor

#endif  // FIRETOWER_CORE_MONITOR_ALERTS_H_
