// @ts-check
// The page's state: one flat object (see store.js). Views read it; only actions.js changes it.

import { namedColumns } from './columns.js';
import { defaultFilter } from './filters.js';
import { defaultSettings } from './settings.js';

/** @typedef {import('../engine/types.js').ModelCard} ModelCard */
/** @typedef {import('../engine/types.js').ImportReport} ImportReport */
/** @typedef {import('../engine/types.js').ImportOverrides} ImportOverrides */
/** @typedef {import('../engine/types.js').ScoredFile} ScoredFile */
/** @typedef {import('../engine/types.js').Performance} Performance */
/** @typedef {import('../engine/types.js').PerformanceAt} PerformanceAt */
/** @typedef {import('../engine/types.js').Progress} Progress */
/** @typedef {import('../engine/types.js').RowDetail} RowDetail */

/**
 * @typedef {object} Source the file in hand: scored, being scored, or refused
 * @property {Blob} file
 * @property {string} name
 * @property {ImportOverrides} overrides
 * @property {boolean} demo generated here
 */

/**
 * @typedef {object} Job
 * @property {'generating' | 'reading' | 'scoring'} phase
 * @property {string} name
 * @property {Progress | null} progress
 */

/**
 * @typedef {object} Download
 * @property {'original' | 'scores'} what
 * @property {number} bytes written so far
 * @property {number} share 0..1
 */

/** @typedef {{key: 'score' | 'row' | 'column', column: string, descending: boolean}} Order */

/**
 * @typedef {object} State
 * @property {import('./session.js').View} view
 * @property {import('./settings.js').Settings} settings
 * @property {'starting' | 'ready' | 'failed'} engine
 * @property {ModelCard | null} model
 * @property {string} modelFile name of the model file a person loaded; empty: the page's own model
 * @property {import('./problems.js').Problem | null} problem
 * @property {string} note one sentence about what just happened; empty: nothing
 * @property {string} sessionNote one sentence about what became of a session; empty: nothing
 * @property {boolean} story the #demo story is open
 * @property {Source | null} source
 * @property {Job | null} job
 * @property {ImportReport | null} report
 * @property {ScoredFile | null} scored
 * @property {number} threshold
 * @property {Order} order
 * @property {Uint32Array | null} ranked every row, in the table's order
 * @property {import('./filters.js').Filter} filter
 * @property {{text: string, matches: Uint8Array} | null} found rows that contain filter.text
 * @property {{column: string, values: Float64Array} | null} filterColumn values of filter.column
 * @property {Uint32Array | null} shown rows the filter keeps
 * @property {string} tableBusy what the table waits for; empty: nothing
 * @property {number} page from 0
 * @property {{rows: Uint32Array, cells: string[][]} | null} pageCells
 * @property {number | null} openRow
 * @property {RowDetail | null} rowDetail
 * @property {boolean} weighted
 * @property {Performance | null} performance
 * @property {string} performanceNote why there are no figures although there are labels
 * @property {PerformanceAt | null} performanceAt
 * @property {Download | null} download
 */

export const PAGE_ROWS = 100;
const USUAL_COLUMNS = 10;

/** @returns {State} */
export function initialState() {
  return {
    view: 'review',
    settings: defaultSettings(),
    engine: 'starting',
    model: null,
    modelFile: '',
    problem: null,
    note: '',
    sessionNote: '',
    story: false,
    source: null,
    job: null,
    ...noResult(),
    threshold: 0.5,
  };
}

/** What is cleared when another file comes. */
export function noResult() {
  return {
    report: null,
    scored: null,
    order: /** @type {Order} */ ({ key: 'score', column: '', descending: true }),
    ranked: null,
    filter: defaultFilter(),
    found: null,
    filterColumn: null,
    shown: null,
    tableBusy: '',
    page: 0,
    pageCells: null,
    openRow: null,
    rowDetail: null,
    weighted: true,
    performance: null,
    performanceNote: '',
    performanceAt: null,
    download: null,
  };
}

/**
 * Rows set aside; the engine lists the first of them only.
 * @param {ScoredFile} scored
 */
export function setAside(scored) {
  return scored.rows - scored.scored;
}

/**
 * The columns of the table: those the reader chose, as far as the file has them, else a few that the model reads.
 * @param {State} state
 * @returns {import('./columns.js').Column[]}
 */
export function tableColumns(state) {
  const { scored, settings, model } = state;
  if (!scored) return [];
  const present = namedColumns(scored.report.columns);
  const chosen = settings.columns?.flatMap((name) => present.find((column) => column.name === name) ?? []) ?? [];
  if (chosen.length > 0) return chosen;
  const columnOf = new Map(scored.report.matched.map(({ input, column }) => [input, column]));
  const wanted = [...mostImportant(model), ...(model?.inputs ?? []).map(({ name }) => name)];
  const picked = new Set(wanted.map((name) => columnOf.get(name)).filter((name) => name !== undefined));
  const usual = [...picked].slice(0, USUAL_COLUMNS);
  const label = scored.report.label;
  const found = present.filter(({ first }) => first);
  return [...found.filter(({ inFile }) => usual.includes(inFile)), ...found.filter(({ inFile }) => inFile === label)];
}

/**
 * Inputs by the importance of the features made of them, if the model says so.
 * @param {ModelCard | null} model
 * @returns {string[]}
 */
export function mostImportant(model) {
  const importances = model?.training?.importances;
  if (!model || typeof importances !== 'object' || importances === null) return [];
  /** @type {Map<string, number>} */
  const byInput = new Map();
  for (const { name, input } of model.features) {
    const value = Number(importances[name]);
    if (value > 0) byInput.set(input, (byInput.get(input) ?? 0) + value);
  }
  return [...byInput].sort((a, b) => b[1] - a[1]).map(([input]) => input);
}
