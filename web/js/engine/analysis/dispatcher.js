// @ts-check
// An analysis worker's side of the protocol: one instance, requests answered one after the other, cancel seen between
// the slices of a file. Knows nothing of where it runs.

import { abortError, engineError, errorData } from '../errors.js';
import { nextTask } from '../next_task.js';
import { HEAD_BYTES, PROTOCOL, SLICE_BYTES } from '../protocol.js';
import { AnalysisInstance } from './module.js';

/** @typedef {import('./protocol.js').AnalysisRequest} AnalysisRequest */
/** @typedef {import('./protocol.js').TableFile} TableFile */

/** Progress messages are at least this far apart. Milliseconds. */
const PROGRESS_INTERVAL = 100;

/**
 * @param {Blob} blob
 * @param {number} begin
 * @param {number} end
 */
async function readBytes(blob, begin, end) {
  return new Uint8Array(await blob.slice(begin, end).arrayBuffer());
}

/** @param {TableFile} file */
function optionsOf({ blob, name, overrides, columns, hash }) {
  return {
    name,
    delimiter: overrides.delimiter ?? '',
    decimal: overrides.decimal ?? '',
    header: overrides.header === undefined ? 0 : overrides.header ? 1 : 2,
    complete: blob.size <= HEAD_BYTES,
    scores: true,
    hash,
    columns: columns === null ? '' : JSON.stringify(columns),
  };
}

export class AnalysisDispatcher {
  /** @type {AnalysisInstance | null} */
  #instance = null;
  #factory;
  #post;
  /** @type {Promise<void>} */
  #last = Promise.resolve();
  /** @type {Set<number>} requests not answered yet */
  #pending = new Set();
  /** @type {Set<number>} */
  #cancelled = new Set();

  /**
   * @param {() => Promise<import('./module.js').AnalysisFactory>} factory
   * @param {(message: import('../protocol.js').FromWorker, transfer?: Transferable[]) => void} post
   */
  constructor(factory, post) {
    this.#factory = factory;
    this.#post = post;
  }

  hello() {
    this.#post({ type: 'hello', protocol: PROTOCOL });
  }

