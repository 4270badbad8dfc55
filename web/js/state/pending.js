// @ts-check
// Work under way, counted: what is asked of the engine and not answered yet.

export function createPending() {
  let pending = 0;
  return {
    /**
     * Counts it until it is settled.
     * @template T
     * @param {Promise<T>} promise
     */
    async track(promise) {
      pending += 1;
      try {
        return await promise;
      } finally {
        pending -= 1;
      }
    },
    /** Nothing is under way. */
    settled: () => pending === 0,
  };
}
