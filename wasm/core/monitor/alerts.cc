#include "core/monitor/alerts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/base/json.h"
#include "core/base/utf8.h"
#include "core/csv/writer.h"

namespace firetower::monitor {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kMostSeconds = 86400.0;
constexpr double kMostRows = 9007199254740991.0;  // 2^53 - 1
constexpr size_t kMostIdBytes = 64;
constexpr size_t kMostFeatureCharacters = 200;

constexpr std::array<std::string_view, 23> kStatistics = {
    "fraud_rate",     "average_probability", "high_risk_count",
    "high_risk_rate", "aside_rate",          "missing_rate",
    "rows",           "throughput",          "malformed",
    "latency_p50_us", "latency_p99_us",      "delay_p99_ms",
    "score_psi",      "drifted_columns",     "detector_alarms",
    "detector_sum",   "precision",           "recall",
    "level.MINIMAL",  "level.LOW",           "level.MEDIUM",
    "level.HIGH",     "level.CRITICAL"};
constexpr std::array<std::string_view, 2> kFeaturePrefixes = {"psi.", "missing."};

// By number.
constexpr std::array<std::string_view, 2> kScopes = {"window", "overall"};
constexpr std::array<std::string_view, 3> kSeverities = {"info", "warning", "alert"};
constexpr std::array<std::string_view, 4> kStates = {"idle", "pending", "firing", "cooling"};

constexpr std::string_view kDefaultRules =
    R"({"version":1,"rules":[)"
    R"({"id":"fraud-rate","name":"More than 1 % of the rows are flagged","statistic":"fraud_rate",)"
    R"("scope":"window","above":0.01,"for_seconds":0,"cooldown_seconds":60,"min_rows":500,)"
    R"("severity":"alert","enabled":true},)"
    R"({"id":"average-probability","name":"The average probability is above 0.1",)"
    R"("statistic":"average_probability","scope":"window","above":0.1,"for_seconds":0,)"
    R"("cooldown_seconds":60,"min_rows":500,"severity":"warning","enabled":true},)"
    R"({"id":"drifted-columns","name":"Columns have drifted from the reference",)"
    R"("statistic":"drifted_columns","scope":"window","above":0,"for_seconds":3,)"
    R"("cooldown_seconds":60,"min_rows":2000,"severity":"warning","enabled":true},)"
    R"({"id":"fraud-rate-rose","name":"The rate of flagged rows has risen",)"
    R"("statistic":"detector_alarms","scope":"window","above":0,"for_seconds":0,)"
    R"("cooldown_seconds":60,"min_rows":0,"severity":"alert","enabled":true}]})";

size_t Characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; }));
}

// --- writing

void AppendKey(std::string_view key, std::string* out) {
  if (out->back() != '{') *out += ',';
  *out += '"';
  *out += key;
  *out += "\":";
}
void AppendText(std::string_view key, std::string_view text, std::string* out) {
  AppendKey(key, out);
  AppendJsonText(text, out);
}
void AppendNumber(std::string_view key, double value, std::string* out) {
  AppendKey(key, out);
  if (value == value) {
    csv::AppendNumber(value, csv::Dialect(), out);
  } else {
    *out += "null";
  }
}
template <typename Integer>
void AppendInteger(std::string_view key, Integer value, std::string* out) {
  AppendKey(key, out);
  *out += std::to_string(value);
}
void AppendBool(std::string_view key, bool value, std::string* out) {
  AppendKey(key, out);
  *out += value ? "true" : "false";
}
void AppendComma(std::string* out) {
  if (out->back() != '[') *out += ',';
}

void AppendRule(const AlertRule& rule, std::string* out) {
  AppendComma(out);
  *out += '{';
  AppendText("id", rule.id, out);
  AppendText("name", rule.name, out);
  AppendText("statistic", rule.statistic, out);
  AppendText("scope", kScopes[static_cast<size_t>(rule.scope)], out);
  if (rule.above == rule.above) AppendNumber("above", rule.above, out);
  if (rule.below == rule.below) AppendNumber("below", rule.below, out);
  AppendNumber("for_seconds", rule.for_seconds, out);
  AppendNumber("cooldown_seconds", rule.cooldown_seconds, out);
  AppendInteger("min_rows", rule.min_rows, out);
  AppendText("severity", kSeverities[static_cast<size_t>(rule.severity)], out);
  AppendBool("enabled", rule.enabled, out);
  *out += '}';
}