  /** @param {AnalysisRequest | {id: number, type: 'cancel'}} message */
  receive(message) {
    if (message.type === 'cancel') {
      if (this.#pending.has(message.id)) this.#cancelled.add(message.id);
      return;
    }
    this.#pending.add(message.id);
    this.#last = this.#last.then(() => this.#answer(message));
  }

  /** @param {AnalysisRequest} request */
  async #answer(request) {
    const { id } = request;
    try {
      // A cancel that has arrived by now is seen before any work.
      await nextTask();
      if (this.#cancelled.has(id)) throw abortError();
      const result = await this.#handle(request);
      this.#post({ type: 'reply', id, ok: true, result }, buffersOf(result));
    } catch (thrown) {
      this.#post({ type: 'reply', id, ok: false, error: errorData(thrown) });
    }
    this.#pending.delete(id);
    this.#cancelled.delete(id);
  }

  /**
   * @param {AnalysisRequest} request
   * @returns {Promise<any>} what AnalysisRequests says for the type
   */
  async #handle(request) {
    if (request.type === 'start') {
      if (request.payload.protocol !== PROTOCOL) {
        const message = 'this page and its analysis engine are of different versions; please reload the page';
        throw engineError({ code: 'PROTOCOL_MISMATCH', message });
      }
      this.#instance = await AnalysisInstance.load(await this.#factory(), request.payload.wasmBinary);
      return null;
    }
    const instance = this.#instance;
    if (instance === null) throw engineError({ code: 'NOT_READY', message: 'the engine has not been started' });
    switch (request.type) {
      case 'info':
        return instance.info();
      case 'loadModel':
        instance.loadModel(request.payload.bytes);
        return null;
      case 'inspect': {
        const { file } = request.payload;
        return instance.inspect(await readBytes(file.blob, 0, HEAD_BYTES), optionsOf(file));
      }
      case 'load':
        return this.#load(instance, request.id, request.payload.table, request.payload.file);
      case 'clear':
        instance.clearTable(request.payload.table);
        return null;
      case 'summary': {
        const { table, text, name } = request.payload;
        instance.setSummary(table, text, name);
        return null;
      }
      case 'measure':
        return instance.measure(request.payload.request);
      case 'judge': {
        const { measured, request: settings, sections } = request.payload;
        return instance.judge(measured, settings, sections);
      }
      case 'column':
        return instance.column(request.payload.name, request.payload.request);
      case 'trend': {
        const { name, request: settings, windows } = request.payload;
        return instance.trend(name, settings, windows);
      }
      case 'rowNumbers': {
        const { name, where, request: settings } = request.payload;
        return instance.rowNumbers(name, where, settings);
      }
      case 'rows': {
        const { name, where, request: settings, max, ratios } = request.payload;
        return instance.rows(name, where, settings, max, ratios);
      }
      case 'sampleRows': {
        const { table, request: settings, maxRows, seed } = request.payload;
        return instance.sampleRows(table, settings, maxRows, seed);
      }
      case 'gather': {
        const { table, names, rows } = request.payload;
        return { columns: names.map((name) => instance.gather(table, name, rows)) };
      }
      case 'multivariate': {
        const { names, matrix, rows, referenceRows, request: settings } = request.payload;
        return instance.multivariate(names, matrix, rows, referenceRows, settings);
      }
      case 'densityRatios': {
        const { matrix, rows, columns } = request.payload;
        return instance.densityRatios(matrix, rows, columns);
      }
      case 'detectors':
        return instance.detectors();
      case 'series': {
        const { call, request: settings, numbers } = request.payload;
        return instance.series(call, settings, numbers);
      }
      case 'scored': {
        const { call, rows, request: settings } = request.payload;
        return instance.scored(call, rows, settings);
      }
      case 'comparePerformance': {
        const { first, second, request: settings } = request.payload;
        return instance.comparePerformance(first, second, settings);
      }
      case 'estimate': {
        const { reference, current, request: settings } = request.payload;
        return instance.estimate(reference, current, settings);
      }
      case 'reportHtml':
        return instance.reportHtml(request.payload.report);
      default: {
        /** @type {never} */
        const unknown = request;
        const type = /** @type {{type: string}} */ (unknown).type;
        throw engineError({ code: 'PROTOCOL_MISMATCH', message: `unknown request ${type}` });
      }
    }
  }

  /**
   * @param {AnalysisInstance} instance
   * @param {number} id
   * @param {number} table
   * @param {TableFile} file
   */
  async #load(instance, id, table, file) {
    const { blob } = file;
    instance.beginTable(table, await readBytes(blob, 0, HEAD_BYTES), optionsOf(file));
    let at = 0;
    // The next slice is read while this one is worked on.
    const read = () => {
      const begin = at;
      at = Math.min(begin + SLICE_BYTES, blob.size);
      return begin < at ? readBytes(blob, begin, at) : null;
    };
    let ahead = read();
    let bytes = 0;
    let posted = performance.now();
    try {
      while (ahead !== null) {
        const slice = await ahead;
        await nextTask();
        if (this.#cancelled.has(id)) throw abortError();
        ahead = read();
        instance.feed(slice);
        bytes += slice.length;
        const now = performance.now();
        if (now - posted >= PROGRESS_INTERVAL) {
          posted = now;
          this.#post({ type: 'progress', id, bytes, rows: 0 });
        }
      }
    } finally {
      // A slice read for nothing must not reject unheard.
      ahead?.catch(() => {});
    }
    return instance.finishTable(table);
  }
}

/**
 * The buffers of a result, all freshly copied from the module: they can be transferred.
 * @param {any} result
 * @returns {ArrayBuffer[]}
 */
function buffersOf(result) {
  if (ArrayBuffer.isView(result)) return [/** @type {ArrayBuffer} */ (result.buffer)];
  if (Array.isArray(result?.columns)) return result.columns.flatMap(buffersOf);
  return [];
}
