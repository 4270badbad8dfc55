// @ts-check
// Demo traffic: rows drawn by the generator, as a CSV file in memory.

import { engineError, throwIfAborted } from '../errors.js';
import { checkJob } from './check.js';
import { MAX_ROWS, ProgressMeter } from './jobs.js';

/** Rows per request: about 2 MiB. */
const ROWS = 4096;

/** Pieces are handed to the browser's blob store in parts of about this many bytes. */
const PART_BYTES = 16 * 1024 * 1024;

/**
 * @param {import('./index.js').Context} context
 * @param {{rows: number, seed: number, fraudRate?: number} & import('../types.js').JobOptions} options
 * @returns {Promise<Blob>}
 */
export async function synthesize(context, options) {
  checkJob(options);
  const { rows, seed, fraudRate = -1, onProgress, signal } = options;
  if (rows > MAX_ROWS) throw engineError({ code: 'BAD_ARGUMENT', message: `rows must be ${MAX_ROWS} at most` });
  if (!Number.isSafeInteger(rows) || rows < 0 || !Number.isSafeInteger(seed) || seed < 0) {
    throw engineError({ code: 'BAD_ARGUMENT', message: 'rows and seed must be whole numbers from 0 on' });
  }
  const generator = await context.generator();
  if (generator === null) {
    throw engineError({ code: 'NOT_READY', message: 'the generator of demo transactions could not be loaded' });
  }
  return context.pool.run(
    async (connection) => {
      // How large it gets is not known before; progress counts rows as if they were bytes.
      const meter = new ProgressMeter(onProgress, rows);
      if (connection.notes.generator !== generator) {
        await connection.request('loadGenerator', { text: generator }, { signal });
        connection.notes.generator = generator;
      }
      await connection.request('beginSynth', { rows, seed, fraudRate }, { signal });
      /** @type {Blob[]} */
      const parts = [];
      /** @type {Uint8Array<ArrayBuffer>[]} */
      let pieces = [];
      let pieceBytes = 0;
      for (let made = 0; ; ) {
        throwIfAborted(signal);
        const chunk = await connection.request('synthRows', { maxRows: ROWS }, { signal });
        made += chunk.rows;
        pieces.push(/** @type {Uint8Array<ArrayBuffer>} */ (chunk.bytes));
        pieceBytes += chunk.bytes.length;
        if (pieceBytes >= PART_BYTES || chunk.rows === 0) {
          parts.push(new Blob(pieces));
          pieces = [];
          pieceBytes = 0;
        }
        meter.set(0, { bytes: made, rows: made }, made === rows);
        if (chunk.rows === 0) break;
      }
      return new Blob(parts, { type: 'text/csv' });
    },
    { signal },
  );
}
