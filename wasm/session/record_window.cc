#include "session/record_window.h"

#include <algorithm>

namespace firetower::session {
namespace {

std::string_view AsText(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

void RecordWindow::Feed(std::span<const uint8_t> bytes) { fed_ = bytes; }

std::string_view RecordWindow::Bytes(uint64_t begin, uint64_t end) {
  const uint64_t middle = begin_ + tail_.size();
  begin = std::max(begin, begin_);
  end = std::min(end, middle + fed_.size());
  if (begin >= end) return {};
  const std::string_view fed = AsText(fed_);
  if (begin >= middle) {
    return fed.substr(static_cast<size_t>(begin - middle), static_cast<size_t>(end - begin));
  }
  const std::string_view tail = std::string_view(tail_).substr(static_cast<size_t>(begin - begin_));
  if (end <= middle) return tail.substr(0, static_cast<size_t>(end - begin));
  joined_.assign(tail);
  joined_ += fed.substr(0, static_cast<size_t>(end - middle));
  return joined_;
}

std::string_view RecordWindow::Record(uint64_t begin, uint64_t end) {
  std::string_view record = Bytes(begin, end);
  while (!record.empty() && (record.back() == '\n' || record.back() == '\r'))
    record.remove_suffix(1);
  return record;
}

void RecordWindow::Keep(uint64_t offset) {
  const uint64_t middle = begin_ + tail_.size();
  if (offset >= middle) {
    const size_t skip = static_cast<size_t>(std::min<uint64_t>(offset - middle, fed_.size()));
    tail_.assign(AsText(fed_.subspan(skip)));
    begin_ = middle + skip;
  } else {
    const size_t skip = offset > begin_ ? static_cast<size_t>(offset - begin_) : 0;
    tail_.erase(0, skip);
    begin_ += skip;
    tail_ += AsText(fed_);
  }
  fed_ = {};
}

void RecordWindow::DropTail() {
  begin_ += tail_.size();
  tail_.clear();
  tail_.shrink_to_fit();
}

}  // namespace firetower::session
