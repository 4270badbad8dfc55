// @ts-check
// The WebAssembly module of the Live view, wrapped: an engine, and the monitor of a stream.

import { checkReply, startModule, writeInput } from '../boundary.js';
import { EngineInstance } from '../module.js';
import { JobKind } from '../protocol.js';

/** @typedef {import('./live.d.ts').LiveModule} LiveModule */
/** @typedef {import('../engine.d.ts').Reply} Reply */

const WHAT = 'the monitor';

/** @extends {EngineInstance<LiveModule>} */
export class LiveInstance extends EngineInstance {
  /**
   * @override
   * @param {import('../module.js').ModuleFactory} factory the default export of web/engine/firetower_live.mjs
   * @param {import('../boundary.js').Program} wasmBinary
   */
  static async load(factory, wasmBinary) {
    const { module, log } = await startModule(factory, wasmBinary, WHAT);
    return new LiveInstance(/** @type {LiveModule} */ (module), log, WHAT);
  }

  // --- rows of a file

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
   * @param {(module: LiveModule, bytes: number) => Reply} call
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
   * @param {Omit<import('./source.js').RowBatch, 'arrived'>} batch
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

  /** @param {import('./source.js').Malformed} malformed */
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
   * @returns {Omit<import('./types.js').LiveTick, 'source' | 'log'>}
   */
  liveTick(now, since) {
    return this.run((module) => JSON.parse(module.liveTick(now, since)));
  }

  /** @returns {import('./types.js').StatsDocument} */
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