void AppendEpisode(const Episode& episode, std::string* out) {
  AppendComma(out);
  *out += '{';
  AppendInteger("number", episode.number, out);
  AppendText("rule", episode.rule, out);
  AppendText("name", episode.name, out);
  AppendText("statistic", episode.statistic, out);
  AppendText("severity", kSeverities[static_cast<size_t>(episode.severity)], out);
  AppendInteger("since_ms", episode.since_ms, out);
  AppendInteger("last_ms", episode.last_ms, out);
  AppendInteger("ended_ms", episode.ended_ms, out);
  AppendInteger("count", episode.count, out);
  AppendNumber("first_value", episode.first_value, out);
  AppendNumber("last_value", episode.last_value, out);
  AppendNumber("worst_value", episode.worst_value, out);
  AppendInteger("acknowledged_ms", episode.acknowledged_ms, out);
  AppendBool("silenced", episode.silenced, out);
  *out += '}';
}

std::string_view ViewOf(const json::string& text) { return {text.data(), text.size()}; }

// --- reading: the members of one object, each asked for by name; the first mistake is kept.
class Members {
 public:
  Members(const json::value& value, std::string place, ErrorCode code)
      : place_(std::move(place)), code_(code) {
    if (value.is_object()) {
      object_ = &value.get_object();
    } else {
      Refuse("", "is not an object");
    }
  }

  bool ok() const { return status_.ok(); }
  const Status& status() const { return status_; }

  void Refuse(std::string_view key, const std::string& reason) {
    if (!status_.ok()) return;
    std::string at = place_;
    if (!key.empty()) at += (at.empty() ? "" : ".") + std::string(key);
    if (at.empty()) at = "rules document";
    status_ = Error{.code = code_, .message = at + ": " + reason};
  }

  // Null where it is not there; a member that must be there is refused then.
  const json::value* Get(std::string_view key, bool required = true) {
    seen_.push_back(key);
    if (!ok()) return nullptr;
    const json::value* value = object_->if_contains(key);
    if (value == nullptr && required) Refuse(key, "is not there");
    return value;
  }

  void Text(std::string_view key, std::string* out) {
    const json::value* value = Get(key);
    if (value == nullptr) return;
    if (!value->is_string()) return Refuse(key, "is not a text");
    *out = ViewOf(value->get_string());
  }

  void Number(std::string_view key, bool required, double low, double high, double* out) {
    const json::value* value = Get(key, required);
    if (value == nullptr) return;
    double number = kNaN;
    if (value->is_int64()) number = static_cast<double>(value->get_int64());
    if (value->is_uint64()) number = static_cast<double>(value->get_uint64());
    if (value->is_double()) number = value->get_double();
    if (!std::isfinite(number)) return Refuse(key, "is not a number");
    if (number < low || number > high) {
      std::string reason = "is not between ";
      csv::AppendNumber(low, csv::Dialect(), &reason);
      reason += " and ";
      csv::AppendNumber(high, csv::Dialect(), &reason);
      return Refuse(key, reason);
    }
    *out = number;
  }

  void Count(std::string_view key, bool required, uint64_t* out) {
    double number = static_cast<double>(*out);
    Number(key, required, 0.0, kMostRows, &number);
    if (number != std::floor(number)) return Refuse(key, "is not a whole number");
    if (ok()) *out = static_cast<uint64_t>(number);
  }

  // Any whole number of 64 bits.
  void Time(std::string_view key, int64_t* out) {
    const json::value* value = Get(key);
    if (value == nullptr) return;
    if (!value->is_int64()) return Refuse(key, "is not a whole number");
    *out = value->get_int64();
  }

  void Bool(std::string_view key, bool required, bool* out) {
    const json::value* value = Get(key, required);
    if (value == nullptr) return;
    if (!value->is_bool()) return Refuse(key, "is neither true nor false");
    *out = value->get_bool();
  }

