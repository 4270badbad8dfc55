// The bytes of the records that one Feed completes: those just fed and, before them, what is kept
// of the unfinished record of earlier feeds. The reader itself keeps only numbers.
//
//   window.Feed(bytes);                     // then let the reader read them
//   window.Record(begin, end);              // file offsets, begin >= the offset given to the last
//   Keep window.Keep(reader.next_record_offset());
//
// Thread-safety: one object per thread.
#ifndef FIRETOWER_SESSION_RECORD_WINDOW_H_
#define FIRETOWER_SESSION_RECORD_WINDOW_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace firetower::session {

class RecordWindow {
 public:
  explicit RecordWindow(uint64_t offset = 0) : begin_(offset) {}

  // bytes follow those fed before; they must stay in place until Keep.
  void Feed(std::span<const uint8_t> bytes);

  // The bytes [begin, end) of the file; what was dropped is left out. Valid until the next call.
  std::string_view Bytes(uint64_t begin, uint64_t end);
  // The same without line ends after it.
  std::string_view Record(uint64_t begin, uint64_t end);

  // Drops what is before offset and copies the rest.
  void Keep(uint64_t offset);
  size_t kept_bytes() const { return tail_.size(); }
  // Drops what is kept: its bytes are empty from here on.
  void DropTail();

 private:
  uint64_t begin_ = 0;  // File offset of tail_.
  std::string tail_;    // Bytes before fed_.
  std::span<const uint8_t> fed_;
  std::string joined_;  // A record that lies in both.
};

}  // namespace firetower::session

#endif  // FIRETOWER_SESSION_RECORD_WINDOW_H_
