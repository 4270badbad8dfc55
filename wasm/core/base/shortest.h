// A float64 as text with the fewest digits that read back to the same bits.
//
// Source: Jeon, "Dragonbox" (2020), as {fmt} has it; written as {fmt}'s "{}" does, without the rest
// of {fmt}, which is 45 KB of compressed WebAssembly. Thread-safety: pure function.
#ifndef FIRETOWER_CORE_BASE_SHORTEST_H_
#define FIRETOWER_CORE_BASE_SHORTEST_H_

#include <string>

namespace firetower {

// Appends "0.1", "-0", "1e-05", "1e+16", "123456789012345.6", "inf", "nan": an exponent, of at
// least two digits, where there would be more than 16 digits before the point or more than three
// zeros after it. At most 24 characters.
void AppendShortest(double value, std::string* out);

}  // namespace firetower

#endif  // FIRETOWER_CORE_BASE_SHORTEST_H_
