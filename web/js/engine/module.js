// @ts-check
// The WebAssembly module, wrapped: bytes and numbers in, copies out, errors as EngineError. The one place that
// touches the engine's memory and the one place that catches what the engine can die of: a trap, an abort or a
// C++ exception (which arrives as a bare number). After that the instance is dead and every call says so.

import { engineError } from './errors.js';

/** @typedef {import('./engine.d.ts').EngineModule} EngineModule */
/** @typedef {import('./engine.d.ts').Reply} Reply */

/** Lines of the engine's own output that a crash report carries. */
const LOG_LINES = 200;

/**
 * @typedef {(options: {wasmBinary: Uint8Array, print: (line: string) => void, printErr: (line: string) => void}) =>
 *   Promise<EngineModule>} ModuleFactory the default export of web/engine/firetower.mjs
 */

export class EngineInstance {
  /** @type {EngineModule} */
  #module;
  /** @type {string[]} */
  #log;
  /** @type {string | null} */
  #crash = null;

  /**
   * @param {EngineModule} module
   * @param {string[]} log
   */
  constructor(module, log) {
    this.#module = module;
    this.#log = log;
  }

  /**
   * @param {ModuleFactory} factory
   * @param {Uint8Array} wasmBinary
   */
  static async load(factory, wasmBinary) {
    /** @type {string[]} */
    const log = [];
    /** @param {string} line */
    const keep = (line) => {
      log.push(line);
      if (log.length > LOG_LINES) log.shift();
    };
    try {
      return new EngineInstance(await factory({ wasmBinary, print: keep, printErr: keep }), log);
    } catch (thrown) {
      const message = `the scoring engine could not be started: ${thrown instanceof Error ? thrown.message : thrown}`;
      throw engineError({ code: 'LOAD_FAILED', message, detail: log.join('\n') });
    }
  }

  /**
   * Calls into the engine. What it returns must not be a view: copy inside.
   * @template T
   * @param {(module: EngineModule) => T} call
   * @returns {T}
   */
  #run(call) {
    if (this.#crash !== null) throw this.#crashed();
    try {
      return call(this.#module);
    } catch (thrown) {
      if (thrown instanceof Error && thrown.name === 'EngineError') throw thrown;
      const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : `exception ${String(thrown)}`;
      this.#crash = text;
      throw this.#crashed();
    }
  }

  #crashed() {
    const detail = [this.#crash, ...this.#log].join('\n');
    const memory = /out of memory|OOM|memory access|enlarge/i.test(detail);
    return engineError({
      code: 'ENGINE_CRASHED',
      message: memory ? 'the scoring engine ran out of memory' : 'the scoring engine stopped unexpectedly',
      detail,
    });
  }

  /** @param {Reply} reply */
  static #check(reply) {
    if (reply.code === 'OK') return reply.text;
    /** @type {import('./protocol.js').ErrorData} */
    const data = { code: reply.code, message: reply.message };
    if (reply.row >= 0) data.row = reply.row;
    if (reply.line >= 0) data.line = reply.line;
    if (reply.column >= 0) data.column = reply.column;
    if (reply.byteOffset >= 0) data.byteOffset = reply.byteOffset;
    throw engineError(data);
  }

