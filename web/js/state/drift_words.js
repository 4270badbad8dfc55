// @ts-check
// Drift in words and numbers. Pure; `locale` undefined means the reader's.

import { sinceWhen } from './drift_series.js';
import { count, fixed, measure, percent } from './format.js';

/** @typedef {import('../engine/analysis/types.js').ColumnVerdict} ColumnVerdict */
/** @typedef {import('../engine/analysis/types.js').DriftReport} DriftReport */
/** @typedef {import('../engine/analysis/types.js').DriftTrend} DriftTrend */
/** @typedef {import('../engine/analysis/types.js').TestOutcome} TestOutcome */
/** @typedef {import('../engine/types.js').Interval} Interval */

/** @type {Record<string, string>} */
export const TEST_NAMES = {
  ks: 'Kolmogorov–Smirnov',
  cvm: 'Cramér–von Mises',
  ad: 'Anderson–Darling',
  mwu: 'Mann–Whitney',
  welch: 'Welch t',
  chi_square: 'chi-square',
  g: 'G',
  fisher: 'Fisher exact',
  z: 'Z for proportions',
};

/** What each correction keeps, for the choice. @type {Record<string, string>} */
export const CORRECTION_NAMES = {
  BH: 'Benjamini–Hochberg',
  BY: 'Benjamini–Yekutieli',
  Holm: 'Holm',
  Bonferroni: 'Bonferroni',
  none: 'none',
};

/** @type {Record<string, {short: string, long: string}>} */
const EFFECTS = {
  ks_distance: { short: 'D', long: 'largest distance of the two distribution functions' },
  auc_shift: { short: 'AUC\u00a0−\u00a0½', long: 'how well the column alone tells current rows from reference rows, above a coin' },
  mean_shift: { short: 'mean', long: 'difference of the means in standard deviations of the reference' },
  psi_excess: { short: 'PSI', long: 'PSI less what it would be without drift' },
  cramers_v: { short: 'V', long: 'Cramér’s V, bias-corrected' },
};

/** @type {Record<string, string>} */
export const DISTANCE_NAMES = {
  psi: 'PSI',
  psi_expected: 'PSI without drift',
  psi_bound: 'PSI without drift, 95 %',
  kl: 'Kullback–Leibler',
  js: 'Jensen–Shannon (base 2)',
  hellinger: 'Hellinger',
  tv: 'total variation',
  linf: 'L∞',
  wasserstein: 'Wasserstein',
  wasserstein_normalised: 'Wasserstein, normalised',
  energy: 'energy',
};

/**
 * A figure with as many decimals as it takes to see it.
 * @param {number} value
 * @param {string} [locale]
 */
export function figure(value, locale) {
  const size = Math.abs(value);
  return fixed(value, size === 0 || size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : size >= 0.01 ? 3 : 4, locale);
}

/**
 * @param {{value: number | null, low: number | null, high: number | null} | null | undefined} interval
 * @param {string} [locale]
 * @returns {{value: string, range: string}}
 */
export function ranged(interval, locale) {
  if (!interval || interval.value === null || interval.value === undefined) return { value: '–', range: '' };
  const { low, high } = interval;
  const range = typeof low === 'number' && typeof high === 'number' ? `[${figure(low, locale)}, ${figure(high, locale)}]` : '';
  return { value: figure(interval.value, locale), range };
}

/**
 * @param {import('../engine/analysis/types.js').Effect} effect
 * @param {string} [locale]
 */
export function effectWords(effect, locale) {
  const { short = effect.name, long = '' } = EFFECTS[effect.name] ?? {};
  const { value, range } = ranged(effect, locale);
  return { name: short, meaning: long, value: effect.name === 'mean_shift' && value !== '–' ? `${value}\u00a0σ` : value, range };
}

/**
 * The mean's shift: "−0.62 σ".
 * @param {Interval | null | undefined} shift
 * @param {string} [locale]
 */
export function shiftWords(shift, locale) {
  const { value, range } = ranged(shift, locale);
  return { value: value === '–' ? '–' : `${(shift?.value ?? 0) > 0 ? '+' : ''}${value}\u00a0σ`, range };
}

/**
 * A p-value; below what can be stated, the bound.
 * @param {number | null | undefined} p
 * @param {number | null} [below]
 * @param {string} [locale]
 */
export function pWords(p, below = null, locale) {
  if (p === null || p === undefined) return below === null ? '–' : `< ${scientific(below, locale)}`;
  if (p < 1e-12) return '< 1e−12';
  return `${below === null ? '' : '≤ '}${scientific(p, locale)}`;
}

