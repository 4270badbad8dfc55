// @ts-check
// Writing scores as CSV: chunks in row order, a few being made at a time. Put together they are what
// `firetower score` writes, byte for byte.

import { checkJob, checkThreshold } from './check.js';
import { ProgressMeter } from './jobs.js';
import { fileChanged, rowRanges } from './rows.js';
import { abortError, hasCode } from '../errors.js';

/** Bytes of the file per chunk. */
const CHUNK_BYTES = 2 * 1024 * 1024;

/** Rows per chunk of scores only: about as many bytes. */
const CHUNK_ROWS = 32768;

/**
 * @param {number} rows
 * @returns {Generator<[number, number]>}
 */
function* evenRanges(rows) {
  for (let first = 0; first < rows; first += CHUNK_ROWS) yield [first, Math.min(first + CHUNK_ROWS, rows)];
}

/**
 * @param {import('./index.js').Context} context
 * @param {import('../types.js').ScoredFile} scored
 * @param {import('../types.js').JobOptions & {threshold: number, withInput: boolean}} options
 * @returns {AsyncGenerator<Uint8Array, void, void>}
 */
export async function* exportCsv(context, scored, options) {
  checkJob(options);
  const { threshold, withInput, onProgress, signal } = options;
  checkThreshold(threshold);
  const { pool } = context;
  const { ref } = context.files.of(scored);
  const { offsets, probabilities } = scored;
  const meter = new ProgressMeter(onProgress, offsets[offsets.length - 1]);
  const controller = new AbortController();
  const abort = () => controller.abort(signal?.reason);
  if (signal?.aborted) throw abortError(signal.reason);
  signal?.addEventListener('abort', abort, { once: true });
  const poolOptions = { signal: controller.signal };

  /** @param {[number, number]} rows */
  const makeChunk = ([first, last]) =>
    pool.run(async (connection) => {
      const scores = probabilities.slice(first, last);
      if (!withInput) {
        return [await connection.request('exportScores', { scores, firstRow: first, threshold }, poolOptions)];
      }
      const place = { begin: offsets[first], end: offsets[last], line: 0, guessStart: false };
      const result = await connection.request(
        'range',
        { job: 'export', file: ref, ...place, scores, firstRow: first, threshold },
        poolOptions,
      );
      if (result.rows !== last - first || result.output === undefined) throw fileChanged();
      return result.output;
    }, poolOptions);

  /** @type {{rows: [number, number], chunk: Promise<Uint8Array[]>}[]} */
  const making = [];
  try {
    yield await pool.run(
      (connection) => connection.request('exportHeader', { file: withInput ? ref : null }, poolOptions),
      poolOptions,
    );
    const ranges = withInput ? rowRanges(offsets, CHUNK_BYTES) : evenRanges(scored.rows);
    for (let done = false; !done || making.length > 0; ) {
      while (!done && making.length <= pool.size) {
        const next = ranges.next();
        if (next.done) {
          done = true;
        } else {
          const chunk = makeChunk(next.value);
          // Awaited in its turn; until then a failure is not unhandled.
          chunk.catch(() => {});
          making.push({ rows: next.value, chunk });
        }
      }
      const first = making.shift();
      if (first === undefined) break;
      for (const bytes of await first.chunk) {
        if (bytes.length > 0) yield bytes;
      }
      const [from, to] = first.rows;
      meter.set(from, { bytes: offsets[to] - offsets[from], rows: to - from });
    }
  } catch (error) {
    throw hasCode(error, 'DATA_INVALID') ? fileChanged() : error;
  } finally {
    signal?.removeEventListener('abort', abort);
    controller.abort();
  }
}
