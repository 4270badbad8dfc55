// @ts-check
// A store: one plain object, replaced key by key; listeners hear about the keys they named. No DOM.

/**
 * @template {object} S
 * @typedef {object} Store
 * @property {() => Readonly<S>} get
 * @property {(patch: Partial<S>) => void} set merges patch; keys whose value is the same (Object.is) do not count as changed
 * @property {(keys: (keyof S)[], listener: (state: Readonly<S>) => void) => () => void} watch
 *   calls listener at once and after every set() that changed one of keys; returns the way to stop
 */

/**
 * Listeners run in the order they were added, after the whole patch is in. A listener may call set():
 * the change is told after the current round. A throwing listener does not keep the others from hearing.
 * @template {object} S
 * @param {S} initial
 * @returns {Store<S>}
 */
export function createStore(initial) {
  let state = { ...initial };
  /** @type {Set<{keys: Set<keyof S>, listener: (state: Readonly<S>) => void}>} */
  const watchers = new Set();
  /** @type {Set<keyof S>[]} */
  const rounds = [];
  let telling = false;

  function tell() {
    if (telling) return;
    telling = true;
    /** @type {unknown[]} */
    const failures = [];
    for (let changed = rounds.shift(); changed; changed = rounds.shift()) {
      for (const watcher of [...watchers]) {
        if (!watchers.has(watcher)) continue;
        if (![...watcher.keys].some((key) => changed?.has(key))) continue;
        try {
          watcher.listener(state);
        } catch (failure) {
          failures.push(failure);
        }
      }
    }
    telling = false;
    if (failures.length > 0) throw failures[0];
  }

  return {
    get: () => state,
    set(patch) {
      const keys = /** @type {(keyof S)[]} */ (Object.keys(patch));
      const changed = new Set(keys.filter((key) => !Object.is(state[key], patch[key])));
      if (changed.size === 0) return;
      state = { ...state, ...patch };
      rounds.push(changed);
      tell();
    },
    watch(keys, listener) {
      const watcher = { keys: new Set(keys), listener };
      watchers.add(watcher);
      listener(state);
      return () => {
        watchers.delete(watcher);
      };
    },
  };
}
