// @ts-check
// The analysis module, wrapped (see ../boundary.js): requests and documents are JSON texts.

import { Boundary, checkReply, startModule, writeInput } from '../boundary.js';

/** @typedef {import('./analysis.d.ts').AnalysisModule} AnalysisModule */
/** @typedef {import('./types.js').DriftRequest} DriftRequest */
/** @typedef {import('./types.js').ScoredRows} ScoredRows */

/**
 * @typedef {(options: {wasmBinary: Uint8Array, print: (line: string) => void, printErr: (line: string) => void}) =>
 *   Promise<AnalysisModule>} AnalysisFactory the default export of web/engine/firetower_analysis.mjs
 */

const WHAT = 'the analysis engine';

/** Rows by their value of a column, as RowQuery::Kind. */
const QueryKind = Object.freeze({ numbers: 0, category: 1, missing: 2 });

const encoder = new TextEncoder();

/** @param {unknown} document */
const bytesOf = (document) => encoder.encode(JSON.stringify(document));

/**
 * The place of a row query's value: `low` included, `high` not.
 * @param {string} name
 * @param {import('./types.js').RowPlace} where
 */
function queryOf(name, { low = null, high = null, category = null, missing = false }) {
  const kind = missing ? QueryKind.missing : category !== null ? QueryKind.category : QueryKind.numbers;
  return { name, kind, low: low ?? -Infinity, high: high ?? Infinity, category: category ?? '' };
}

/** @param {ScoredRows | null} rows */
function scoredOf(rows) {
  if (rows === null) {
    return { arrays: [], options: { rows: 0, labels: false, weights: false, amounts: false, times: false } };
  }
  const { scores, labels = null, weights = null, amounts = null, times = null } = rows;
  return {
    arrays: [scores, labels, weights, amounts, times].filter((array) => array !== null),
    options: {
      rows: scores.length,
      labels: labels !== null,
      weights: weights !== null,
      amounts: amounts !== null,
      times: times !== null,
    },
  };
}

/** @extends {Boundary<AnalysisModule>} */
export class AnalysisInstance extends Boundary {
  /**
   * @param {AnalysisFactory} factory
   * @param {Uint8Array} wasmBinary
   */
  static async load(factory, wasmBinary) {
    const { module, log } = await startModule(factory, wasmBinary, WHAT);
    return new AnalysisInstance(module, log, WHAT);
  }

  info() {
    return this.run((module) => module.analysisInfo());
  }

  /** @param {Uint8Array} bytes */
  loadModel(bytes) {
    this.run((module) => checkReply(module.loadModel(writeInput(module, bytes))));
  }

  /**
   * @param {Uint8Array} head
   * @param {import('./analysis.d.ts').TableOptions} options
   * @returns {{columns: string[]}}
   */
  inspect(head, options) {
    return this.run((module) => JSON.parse(checkReply(module.inspect(writeInput(module, head), options))));
  }

  /**
   * @param {number} table
   * @param {Uint8Array} head
   * @param {import('./analysis.d.ts').TableOptions} options
   */
  beginTable(table, head, options) {
    this.run((module) => checkReply(module.beginTable(table, writeInput(module, head), options)));
  }

  /** @param {Uint8Array} bytes */
  feed(bytes) {
    this.run((module) => checkReply(module.feed(writeInput(module, bytes))));
  }

  /**
   * @param {number} table
   * @returns {import('./types.js').TableInfo}
   */
  finishTable(table) {
    return this.run((module) => {
      checkReply(module.finishTable());
      return JSON.parse(checkReply(module.tableJson(table)));
    });
  }

  /** @param {number} table */
  clearTable(table) {
    this.run((module) => module.clearTable(table));
  }

  /**
   * @param {number} table
   * @param {string} text
   * @param {string} name
   */
  setSummary(table, text, name) {
    this.run((module) => checkReply(module.setSummary(table, writeInput(module, encoder.encode(text)), name)));
  }

  /**
   * @param {DriftRequest} request
   * @returns {string} DriftMeasured as text: it goes to judge() as it is
   */
  measure(request) {
    return this.run((module) => checkReply(module.measure(writeInput(module, bytesOf(request)))));
  }

  /**
   * @param {string[]} measured
   * @param {DriftRequest} request
   * @param {object} sections
   * @returns {string} DriftReport as text
   */
  judge(measured, request, sections) {
    const texts = [...measured.map((text) => encoder.encode(text)), bytesOf(request), bytesOf(sections)];
    const lengths = Float64Array.from(texts, (text) => text.length);
    return this.run((module) => {
      writeInput(module, lengths, ...texts);
      return checkReply(module.judge(measured.length));
    });
  }

  /**
   * @param {string} name
   * @param {DriftRequest} request
   * @returns {import('./types.js').DriftColumn}
   */
  column(name, request) {
    return this.run((module) => JSON.parse(checkReply(module.columnJson(name, writeInput(module, bytesOf(request))))));
  }

