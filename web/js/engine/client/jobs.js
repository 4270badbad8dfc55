// @ts-check
// What every job over a file needs: cancelling its parts together, and progress.

import { abortError } from '../errors.js';

/** @typedef {import('../types.js').Progress} Progress */

/** A file is read in ranges of at most this many bytes, so that workers finish together. */
export const RANGE_BYTES = 8 * 1024 * 1024;

/** More rows than this are refused: their scores, places and order take about 40 bytes each in the page. */
export const MAX_ROWS = 50_000_000;

/** Milliseconds between two calls of onProgress. */
const PROGRESS_INTERVAL = 100;

/**
 * Runs work with a signal that aborts when one of `signals` does or when work fails; the first failure is what
 * the caller sees, once nothing runs any more.
 * @template T
 * @param {(AbortSignal | undefined)[]} signals
 * @param {(signal: AbortSignal, add: <U>(part: Promise<U>) => Promise<U>,
 *   fail: (error: unknown) => void) => Promise<T>} work add: parts to wait for;
 *   fail: ends the work with an error that arises outside of it
 * @returns {Promise<T>}
 */
export async function together(signals, work) {
  const controller = new AbortController();
  /** @type {(() => void)[]} */
  const cleanups = [];
  for (const signal of signals) {
    if (signal === undefined) continue;
    const abort = () => controller.abort(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    cleanups.push(() => signal.removeEventListener('abort', abort));
  }
  /** @type {Promise<unknown>[]} */
  const parts = [];
  /** @type {unknown} */
  let failure = null;
  /** @param {Promise<any>} part */
  const add = (part) => {
    parts.push(
      part.catch((error) => {
        failure ??= error;
        controller.abort(error);
      }),
    );
    return part;
  };
  let failed = false;
  /** @param {unknown} error */
  const fail = (error) => {
    failed = true;
    failure ??= error;
    controller.abort(error);
  };
  try {
    if (controller.signal.aborted) throw abortError(controller.signal.reason);
    const result = await work(controller.signal, add, fail);
    if (failed) throw failure;
    return result;
  } catch (error) {
    failure ??= error;
    controller.abort(error);
    for (let waited = 0; waited < parts.length; waited = parts.length) await Promise.all(parts);
    throw failure;
  } finally {
    for (const cleanup of cleanups) cleanup();
  }
}

/**
 * Does work for every item in order, at most `limit` at a time. Rejects with the first failure; what is under way
 * then is left to itself.
 * @template T
 * @param {Iterable<T>} items
 * @param {number} limit
 * @param {(item: T, index: number) => Promise<void>} work
 */
export async function eachOf(items, limit, work) {
  const iterator = items[Symbol.iterator]();
  let index = 0;
  let failed = false;
  const lane = async () => {
    for (let next = iterator.next(); !failed && !next.done; next = iterator.next()) {
      try {
        await work(next.value, index++);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, lane));
}

/** Adds up what the ranges of a job have done and reports it now and then. */
export class ProgressMeter {
  #onProgress;
  #totalBytes;
  #started = performance.now();
  #reported = 0;
  #bytes = 0;
  #rows = 0;
  /** @type {Map<number, {bytes: number, rows: number}>} */
  #parts = new Map();

  /**
   * @param {((progress: Progress) => void) | undefined} onProgress
   * @param {number} totalBytes
   */
  constructor(onProgress, totalBytes) {
    this.#onProgress = onProgress;
    this.#totalBytes = totalBytes;
  }

  get seconds() {
    return (performance.now() - this.#started) / 1000;
  }

  /**
   * Throws what onProgress throws, which is not called again then.
   * @param {number} part
   * @param {{bytes: number, rows: number}} done by this part so far
   * @param {boolean} [last] report in any case
   */
  set(part, done, last = false) {
    this.#parts.set(part, done);
    if (this.#onProgress === undefined) return;
    const now = performance.now();
    if (!last && now - this.#reported < PROGRESS_INTERVAL) return;
    this.#reported = now;
    let bytes = 0;
    let rows = 0;
    for (const one of this.#parts.values()) {
      bytes += one.bytes;
      rows += one.rows;
    }
    // A part that is done over again does not take progress back.
    bytes = this.#bytes = Math.max(this.#bytes, Math.min(bytes, this.#totalBytes));
    rows = this.#rows = Math.max(this.#rows, rows);
    const seconds = Math.max(this.seconds, 1e-3);
    const onProgress = this.#onProgress;
    this.#onProgress = undefined;
    onProgress({
      bytes,
      totalBytes: this.#totalBytes,
      rows,
      rowsPerSecond: rows / seconds,
      secondsLeft: bytes > 0 ? ((this.#totalBytes - bytes) / bytes) * seconds : null,
    });
    this.#onProgress = onProgress;
  }
}
