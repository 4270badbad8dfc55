// @ts-check
// The engine's WebAssembly module, wrapped (see boundary.js).

import { Boundary, checkReply, startModule, writeInput } from './boundary.js';
import { JobKind } from './protocol.js';

/** @typedef {import('./engine.d.ts').EngineModule} EngineModule */
/** @typedef {import('./engine.d.ts').Reply} Reply */

/**
 * @typedef {(options: {wasmBinary: Uint8Array, print: (line: string) => void, printErr: (line: string) => void}) =>
 *   Promise<EngineModule>} ModuleFactory the default export of web/engine/firetower.mjs
 */

const WHAT = 'the scoring engine';

/** @extends {Boundary<EngineModule>} */
export class EngineInstance extends Boundary {
  /**
   * @param {ModuleFactory} factory
   * @param {Uint8Array} wasmBinary
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
      summary: new TextEncoder().encode(module.scoreSummary()),
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
   * @param {Float64Array} values
   * @param {Uint8Array | null} keep
   * @param {boolean} descending
   */
  rank(values, keep, descending) {
    return this.run((module) => {
      writeInput(module, values, keep ?? new Uint8Array(0));
      return module.rank(values.length, keep !== null, descending).slice();
    });
  }

  /**
   * @param {Float64Array} scores
   * @param {Float64Array} labels
   * @param {Float64Array | null} weights
   */
  setLabels(scores, labels, weights) {
    this.run((module) => {
      writeInput(module, scores, labels, weights ?? new Float64Array(0));
      checkReply(module.setLabels(scores.length, weights !== null));
    });
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
   * @param {Uint8Array[]} summaries of the loaded model's rows; none: the summary of no rows
   * @returns {Uint8Array} their sum
   */
  mergeSummaries(summaries) {
    const lengths = Uint32Array.from(summaries, (summary) => summary.length);
    return this.run((module) => {
      const bytes = writeInput(module, lengths, ...summaries);
      const reply = module.mergeSummaries(summaries.length, bytes - lengths.byteLength);
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

  // --- rows of a file for the monitor

  /** @param {{begin: number, line: number}} options from where; in the layout of the last inspectCsv */
  beginRows({ begin, line }) {
    this.beginRange({ kind: JobKind.rows, begin, end: Infinity, line, guessStart: false, text: '' });
  }

  /** Rows read since the last call. Labels are null where the file has none. */
  takeRows() {
    return this.run((module) => {
      const rows = module.takeRows();
      const labels = module.readLabels().slice();
      return {
        rows,
        columns: module.readColumns().slice(),
        labels: labels.length === rows && rows > 0 ? labels : null,
        offsets: module.readOffsets().slice(),
        statuses: module.readStatuses().slice(),
        statusInputs: module.readStatusInputs().slice(),
      };
    });
  }

  /**
   * @param {string} scenario
   * @param {number} since rows since it began
   * @param {number} rows
   * @param {Float64Array} columns
   * @param {Float64Array | null} labels
   */
  applyScenario(scenario, since, rows, columns, labels) {
    return this.run((module) => {
      writeInput(module, columns, ...(labels === null ? [] : [labels]));
      checkReply(module.applyScenario(scenario, since, rows, labels !== null));
      const numbers = module.inputNumbers(columns.length + (labels?.length ?? 0));
      return { columns: numbers.slice(0, columns.length), labels: labels === null ? null : numbers.slice(columns.length) };
    });
  }

  /** @param {string} scenario */
  scenarioFraudRate(scenario) {
    return this.run((module) => module.scenarioFraudRate(scenario));
  }

  // --- the monitor

  /**
   * @param {(module: EngineModule, bytes: number) => Reply} call
   * @param {string} text
   */
  #give(call, text) {
    this.run((module) =>
      checkReply(call(module, writeInput(module, new TextEncoder().encode(text)))),
    );
  }

  /** @param {object} settings */
  openLive(settings) {
    this.#give((module, bytes) => module.openLive(bytes), JSON.stringify(settings));
  }

  closeLive() {
    this.run((module) => module.closeLive());
  }

  /** @param {object} settings */
  liveConfigure(settings) {
    this.#give((module, bytes) => module.liveConfigure(bytes), JSON.stringify(settings));
  }

  /**
   * @param {Omit<import('./live/source.js').RowBatch, 'arrived'>} batch
   * @param {{nowMs: number, keepLog: boolean}} options
   */
  livePush(batch, { nowMs, keepLog }) {
    const { rows, columns, labels, times, sourceRows, references, statuses, statusInputs } = batch;
    /** @type {(Uint8Array | Float64Array | Int32Array | Uint32Array)[]} */
    const arrays = [columns];
    for (const column of [labels, times, sourceRows]) if (column !== null) arrays.push(column);
    if (statuses !== null) arrays.push(statuses, statusInputs ?? new Int32Array(rows).fill(-1));
    let referenceBytes = -1;
    if (references !== null) {
      const encoder = new TextEncoder();
      const texts = references.map((text) => encoder.encode(text));
      arrays.push(Uint32Array.from(texts, (text) => text.length), ...texts);
      referenceBytes = texts.reduce((sum, text) => sum + text.length, 0);
    }
    this.run((module) => {
      writeInput(module, ...arrays);
      checkReply(
        module.livePush({
          rows,
          labels: labels !== null,
          times: times !== null,
          sourceRows: sourceRows !== null,
          statuses: statuses !== null,
          referenceBytes,
          nowMs,
          keepLog,
        }),
      );
    });
  }

  /** Of the last livePush. */
  liveScores() {
    return this.run((module) => ({
      probabilities: module.liveProbabilities().slice(),
      statuses: module.liveStatuses().slice(),
      statusInputs: module.liveStatusInputs().slice(),
    }));
  }

  liveLogBlock() {
    return this.run((module) => module.liveLogBlock().slice());
  }

  liveNextSequence() {
    return this.run((module) => module.liveNextSequence());
  }

  /** @param {number} next */
  setLiveNextSequence(next) {
    this.run((module) => module.setLiveNextSequence(next));
  }

  /** @param {import('./live/source.js').Malformed} malformed */
  liveNoteMalformed({ count, reason, sample }) {
    this.run((module) => module.liveNoteMalformed(count, reason, sample));
  }

  /** @param {number} micros @param {number} rows */
  liveNoteLatency(micros, rows) {
    this.run((module) => module.liveNoteLatency(micros, rows));
  }

  /** @param {number} ms @param {number} rows */
  liveNoteDelay(ms, rows) {
    this.run((module) => module.liveNoteDelay(ms, rows));
  }

  /**
   * @param {number} now
   * @param {number} since generation of the charts that are known
   * @returns {Omit<import('./live/types.js').LiveTick, 'source' | 'log'>}
   */
  liveTick(now, since) {
    return this.run((module) => JSON.parse(module.liveTick(now, since)));
  }

  /** @returns {import('./live/types.js').StatsDocument} */
  liveStats() {
    return this.run((module) => JSON.parse(module.liveStats()));
  }

  /** @param {string} feature */
  liveColumn(feature) {
    return this.run((module) => JSON.parse(checkReply(module.liveColumn(feature))));
  }

  /** @param {string} feature @param {{low: number, high: number, max: number}} range */
  liveRows(feature, { low, high, max }) {
    return this.run((module) => JSON.parse(checkReply(module.liveRows(feature, low, high, max))));
  }

  /** @param {number} episode @param {number} now */
  liveAcknowledge(episode, now) {
    return this.run((module) => module.liveAcknowledge(episode, now));
  }

  /** @param {string} rule @param {number} until */
  liveSilence(rule, until) {
    return this.run((module) => module.liveSilence(rule, until));
  }

  liveRules() {
    return this.run((module) => JSON.parse(module.liveRules()));
  }

  /** @param {'window' | 'overall'} scope */
  liveSummary(scope) {
    return this.run((module) => new TextEncoder().encode(module.liveSummary(scope === 'window')));
  }

  /** @param {Uint8Array} bytes */
  liveMerge(bytes) {
    this.run((module) => checkReply(module.liveMerge(writeInput(module, bytes))));
  }

  liveCheckpoint() {
    return this.run((module) => module.liveCheckpoint());
  }

  /** @param {string} checkpoint */
  liveRestore(checkpoint) {
    this.#give((module, bytes) => module.liveRestore(bytes), checkpoint);
  }

  /** The recent rows as one block of the prediction log. */
  liveRecentLog() {
    return this.run((module) => module.liveRecentLog().slice());
  }

  /**
   * @param {Uint8Array} blocks whole blocks of the prediction log
   * @param {'ndjson' | 'csv'} format
   */
  logText(blocks, format) {
    return this.run((module) => module.logText(writeInput(module, blocks), format === 'csv').slice());
  }

  /** @param {'ndjson' | 'csv'} format */
  logHeader(format) {
    return this.run((module) => new TextEncoder().encode(module.logHeader(format === 'csv')));
  }

  /** @param {Uint8Array} bytes */
  scanLog(bytes) {
    return this.run((module) => {
      const scan = module.scanLog(writeInput(module, bytes));
      return {
        blocks: scan.blocks,
        rows: scan.rows,
        first_sequence: scan.firstSequence,
        next_sequence: scan.nextSequence,
        whole_bytes: scan.wholeBytes,
      };
    });
  }
}