  template <typename Enum, size_t kCount>
  void Name(std::string_view key, bool required, const std::array<std::string_view, kCount>& names,
            Enum* out) {
    const json::value* value = Get(key, required);
    if (value == nullptr) return;
    std::string list;
    for (size_t i = 0; i < kCount; ++i) {
      if (value->is_string() && ViewOf(value->get_string()) == names[i]) {
        *out = static_cast<Enum>(i);
        return;
      }
      if (i > 0) list += ", ";
      list += names[i];
    }
    Refuse(key, "is none of " + list);
  }

  const json::array* Array(std::string_view key, size_t most) {
    const json::value* value = Get(key);
    if (value == nullptr) return nullptr;
    if (!value->is_array()) {
      Refuse(key, "is not a list");
    } else if (value->get_array().size() > most) {
      Refuse(key, "has more than " + std::to_string(most) + " entries");
    } else {
      return &value->get_array();
    }
    return nullptr;
  }

  // Every member that was not asked for is refused by name.
  void RefuseOthers() {
    if (!ok()) return;
    for (const auto& member : *object_) {
      const std::string_view key(member.key().data(), member.key().size());
      if (std::find(seen_.begin(), seen_.end(), key) == seen_.end()) {
        return Refuse(key, "is not a known key");
      }
    }
  }

 private:
  std::string place_;
  ErrorCode code_;
  const json::object* object_ = nullptr;
  std::vector<std::string_view> seen_;
  Status status_;
};

bool IsId(std::string_view id) {
  return !id.empty() && id.size() <= kMostIdBytes && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  });
}

Result<AlertRule> ReadRule(const json::value& value, const std::string& place) {
  constexpr double kLargest = std::numeric_limits<double>::max();
  Members members(value, place, ErrorCode::kBadArgument);
  AlertRule rule;
  members.Text("id", &rule.id);
  if (members.ok() && !IsId(rule.id)) {
    members.Refuse("id", "is not 1 to 64 letters, digits, '_', '.' and '-'");
  }
  members.Text("name", &rule.name);
  const size_t characters = Characters(rule.name);
  if (members.ok() && (characters == 0 || characters > kMaxNameCharacters)) {
    members.Refuse("name", "is not 1 to 200 characters long");
  }
  members.Text("statistic", &rule.statistic);
  if (members.ok() && !IsStatistic(rule.statistic)) {
    members.Refuse("statistic", WriteJson(json::string(rule.statistic)) + " is not known");
  }
  members.Name("scope", false, kScopes, &rule.scope);
  members.Number("above", false, -kLargest, kLargest, &rule.above);
  members.Number("below", false, -kLargest, kLargest, &rule.below);
  members.Number("for_seconds", false, 0.0, kMostSeconds, &rule.for_seconds);
  members.Number("cooldown_seconds", false, 0.0, kMostSeconds, &rule.cooldown_seconds);
  members.Count("min_rows", false, &rule.min_rows);
  members.Name("severity", false, kSeverities, &rule.severity);
  members.Bool("enabled", false, &rule.enabled);
  members.RefuseOthers();
  if (rule.above != rule.above && rule.below != rule.below) {
    members.Refuse("", "has neither \"above\" nor \"below\"");
  }
  if (rule.below >= rule.above) members.Refuse("below", "is not less than \"above\"");
  if (!members.ok()) return members.status().error();
  return rule;
}

Result<std::vector<AlertRule>> ReadRules(std::string_view text) {
  if (text.size() > kMaxRulesBytes) {
    return Error{.code = ErrorCode::kTooBig,
                 .message = "rules: " + std::to_string(text.size()) + " bytes are more than the " +
                            std::to_string(kMaxRulesBytes) + " allowed"};
  }
  const Result<json::value> document = ParseJson(text, ErrorCode::kBadArgument, "rules");
  if (!document.ok()) return document.error();
  Members members(*document, "", ErrorCode::kBadArgument);
  double version = 0.0;
  members.Number("version", true, 1.0, 1.0, &version);
  const json::array* array = members.Array("rules", kMaxRules);
  members.RefuseOthers();
  if (!members.ok()) return members.status().error();
  std::vector<AlertRule> rules;
  for (size_t i = 0; i < array->size(); ++i) {
    const std::string place = "rules[" + std::to_string(i) + "]";
    Result<AlertRule> rule = ReadRule((*array)[i], place);
    if (!rule.ok()) return rule.error();
    for (size_t j = 0; j < i; ++j) {
      if (rules[j].id == rule->id) {
        return Error{.code = ErrorCode::kBadArgument,
                     .message = place + ".id: rules[" + std::to_string(j) + "] has it too"};
      }
    }
    rules.push_back(*std::move(rule));
  }
  return rules;
}

