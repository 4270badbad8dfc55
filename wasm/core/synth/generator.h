// Demo traffic: rows that look like the real ones, drawn from aggregates only (class-conditional quantile
// tables, a Gaussian copula, a time-of-day profile). The same code runs natively and in the page.
//
//   Result<Generator> generator = Generator::FromJson(text);
//   RowStream rows(*generator, {.rows = 1000, .seed = 1});
//   rows.AppendCsv(100, &text);     // header first, then rows in the Kaggle format
//
// Thread-safety: a Generator is read-only; one RowStream per thread.
#ifndef FIRETOWER_CORE_SYNTH_GENERATOR_H_
#define FIRETOWER_CORE_SYNTH_GENERATOR_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace firetower::synth {

class Generator {
 public:
  // Errors: kGeneratorInvalid with the place in the document.
  static Result<Generator> FromJson(std::string_view text);
  struct Data;
  const Data& data() const { return *data_; }

 private:
  std::unique_ptr<const Data> data_;
};

struct StreamOptions {
  uint64_t rows = 0;      // Total; Time rises over the whole stream to the profile's duration.
  uint64_t seed = 0;
  double fraud_rate = -1; // Share of positives, 0 .. 1; negative: the generator's own.
};

class RowStream {
 public:
  RowStream(const Generator& generator, const StreamOptions& options);
  ~RowStream();
  // Appends up to max_rows further rows (the header line before the first) and returns how many. The text of row i
  // depends only on generator, options and i, not on how the rows are fetched.
  uint64_t AppendCsv(uint64_t max_rows, std::string* out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace firetower::synth

#endif  // FIRETOWER_CORE_SYNTH_GENERATOR_H_
