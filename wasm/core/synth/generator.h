// Demo traffic: rows that look like the real ones, drawn from aggregates only (class-conditional
// quantile tables, a Gaussian copula, a time-of-day profile). The same code runs natively and in
// the page and writes the same bytes: it computes with basic operations only (normal.h).
//
//   Result<Generator> generator = Generator::FromJson(text);
//   RowStream rows(*generator, {.rows = 1000, .seed = 1});
//   rows.AppendCsv(100, &text);     // header first, then rows in the Kaggle format
//
// The model. Rows belong to components, each with a label and a share; a component holds a time
// profile (relative rates per bin of the whole span), quantile tables and the Cholesky factor of a
// correlation matrix. Row i of n stands at the fraction (i + U) / n of all traffic, which gives its
// time; its component is drawn by the rates at that time; its normal scores z = L e begin with the
// score of its time within the component and go on with independent normal deviates; and column j
// is its quantile table, read at z[j] with linear interpolation, rounded to the column's decimals.
// Not for testing whether a model is good: the rows are no evidence about real ones. generator.json
// is made by core/synth_fit/ and described in README.md beside this file.
//
// Source: Gaussian copula as in Nelsen, "An Introduction to Copulas" (2006), section 2.9, and the
// NORTA procedure of Cario and Nelson (1997). Thread-safety: a Generator is read-only; one
// RowStream per thread.
#ifndef FIRETOWER_CORE_SYNTH_GENERATOR_H_
#define FIRETOWER_CORE_SYNTH_GENERATOR_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace firetower::synth {

// Limits of generator.json, checked before anything of the size is allocated.
inline constexpr size_t kMaxGeneratorBytes = size_t{16} << 20;
inline constexpr size_t kMaxColumns = 512;
inline constexpr size_t kMaxComponents = 64;
inline constexpr size_t kMaxKnots = 65536;
inline constexpr size_t kMaxTimeBins = 65536;

class Generator {
 public:
  // Errors: kGeneratorInvalid with the place in the document ("components[1].z[3]: does not rise"),
  // kTooBig.
  static Result<Generator> FromJson(std::string_view text);
  ~Generator();
  Generator(Generator&&) noexcept;
  Generator& operator=(Generator&&) noexcept;

  double positive_share() const;  // Of its rows, unless a stream asks for another.
  std::string_view time_column() const;  // Name of the column that never falls.

  struct Data;
  const Data& data() const { return *data_; }

 private:
  Generator();
  std::unique_ptr<const Data> data_;
};

struct StreamOptions {
  uint64_t rows = 0;  // Total; Time rises over the whole stream to the profile's duration.
  uint64_t seed = 0;
  double fraud_rate = -1;  // Share of positives, 0 .. 1; negative: the generator's own.
};

class RowStream {
 public:
  // REQUIRES: the generator (which may be moved meanwhile) outlives the stream.
  RowStream(const Generator& generator, const StreamOptions& options);
  ~RowStream();
  RowStream(RowStream&&) noexcept;
  RowStream& operator=(RowStream&&) noexcept;

  // Appends up to max_rows further rows (the header line before the first) and returns how many.
  // The text of row i depends only on generator, options and i, not on how the rows are fetched.
  // Lines end with LF; names and labels are quoted, numbers are not; trailing zeros are left out.
  // The time never falls.
  uint64_t AppendCsv(uint64_t max_rows, std::string* out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace firetower::synth

#endif  // FIRETOWER_CORE_SYNTH_GENERATOR_H_