Result<Episode> ReadEpisode(const json::value& value, const std::string& place) {
  constexpr double kLargest = std::numeric_limits<double>::max();
  Members members(value, place, ErrorCode::kDataInvalid);
  Episode episode;
  members.Count("number", true, &episode.number);
  members.Text("rule", &episode.rule);
  members.Text("name", &episode.name);
  members.Text("statistic", &episode.statistic);
  members.Name("severity", true, kSeverities, &episode.severity);
  members.Time("since_ms", &episode.since_ms);
  members.Time("last_ms", &episode.last_ms);
  members.Time("ended_ms", &episode.ended_ms);
  members.Count("count", true, &episode.count);
  if (episode.count == 0) members.Refuse("count", "is 0");
  members.Number("first_value", true, -kLargest, kLargest, &episode.first_value);
  members.Number("last_value", true, -kLargest, kLargest, &episode.last_value);
  members.Number("worst_value", true, -kLargest, kLargest, &episode.worst_value);
  members.Time("acknowledged_ms", &episode.acknowledged_ms);
  members.Bool("silenced", true, &episode.silenced);
  if (!members.ok()) return members.status().error();
  return episode;
}

// How far the value is beyond what the rule allows; not above 0: the rule does not hold.
double Beyond(const AlertRule& rule, double value) {
  double beyond = -std::numeric_limits<double>::infinity();
  if (rule.above == rule.above) beyond = std::max(beyond, value - rule.above);
  if (rule.below == rule.below) beyond = std::max(beyond, rule.below - value);
  return beyond;
}

bool Holds(const AlertRule& rule, double value) { return value > rule.above || value < rule.below; }

bool SameNumber(double a, double b) { return a == b || (a != a && b != b); }

bool SameCondition(const AlertRule& a, const AlertRule& b) {
  return a.statistic == b.statistic && a.scope == b.scope && SameNumber(a.above, b.above) &&
         SameNumber(a.below, b.below) && a.for_seconds == b.for_seconds &&
         a.min_rows == b.min_rows && a.enabled == b.enabled;
}

double JoinSeconds(const AlertRule& rule) {
  return std::max(rule.cooldown_seconds, kLeastJoinSeconds);
}

}  // namespace

std::span<const std::string_view> StatisticNames() { return kStatistics; }

bool IsStatistic(std::string_view name) {
  if (std::find(kStatistics.begin(), kStatistics.end(), name) != kStatistics.end()) return true;
  for (const std::string_view prefix : kFeaturePrefixes) {
    if (!name.starts_with(prefix)) continue;
    const size_t characters = Characters(name.substr(prefix.size()));
    return characters > 0 && characters <= kMostFeatureCharacters;
  }
  return false;
}

std::string AlertBook::DefaultRulesJson() { return std::string(kDefaultRules); }

Status AlertBook::SetRules(std::string_view json_text) {
  Result<std::vector<AlertRule>> rules = ReadRules(json_text);
  if (!rules.ok()) return rules.error();
  std::vector<RuleState> states(rules->size());
  for (size_t old = 0; old < rules_.size(); ++old) {
    bool kept = false;
    for (size_t i = 0; i < rules->size(); ++i) {
      if ((*rules)[i].id != rules_[old].id) continue;
      kept = SameCondition((*rules)[i], rules_[old]);
      if (kept) states[i] = states_[old];
      states[i].silenced_until_ms = states_[old].silenced_until_ms;
    }
    if (!kept && states_[old].state == AlertState::kFiring) End(states_[old], last_now_ms_);
  }
  rules_ = *std::move(rules);
  states_ = std::move(states);
  return {};
}

