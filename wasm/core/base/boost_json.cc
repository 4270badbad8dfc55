// The implementation of Boost.JSON's values. With the compiler's default exceptions: it does not
// compile without.
#include <boost/json/src.hpp>
