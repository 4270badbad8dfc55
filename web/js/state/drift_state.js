// @ts-check
// What the Drift view shows: a store of its own, so that a dragged boundary wakes nobody else. Only drift_actions.js
// changes it.

/** @typedef {import('../engine/analysis/types.js').DriftRequest} DriftRequest */
/** @typedef {import('../engine/analysis/types.js').DriftReport} DriftReport */
/** @typedef {import('../engine/analysis/types.js').DriftColumn} DriftColumn */
/** @typedef {import('../engine/analysis/types.js').DriftTrend} DriftTrend */
/** @typedef {import('../engine/analysis/types.js').DriftRows} DriftRows */
/** @typedef {import('../engine/analysis/types.js').MultivariateDrift} MultivariateDrift */
/** @typedef {import('../engine/analysis/types.js').NumericTest} NumericTest */
/** @typedef {import('../engine/analysis/types.js').Correction} Correction */

/**
 * What is compared and how: choices, never data. Places in a file are shares of its rows, so that they fit any file.
 * @typedef {object} DriftSettings
 * @property {'profile' | 'before' | 'file' | 'summary'} reference before: the rows of the file before the boundary
 * @property {'file' | 'window' | 'live'} current file: all of it, or all from the boundary on
 * @property {number} boundary 0..1
 * @property {number} end 0..1 of a window
 * @property {NumericTest} test of columns of numbers, where rows are compared with rows
 * @property {Correction} correction
 * @property {number} level
 * @property {number | null} floor null: the test's own
 * @property {number | null} minRows null: the usual
 * @property {PerformanceSettings} performance
 * @property {DetectorSettings} detector
 */

/**
 * @typedef {object} PerformanceSettings
 * @property {number} windows
 * @property {number} budget alerts that people can look at, per window
 * @property {number} falsePositive cost of a false alarm
 * @property {number | null} falseNegative cost of a missed fraud; null: its amount
 * @property {number | null} delay how long labels take, in the unit of the file's times; null: every label there is counts
 */

/**
 * @typedef {object} DetectorSettings
 * @property {string} name
 * @property {string} series 'score', 'flagged', 'label', or column:NAME
 * @property {Record<string, number | string>} set parameters that are not as usual
 */

/**
 * @typedef {object} DriftJob
 * @property {'engine' | 'current' | 'reference' | 'together' | 'performance' | 'detector' | 'report'} what
 * @property {number | null} share done, 0..1
 */

/**
 * @typedef {object} BinRows the rows behind a bin, with their cells as in the file
 * @property {DriftRows} found
 * @property {string[]} head
 * @property {string[][]} cells
 */

/** @typedef {{rows: number, column: import('../engine/analysis/types.js').ColumnVerdict | null, overall: DriftReport['overall']}} WithoutRows */

/**
 * @typedef {object} DetectorRun
 * @property {string} name
 * @property {string} series
 * @property {{alarms: number[], warnings: number[]}} found rows of the file
 * @property {number} values
 * @property {{x: number, y: number}[]} line the series, thinned
 * @property {any} falseAlarms null: not yet
 * @property {string} reference which rows were shuffled
 * @property {any} score against known drifts, beside an always-fire and a never-fire dummy; null: none are known
 * @property {any} document as the engine gave it, for the report
 */

/**
 * @typedef {object} PerformanceRun
 * @property {any} measured null: no labels
 * @property {any} estimate null: none
 * @property {string} estimateProblem
 * @property {any} backTest
 * @property {number} labelled rows with a label
 * @property {number} offset row of the file that these figures call 0
 * @property {number} backOffset the same of the back-test
 */

/**
 * @typedef {object} DriftState
 * @property {DriftSettings} settings
 * @property {'none' | 'starting' | 'ready' | 'failed'} analysis
 * @property {import('./problems.js').Problem | null} problem
 * @property {string} note one calm sentence; empty: nothing
 * @property {DriftJob | null} job
 * @property {import('../engine/types.js').ScoredFile | null} loaded the file whose columns are ready
 * @property {{name: string, kind: string}[]} columns of that file
 * @property {{kind: 'file' | 'summary', name: string} | null} second a file or summary that was chosen as the reference
 * @property {string} waiting why nothing can be compared yet; empty: something is
 * @property {boolean} stopped it was cancelled before there was an answer
 * @property {DriftReport | null} report
 * @property {number} answeredIn milliseconds that it took
 * @property {boolean} moving the boundary is being moved
 * @property {{row: number, text: string} | null} boundaryTime what the file says at the boundary
 * @property {Map<string, DriftTrend>} trends
 * @property {Map<number, string>} times of rows where something began, as the file has them
 * @property {string | null} openColumn
 * @property {DriftColumn | null} column
 * @property {string} columnProblem
 * @property {number | 'all' | null} openBin
 * @property {BinRows | null} binRows
 * @property {WithoutRows | null} without
 * @property {MultivariateDrift | null} together
 * @property {PerformanceRun | null} performance
 * @property {any[]} detectors what there is to choose from
 * @property {DetectorRun | null} detector
 * @property {{rows: number[], horizon: number}} known the drifts that people know of in this file: where each begins, and in how many rows an alarm finds it
 * @property {string} detectorProblem
 * @property {string} saved what became of the report
 * @property {{judged: number, names: string[], few: boolean} | null} fit of the reviewed file, from its counts
 * @property {string} fitProblem
 */

