#include "core/train/parallel.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace firetower::train {

int32_t ThreadCount(int32_t wanted, int32_t tasks) {
#if defined(__wasm__) && !defined(__EMSCRIPTEN_PTHREADS__)
  (void)wanted;  // There are no threads to have.
  (void)tasks;
  return 1;
#else
  constexpr int32_t kMaxThreads = 256;
  const int32_t cores = static_cast<int32_t>(std::min(256u, std::thread::hardware_concurrency()));
  return std::max(1, std::min({wanted > 0 ? wanted : cores, tasks, kMaxThreads}));
#endif
}

bool ParallelFor(int32_t tasks, int32_t threads,
                 const std::function<void(int32_t task, int32_t worker)>& run,
                 const std::function<bool(int32_t done, int32_t total)>& progress) {
  std::atomic<int32_t> next{0};
  std::atomic<int32_t> done{0};
  std::atomic<bool> cancelled{false};
  const auto work = [&](int32_t worker) {
    for (;;) {
      if (cancelled.load(std::memory_order_relaxed)) return;
      const int32_t task = next.fetch_add(1, std::memory_order_relaxed);
      if (task >= tasks) return;
      run(task, worker);
      const int32_t so_far = done.fetch_add(1, std::memory_order_relaxed) + 1;
      if (worker == 0 && progress && so_far < tasks && !progress(so_far, tasks)) {
        cancelled.store(true, std::memory_order_relaxed);
      }
    }
  };
  std::vector<std::thread> others;
  for (int32_t worker = 1; worker < threads; ++worker) others.emplace_back(work, worker);
  work(0);
  for (std::thread& other : others) other.join();
  if (cancelled.load()) return false;
  return !progress || progress(tasks, tasks);
}

}  // namespace firetower::train