std::string AlertBook::RulesJson() const {
  std::string out = "{\"version\":1,\"rules\":[";
  for (const AlertRule& rule : rules_) AppendRule(rule, &out);
  return out + "]}";
}

std::vector<uint64_t> AlertBook::Evaluate(int64_t now_ms, const Lookup& value, const Rows& rows) {
  const double passed_seconds =
      last_now_ms_ < 0
          ? 0.0
          : std::max(0.0, static_cast<double>(now_ms) - static_cast<double>(last_now_ms_)) / 1000.0;
  last_now_ms_ = now_ms;
  std::vector<uint64_t> began;
  for (size_t i = 0; i < rules_.size(); ++i) {
    const AlertRule& rule = rules_[i];
    if (!rule.enabled) continue;
    const bool enough = rule.min_rows == 0 || rows(rule.scope) >= rule.min_rows;
    const double now = enough ? value(rule.statistic, rule.scope) : kNaN;
    if (Step(rule, states_[i], now_ms, passed_seconds, now)) began.push_back(states_[i].episode);
  }
  return began;
}

// One evaluation of one rule. True: an episode began that is to be announced.
bool AlertBook::Step(const AlertRule& rule, RuleState& state, int64_t now_ms, double passed_seconds,
                     double value) {
  const auto enter = [&](AlertState next) {
    state.state = next;
    state.since_ms = now_ms;
  };
  const auto is_cooling = [&] {
    return state.ended_seconds >= 0.0 && state.ended_seconds < rule.cooldown_seconds;
  };
  if (state.since_ms < 0) state.since_ms = now_ms;
  if (state.ended_seconds >= 0.0) state.ended_seconds += passed_seconds;
  if (state.state == AlertState::kCooling && !is_cooling()) enter(AlertState::kIdle);
  if (state.ended_seconds >= JoinSeconds(rule)) state.ended_seconds = -1.0;
  const bool held_before = std::exchange(state.held, false);
  if (value != value) return false;
  constexpr double kLargest = std::numeric_limits<double>::max();
  state.value = std::min(std::max(value, -kLargest), kLargest);
  state.held = Holds(rule, state.value);

  if (!state.held) {
    if (state.state == AlertState::kPending) {
      enter(is_cooling() ? AlertState::kCooling : AlertState::kIdle);
    } else if (state.state == AlertState::kFiring) {
      End(state, now_ms);
      enter(is_cooling() ? AlertState::kCooling : AlertState::kIdle);
    }
    return false;
  }
  if (state.state == AlertState::kFiring) {
    if (Episode* episode = Find(state.episode)) {
      episode->last_ms = now_ms;
      episode->last_value = state.value;
      if (Beyond(rule, state.value) > Beyond(rule, episode->worst_value)) {
        episode->worst_value = state.value;
      }
    }
    return false;
  }
  if (state.state != AlertState::kPending) {
    enter(AlertState::kPending);
    state.pending_seconds = 0.0;
  } else if (held_before) {
    state.pending_seconds += passed_seconds;
  }
  if (state.pending_seconds < rule.for_seconds) return false;
  enter(AlertState::kFiring);
  return Fire(rule, state, now_ms, state.value);
}

// Joins the rule's last episode or begins one. True: it began and is to be announced.
bool AlertBook::Fire(const AlertRule& rule, RuleState& state, int64_t now_ms, double value) {
  const bool silenced = now_ms < state.silenced_until_ms;
  Episode* last = state.ended_seconds >= 0.0 ? Find(state.episode) : nullptr;
  state.ended_seconds = -1.0;
  // What was fired in silence does not swallow what comes after it.
  if (last != nullptr && (silenced || !last->silenced)) {
    ++last->count;
    last->ended_ms = -1;
    last->last_ms = now_ms;
    last->last_value = value;
    if (Beyond(rule, value) > Beyond(rule, last->worst_value)) last->worst_value = value;
    return false;
  }
  state.episode = next_number_++;
  episodes_.push_back({.number = state.episode,
                       .rule = rule.id,
                       .name = rule.name,
                       .statistic = rule.statistic,
                       .severity = rule.severity,
                       .since_ms = now_ms,
                       .last_ms = now_ms,
                       .first_value = value,
                       .last_value = value,
                       .worst_value = value,
                       .silenced = silenced});
  Forget();
  return !silenced;
}

