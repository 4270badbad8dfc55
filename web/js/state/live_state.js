// @ts-check
// What the Live view shows: a store of its own, so that ten ticks a second wake nobody else. Only live_actions.js changes it.

/** @typedef {import('../engine/live/types.js').LiveTick} LiveTick */
/** @typedef {import('../engine/live/types.js').StreamSource} StreamSource */
/** @typedef {import('../engine/live/types.js').AlertRule} AlertRule */
/** @typedef {import('../engine/live/types.js').Scenario} Scenario */
/** @typedef {{kind: 'start' | 'rows' | 'time', tumbling: boolean, rows: number, seconds: number}} Window */

/**
 * What may be remembered: choices, never data.
 * @typedef {object} LiveSettings
 * @property {Window} window
 * @property {'window' | 'overall'} scope whose figures the strip shows
 * @property {AlertRule[] | null} rules null: the defaults
 * @property {{kind: 'demo', rate: number, scenario: Scenario} | {kind: 'events' | 'socket', url: string} | null} source the last one; null: none, or a file
 * @property {boolean} remember keep the prediction log on this device
 * @property {number} cap bytes of that log
 * @property {boolean} notify show the browser's notifications, if it allows them
 */

/**
 * @typedef {object} ModelSwitch what was counted with the model before
 * @property {string} version of the new model
 * @property {Uint8Array} summary
 */

/**
 * @typedef {object} LiveState
 * @property {LiveSettings} settings
 * @property {'none' | 'starting' | 'ready' | 'failed'} monitor
 * @property {StreamSource | null} source started last; may hold a file
 * @property {LiveTick | null} tick
 * @property {LiveTick['series'] | null} series of the last tick that had them, as the next two
 * @property {import('../engine/live/types.js').ColumnDrift[] | null} columns
 * @property {LiveTick['histogram'] | null} histogram
 * @property {AlertRule[]} rules in force
 * @property {string} rulesProblem why rules were refused; empty: they were not
 * @property {AlertRule[] | null} rulesBefore what the last change replaced, to take it back
 * @property {import('./problems.js').Problem | null} problem
 * @property {string} note one calm sentence; empty: nothing
 * @property {boolean} mixed rows of an earlier source are in the figures
 * @property {ModelSwitch | null} switched
 * @property {string | null} openColumn
 * @property {import('../engine/live/types.js').ColumnDetail | null} column
 * @property {number | null} openBin
 * @property {import('../engine/live/types.js').RecentRow[] | null} binRows
 * @property {string} columnProblem
 * @property {string[]} merged names of summaries that were added
 * @property {string} summaryProblem
 * @property {string} logNote what became of the last request about the log
 * @property {{format: 'ndjson' | 'csv', bytes: number} | null} exporting
 * @property {'unsupported' | 'default' | 'granted' | 'denied'} permission for notifications
 * @property {{number: number, text: string}} announced the last alert told; number 0: none yet
 * @property {string} spoken a sentence now and then for those who do not see the figures
 */

/** @type {readonly {name: Scenario, label: string, words: string}[]} */
export const SCENARIOS = [
  { name: 'calm', label: 'calm', words: 'Traffic as the model knows it.' },
  { name: 'shift', label: 'V14 shifts by +2', words: 'One column moves at once: V14 is 2 higher in every row.' },
  { name: 'fraud_wave', label: 'fraud wave', words: 'Twenty times as many frauds as usual.' },
  { name: 'cents', label: 'Amount in cents', words: 'Amount arrives 100 times too large, as if the unit had changed.' },
  { name: 'missing_column', label: 'V10 goes missing', words: 'V10 arrives without values.' },
  { name: 'slow_drift', label: 'slow drift of V12', words: 'V12 moves by 1 every 20,000 rows, up to 3.' },
  { name: 'label_flip', label: 'wrong labels', words: 'One label in five is wrong; the rows themselves are as usual.' },
];

/** @type {readonly {label: string, window: Pick<Window, 'kind' | 'rows' | 'seconds'>}[]} */
export const WINDOWS = [
  { label: 'last 1,000 rows', window: { kind: 'rows', rows: 1000, seconds: 3600 } },
  { label: 'last 10,000 rows', window: { kind: 'rows', rows: 10000, seconds: 3600 } },
  { label: 'last 100,000 rows', window: { kind: 'rows', rows: 100000, seconds: 3600 } },
  { label: 'last hour of the data’s time', window: { kind: 'time', rows: 10000, seconds: 3600 } },
  { label: 'last day of the data’s time', window: { kind: 'time', rows: 10000, seconds: 86400 } },
  { label: 'since the start', window: { kind: 'start', rows: 10000, seconds: 3600 } },
];