/** @param {number} value @param {string} [locale] */
function scientific(value, locale) {
  if (value >= 0.0001 || value === 0) return fixed(value, 4, locale);
  return value.toExponential(value < 1e-12 ? 0 : 1).replace('-', '\u2212');
}

/**
 * @param {{missing: number, rows: number}} side
 * @param {string} [locale]
 */
export function missingShare({ missing, rows }, locale) {
  return percent(missing, missing + rows, locale);
}

/**
 * What a bin holds.
 * @param {import('../engine/analysis/types.js').DriftColumn['bins'][number]} bin
 * @param {'numeric' | 'categorical'} kind
 */
export function binWords({ low, high, category, missing }, kind) {
  if (missing) return 'missing';
  if (kind === 'categorical') return category === null ? 'rarer categories' : category === '' ? '(empty)' : `“${category}”`;
  if (low === null && high === null) return 'all values';
  if (low === null) return `below ${measure(high ?? NaN)}`;
  if (high === null) return `from ${measure(low)}`;
  return `${measure(low)} to ${measure(high)}`;
}

/**
 * What the file says of a row's time: seconds since the start as day and time of day, anything else as it is.
 * @param {string} text
 * @param {string} column
 */
export function timeWords(text, column) {
  if (text === '') return '';
  const seconds = Number(text);
  if (text.trim() === '' || !Number.isFinite(seconds)) return text;
  if (!/^(time|.*_?seconds?)$/i.test(column) || seconds < 0 || seconds > 1e8) return `${column} ${text}`;
  const minutes = Math.floor(seconds / 60);
  const two = (/** @type {number} */ value) => String(value).padStart(2, '0');
  return `day ${Math.floor(minutes / 1440) + 1}, ${two(Math.floor(minutes / 60) % 24)}:${two(minutes % 60)}`;
}

/**
 * "V14 since row 30,000 (day 2, 03:20)", a sentence per begin, the earliest first.
 * @param {DriftReport} report
 * @param {Map<string, DriftTrend>} trends
 * @param {(row: number) => string} time of a row; empty: not known
 * @param {string} [locale]
 * @returns {string[]}
 */
export function sinceWords(report, trends, time, locale) {
  /** @type {Map<string, {from: number, to: number | null, names: string[]}>} */
  const groups = new Map();
  for (const { name, verdict } of report.columns) {
    const since = verdict === 'drifted' ? sinceWhen(trends.get(name)) : null;
    if (!since) continue;
    const key = `${since.from} ${since.to}`;
    const group = groups.get(key) ?? { ...since, names: [] };
    group.names.push(name);
    groups.set(key, group);
  }
  const at = (/** @type {number} */ row) => {
    const when = time(row);
    return `row ${count(row, locale)}${when === '' ? '' : ` (${when})`}`;
  };
  return [...groups.values()]
    .sort((a, b) => a.from - b.from)
    .map(({ from, to, names }) => `${listed(names)} ${to === null ? `since ${at(from)}` : `from ${at(from)} to row ${count(to, locale)}`}.`);
}

/**
 * "V14, Amount and 3 more".
 * @param {string[]} names
 * @param {number} [most]
 */
export function listed(names, most = 6) {
  if (names.length <= most) return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  return `${names.slice(0, most).join(', ')} and ${names.length - most} more`;
}

/**
 * A trend for those who do not see it.
 * @param {DriftTrend | undefined} trend
 * @param {string} [locale]
 */
export function trendWords(trend, locale) {
  const windows = trend?.windows ?? [];
  if (windows.length === 0) return 'no trend yet';
  const values = windows.flatMap(({ value }) => value ?? []);
  const drifted = windows.filter(({ verdict }) => verdict === 'drifted').length;
  const range = values.length === 0 ? '' : `, from ${figure(Math.min(...values), locale)} to ${figure(Math.max(...values), locale)}`;
  return `${windows.length} windows${range}, ${drifted === 0 ? 'none' : count(drifted, locale)} drifted`;
}

/**
 * One side in words: what it is, how many rows.
 * @param {import('../engine/analysis/types.js').SideOfReport} side
 * @param {string} [locale]
 */
export function sideWords({ from, name, rows, window, aside }, locale) {
  const which = window ? `rows ${count(window[0], locale)} to ${count(Math.max(window[0], window[1] - 1), locale)} of ${name}` : from === 'profile' ? `the training profile of ${name}` : name;
  return `${which}, ${count(rows, locale)} rows${aside > 0 ? `, ${count(aside, locale)} set aside` : ''}`;
}

