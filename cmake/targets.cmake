# One interface target carries the flags; one helper makes a library, a test, a fuzz target.

find_package(Threads REQUIRED)

add_library(firetower_flags INTERFACE)
target_compile_features(firetower_flags INTERFACE cxx_std_20)
target_include_directories(firetower_flags INTERFACE "${CMAKE_SOURCE_DIR}/wasm")
target_include_directories(firetower_flags SYSTEM INTERFACE "${FIRETOWER_DEPS_INCLUDE}")
target_compile_definitions(firetower_flags INTERFACE FIRETOWER_VERSION="${PROJECT_VERSION}")
# -ffp-contract=off: the same sums on every machine, native and WebAssembly.
target_compile_options(firetower_flags INTERFACE
  -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Werror -ffp-contract=off)
if(EMSCRIPTEN)
  # SIMD is in every browser since 2023; emmalloc is smaller and the engine makes few, large allocations.
  target_compile_options(firetower_flags INTERFACE -msimd128)
endif()
if(FIRETOWER_SANITIZE)
  # Coverage of everything but the tests: the fuzz targets use the same libraries, and to compile them again would take
  # longer than the tests take by being counted.
  target_compile_options(firetower_flags INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -O1 -g1
    $<$<NOT:$<BOOL:$<TARGET_PROPERTY:FIRETOWER_IS_TEST>>>:-fsanitize=fuzzer-no-link>)
  target_link_options(firetower_flags INTERFACE -fsanitize=address,undefined)
endif()

# Core is built without exceptions: errors are values (core/base/result.h).
add_library(firetower_core_flags INTERFACE)
target_link_libraries(firetower_core_flags INTERFACE firetower_flags)
target_compile_options(firetower_core_flags INTERFACE -fno-exceptions)

# firetower_core_library(NAME SOURCES a.cc ... DEPENDS other ...) makes the static library of one core folder.
function(firetower_core_library NAME)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(${NAME} STATIC ${ARG_SOURCES})
  target_link_libraries(${NAME} PUBLIC firetower_flags ${ARG_DEPENDS} PRIVATE firetower_core_flags)
endfunction()

# firetower_small(a.cc ...): what runs once per file or a few times a second is compiled to be small where it is loaded
# over a network. Call it where the library is made.
function(firetower_small)
  if(EMSCRIPTEN)
    set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS -Oz)
  endif()
endfunction()

# What all tests are compiled with. Hardly optimised and the headers read once: compiling the tests takes
# longer than running them. (g++ 12 at -O1 warns of sound string sums.)
function(firetower_test_flags NAME)
  target_link_libraries(${NAME} PRIVATE firetower_flags firetower_gtest)
  target_compile_definitions(${NAME} PRIVATE FIRETOWER_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  set_target_properties(${NAME} PROPERTIES FIRETOWER_IS_TEST ON)
  target_compile_options(${NAME} PRIVATE $<IF:$<CXX_COMPILER_ID:GNU>,-O0,-O1>)
endfunction()

# firetower_test(NAME SOURCE x_test.cc DEPENDS libs... [LABELS unit|golden|slow]) makes and registers one
# GoogleTest binary. It runs natively, under the sanitizers and, through Node, as WebAssembly.
# FIRETOWER_SOURCE_DIR is defined for tests that read files of the source tree.
function(firetower_test NAME)
  cmake_parse_arguments(ARG "" "SOURCE" "DEPENDS;LABELS" ${ARGN})
  if(NOT TARGET firetower_test_headers)
    file(WRITE "${CMAKE_BINARY_DIR}/test_headers.cc" "")
    add_library(firetower_test_headers OBJECT "${CMAKE_BINARY_DIR}/test_headers.cc")
    firetower_test_flags(firetower_test_headers)
    target_precompile_headers(firetower_test_headers PRIVATE <gtest/gtest.h> <cmath> <string> <vector>)
  endif()
  add_executable(${NAME} ${ARG_SOURCE})
  firetower_test_flags(${NAME})
  target_link_libraries(${NAME} PRIVATE ${ARG_DEPENDS})
  target_precompile_headers(${NAME} REUSE_FROM firetower_test_headers)
  if(EMSCRIPTEN)
    # NODERAWFS: tests read the source tree's files through Node. -O1: the objects are optimised by the
    # compiler already, and a full wasm-opt pass over every test takes longer than all else together.
    target_link_options(${NAME} PRIVATE -O1 -sNODERAWFS=1 -sALLOW_MEMORY_GROWTH=1 -sMAXIMUM_MEMORY=2GB
                        -sTOTAL_STACK=1MB -sEXIT_RUNTIME=1)
  endif()
  add_test(NAME ${NAME} COMMAND ${NAME})
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  set_tests_properties(${NAME} PROPERTIES LABELS "${ARG_LABELS}")
endfunction()

# firetower_fuzzer(NAME SOURCE x_fuzzer.cc DEPENDS libs...) makes a libFuzzer binary (presets asan and fuzz).
# The target fuzzers builds all of them.
if(FIRETOWER_SANITIZE)
  add_custom_target(fuzzers)
endif()
function(firetower_fuzzer NAME)
  cmake_parse_arguments(ARG "" "SOURCE" "DEPENDS" ${ARGN})
  if(FIRETOWER_SANITIZE)
    add_dependencies(fuzzers ${NAME})
    add_executable(${NAME} EXCLUDE_FROM_ALL ${ARG_SOURCE})
    target_link_libraries(${NAME} PRIVATE firetower_flags ${ARG_DEPENDS})
    target_link_options(${NAME} PRIVATE -fsanitize=fuzzer)
  endif()
endfunction()
