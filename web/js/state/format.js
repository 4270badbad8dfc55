// @ts-check
// Numbers and durations as the page writes them: locale thousands, probabilities with 4 decimals, rates
// as "0.17 % (1 in 579)", intervals as "0.9782 [0.962, 0.990]". Pure; `locale` undefined means the reader's.

/** @typedef {import('../engine/types.js').Interval} Interval */

const NONE = '–';
const NBSP = '\u00a0';

/** @type {Map<string, Intl.NumberFormat>} */
const formats = new Map();

/**
 * @param {Intl.NumberFormatOptions} options
 * @param {string} [locale]
 */
function format(options, locale) {
  const key = `${locale ?? ''} ${JSON.stringify(options)}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.NumberFormat(locale, options);
    formats.set(key, found);
  }
  return found;
}

/**
 * A number with exactly `digits` decimals and a true minus sign.
 * @param {number} value
 * @param {number} digits
 * @param {string} [locale]
 */
export function fixed(value, digits, locale) {
  if (!Number.isFinite(value)) return NONE;
  const text = format({ minimumFractionDigits: digits, maximumFractionDigits: digits }, locale).format(value);
  return text.replace(/^-/, '\u2212');
}

/**
 * A count, never abbreviated. Weighted counts keep one decimal unless they are whole.
 * @param {number} value
 * @param {string} [locale]
 */
export function count(value, locale) {
  if (!Number.isFinite(value)) return NONE;
  return format({ maximumFractionDigits: 1 }, locale).format(value);
}

/**
 * 4 decimals; a dash for a row that was set aside.
 * @param {number} value
 * @param {string} [locale]
 */
export function probability(value, locale) {
  return fixed(value, 4, locale);
}

/**
 * Every digit, as JavaScript and the command line write it: reads back to the same float64.
 * @param {number} value
 */
export function full(value) {
  return Number.isNaN(value) ? '' : String(value);
}

/**
 * A share in per cent: two decimals, two significant digits below 0.1 %; none and all without decimals.
 * @param {number} part
 * @param {number} whole
 * @param {string} [locale]
 */
export function percent(part, whole, locale) {
  if (!(whole > 0)) return NONE;
  const value = (100 * part) / whole;
  if (value === 0) return `0${NBSP}%`;
  if (part === whole) return `100${NBSP}%`;
  const digits = value < 0.1 ? { maximumSignificantDigits: 2 } : { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  // 99.998 % must not read as 100 %.
  const floor = Math.min(value, 99.99);
  return `${format(digits, locale).format(floor)}${NBSP}%`;
}

/**
 * "0.17 % (1 in 579)"; without the second part where it says nothing new (no case, or more than 1 in 10).
 * @param {number} part
 * @param {number} whole
 * @param {string} [locale]
 */
export function rate(part, whole, locale) {
  const share = percent(part, whole, locale);
  if (!(part > 0) || part / whole > 0.1) return share;
  return `${share} (1 in ${count(Math.round(whole / part), locale)})`;
}

/**
 * A figure and its interval, apart because the interval is set in a lighter tone.
 * @param {Interval | null | undefined} figure
 * @param {string} [locale]
 * @returns {{value: string, range: string}} range is empty where there is no interval
 */
export function interval(figure, locale) {
  if (!figure || figure.value === null || figure.value === undefined) return { value: NONE, range: '' };
  const value = fixed(figure.value, 4, locale);
  if (typeof figure.low !== 'number' || typeof figure.high !== 'number') return { value, range: '' };
  // Rounded outwards where the figure would be outside otherwise.
  const low = Number(figure.low.toFixed(3)) > figure.value ? Math.floor(1000 * figure.low) / 1000 : figure.low;
  const high = Number(figure.high.toFixed(3)) < figure.value ? Math.ceil(1000 * figure.high) / 1000 : figure.high;
  return { value, range: `[${fixed(low, 3, locale)}, ${fixed(high, 3, locale)}]` };
}

/**
 * @param {number} value bytes
 * @param {string} [locale]
 */
export function bytes(value, locale) {
  if (value < 1000) return `${count(value, locale)}${NBSP}bytes`;
  const units = ['kB', 'MB', 'GB'];
  let scaled = value / 1000;
  let unit = 0;
  while (scaled >= 999.5 && unit < units.length - 1) {
    scaled /= 1000;
    unit += 1;
  }
  const digits = scaled < 10 ? 1 : 0;
  return `${format({ maximumFractionDigits: digits }, locale).format(scaled)}${NBSP}${units[unit]}`;
}

/**
 * @param {number} seconds
 * @param {string} [locale]
 */
export function duration(seconds, locale) {
  if (!(seconds >= 0) || !Number.isFinite(seconds)) return NONE;
  if (seconds < 0.95) return `${fixed(Math.max(seconds, 0.01), seconds < 0.095 ? 2 : 1, locale)}${NBSP}s`;
  if (seconds < 9.95) return `${fixed(seconds, 1, locale)}${NBSP}s`;
  if (seconds < 59.5) return `${fixed(seconds, 0, locale)}${NBSP}s`;
  const minutes = Math.floor((seconds + 0.5) / 60);
  const rest = Math.floor(seconds + 0.5) - 60 * minutes;
  return `${count(minutes, locale)}${NBSP}min${rest > 0 ? ` ${rest}${NBSP}s` : ''}`;
}

/**
 * A feature's value: 5 significant digits.
 * @param {number} value
 * @param {string} [locale]
 */
export function measure(value, locale) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'missing' : String(value);
  return format({ maximumSignificantDigits: 5, useGrouping: false }, locale).format(value).replace(/^-/, '\u2212');
}

/**
 * A place in the reference profile: "0.3 %", "50 %", "99.7 %".
 * @param {number | null} value 0..1
 * @param {string} [locale]
 */
export function percentile(value, locale) {
  if (value === null || Number.isNaN(value)) return NONE;
  const scaled = 100 * value;
  if (scaled < 0.1) return `<${NBSP}0.1${NBSP}%`;
  if (scaled > 99.9) return `>${NBSP}99.9${NBSP}%`;
  const digits = scaled < 10 || scaled > 90 ? 1 : 0;
  return `${fixed(scaled, digits, locale)}${NBSP}%`;
}

const PLAIN_NUMBER = /^\s*[+-]?(\d+)?(?:([.,])(\d*))?(?:[eE][+-]?\d+)?\s*$/;

/**
 * A cell of the file for the table: numbers with many decimals are cut to 4 (`short` differs from the text,
 * which the page then shows on hover); everything else as it stands.
 * @param {string} text
 * @param {string} decimal the file's decimal sign
 * @returns {{short: string, numeric: boolean}}
 */
export function cell(text, decimal) {
  const found = PLAIN_NUMBER.exec(text);
  if (!found || (!found[1] && !found[3])) return { short: text, numeric: false };
  if (found[2] && found[2] !== decimal) return { short: text, numeric: false };
  if ((found[3]?.length ?? 0) <= 4 && !/[eE]/.test(text)) {
    return { short: text.trim().replace(/^-/, '\u2212'), numeric: true };
  }
  const value = Number(text.replace(',', '.'));
  const small = value !== 0 && Math.abs(value) < 0.0001;
  const short = small ? value.toExponential(1) : value.toFixed(4);
  return { short: short.replace('.', decimal).replace(/^-/, '\u2212'), numeric: true };
}

/** @param {string} delimiter */
export function delimiterName(delimiter) {
  /** @type {Record<string, string>} */
  const names = { ',': 'comma', ';': 'semicolon', '\t': 'tab', '|': 'bar' };
  return names[delimiter] ?? delimiter;
}

/** @param {string} decimal */
export function decimalName(decimal) {
  return decimal === ',' ? 'comma' : 'point';
}

/** @param {string} ending */
export function lineEndingName(ending) {
  /** @type {Record<string, string>} */
  const names = { '\n': 'LF', '\r\n': 'CRLF', '\r': 'CR' };
  return names[ending] ?? 'none';
}
