// @ts-check
// The worker's side of the protocol: one engine instance, requests answered one after the other, cancel seen
// between slices. Knows nothing of where it runs: worker.js and the in-process transport give it a way to post.

import { abortError, engineError, errorData } from './errors.js';
import { EngineInstance } from './module.js';
import { nextTask } from './next_task.js';
import { HEAD_BYTES, JobKind, PROTOCOL } from './protocol.js';
import { rank } from './rank.js';
import { readBytes, readPlaces, SliceReader } from './slices.js';

/** @typedef {import('./protocol.js').FileRef} FileRef */
/** @typedef {import('./protocol.js').FromWorker} FromWorker */
/** @typedef {import('./protocol.js').RangeRequest} RangeRequest */
/** @typedef {import('./protocol.js').RangeResult} RangeResult */
/** @typedef {import('./protocol.js').ToWorker} ToWorker */

/** @typedef {Exclude<ToWorker, {type: 'cancel' | 'tickSeen'}>} Request */

/** Progress messages are at least this far apart. Milliseconds. */
const PROGRESS_INTERVAL = 100;

export class Dispatcher {
  /** @type {EngineInstance | null} */
  #engine = null;
  #factory;
  #post;
  /** @type {Promise<void>} */
  #last = Promise.resolve();
  /** @type {Set<number>} requests not answered yet */
  #pending = new Set();
  /** @type {Set<number>} */
  #cancelled = new Set();
  /** @type {Map<number, SliceReader>} of ranges not begun yet: their first bytes are read while others are worked on */
  #readers = new Map();
  /** @type {{key: number, report: import('./types.js').ImportReport} | null} */
  #inspected = null;
  /** @type {import('./types.js').ModelCard | null} */
  #card = null;

  /**
   * @param {() => Promise<import('./module.js').ModuleFactory>} factory
   * @param {(message: FromWorker, transfer?: Transferable[]) => void} post
   */
  constructor(factory, post) {
    this.#factory = factory;
    this.#post = post;
  }

  hello() {
    this.#post({ type: 'hello', protocol: PROTOCOL });
  }

