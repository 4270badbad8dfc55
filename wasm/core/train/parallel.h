// Runs independent tasks on a few threads. Who runs which task is left to chance, so a task must
// depend on its number alone and write only what is its own.
#ifndef FIRETOWER_CORE_TRAIN_PARALLEL_H_
#define FIRETOWER_CORE_TRAIN_PARALLEL_H_

#include <cstdint>
#include <functional>

namespace firetower::train {

// Threads that a request for `wanted` (0: as many as cores) stands for, with `tasks` to do. At
// least 1.
int32_t ThreadCount(int32_t wanted, int32_t tasks);

// Calls run(task, worker) once for every task in 0 .. tasks-1, worker in 0 .. threads-1; the
// calling thread is worker 0 and calls progress (may be empty) with the number of tasks done after
// each of its own tasks and at the end. When progress returns false no further task is begun and
// the result is false. REQUIRES: threads is at least 1 and at most what ThreadCount gives.
bool ParallelFor(int32_t tasks, int32_t threads,
                 const std::function<void(int32_t task, int32_t worker)>& run,
                 const std::function<bool(int32_t done, int32_t total)>& progress);

}  // namespace firetower::train

#endif  // FIRETOWER_CORE_TRAIN_PARALLEL_H_
