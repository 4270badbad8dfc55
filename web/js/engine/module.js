// @ts-check
// The engine's WebAssembly module, wrapped (see boundary.js).

import { Boundary, checkReply, startModule, writeInput } from './boundary.js';
import { rankedRows } from './rank.js';

/** @typedef {import('./engine.d.ts').EngineModule} EngineModule */
/** @typedef {import('./engine.d.ts').Reply} Reply */

/**
 * @typedef {(options: {wasmBinary: Uint8Array, print: (line: string) => void, printErr: (line: string) => void}) =>
 *   Promise<EngineModule>} ModuleFactory the default export of web/engine/firetower.mjs
 */

const WHAT = 'the scoring engine';

/** Rows whose labels are looked at in one call. */
const BLOCK_ROWS = 1 << 16;

/**
 * @template {EngineModule} [Module=EngineModule]
 * @extends {Boundary<Module>}
 */
export class EngineInstance extends Boundary {
  /**
   * @param {ModuleFactory} factory
   * @param {import('./boundary.js').Program} wasmBinary
   */
  static async load(factory, wasmBinary) {
    const { module, log } = await startModule(factory, wasmBinary, WHAT);
    return new EngineInstance(module, log, WHAT);
  }

  info() {
    return this.run((module) => module.engineInfo());
  }

  /**
   * @param {Uint8Array} bytes
   * @returns {import('./types.js').ModelCard}
   */
  loadModel(bytes) {
    return this.run((module) => {
      checkReply(module.loadModel(writeInput(module, bytes)));
      return JSON.parse(module.modelJson());
    });
  }

  /**
   * @param {Uint8Array} head
   * @param {boolean} complete head is the whole file
   * @param {import('./types.js').ImportOverrides} overrides
   * @returns {import('./types.js').ImportReport}
   */
  inspectCsv(head, complete, overrides) {
    const header = overrides.header === undefined ? 0 : overrides.header ? 1 : 2;
    const options = { delimiter: overrides.delimiter ?? '', decimal: overrides.decimal ?? '', header, complete };
    return this.run((module) =>
      JSON.parse(checkReply(module.inspectCsv(writeInput(module, head), options))),
    );
  }

  /** @param {import('./engine.d.ts').RangeOptions} options */
  beginRange(options) {
    this.run((module) => checkReply(module.beginRange(options)));
  }

  /**
   * @param {Uint8Array} bytes
   * @returns {import('./engine.d.ts').RangeState}
   */
  feed(bytes) {
    return this.run((module) => {
      checkReply(module.feed(writeInput(module, bytes)));
      return module.rangeState();
    });
  }

  finishRange() {
    return this.run((module) => {
      checkReply(module.finishRange());
      return module.rangeState();
    });
  }

  /** What a score job collected. */
  scoreResults() {
    return this.run((module) => ({
      offsets: module.rowOffsets().slice(),
      probabilities: module.probabilities().slice(),
      labels: module.labels().slice(),
      weights: module.weights().slice(),
      badRows: /** @type {import('./types.js').BadRow[]} */ (JSON.parse(module.badRowsJson())),
      missing: /** @type {Record<string, number>} */ (JSON.parse(module.missingJson())),
      summary: module.scoreSummary().slice(),
    }));
  }

  column() {
    return this.run((module) => module.column().slice());
  }

  matches() {
    return this.run((module) => module.matches().slice());
  }

  /** The engine's output so far, which is then empty. */
  takeOutput() {
    return this.run((module) => {
      const bytes = module.output().slice();
      module.clearOutput();
      return bytes;
    });
  }

  /**
   * @param {Float64Array} scores
   * @param {{firstRow: number, threshold: number, withInput: boolean}} options
   */
  setExport(scores, { firstRow, threshold, withInput }) {
    this.run((module) => {
      writeInput(module, scores);
      checkReply(module.setExport(scores.length, firstRow, threshold, withInput));
    });
  }