  /** The engine, once it is started. */
  get engine() {
    if (this.#engine === null) throw engineError({ code: 'NOT_READY', message: 'the engine has not been started' });
    return this.#engine;
  }

  /** As a worker's end: nothing is done any more that nobody hears of. */
  end() {}

  get card() {
    return this.#card;
  }

  get post() {
    return this.#post;
  }

  /**
   * @param {import('./module.js').ModuleFactory} factory
   * @param {import('./boundary.js').Program} wasmBinary
   * @returns {Promise<EngineInstance<any>>}
   */
  load(factory, wasmBinary) {
    return EngineInstance.load(factory, wasmBinary);
  }

  /** @param {ToWorker} message */
  receive(message) {
    if (message.type === 'cancel') {
      if (this.#pending.has(message.id)) this.#cancelled.add(message.id);
      return;
    }
    if (message.type === 'tickSeen') return;
    this.#pending.add(message.id);
    if (message.type === 'range') this.#readers.set(message.id, new SliceReader(message.payload));
    this.#last = this.#last.then(() => this.answer(message));
  }

  /** @param {Request} request */
  async answer(request) {
    const { id } = request;
    this.#pending.add(id);
    try {
      // A cancel that arrived together with the request is seen before any work.
      if (this.#cancelled.has(id)) throw abortError();
      const result = await this.handle(request);
      /** @type {Transferable[]} */
      const transfer = [];
      for (const array of arraysOf(result)) transfer.push(/** @type {ArrayBuffer} */ (array.buffer));
      this.#post({ type: 'reply', id, ok: true, result }, transfer);
    } catch (thrown) {
      this.#post({ type: 'reply', id, ok: false, error: errorData(thrown) });
    }
    this.#pending.delete(id);
    this.#cancelled.delete(id);
    this.#readers.delete(id);
  }

  /**
   * @param {Request} request
   * @returns {Promise<any>} what Requests says for the type
   */
  async handle(request) {
    if (request.type === 'start') return this.#start(request.payload);
    const { engine } = this;
    switch (request.type) {
      case 'info':
        return engine.info();
      case 'loadModel':
        this.#inspected = null;
        this.#card = engine.loadModel(request.payload.bytes);
        return this.#card;
      case 'inspect':
        return this.#inspect(engine, request.payload.file);
      case 'range':
        return this.#range(engine, request.id, request.payload);
      case 'mergeSummaries':
        return engine.mergeSummaries(request.payload.summaries);
      case 'exportScores': {
        const { scores, firstRow, threshold } = request.payload;
        engine.setExport(scores, { firstRow, threshold, withInput: false });
        return engine.takeOutput();
      }
      case 'exportHeader':
        if (request.payload.file !== null) await this.#inspect(engine, request.payload.file);
        return engine.exportHeader(request.payload.file !== null);
      case 'rank':
        return rank(request.payload.values, request.payload.keep, request.payload.descending);
      case 'setLabels':
        engine.setLabels(request.payload.scores, request.payload.labels, request.payload.weights);
        return null;
      case 'performance':
        return engine.performance(request.payload.curvePoints);
      case 'performanceAt':
        return engine.performanceAt(request.payload.threshold);
      case 'cells': {
        const { file, places } = request.payload;
        await this.#inspect(engine, file);
        return engine.splitRecords((await readPlaces(file.blob, places)).map(withoutLineEnd));
      }
      case 'describe': {
        const { file, begin, end, countFrom } = request.payload;
        await this.#inspect(engine, file);
        const bytes = await readBytes(file.blob, countFrom, end);
        const lineEnds = begin > countFrom ? engine.countLineEnds(bytes.subarray(0, begin - countFrom)) : 0;
        const record = withoutLineEnd(bytes.subarray(begin - countFrom));
        return { text: new TextDecoder().decode(record), lineEnds, ...engine.describeRecord(record) };
      }
      case 'predict': {
        const { columns, rows, inputs } = request.payload;
        const scored = engine.scoreRows(columns, rows, inputs);
        // Each array costs microseconds on its way.
        return scored.statuses.every((status) => status === 0) ? { probabilities: scored.probabilities } : scored;
      }
      case 'loadGenerator':
        engine.loadGenerator(request.payload.text);
        return null;
      case 'beginSynth':
        engine.beginSynth(request.payload);
        return null;
      case 'synthRows': {
        const rows = engine.synthRows(request.payload.maxRows);
        return { rows, bytes: engine.takeOutput() };
      }
      default: {
        /** @type {import('./live/dispatcher.js').LiveRequest} */
        const unknown = request;
        throw engineError({ code: 'PROTOCOL_MISMATCH', message: `unknown request ${unknown.type}` });
      }
    }
  }

  /** @param {{protocol: number, wasmBinary: import('./boundary.js').Program}} payload */
  async #start({ protocol, wasmBinary }) {
    if (protocol !== PROTOCOL) {
      const message = 'this page and its scoring engine are of different versions; please reload the page';
      throw engineError({ code: 'PROTOCOL_MISMATCH', message });
    }
    this.#engine = await this.load(await this.#factory(), wasmBinary);
    return this.#engine.info();
  }

  /**
   * @param {EngineInstance} engine
   * @param {FileRef} file
   */
  async #inspect(engine, file) {
    if (this.#inspected?.key === file.key) return this.#inspected.report;
    this.#inspected = null;
    const head = await readBytes(file.blob, 0, HEAD_BYTES);
    const report = engine.inspectCsv(head, file.blob.size <= HEAD_BYTES, file.overrides);
    this.#inspected = { key: file.key, report };
    return report;
  }

  /**
   * @param {EngineInstance} engine
   * @param {number} id
   * @param {RangeRequest} request
   * @returns {Promise<RangeResult>}
   */
  async #range(engine, id, request) {
    const slices = /** @type {SliceReader} */ (this.#readers.get(id));
    await this.#inspect(engine, request.file);
    if (request.job === 'export') {
      const { scores = new Float64Array(0), firstRow = 0, threshold = 0.5 } = request;
      engine.setExport(scores, { firstRow, threshold, withInput: true });
    }
    engine.beginRange({
      kind: JobKind[request.job],
      begin: request.begin,
      end: request.end,
      line: request.line,
      guessStart: request.guessStart,
      text: request.text ?? '',
    });
    /** @type {Uint8Array[]} */
    const output = [];
    let bytes = 0;
    let posted = performance.now();
    for (let slice = await slices.next(); slice !== null; slice = await slices.next()) {
      await nextTask();
      if (this.#cancelled.has(id)) throw abortError();
      const state = engine.feed(slice);
      bytes += slice.length;
      if (request.job === 'export') output.push(engine.takeOutput());
      if (state.done) break;
      const now = performance.now();
      if (now - posted >= PROGRESS_INTERVAL) {
        posted = now;
        this.#post({ type: 'progress', id, bytes, rows: state.rows });
      }
    }
    const state = engine.finishRange();
    if (request.job === 'export') output.push(engine.takeOutput());
    return {
      rows: state.rows,
      badRowCount: state.badRows,
      firstRecordOffset: state.firstRecordOffset,
      nextRecordOffset: state.nextRecordOffset,
      firstLine: state.firstLine,
      nextLine: state.nextLine,
      ...(request.job === 'score' ? engine.scoreResults() : {}),
      ...(request.job === 'column' ? { column: engine.column() } : {}),
      ...(request.job === 'search' ? { matches: engine.matches() } : {}),
      ...(request.job === 'export' ? { output } : {}),
    };
  }
}

/** @param {Uint8Array} record */
function withoutLineEnd(record) {
  let end = record.length;
  while (end > 0 && (record[end - 1] === 10 || record[end - 1] === 13)) --end;
  return record.subarray(0, end);
}

/**
 * The typed arrays of a result, all freshly copied from the engine: their buffers can be transferred.
 * @param {any} result
 * @returns {ArrayBufferView[]}
 */
function arraysOf(result) {
  if (ArrayBuffer.isView(result)) return [result];
  if (result === null || typeof result !== 'object') return [];
  const values = Array.isArray(result.output) ? [...Object.values(result), ...result.output] : Object.values(result);
  return values.filter((value) => ArrayBuffer.isView(value));
}
