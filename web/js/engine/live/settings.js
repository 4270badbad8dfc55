// @ts-check
// Settings of a monitor: how new ones are laid over those in force (as session::Live::Configure does).

/** @typedef {import('./types.js').MonitorSettings} MonitorSettings */

/** Keys whose own keys are laid over one by one. */
const PARTS = /** @type {const} */ (['window', 'drift', 'detector']);

/**
 * @param {MonitorSettings} before
 * @param {MonitorSettings} change
 * @returns {MonitorSettings}
 */
export function mergeSettings(before, change) {
  /** @type {Record<string, any>} */
  const merged = { ...before, ...change };
  for (const part of PARTS) {
    if (before[part] !== undefined || change[part] !== undefined) merged[part] = { ...before[part], ...change[part] };
  }
  return merged;
}