  /** @param {boolean} withInput */
  exportHeader(withInput) {
    return this.run((module) => module.exportHeader(withInput).slice());
  }

  /**
   * Rows to measure. They stay in JavaScript's memory, where the engine reads them block by block.
   * @param {Float64Array} scores
   * @param {Float64Array} labels
   * @param {Float64Array | null} weights
   */
  setLabels(scores, labels, weights) {
    const usable = new Uint8Array(scores.length);
    this.run((module) => {
      for (let first = 0; first < scores.length; first += BLOCK_ROWS) {
        const [block, ...others] = [scores, labels, weights ?? new Float64Array(0)].map((all) => all.subarray(first, first + BLOCK_ROWS));
        writeInput(module, block, ...others);
        checkReply(module.findUsable(block.length, first, weights !== null));
        usable.set(module.usable(), first);
      }
    });
    const { rows, read } = rankedRows(scores, labels, weights, usable);
    this.run((module) => module.setLabels(read, rows, scores.length - rows, weights !== null));
  }

  /**
   * @param {number} curvePoints
   * @returns {import('./types.js').Performance}
   */
  performance(curvePoints) {
    return this.run((module) => JSON.parse(checkReply(module.performanceJson(curvePoints))));
  }

  /**
   * @param {number} threshold
   * @returns {import('./types.js').PerformanceAt}
   */
  performanceAt(threshold) {
    return this.run((module) => JSON.parse(checkReply(module.performanceAtJson(threshold))));
  }

  /**
   * @param {Uint8Array} record
   * @returns {{cells: string[], features: import('./types.js').RowDetail['features']}}
   */
  describeRecord(record) {
    return this.run((module) =>
      JSON.parse(checkReply(module.describeRecord(writeInput(module, record)))),
    );
  }

  /**
   * @param {Uint8Array[]} records
   * @returns {string[][]}
   */
  splitRecords(records) {
    const lengths = Uint32Array.from(records, (record) => record.length);
    return this.run((module) => {
      const bytes = writeInput(module, lengths, ...records);
      return JSON.parse(checkReply(module.splitRecords(records.length, bytes - lengths.byteLength)));
    });
  }

  /**
   * @param {Uint8Array[]} summaries of score jobs; none: the summary of no rows
   * @returns {Uint8Array} the file of their sum
   */
  mergeSummaries(summaries) {
    const lengths = Uint32Array.from(summaries, (summary) => summary.length / 8);
    return this.run((module) => {
      const bytes = writeInput(module, ...summaries, lengths);
      const reply = module.mergeSummaries(summaries.length, (bytes - lengths.byteLength) / 8);
      return new TextEncoder().encode(checkReply(reply));
    });
  }

  /** @param {Uint8Array} bytes */
  countLineEnds(bytes) {
    return this.run((module) => module.countLineEnds(writeInput(module, bytes)));
  }

  /**
   * @param {Float64Array} columns column after column
   * @param {number} rows
   * @param {number} inputs
   */
  scoreRows(columns, rows, inputs) {
    return this.run((module) => {
      writeInput(module, columns);
      checkReply(module.scoreRows(rows, inputs));
      return {
        probabilities: module.probabilities().slice(),
        statuses: module.statuses().slice(),
        statusInputs: module.statusInputs().slice(),
      };
    });
  }

  /** @param {string} text */
  loadGenerator(text) {
    this.run((module) => {
      const bytes = writeInput(module, new TextEncoder().encode(text));
      checkReply(module.loadGenerator(bytes));
    });
  }

  /** @param {{rows: number, seed: number, fraudRate: number}} options */
  beginSynth({ rows, seed, fraudRate }) {
    this.run((module) => checkReply(module.beginSynth(rows, seed, fraudRate)));
  }

  /** @param {number} maxRows */
  synthRows(maxRows) {
    return this.run((module) => module.synthRows(maxRows));
  }
}
