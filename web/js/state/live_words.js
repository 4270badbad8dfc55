// @ts-check
// The live monitor in words and numbers as people read them. Pure; `locale` undefined means the reader's.

import { bytes, count, fixed, percent, probability, rate } from './format.js';
import { SCENARIOS, WINDOWS, sameStretch } from './live_state.js';
import { LEVELS } from './scores.js';

/** @typedef {import('../engine/live/types.js').LiveTick} LiveTick */
/** @typedef {import('../engine/live/types.js').SourceState} SourceState */
/** @typedef {import('../engine/live/types.js').AlertEpisode} AlertEpisode */
/** @typedef {import('../engine/live/types.js').AlertRule} AlertRule */
/** @typedef {import('../engine/live/types.js').Interval} Interval */

const NONE = '–';
const NBSP = '\u00a0';

/**
 * What rules can look at (models/ALERTS.md). `column`: there is one per feature, name.FEATURE.
 * @typedef {{name: string, label: string, kind: 'share' | 'probability' | 'count' | 'number', column?: boolean}} Statistic
 */

/** @type {readonly Statistic[]} */
export const STATISTICS = [
  { name: 'fraud_rate', label: 'fraud rate', kind: 'share' },
  { name: 'average_probability', label: 'mean score', kind: 'probability' },
  { name: 'high_risk_count', label: 'high-risk rows', kind: 'count' },
  { name: 'high_risk_rate', label: 'share of high-risk rows', kind: 'share' },
  ...[...LEVELS].reverse().map((level) => ({ name: `level.${level}`, label: `share of ${level}`, kind: /** @type {const} */ ('share') })),
  { name: 'drifted_columns', label: 'drifted columns', kind: 'count' },
  { name: 'psi', label: 'PSI of a column', kind: 'number', column: true },
  { name: 'missing', label: 'missing cells of a column', kind: 'share', column: true },
  { name: 'score_psi', label: 'PSI of the scores', kind: 'number' },
  { name: 'missing_rate', label: 'missing cells', kind: 'share' },
  { name: 'aside_rate', label: 'rows set aside', kind: 'share' },
  { name: 'detector_alarms', label: 'alarms of the rate detector', kind: 'count' },
  { name: 'detector_sum', label: 'sum of the rate detector', kind: 'number' },
  { name: 'precision', label: 'precision', kind: 'probability' },
  { name: 'recall', label: 'recall', kind: 'probability' },
  { name: 'rows', label: 'rows', kind: 'count' },
  { name: 'throughput', label: 'rows a second', kind: 'count' },
  { name: 'malformed', label: 'malformed messages', kind: 'count' },
  { name: 'latency_p50_us', label: 'scoring time in µs, p50', kind: 'number' },
  { name: 'latency_p99_us', label: 'scoring time in µs, p99', kind: 'number' },
  { name: 'delay_p99_ms', label: 'time to be shown in ms, p99', kind: 'number' },
];

/**
 * @param {string} statistic
 * @returns {{column: string, known: Statistic | null}}
 */
export function statisticOf(statistic) {
  const exact = STATISTICS.find(({ name, column }) => name === statistic && !column);
  if (exact) return { column: '', known: exact };
  const known = STATISTICS.find(({ name, column }) => column && statistic.startsWith(`${name}.`)) ?? null;
  return { column: known ? statistic.slice(known.name.length + 1) : '', known };
}

/** @param {string} statistic */
export function statisticLabel(statistic) {
  const { column, known } = statisticOf(statistic);
  if (!known) return statistic.replaceAll('_', ' ');
  return known.column ? known.label.replace('a column', column) : known.label;
}

/**
 * @param {string} statistic
 * @param {number | null | undefined} value
 * @param {string} [locale]
 */
export function statisticValue(statistic, value, locale) {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  const { known } = statisticOf(statistic);
  if (known?.kind === 'share') return percent(value, 1, locale);
  if (known?.kind === 'probability') return probability(value, locale);
  if (known?.kind === 'number') return fixed(value, 3, locale);
  return Number.isInteger(value) ? count(value, locale) : fixed(value, Math.abs(value) < 1 ? 4 : 2, locale);
}

/**
 * The same in a sentence, with the unit of a count: "3 drifted columns".
 * @param {string} statistic
 * @param {number | null | undefined} value
 */
export function statisticPhrase(statistic, value) {
  const text = statisticValue(statistic, value);
  return statisticOf(statistic).known?.kind === 'count' ? `${text} ${statisticLabel(statistic)}` : text;
}

/**
 * A share with its interval: "0.19 %" and "[0.16, 0.22]".
 * @param {Interval | null | undefined} figure
 * @param {string} [locale]
 */