export const MAX_RATE = 50000;
export const DEFAULT_RATE = 200;
export const CAPS = Object.freeze([16, 64, 256, 1024].map((mib) => mib * 1048576));
const MAX_ROWS = 2 ** 24;
const MAX_SECONDS = 1e9;

/** @returns {LiveSettings} */
export function defaultLiveSettings() {
  return {
    window: { kind: 'rows', tumbling: false, rows: 10000, seconds: 3600 },
    scope: 'window',
    rules: null,
    source: null,
    remember: false,
    cap: CAPS[1],
    notify: false,
  };
}

/** @returns {LiveState} */
export function initialLiveState() {
  return {
    settings: defaultLiveSettings(),
    monitor: 'none',
    source: null,
    ...nothingCounted(),
    rules: [],
    rulesProblem: '',
    rulesBefore: null,
    problem: null,
    note: '',
    mixed: false,
    switched: null,
    logNote: '',
    exporting: null,
    permission: 'unsupported',
    announced: { number: 0, text: '' },
    spoken: '',
  };
}

/** What goes when counting begins anew. */
export function nothingCounted() {
  return {
    tick: null,
    series: null,
    columns: null,
    histogram: null,
    openColumn: null,
    column: null,
    openBin: null,
    binRows: null,
    columnProblem: '',
    merged: /** @type {string[]} */ ([]),
    summaryProblem: '',
  };
}

/**
 * @param {unknown} value
 * @param {number} low
 * @param {number} high
 * @param {number} otherwise
 */
function numberWithin(value, low, high, otherwise) {
  return typeof value === 'number' && value >= low && value <= high ? value : otherwise;
}

/**
 * @param {unknown} value
 * @returns {Record<string, unknown>}
 */
function fieldsOf(value) {
  return typeof value === 'object' && value !== null ? /** @type {Record<string, unknown>} */ (value) : {};
}

/**
 * Settings from anything: unknown keys are ignored, bad values fall back to the default.
 * @param {unknown} value
 * @returns {LiveSettings}
 */
export function readLiveSettings(value) {
  const settings = defaultLiveSettings();
  const given = fieldsOf(value);
  const window = fieldsOf(given.window);
  if (window.kind === 'start' || window.kind === 'rows' || window.kind === 'time') {
    settings.window = {
      kind: window.kind,
      tumbling: window.tumbling === true,
      rows: Math.round(numberWithin(window.rows, 1, MAX_ROWS, settings.window.rows)),
      seconds: numberWithin(window.seconds, 0.001, MAX_SECONDS, settings.window.seconds),
    };
  }
  if (given.scope === 'overall') settings.scope = 'overall';
  if (Array.isArray(given.rules) && given.rules.every((rule) => typeof fieldsOf(rule).id === 'string')) {
    settings.rules = /** @type {AlertRule[]} */ (given.rules);
  }
  settings.source = readSource(given.source);
  settings.remember = given.remember === true;
  settings.cap = Math.round(numberWithin(given.cap, 2 ** 20, 2 ** 40, settings.cap));
  settings.notify = given.notify === true;
  return settings;
}

/**
 * @param {unknown} value
 * @returns {LiveSettings['source']}
 */
function readSource(value) {
  const { kind, rate, scenario, url } = fieldsOf(value);
  if (kind === 'demo') {
    const known = SCENARIOS.find(({ name }) => name === scenario);
    return { kind, rate: numberWithin(rate, 1, MAX_RATE, DEFAULT_RATE), scenario: known?.name ?? 'calm' };
  }
  if ((kind === 'events' || kind === 'socket') && typeof url === 'string' && url !== '') return { kind, url };
  return null;
}

/**
 * The part of a source that may be remembered.
 * @param {StreamSource | null} source
 * @returns {LiveSettings['source']}
 */
export function sourceToRemember(source) {
  return source && (source.kind === 'demo' || source.kind === 'events' || source.kind === 'socket') ? readSource(source) : null;
}

/**
 * @param {Window} a
 * @param {Pick<Window, 'kind' | 'rows' | 'seconds'>} b
 */
export function sameStretch(a, b) {
  return a.kind === b.kind && (a.kind === 'start' || (a.kind === 'rows' ? a.rows === b.rows : a.seconds === b.seconds));
}

/**
 * Whether a stream gives no more rows until it is started again.
 * @param {import('../engine/live/types.js').SourceState['state'] | undefined} state
 */
export function isOver(state) {
  return state === 'ended' || state === 'stopped' || state === 'failed';
}

/**
 * Whether there is anything to show beside the ways to begin.
 * @param {LiveState} state
 */
export function hasBegun({ source, tick }) {
  return source !== null || (tick !== null && tick.total > 0);
}
