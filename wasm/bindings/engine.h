// The one engine of a module instance and its input, which all files of the module see.
#ifndef FIRETOWER_BINDINGS_ENGINE_H_
#define FIRETOWER_BINDINGS_ENGINE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bindings/boundary.h"
#include "session/session.h"

namespace firetower::bindings {

struct Engine {
  session::Session session;
  InputBuffer input;
  std::string header;             // What the last exportHeader returned.
  std::vector<uint64_t> summary;  // What the last scoreSummary returned.
};

inline Engine& TheEngine() {
  static Engine engine;
  return engine;
}
inline session::Session& TheSession() { return TheEngine().session; }

inline std::span<const uint8_t> InputBytes(size_t n) { return TheEngine().input.Bytes(n); }
inline std::span<const double> InputNumbers(size_t n) { return TheEngine().input.Numbers(n); }
inline std::string_view InputText(size_t n) { return TheEngine().input.Text(n); }

}  // namespace firetower::bindings

#endif  // FIRETOWER_BINDINGS_ENGINE_H_