/**
 * What was done to reach a column's verdict, as names and values.
 * @param {ColumnVerdict} column
 * @param {string} [locale]
 * @returns {[string, string][]}
 */
export function methodWords(column, locale) {
  const { outcome, test, effect, reference, current } = column;
  const words = effectWords(effect, locale);
  /** @type {[string, string][]} */
  const lines = [
    ['Test', `${TEST_NAMES[test] ?? test}${outcome.exact ? ', exact' : ''}`],
    ['Statistic', outcome.statistic === null ? '–' : figure(outcome.statistic, locale)],
    ['p, before correction', pWords(outcome.p_value, outcome.p_below, locale)],
    ['p, corrected', pWords(column.p_corrected, outcome.p_below, locale)],
    [`Effect (${words.name})`, `${words.value} ${words.range}; floor ${figure(effect.floor, locale)}; ${words.meaning}`],
    ['Rows with a value', `${count(reference.rows, locale)} → ${count(current.rows, locale)}`],
    ['Missing', `${missingShare(reference, locale)} → ${missingShare(current, locale)}, ${column.missing.verdict}, p ${pWords(column.missing.p_corrected, column.missing.p_below, locale)}`],
  ];
  if (column.kind === 'numeric') {
    const pair = (/** @type {keyof typeof reference} */ key) => `${reference[key] === null ? '–' : measure(Number(reference[key]), locale)} → ${current[key] === null ? '–' : measure(Number(current[key]), locale)}`;
    lines.push(['Mean', pair('mean')], ['Standard deviation', pair('standard_deviation')], ['Lower quartile', pair('lower_quartile')], ['Median', pair('median')], ['Upper quartile', pair('upper_quartile')]);
  }
  if (column.categories) {
    const { added, gone, rare_added: rareAdded, rare_gone: rareGone } = column.categories;
    const all = (/** @type {string[]} */ names, /** @type {number} */ rare) => listed(rare > 0 ? [...names, `${count(rare, locale)} rare`] : names, 10);
    if (added.length + rareAdded > 0) lines.push(['New categories', all(added, rareAdded)]);
    if (gone.length + rareGone > 0) lines.push(['Gone categories', all(gone, rareGone)]);
  }
  for (const [key, value] of Object.entries(column.distances ?? {})) {
    if (value !== null) lines.push([DISTANCE_NAMES[key] ?? key, figure(value, locale)]);
  }
  const notes = [outcome.note, column.missing.note].filter((note) => note !== '');
  if (notes.length > 0) lines.push(['Note', notes.join(' ')]);
  return lines;
}

/**
 * Whether the scores have moved as well, and what the AUC is thought to be.
 * @param {DriftReport} report
 * @param {Interval | null | undefined} auc an estimate
 * @param {string} [locale]
 */
export function scoreWords({ columns, overall }, auc, locale) {
  const score = columns.find(({ name }) => name === 'score');
  const parts = [];
  if (score?.verdict === 'drifted') parts.push('Scores are affected: they have drifted too.');
  else if (score && overall.verdict === 'moved' && score.verdict !== 'too few rows') parts.push(score.verdict === 'stable' ? 'The scores have not moved.' : 'The scores have moved too little to matter.');
  if (typeof auc?.value === 'number') parts.push(`The AUC is now thought to be ${figure(auc.value, locale)} ${ranged(auc, locale).range} (estimated without labels).`);
  return parts.join(' ');
}

/**
 * How the verdicts came about, in one sentence.
 * @param {DriftReport} report
 * @param {string} [locale]
 */
export function settingsWords({ settings, overall }, locale) {
  const level = `${(100 * (settings.level ?? 0.05)).toLocaleString(locale, { maximumSignificantDigits: 3 })}\u00a0%`;
  const correction = settings.correction === 'none' ? 'not corrected' : `corrected for ${count(overall.judged, locale)} columns (${CORRECTION_NAMES[settings.correction ?? 'BH']})`;
  return `${TEST_NAMES[settings.test ?? 'ks']} at ${level}, ${correction}.`;
}

/**
 * "2 of 31 columns drifted: V14, Amount".
 * @param {{judged: number, names: string[], few: boolean}} fit
 * @param {string} [locale]
 */
export function fitWords(fit, locale) {
  if (fit.few) return { line: 'Too few rows to say.', names: '' };
  if (fit.names.length === 0) return { line: `None of ${count(fit.judged, locale)} columns drifted.`, names: '' };
  return { line: `${count(fit.names.length, locale)} of ${count(fit.judged, locale)} columns`, names: `drifted: ${listed(fit.names)}` };
}