void AlertBook::End(RuleState& state, int64_t ended_ms) {
  if (Episode* episode = Find(state.episode)) episode->ended_ms = std::max<int64_t>(0, ended_ms);
  state.ended_seconds = 0.0;
}

Episode* AlertBook::Find(uint64_t number) {
  const auto found = std::lower_bound(
      episodes_.begin(), episodes_.end(), number,
      [](const Episode& episode, uint64_t wanted) { return episode.number < wanted; });
  return found != episodes_.end() && found->number == number ? &*found : nullptr;
}

void AlertBook::Forget() {
  while (episodes_.size() > kMaxEpisodes) {
    const auto oldest = std::find_if(episodes_.begin(), episodes_.end(),
                                     [](const Episode& episode) { return episode.ended_ms >= 0; });
    if (oldest == episodes_.end()) return;
    episodes_.erase(oldest);
    ++forgotten_;
  }
}

bool AlertBook::Acknowledge(uint64_t number, int64_t now_ms) {
  bool found = false;
  for (Episode& episode : episodes_) {
    if (number != 0 && episode.number != number) continue;
    found = true;
    if (episode.acknowledged_ms < 0) episode.acknowledged_ms = now_ms;
  }
  return found;
}

bool AlertBook::Silence(std::string_view rule, int64_t until_ms) {
  for (size_t i = 0; i < rules_.size(); ++i) {
    if (rules_[i].id != rule) continue;
    states_[i].silenced_until_ms = until_ms;
    return true;
  }
  return false;
}

std::string AlertBook::StateJson(size_t max_episodes) const {
  size_t firing = 0;
  size_t pending = 0;
  for (const RuleState& state : states_) {
    firing += state.state == AlertState::kFiring ? 1 : 0;
    pending += state.state == AlertState::kPending ? 1 : 0;
  }
  const auto acknowledged = std::count_if(
      episodes_.begin(), episodes_.end(),
      [](const Episode& episode) { return episode.ended_ms < 0 && episode.acknowledged_ms >= 0; });
  std::string out = "{";
  AppendInteger("firing", firing, &out);
  AppendInteger("pending", pending, &out);
  AppendInteger("acknowledged", acknowledged, &out);
  AppendKey("rules", &out);
  out += '[';
  for (size_t i = 0; i < rules_.size(); ++i) {
    AppendComma(&out);
    out += '{';
    AppendText("id", rules_[i].id, &out);
    AppendText("state", kStates[static_cast<size_t>(states_[i].state)], &out);
    AppendInteger("since_ms", states_[i].since_ms, &out);
    AppendNumber("value", states_[i].value, &out);
    AppendInteger("silenced_until_ms", states_[i].silenced_until_ms, &out);
    out += '}';
  }
  out += ']';
  AppendKey("episodes", &out);
  out += '[';
  std::vector<const Episode*> shown;
  for (const Episode& episode : episodes_) shown.push_back(&episode);
  std::reverse(shown.begin(), shown.end());
  if (shown.size() > max_episodes) {
    const auto rank = [](const Episode* episode) {
      return episode->ended_ms < 0 ? 1 + static_cast<int>(episode->severity) : 0;
    };
    std::sort(shown.begin(), shown.end(), [&](const Episode* a, const Episode* b) {
      return rank(a) != rank(b) ? rank(a) > rank(b) : a->number > b->number;
    });
    shown.resize(max_episodes);
    std::sort(shown.begin(), shown.end(),
              [](const Episode* a, const Episode* b) { return a->number > b->number; });
  }
  for (const Episode* episode : shown) AppendEpisode(*episode, &out);
  out += ']';
  AppendInteger("forgotten", forgotten_, &out);
  return out + "}";
}

