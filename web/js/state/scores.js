// @ts-check
// What the summary says about scores: counts per risk level, rows flagged at a threshold, histogram. Pure functions
// over the float64 probabilities of a file; NaN (a row set aside) is left out. Nothing here asks the engine, so
// that moving the threshold costs one pass over the array.

/** @typedef {import('../engine/types.js').RiskLevelName} RiskLevelName */

/** @type {readonly RiskLevelName[]} */
export const LEVELS = ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL'];

/**
 * @param {number} probability
 * @param {ArrayLike<number>} cuts LOW, MEDIUM, HIGH, CRITICAL begin here
 * @returns {number} index into LEVELS; -1 for NaN
 */
export function levelOf(probability, cuts) {
  if (Number.isNaN(probability)) return -1;
  let level = 0;
  while (level < cuts.length && probability >= cuts[level]) level += 1;
  return level;
}

/**
 * @param {Float64Array} probabilities
 * @param {ArrayLike<number>} cuts
 * @returns {number[]} rows per level, in the order of LEVELS
 */
export function countLevels(probabilities, cuts) {
  const counts = new Array(cuts.length + 1).fill(0);
  for (let i = 0; i < probabilities.length; ++i) {
    const level = levelOf(probabilities[i], cuts);
    if (level >= 0) counts[level] += 1;
  }
  return counts;
}

/**
 * Rows with probability >= threshold.
 * @param {Float64Array} probabilities
 * @param {number} threshold
 */
export function countFlagged(probabilities, threshold) {
  let flagged = 0;
  for (let i = 0; i < probabilities.length; ++i) {
    if (probabilities[i] >= threshold) flagged += 1;
  }
  return flagged;
}

/**
 * Rows per bin of width 1 / bins; a probability of 1 counts in the last bin.
 * @param {Float64Array} probabilities
 * @param {number} bins
 * @returns {Uint32Array}
 */
export function histogram(probabilities, bins) {
  const counts = new Uint32Array(bins);
  for (let i = 0; i < probabilities.length; ++i) {
    const value = probabilities[i];
    if (!Number.isNaN(value)) counts[Math.min(bins - 1, Math.floor(value * bins))] += 1;
  }
  return counts;
}

/**
 * How many rows each threshold would flag.
 * @param {Float64Array} probabilities
 * @param {number} steps
 * @returns {{threshold: number, flagged: number}[]} thresholds i / steps, i = 0 .. steps
 */
export function flaggedCurve(probabilities, steps) {
  // How many rows reach so many of the thresholds.
  const reaching = new Uint32Array(steps + 2);
  for (let row = 0; row < probabilities.length; ++row) {
    const p = probabilities[row];
    if (Number.isNaN(p)) continue;
    let n = Math.floor(p * steps) + 1;
    while (n <= steps && n / steps <= p) n += 1;
    while (n > 0 && (n - 1) / steps > p) n -= 1;
    reaching[n] += 1;
  }
  const curve = [];
  let flagged = 0;
  for (let i = steps; i >= 0; --i) {
    flagged += reaching[i + 1];
    curve.unshift({ threshold: i / steps, flagged });
  }
  return curve;
}