export const TESTS = /** @type {const} */ (['ks', 'cvm', 'ad', 'mwu', 'welch', 'chi_square', 'g']);
export const COUNT_TESTS = /** @type {const} */ (['chi_square', 'g']);
export const CORRECTIONS = /** @type {const} */ (['BH', 'BY', 'Holm', 'Bonferroni', 'none']);
export const REFERENCES = /** @type {const} */ (['profile', 'before', 'file', 'summary']);
export const CURRENTS = /** @type {const} */ (['file', 'window', 'live']);
/** Windows of a trend. */
export const TREND_WINDOWS = 20;

/** @returns {DriftSettings} */
export function defaultDriftSettings() {
  return {
    reference: 'profile',
    current: 'file',
    boundary: 0.5,
    end: 1,
    test: 'ks',
    correction: 'BH',
    level: 0.05,
    floor: null,
    minRows: null,
    performance: { windows: 10, budget: 100, falsePositive: 5, falseNegative: null, delay: null },
    detector: { name: 'adwin', series: 'score', set: {} },
  };
}

/** @returns {DriftState} */
export function initialDriftState() {
  return {
    settings: defaultDriftSettings(),
    analysis: 'none',
    problem: null,
    note: '',
    job: null,
    loaded: null,
    columns: [],
    second: null,
    waiting: '',
    stopped: false,
    moving: false,
    ...nothingCompared(),
    detectors: [],
    fit: null,
    fitProblem: '',
  };
}

/** What goes when other data comes. */
export function nothingCompared() {
  return {
    report: null,
    answeredIn: 0,
    boundaryTime: null,
    trends: new Map(),
    times: new Map(),
    openColumn: null,
    ...nothingOpened(),
    together: null,
    performance: null,
    known: { rows: [], horizon: 1000 },
    detector: null,
    detectorProblem: '',
    saved: '',
  };
}

/** What goes when another column is opened. */
export function nothingOpened() {
  return { column: null, columnProblem: '', openBin: null, binRows: null, without: null };
}

/**
 * The rows that the boundary and the end stand for.
 * @param {DriftSettings} settings
 * @param {number} rows
 * @returns {{boundary: number, end: number}}
 */
export function places({ boundary, end, current }, rows) {
  const first = Math.min(rows, Math.max(0, Math.round(boundary * rows)));
  const last = current === 'window' ? Math.min(rows, Math.max(0, Math.round(end * rows))) : rows;
  return { boundary: Math.min(first, last), end: last };
}

/**
 * Whether either side is only counts.
 * @param {Pick<DriftSettings, 'reference' | 'current'>} settings
 */
export function fromCounts({ reference, current }) {
  return reference === 'profile' || reference === 'summary' || current === 'live';
}

/**
 * Whether a boundary means anything.
 * @param {Pick<DriftSettings, 'reference' | 'current'>} settings
 */
export function hasBoundary({ reference, current }) {
  return current !== 'live' && (reference === 'before' || current === 'window');
}

/**
 * The question to the engine.
 * @param {DriftSettings} settings
 * @param {number} rows of the file
 * @returns {DriftRequest}
 */
export function requestOf(settings, rows) {
  const { reference, current, test, correction, level, floor, minRows } = settings;
  const { boundary, end } = places(settings, rows);
  const counts = fromCounts(settings);
  /** @type {DriftRequest} */
  const request = {
    reference:
      reference === 'before' ? { from: 'current', rows: [0, boundary] } : { from: reference === 'file' ? 'reference' : reference },
    current:
      current === 'live' ? { from: 'summary' } : hasBoundary(settings) ? { from: 'current', rows: [boundary, end] } : { from: 'current' },
    test: counts ? (test === 'g' ? 'g' : 'chi_square') : test,
    correction,
    level,
  };
  if (floor !== null) request.effect_floor = floor;
  if (minRows !== null) request.min_rows = minRows;
  return request;
}
