// @ts-check
// What values given by name mean: the rules of a CSV cell (csv::ParseCell), for rows that come as objects.

/** What stands for a missing value in a CSV cell, in lower case. */
const MISSING = new Set(['', 'na', 'n/a', 'nan', 'null', 'none', '?']);

/** A decimal number as a CSV cell may hold it. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** A number of at least this size is infinite as a float32. */
export const FLOAT32_MAX = 3.4028235677973366e38;

export const TOO_LARGE = 'is infinite or too large';

/**
 * @param {unknown} value
 * @returns {number | string} a number (NaN: missing) or what is wrong
 */
export function numberOf(value) {
  if (value === null || value === undefined) return NaN;
  if (typeof value === 'number') return Number.isNaN(value) || Math.abs(value) < FLOAT32_MAX ? value : TOO_LARGE;
  if (typeof value !== 'string') return 'is not a number';
  const text = value.trim();
  if (MISSING.has(text.toLowerCase())) return NaN;
  if (!NUMBER.test(text)) return `${JSON.stringify(value.slice(0, 80))} is not a number`;
  return numberOf(Number(text));
}

/** Names are the same if they are so without blanks around them and in lower case. @param {string} name */
export function foldedName(name) {
  return name.trim().toLowerCase();
}