std::string AlertBook::CheckpointJson() const {
  std::string out = "{";
  AppendInteger("version", 1, &out);
  AppendInteger("last_now_ms", last_now_ms_, &out);
  AppendInteger("next_number", next_number_, &out);
  AppendInteger("forgotten", forgotten_, &out);
  AppendKey("rules", &out);
  out += '[';
  for (size_t i = 0; i < rules_.size(); ++i) {
    const RuleState& state = states_[i];
    AppendComma(&out);
    out += '{';
    AppendText("id", rules_[i].id, &out);
    AppendText("state", kStates[static_cast<size_t>(state.state)], &out);
    AppendInteger("since_ms", state.since_ms, &out);
    AppendNumber("pending_seconds", state.pending_seconds, &out);
    AppendNumber("ended_seconds", state.ended_seconds, &out);
    AppendInteger("silenced_until_ms", state.silenced_until_ms, &out);
    AppendInteger("episode", state.episode, &out);
    out += '}';
  }
  out += ']';
  AppendKey("episodes", &out);
  out += '[';
  for (const Episode& episode : episodes_) AppendEpisode(episode, &out);
  out += ']';
  return out + "}";
}

Status AlertBook::Restore(std::string_view checkpoint) {
  if (checkpoint.size() > kMaxCheckpointBytes) {
    return Error{.code = ErrorCode::kTooBig,
                 .message = "alerts: " + std::to_string(checkpoint.size()) +
                            " bytes are more than the " + std::to_string(kMaxCheckpointBytes) +
                            " allowed"};
  }
  constexpr ErrorCode kCode = ErrorCode::kDataInvalid;
  const Result<json::value> document = ParseJson(checkpoint, kCode, "alerts");
  if (!document.ok()) return document.error();
  Members members(*document, "alerts", kCode);
  double version = 0.0;
  members.Number("version", true, 1.0, 1.0, &version);
  AlertBook book;
  book.rules_ = rules_;
  book.states_.resize(rules_.size());
  members.Time("last_now_ms", &book.last_now_ms_);
  members.Count("next_number", true, &book.next_number_);
  members.Count("forgotten", true, &book.forgotten_);
  const json::array* states = members.Array("rules", kMaxRules);
  const json::array* episodes = members.Array("episodes", kMaxEpisodes);
  if (!members.ok()) return members.status();

  for (size_t i = 0; i < episodes->size(); ++i) {
    const std::string place = "alerts.episodes[" + std::to_string(i) + "]";
    Result<Episode> episode = ReadEpisode((*episodes)[i], place);
    if (!episode.ok()) return episode.error();
    const uint64_t before = i == 0 ? 0 : book.episodes_.back().number;
    if (episode->number <= before || episode->number >= book.next_number_) {
      return Error{.code = kCode, .message = place + ".number: is out of order"};
    }
    book.episodes_.push_back(*std::move(episode));
  }
  for (size_t i = 0; i < states->size(); ++i) {
    Members entry((*states)[i], "alerts.rules[" + std::to_string(i) + "]", kCode);
    RuleState state;
    std::string id;
    entry.Text("id", &id);
    entry.Name("state", true, kStates, &state.state);
    entry.Time("since_ms", &state.since_ms);
    entry.Number("pending_seconds", true, 0.0, kMostRows, &state.pending_seconds);
    entry.Number("ended_seconds", true, -1.0, kMostRows, &state.ended_seconds);
    entry.Time("silenced_until_ms", &state.silenced_until_ms);
    entry.Count("episode", true, &state.episode);
    if (!entry.ok()) return entry.status();
    const Episode* episode = book.Find(state.episode);
    const bool open = episode != nullptr && episode->rule == id && episode->ended_ms < 0;
    if ((state.state == AlertState::kFiring) != open) {
      return Error{
          .code = kCode,
          .message = "alerts.rules[" + std::to_string(i) + "].state: contradicts its episode"};
    }
    for (size_t r = 0; r < rules_.size(); ++r) {
      if (rules_[r].id == id) book.states_[r] = state;
    }
  }
  for (Episode& episode : book.episodes_) {
    const bool fires =
        std::any_of(book.states_.begin(), book.states_.end(), [&](const RuleState& state) {
          return state.state == AlertState::kFiring && state.episode == episode.number;
        });
    if (episode.ended_ms < 0 && !fires) episode.ended_ms = std::max<int64_t>(0, episode.last_ms);
  }
  *this = std::move(book);
  return {};
}

}  // namespace firetower::monitor
