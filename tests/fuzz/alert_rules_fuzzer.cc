// Any bytes as alert rules and as a checkpoint: refused with a message, or read, written, read
// again as the same, run over values that depend on the bytes, and brought back from a checkpoint.
//
// Input: a text; after the first NUL byte, if there is one, a checkpoint.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/base/random.h"
#include "core/monitor/alerts.h"

namespace {

using firetower::monitor::AlertBook;
using firetower::monitor::Episode;
using firetower::monitor::Scope;

void Require(bool held) {
  if (!held) std::abort();
}

void RequireJson(const std::string& text) {
  Require(firetower::ParseJson(text, firetower::ErrorCode::kDataInvalid, "state").ok());
}

void Run(AlertBook& book, uint64_t seed) {
  firetower::Random random(seed);
  int64_t now = 1700000000000;
  for (int i = 0; i < 60; ++i) {
    now += static_cast<int64_t>(random.Below(30000)) - 3000;
    const double value = random.Below(6) == 0   ? std::nan("")
                         : random.Below(9) == 0 ? std::numeric_limits<double>::infinity()
                                                : std::ldexp(random.Uniform() - 0.3, 4);
    const size_t before = book.episodes().size();
    const auto began = book.Evaluate(
        now, [&](const std::string&, Scope) { return value; },
        [&](Scope) { return random.Next(); });
    Require(began.size() <= book.rules().size());
    Require(book.episodes().size() >= before || before > 900);
    if (random.Below(7) == 0) book.Acknowledge(random.Below(3), now);
    if (random.Below(7) == 0 && !book.rules().empty()) {
      Require(book.Silence(book.rules()[0].id, now + 10000));
    }
  }
  uint64_t number = 0;
  for (const Episode& episode : book.episodes()) {
    Require(episode.number > number && episode.count >= 1);
    number = episode.number;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t cut = input.find('\0');
  const std::string_view rules = input.substr(0, cut);

  AlertBook book;
  const firetower::Status status = book.SetRules(rules);
  if (!status.ok()) {
    Require(!status.error().message.empty() && book.rules().empty());
    Require(book.SetRules(AlertBook::DefaultRulesJson()).ok());
  }
  const std::string written = book.RulesJson();
  AlertBook again;
  Require(again.SetRules(written).ok() && again.RulesJson() == written);

  if (cut != input.npos) {
    const firetower::Status restored = again.Restore(input.substr(cut + 1));
    Require(restored.ok() || !restored.error().message.empty());
    RequireJson(again.StateJson(1000));
    Run(again, 1);
  }
  Run(book, size);
  RequireJson(book.StateJson(1000));
  const std::string checkpoint = book.CheckpointJson();
  AlertBook next;
  Require(next.SetRules(written).ok());
  Require(next.Restore(checkpoint).ok());
  Require(next.CheckpointJson() == checkpoint);
  return 0;
}