  /**
   * Writes arrays one after the other into the engine's input.
   * @param {EngineModule} module
   * @param {(Uint8Array | Float64Array | Uint32Array)[]} arrays
   * @returns {number} bytes
   */
  static #write(module, ...arrays) {
    const bytes = arrays.reduce((sum, array) => sum + array.byteLength, 0);
    const input = module.input(bytes);
    if (input.length !== bytes) {
      const message = `there is no memory for ${Math.ceil(bytes / 2 ** 20)} MiB more in this tab`;
      throw engineError({ code: 'OUT_OF_MEMORY', message });
    }
    let place = 0;
    for (const array of arrays) {
      input.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), place);
      place += array.byteLength;
    }
    return bytes;
  }

  info() {
    return this.#run((module) => module.engineInfo());
  }

  /**
   * @param {Uint8Array} bytes
   * @returns {import('./types.js').ModelCard}
   */
  loadModel(bytes) {
    return this.#run((module) => {
      EngineInstance.#check(module.loadModel(EngineInstance.#write(module, bytes)));
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
    return this.#run((module) =>
      JSON.parse(EngineInstance.#check(module.inspectCsv(EngineInstance.#write(module, head), options))),
    );
  }

  /** @param {import('./engine.d.ts').RangeOptions} options */
  beginRange(options) {
    this.#run((module) => EngineInstance.#check(module.beginRange(options)));
  }

  /**
   * @param {Uint8Array} bytes
   * @returns {import('./engine.d.ts').RangeState}
   */
  feed(bytes) {
    return this.#run((module) => {
      EngineInstance.#check(module.feed(EngineInstance.#write(module, bytes)));
      return module.rangeState();
    });
  }

  finishRange() {
    return this.#run((module) => {
      EngineInstance.#check(module.finishRange());
      return module.rangeState();
    });
  }

  /** What a score job collected. */
  scoreResults() {
    return this.#run((module) => ({
      offsets: module.rowOffsets().slice(),
      probabilities: module.probabilities().slice(),
      labels: module.labels().slice(),
      weights: module.weights().slice(),
      badRows: /** @type {import('./types.js').BadRow[]} */ (JSON.parse(module.badRowsJson())),
      missing: /** @type {Record<string, number>} */ (JSON.parse(module.missingJson())),
    }));
  }

  column() {
    return this.#run((module) => module.column().slice());
  }

  matches() {
    return this.#run((module) => module.matches().slice());
  }

  /** The engine's output so far, which is then empty. */
  takeOutput() {
    return this.#run((module) => {
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
    this.#run((module) => {
      EngineInstance.#write(module, scores);
      EngineInstance.#check(module.setExport(scores.length, firstRow, threshold, withInput));
    });
  }

  /** @param {boolean} withInput */
  exportHeader(withInput) {
    return this.#run((module) => module.exportHeader(withInput).slice());
  }

  /**
   * @param {Float64Array} values
   * @param {Uint8Array | null} keep
   * @param {boolean} descending
   */
  rank(values, keep, descending) {
    return this.#run((module) => {
      EngineInstance.#write(module, values, keep ?? new Uint8Array(0));
      return module.rank(values.length, keep !== null, descending).slice();
    });
  }

  /**
   * @param {Float64Array} scores
   * @param {Float64Array} labels
   * @param {Float64Array | null} weights
   */
  setLabels(scores, labels, weights) {
    this.#run((module) => {
      EngineInstance.#write(module, scores, labels, weights ?? new Float64Array(0));
      EngineInstance.#check(module.setLabels(scores.length, weights !== null));
    });
  }

  /**
   * @param {number} curvePoints
   * @returns {import('./types.js').Performance}
   */
  performance(curvePoints) {
    return this.#run((module) => JSON.parse(EngineInstance.#check(module.performanceJson(curvePoints))));
  }

  /**
   * @param {number} threshold
   * @returns {import('./types.js').PerformanceAt}
   */
  performanceAt(threshold) {
    return this.#run((module) => JSON.parse(EngineInstance.#check(module.performanceAtJson(threshold))));
  }

  /**
   * @param {Uint8Array} record
   * @returns {{cells: string[], features: import('./types.js').RowDetail['features']}}
   */
  describeRecord(record) {
    return this.#run((module) =>
      JSON.parse(EngineInstance.#check(module.describeRecord(EngineInstance.#write(module, record)))),
    );
  }

  /**
   * @param {Uint8Array[]} records
   * @returns {string[][]}
   */
  splitRecords(records) {
    const lengths = Uint32Array.from(records, (record) => record.length);
    return this.#run((module) => {
      const bytes = EngineInstance.#write(module, lengths, ...records);
      return JSON.parse(EngineInstance.#check(module.splitRecords(records.length, bytes - lengths.byteLength)));
    });
  }

  /** @param {Uint8Array} bytes */
  countLineEnds(bytes) {
    return this.#run((module) => module.countLineEnds(EngineInstance.#write(module, bytes)));
  }

  /**
   * @param {Float64Array} columns column after column
   * @param {number} rows
   * @param {number} inputs
   */
  scoreRows(columns, rows, inputs) {
    return this.#run((module) => {
      EngineInstance.#write(module, columns);
      EngineInstance.#check(module.scoreRows(rows, inputs));
      return {
        probabilities: module.probabilities().slice(),
        statuses: module.statuses().slice(),
        statusInputs: module.statusInputs().slice(),
      };
    });
  }

  /** @param {string} text */
  loadGenerator(text) {
    this.#run((module) => {
      const bytes = EngineInstance.#write(module, new TextEncoder().encode(text));
      EngineInstance.#check(module.loadGenerator(bytes));
    });
  }

  /** @param {{rows: number, seed: number, fraudRate: number}} options */
  beginSynth({ rows, seed, fraudRate }) {
    this.#run((module) => EngineInstance.#check(module.beginSynth(rows, seed, fraudRate)));
  }

  /** @param {number} maxRows */
  synthRows(maxRows) {
    return this.#run((module) => module.synthRows(maxRows));
  }
}