export function shareInterval(figure, locale) {
  if (!figure || typeof figure.value !== 'number') return { value: NONE, range: '' };
  const value = percent(figure.value, 1, locale);
  if (typeof figure.low !== 'number' || typeof figure.high !== 'number') return { value, range: '' };
  const digits = 100 * figure.high < 0.1 ? 3 : 2;
  return { value, range: `[${fixed(100 * figure.low, digits, locale)}, ${fixed(100 * figure.high, digits, locale)}]` };
}

/**
 * Time of day: "14:03:22", with thousandths "14:03:22.114".
 * @param {number} ms since 1970
 * @param {boolean} [thousandths]
 */
export function clock(ms, thousandths = false) {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return NONE;
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  const text = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return thousandths ? `${text}.${String(date.getMilliseconds()).padStart(3, '0')}` : text;
}

/**
 * The time of day, with the date before it where that is another day.
 * @param {number} ms since 1970
 * @param {number} now
 */
export function moment(ms, now) {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return NONE;
  return date.toDateString() === new Date(now).toDateString() ? clock(ms) : `${date.toLocaleDateString()} ${clock(ms)}`;
}

/**
 * How long something lasts, in one or two units that do not flicker: "8 s", "2 min", "3 h 5 min".
 * @param {number} ms
 */
