# Third-party headers. The compilers are given one folder, build/.../deps/include, that holds only the
# libraries named here: all of /usr/include would break emcc's own sysroot.

set(FIRETOWER_DEPS_INCLUDE "${CMAKE_BINARY_DIR}/deps/include")
file(MAKE_DIRECTORY "${FIRETOWER_DEPS_INCLUDE}")

# Links the folder PROBE was found in (its first path component) into the deps folder.
# HINTS are include folders to look in. PACKAGE is what Debian calls it.
function(firetower_header_library NAME PROBE PACKAGE)
  set(found "")
  foreach(dir ${ARGN})
    if(EXISTS "${dir}/${PROBE}")
      set(found "${dir}")
      break()
    endif()
  endforeach()
  if(NOT found)
    message(FATAL_ERROR "${NAME} is missing: no ${PROBE} in ${ARGN}. On Debian: apt-get install ${PACKAGE}")
  endif()
  string(REGEX REPLACE "/.*" "" top "${PROBE}")
  if(NOT EXISTS "${FIRETOWER_DEPS_INCLUDE}/${top}")
    file(CREATE_LINK "${found}/${top}" "${FIRETOWER_DEPS_INCLUDE}/${top}" SYMBOLIC)
  endif()
endfunction()

set(prefixes /usr/include /usr/local/include /opt/homebrew/include ${CMAKE_PREFIX_PATH})
firetower_header_library("Eigen 3.4" Eigen/Core libeigen3-dev /usr/include/eigen3 /usr/local/include/eigen3
                         /opt/homebrew/include/eigen3)
firetower_header_library("fast_float" fast_float/fast_float.h libfast-float-dev ${prefixes})
firetower_header_library("{fmt} 9" fmt/format.h libfmt-dev ${prefixes})
# Boost.JSON came with Boost 1.75; build/deps/boost is where the set-up unpacks the headers of
# libboost1.81-dev when the installed Boost is older (see tools/setup/packages.py).
firetower_header_library("Boost.JSON (Boost >= 1.75)" boost/json/src.hpp libboost1.81-dev ${prefixes}
                         "${CMAKE_SOURCE_DIR}/build/deps/boost/usr/include")
# Boost.Math, of the same package: distributions of drift tests and detectors.
firetower_header_library("Boost.Math" boost/math/distributions/students_t.hpp libboost1.81-dev ${prefixes}
                         "${CMAKE_SOURCE_DIR}/build/deps/boost/usr/include")