  /**
   * @param {string} name
   * @param {DriftRequest} request
   * @param {number} windows
   * @returns {import('./types.js').DriftTrend}
   */
  trend(name, request, windows) {
    return this.run((module) =>
      JSON.parse(checkReply(module.trendJson(name, writeInput(module, bytesOf(request)), windows))),
    );
  }

  /**
   * @param {string} name
   * @param {import('./types.js').RowPlace} where
   * @param {DriftRequest} request
   * @param {number} max
   * @param {Float64Array | null} ratios one per row of the table
   * @returns {import('./types.js').DriftRows}
   */
  rows(name, where, request, max, ratios) {
    return this.run((module) => {
      const bytes = bytesOf(request);
      writeInput(module, ratios ?? new Float64Array(0), bytes);
      return JSON.parse(checkReply(module.rowsJson(queryOf(name, where), ratios?.length ?? 0, bytes.length, max)));
    });
  }

  /**
   * @param {string} name
   * @param {import('./types.js').RowPlace} where
   * @param {DriftRequest} request
   */
  rowNumbers(name, where, request) {
    return this.run((module) => {
      checkReply(module.rowNumbers(queryOf(name, where), writeInput(module, bytesOf(request))));
      return module.numbers().slice();
    });
  }

  /**
   * @param {number} table
   * @param {DriftRequest} request
   * @param {number} maxRows
   * @param {number} seed
   */
  sampleRows(table, request, maxRows, seed) {
    return this.run((module) => module.sampleRows(table, writeInput(module, bytesOf(request)), maxRows, seed).slice());
  }

  /**
   * @param {number} table
   * @param {string} name
   * @param {Float64Array} rows
   */
  gather(table, name, rows) {
    return this.run((module) => {
      writeInput(module, rows);
      return module.gather(table, name, rows.length).slice();
    });
  }

  /**
   * @param {string[]} names
   * @param {Float64Array} matrix column after column, the reference's rows first
   * @param {number} rows
   * @param {number} referenceRows
   * @param {object} request
   * @returns {import('./types.js').MultivariateDrift}
   */
  multivariate(names, matrix, rows, referenceRows, request) {
    return this.run((module) => {
      const nameBytes = bytesOf(names);
      const bytes = bytesOf(request);
      writeInput(module, matrix, nameBytes, bytes);
      const reply = module.multivariate(rows, referenceRows, names.length, nameBytes.length, bytes.length);
      return JSON.parse(checkReply(reply));
    });
  }

  /**
   * @param {Float64Array} matrix
   * @param {number} rows
   * @param {number} columns
   */
  densityRatios(matrix, rows, columns) {
    return this.run((module) => {
      writeInput(module, matrix);
      checkReply(module.densityRatios(rows, columns));
      return module.numbers().slice();
    });
  }

  /** @returns {object[]} */
  detectors() {
    return this.run((module) => JSON.parse(module.detectors()));
  }

  /**
   * @param {'detect' | 'falseAlarms' | 'scoreDetector'} call
   * @param {object} request
   * @param {Float64Array} numbers
   * @returns {object}
   */
  series(call, request, numbers) {
    return this.run((module) => {
      const bytes = bytesOf(request);
      writeInput(module, numbers, bytes);
      return JSON.parse(checkReply(module[call](numbers.length, bytes.length)));
    });
  }

  /**
   * @param {'performance' | 'backTest'} call
   * @param {ScoredRows} rows
   * @param {object} request
   * @returns {object}
   */
  scored(call, rows, request) {
    return this.run((module) => {
      const { arrays, options } = scoredOf(rows);
      const bytes = bytesOf(request);
      writeInput(module, ...arrays, bytes);
      return JSON.parse(checkReply(module[call](options, bytes.length)));
    });
  }

  /**
   * @param {ScoredRows} first
   * @param {Float64Array} second
   * @param {object} request
   * @returns {object}
   */
  comparePerformance(first, second, request) {
    return this.run((module) => {
      const { arrays, options } = scoredOf(first);
      const bytes = bytesOf(request);
      writeInput(module, ...arrays, second, bytes);
      return JSON.parse(checkReply(module.comparePerformance(options, bytes.length)));
    });
  }

  /**
   * @param {ScoredRows | null} reference
   * @param {ScoredRows} current
   * @param {object} request
   * @returns {object}
   */
  estimate(reference, current, request) {
    return this.run((module) => {
      const before = scoredOf(reference);
      const now = scoredOf(current);
      const bytes = bytesOf(request);
      writeInput(module, ...before.arrays, ...now.arrays, bytes);
      return JSON.parse(checkReply(module.estimate(before.options, now.options, bytes.length)));
    });
  }

  /** @param {string} report */
  reportHtml(report) {
    return this.run((module) => checkReply(module.reportHtml(writeInput(module, encoder.encode(report)))));
  }
}
