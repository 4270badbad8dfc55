// Alert rules over the monitor's statistics. A rule compares one statistic with a threshold or a
// band; it must hold for a while (pending) before it fires; after it ended it stays quiet for its
// cool-down; it can be silenced and acknowledged. As the alerting rules of Prometheus (`for`,
// `keep_firing_for`, silences), for one page.
//
//   AlertBook book;
//   Status status = book.SetRules(AlertBook::DefaultRulesJson());
//   book.Evaluate(now_ms, [&](const std::string& name, Scope scope) { return value; },
//                 [&](Scope scope) { return rows; });
//
// A rule goes idle -> pending -> firing -> cooling -> idle. What it is pending or cooling for is
// measured by how far the caller's clock has moved forward between evaluations: a clock that goes
// backwards neither ends, shortens nor lengthens it. Thread-safety: one object per thread.
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
inline constexpr size_t kMaxEpisodes =
    1000;  // In the history; the oldest ended ones go first, counted.
inline constexpr size_t kMaxCheckpointBytes = size_t{16} << 20;
inline constexpr size_t kMaxNameCharacters = 200;
// Firings of a rule that come sooner than this after its last one ended join it, cool-down or not.
inline constexpr double kLeastJoinSeconds = 10;

enum class Scope : int32_t { kWindow = 0, kOverall = 1 };               // do not renumber
enum class Severity : int32_t { kInfo = 0, kWarning = 1, kAlert = 2 };  // do not renumber
enum class AlertState : int32_t { kIdle = 0, kPending = 1, kFiring = 2, kCooling = 3 };

// "fraud_rate", ..., without those that name a feature ("psi.V14", "missing.V14"); models/ALERTS.md
// says what each is.
std::span<const std::string_view> StatisticNames();
// One of the above, or psi. or missing. with the name of a feature (1 .. 200 bytes).
bool IsStatistic(std::string_view name);

// Holds when value > above, or value < below; both set: outside the band [below, above] (below <
// above).
struct AlertRule {
  std::string id;    // Unique, [A-Za-z0-9_.-]{1,64}
  std::string name;  // For people, 1..200 characters.
  std::string
      statistic;  // "fraud_rate", "psi.V14", ...: see StatisticNames() and models/ALERTS.md.
  Scope scope = Scope::kWindow;
  double above = std::numeric_limits<double>::quiet_NaN();
  double below = std::numeric_limits<double>::quiet_NaN();
  double for_seconds = 0;       // 0 .. 86,400
  double cooldown_seconds = 0;  // 0 .. 86,400
  uint64_t min_rows = 0;        // Rows the scope must have before the rule is looked at.
  Severity severity = Severity::kAlert;
  bool enabled = true;
};

// One stretch of firing, one line. A firing that begins within the cool-down (at least
// kLeastJoinSeconds) of the rule's episode before joins it: count rises, nothing is announced.
// Times are the caller's clock.
struct Episode {
  uint64_t number = 0;  // From 1, over all rules.
  std::string rule;     // id
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
  bool silenced = false;  // Fired while its rule was silenced: kept, not announced.
};

class AlertBook {
 public:
  AlertBook() = default;  // No rules.

  // The predecessor's rules (fraud_rate > 0.01 alert, average_probability > 0.1 warning), drifted
  // columns and detector alarms.
  static std::string DefaultRulesJson();
  // {"version": 1, "rules": [{id, name, statistic, scope, above, below, for_seconds,
  // cooldown_seconds, min_rows, severity, enabled}]}, as models/alert-rules.schema.json has it: id,
  // name, statistic and one of above and below must be there, unknown keys are refused by name.
  // Nothing changes on an error. A rule whose condition (statistic, scope, above, below,
  // for_seconds, min_rows) did not change keeps its state; the firing episode of one that changed,
  // was disabled or is gone ends at the time last seen. Silences stay with the id. Errors:
  // kBadArgument names the place
  // ("rules[2].above: ..."), kTooBig.
  Status SetRules(std::string_view json);
  std::string RulesJson() const;  // As SetRules takes it; canonical.
  std::span<const AlertRule> rules() const { return rules_; }

  // NaN: unknown now; the rule stays as it is and its pending time does not run on. An infinite
  // value counts as the largest number. Rows: rows of a scope; fewer than the rule's min_rows are
  // as NaN.
  using Lookup = std::function<double(const std::string& statistic, Scope scope)>;
  using Rows = std::function<uint64_t(Scope scope)>;
  // Looks at every enabled rule. now_ms: wall clock, ms since 1970. Returns the numbers of episodes
  // that began (not those that were joined or silenced). O(rules).
  std::vector<uint64_t> Evaluate(int64_t now_ms, const Lookup& value, const Rows& rows);

  // Episode by number; 0: all. False if there is none.
  bool Acknowledge(uint64_t number, int64_t now_ms);
  // Until a time of the caller's clock; 0 ends the silence. False if there is no such rule.
  bool Silence(std::string_view rule, int64_t until_ms);

  // {"firing": n, "pending": n, "acknowledged": n, "rules": [{id, state, since_ms, value,
  //  silenced_until_ms}], "episodes": [newest first, every field of Episode], "forgotten": n}.
  // acknowledged: firing ones that were; since_ms: when the state began, -1: not yet looked at;
  // value: null if unknown; silenced_until_ms 0: not silenced. Of more than max_episodes episodes
  // those are told that fire, the severe before the mild, and then the newest.
  std::string StateJson(size_t max_episodes) const;
  std::span<const Episode> episodes() const { return episodes_; }  // Rising numbers: oldest first.

  // What a book made anew needs to go on where this one was: history, states and silences. Restore
  // is for a book without history; states of rules that it does not have are passed over. An
  // episode of such a rule ends where it was last seen. Nothing changes on an error: kDataInvalid
  // with the place, kTooBig.
  std::string CheckpointJson() const;
  Status Restore(std::string_view checkpoint);

 private:
  struct RuleState {
    AlertState state = AlertState::kIdle;
    int64_t since_ms = -1;
    double value = std::numeric_limits<double>::quiet_NaN();  // The last that was known.
    bool held = false;           // Looked at and holding at the last evaluation: pending time runs.
    double pending_seconds = 0;  // While kPending.
    double ended_seconds = -1;   // Since the last firing ended; -1: none to join.
    int64_t silenced_until_ms = 0;
    uint64_t episode = 0;  // The last one; 0: none.
  };

  bool Step(const AlertRule& rule, RuleState& state, int64_t now_ms, double passed_seconds,
            double value);
  bool Fire(const AlertRule& rule, RuleState& state, int64_t now_ms, double value);
  void End(RuleState& state, int64_t ended_ms);
  Episode* Find(uint64_t number);
  void Forget();

  std::vector<AlertRule> rules_;
  std::vector<RuleState> states_;  // As rules_.
  std::vector<Episode> episodes_;
  uint64_t forgotten_ = 0;
  uint64_t next_number_ = 1;
  int64_t last_now_ms_ = -1;  // -1: never evaluated.
};

}  // namespace firetower::monitor

#endif  // FIRETOWER_CORE_MONITOR_ALERTS_H_