export function lasting(ms) {
  if (!(ms >= 0)) return `0${NBSP}s`;
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds}${NBSP}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}${NBSP}min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours}${NBSP}h${minutes % 60 > 0 ? ` ${minutes % 60}${NBSP}min` : ''}`;
  return `${Math.floor(hours / 24)}${NBSP}days`;
}

/** @param {number} seconds of the data's own clock */
export function dataTime(seconds) {
  // A clock that counts from 1970 reads as a date; any other is a number of seconds.
  if (seconds > 5e8 && seconds < 5e9) return new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');
  return seconds < 172800 ? `${count(Math.round(seconds))}${NBSP}s` : `${fixed(seconds / 86400, 2)}${NBSP}d`;
}

/**
 * The state of a source: one word to see at a glance, a sentence for the rest.
 * @param {SourceState} source
 * @param {number} now
 * @returns {{tone: 'on' | 'wait' | 'off' | 'bad', word: string, rest: string}}
 */
export function sourceWords(source, now) {
  const { state, name, rate: wanted, waiting, message, retryAt } = source;
  const waits = waiting > 0 ? `${count(waiting)} ${waiting === 1 ? 'row waits' : 'rows wait'}` : '';
  switch (state) {
    case 'running': {
      const pace = wanted > 0 ? `${count(wanted)}/s` : '';
      return { tone: 'on', word: 'streaming', rest: [name, pace].filter((part) => part !== '').join(', ') };
    }
    case 'paused':
      return { tone: 'wait', word: 'paused', rest: `${name}; ${waits === '' ? 'no row waits' : waits}, none is lost` };
    case 'reconnecting': {
      const left = Math.max(0, Math.ceil((retryAt - now) / 1000));
      const next = left > 0 ? `in ${left}${NBSP}s` : 'now';
      return { tone: 'wait', word: `reconnecting ${next}`, rest: [name, message].filter((part) => part !== '').join(': ') };
    }
    case 'stopped':
      return { tone: 'off', word: 'stopped', rest: name };
    case 'ended':
      return { tone: 'off', word: 'ended', rest: `${name}: every row was taken` };
    case 'failed':
      return { tone: 'bad', word: 'failed', rest: [name, message].filter((part) => part !== '').join(': ') };
    default:
      return { tone: 'wait', word: 'waiting for rows', rest: name };
  }
}

/** @param {import('./live_state.js').Window} window */
export function windowLabel(window) {
  const known = WINDOWS.find((each) => sameStretch(window, each.window));
  if (known) return known.label;
  return window.kind === 'rows' ? `last ${count(window.rows)} rows` : `last ${count(window.seconds)} s of the data’s time`;
}

/** @param {string} name */
export function scenarioWords(name) {
  return SCENARIOS.find((each) => each.name === name)?.words ?? '';
}

/**
 * @param {LiveTick['detector']} detector
 * @returns {{word: string, rest: string}}
 */
export function detectorWords({ rate: usual, sum, threshold, alarms, learning }) {
  if (learning > 0) return { word: 'learning', rest: `${count(learning)} rows to go` };
  const alarm = alarms === 0 ? 'no alarm' : `${count(alarms)} ${alarms === 1 ? 'alarm' : 'alarms'}`;
  const share = threshold > 0 ? `${fixed((100 * Math.min(Math.max(sum, 0), threshold)) / threshold, 0)}${NBSP}% of the way to one` : '';
  const word = alarms > 0 ? 'alarmed' : 'quiet';
  return { word, rest: [alarm, share, usual === null ? '' : `usual rate at most ${percent(usual, 1)}`].filter((part) => part !== '').join('; ') };
}

/**
 * "fraud rate above 1.00 % for 2 min".
 * @param {AlertRule} rule
 */
export function conditionWords(rule) {
  const { statistic, above, below } = rule;
  const value = (/** @type {number} */ n) => statisticValue(statistic, n);
  const limits =
    above !== undefined && below !== undefined
      ? `outside ${value(below)} to ${value(above)}`
      : above !== undefined
        ? `above ${value(above)}`
        : `below ${value(/** @type {number} */ (below))}`;
  const held = rule.for_seconds ? ` for ${lasting(1000 * rule.for_seconds)}` : '';
  return `${statisticLabel(statistic)} ${limits}${held}${rule.scope === 'overall' ? ', since the start' : ''}`;
}

export const SEVERITIES = /** @type {const} */ (['alert', 'warning', 'info']);
const MARKS = { alert: '▲', warning: '◆', info: '●' };

/** @param {'info' | 'warning' | 'alert'} severity */
export function severityMark(severity) {
  return MARKS[severity];
}

/**
 * Episodes as the view lists them: firing ones by severity, then those not acknowledged, then the newest; ended ones newest first.
 * @param {AlertEpisode[]} episodes
 */
export function sortEpisodes(episodes) {
  const rank = (/** @type {AlertEpisode} */ { severity }) => SEVERITIES.indexOf(severity);
  const firing = episodes
    .filter(({ ended_ms }) => ended_ms < 0)
    .sort((a, b) => Number(a.acknowledged_ms >= 0) - Number(b.acknowledged_ms >= 0) || rank(a) - rank(b) || b.number - a.number);
  return { firing, ended: episodes.filter(({ ended_ms }) => ended_ms >= 0).sort((a, b) => b.number - a.number) };
}

/**
 * The one sentence about alerts: "1 firing, 2 acknowledged".
 * @param {import('../engine/live/types.js').Alerts} alerts
 */
export function alertsLine({ firing, pending, acknowledged }) {
  const parts = [firing === 0 ? 'none firing' : `${count(firing)} firing`];
  if (acknowledged > 0) parts.push(`${count(acknowledged)} acknowledged`);
  if (pending > 0) parts.push(`${count(pending)} pending`);
  return parts.join(', ');
}

/**
 * What is said when episodes begin: one sentence however many there are.
 * @param {AlertEpisode[]} begun
 */
export function announcement(begun) {
  const worst = sortEpisodes(begun.map((episode) => ({ ...episode, ended_ms: -1 }))).firing[0];
  if (!worst) return '';
  const first = `${worst.severity[0].toUpperCase()}${worst.severity.slice(1)}: ${worst.name}, ${statisticLabel(worst.statistic)} is ${statisticValue(worst.statistic, worst.first_value)}.`;
  return begun.length === 1 ? first : `${first} ${count(begun.length - 1)} more.`;
}

/**
 * The figures in a sentence, for those who do not see them change.
 * @param {LiveTick} tick
 */
export function summarySentence(tick) {
  const { word } = sourceWords(tick.source, tick.now);
  const fraud = typeof tick.window.fraud_rate.value === 'number' ? `, fraud rate ${percent(tick.window.fraud_rate.value, 1)}` : '';
  const alerts = tick.alerts.firing > 0 ? `, ${count(tick.alerts.firing)} ${tick.alerts.firing === 1 ? 'alert' : 'alerts'} firing` : '';
  return `${word[0].toUpperCase()}${word.slice(1)}: ${count(tick.total)} transactions${fraud}${alerts}.`;
}

/** @param {import('../engine/live/types.js').LogState} log */
export function logLine({ remembered, store, rows, bytes: size, cap }) {
  if (!remembered && rows === 0) return 'Nothing is kept on this device; an export holds the latest predictions only.';
  const place = store === 'indexeddb' ? ' in this browser’s database' : store === 'opfs' ? ' in this browser’s private files' : '';
  const most = remembered ? ` of at most ${bytes(cap)}` : '';
  return `${count(rows)} ${rows === 1 ? 'prediction' : 'predictions'}, ${bytes(size)}${most}${place}.`;
}

/**
 * @param {import('../engine/live/types.js').ScopeStats} stats
 * @param {string} [locale]
 */
export function oneIn(stats, locale) {
  if (stats.flagged === 0) return stats.rows > 0 ? `none of ${count(stats.rows, locale)}` : 'no row yet';
  const text = rate(stats.flagged, stats.rows, locale);
  const inside = /\((.*)\)/.exec(text);
  return inside ? inside[1] : `${count(stats.flagged, locale)} of ${count(stats.rows, locale)}`;
}
