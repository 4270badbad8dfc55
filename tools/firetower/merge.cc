// firetower merge: summaries (models/SUMMARY.md) added up. The order and the grouping do not
// matter: the bytes are the same.
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "commands.h"
#include "core/monitor/summary.h"
#include "files.h"
#include "json_text.h"
#include "summary_report.h"

namespace firetower::tools {
namespace {

struct MergeOptions {
  std::vector<std::string> summaries;
  std::string out;
  bool json = false;
};

int RunMerge(const MergeOptions& options) {
  const int places = CheckPlaces({{"--out", options.out}, {"--json", options.json ? "-" : ""}});
  if (places != kExitOk) return places;
  std::optional<monitor::Summary> merged;
  for (const std::string& path : options.summaries) {
    const Result<std::vector<uint8_t>> bytes = ReadFile(path);
    if (!bytes.ok()) return ReportError(path, bytes.error());
    Result<monitor::Summary> summary = monitor::Summary::Read(
        std::string_view(reinterpret_cast<const char*>(bytes->data()), bytes->size()));
    if (!summary.ok()) return ReportError(path, summary.error());
    if (!merged) {
      merged = *std::move(summary);
      continue;
    }
    const Status status = merged->Merge(*summary);
    if (!status.ok()) return ReportError(path, status.error());
  }
  const Status written = WriteFile(options.out, merged->Write());
  if (!written.ok()) return ReportError(options.out, written.error());
  if (!options.json) {
    std::fputs(SummaryText(*merged).c_str(), stderr);
    return kExitOk;
  }
  const Status printed = WriteFile("-", PrettyJson(SummaryReport(*merged)));
  return printed.ok() ? kExitOk : ReportError("-", printed.error());
}

}  // namespace

void AddMerge(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand("merge", "Add up summaries of scored rows");
  auto options = std::make_shared<MergeOptions>();
  command
      ->add_option("summaries", options->summaries,
                   "Summaries of one model, as score --summary and the page write them; - for "
                   "standard input")
      ->required();
  command->add_option("--out", options->out, "Summary to write, - for standard output")->required();
  command->add_flag("--json", options->json, "What it says, as JSON on standard output");
  command->callback([options, exit_code] { *exit_code = RunMerge(*options); });
}

}  // namespace firetower::tools
