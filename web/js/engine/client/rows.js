// @ts-check
// Reading rows of a scored file again: a column, a search, the cells of some rows, one row in full.

import { engineError } from '../errors.js';
import { badArgument, checkJob } from './check.js';
import { eachOf, ProgressMeter, RANGE_BYTES, together } from './jobs.js';

/** @typedef {import('./index.js').Context} Context */
/** @typedef {import('../types.js').JobOptions} JobOptions */
/** @typedef {import('../types.js').ScoredFile} ScoredFile */

/**
 * Rows of about `bytes` bytes each: [first, last + 1).
 * @param {Float64Array} offsets
 * @param {number} bytes
 * @returns {Generator<[number, number]>}
 */
export function* rowRanges(offsets, bytes) {
  const rows = offsets.length - 1;
  for (let first = 0; first < rows; ) {
    // The last row that begins within the range; at least one.
    let low = first + 1;
    let high = rows;
    while (low < high) {
      const middle = Math.floor((low + high + 1) / 2);
      if (offsets[middle] - offsets[first] <= bytes) low = middle;
      else high = middle - 1;
    }
    yield [first, low];
    first = low;
  }
}

export function fileChanged() {
  return engineError({
    code: 'FILE_UNREADABLE',
    message: 'the file is not the one that was scored any more; choose it again',
  });
}

/**
 * @template {'column' | 'matches'} K
 * @param {Context} context
 * @param {ScoredFile} scored
 * @param {{job: 'column' | 'search', text: string, result: K}} what
 * @param {JobOptions} options
 * @param {(result: NonNullable<import('../protocol.js').RangeResult[K]>, firstRow: number) => void} take
 */
async function readRows(context, scored, { job, text, result }, options, take) {
  const { ref } = context.files.of(scored);
  checkJob(options);
  if (typeof text !== 'string') throw badArgument(`the ${job === 'column' ? "column's name" : 'text'} must be a string`);
  const { onProgress, signal } = options;
  const { offsets } = scored;
  const begin = offsets[0];
  const meter = new ProgressMeter(onProgress, offsets[offsets.length - 1] - begin);
  await together([signal], async (jobSignal, add) => {
    await eachOf(rowRanges(offsets, RANGE_BYTES / 2), context.pool.size + 1, async ([first, last]) => {
      const range = { begin: offsets[first], end: offsets[last] };
      const answer = await add(
        context.pool.run(
          (connection) =>
            connection.request(
              'range',
              { job, file: ref, ...range, line: 0, guessStart: false, text },
              { signal: jobSignal },
            ),
          { signal: jobSignal },
        ),
      );
      const values = answer[result];
      if (values === undefined || answer.rows !== last - first) throw fileChanged();
      take(values, first);
      meter.set(first, { bytes: range.end - range.begin, rows: answer.rows });
    });
  });
}

/**
 * @param {Context} context
 * @param {ScoredFile} scored
 * @param {string} name
 * @param {JobOptions} options
 */
export async function column(context, scored, name, options) {
  context.files.of(scored);
  const values = new Float64Array(scored.rows);
  await readRows(context, scored, { job: 'column', text: name, result: 'column' }, options, (part, firstRow) =>
    values.set(part, firstRow),
  );
  return values;
}

/**
 * @param {Context} context
 * @param {ScoredFile} scored
 * @param {string} text
 * @param {JobOptions} options
 */
export async function search(context, scored, text, options) {
  context.files.of(scored);
  const matches = new Uint8Array(scored.rows);
  await readRows(context, scored, { job: 'search', text, result: 'matches' }, options, (part, firstRow) =>
    matches.set(part, firstRow),
  );
  return matches;
}

/**
 * @param {ScoredFile} scored
 * @param {number} row
 */
function checkRow(scored, row) {
  if (Number.isInteger(row) && row >= 0 && row < scored.rows) return;
  throw badArgument(`there is no row ${row}: the file has ${scored.rows}`);
}

/**
 * @param {Context} context
 * @param {ScoredFile} scored
 * @param {ArrayLike<number>} rows
 */
export async function cells(context, scored, rows) {
  const { ref } = context.files.of(scored);
  if (typeof rows?.length !== 'number') throw badArgument('rows must be an array of row numbers');
  /** @type {[number, number][]} */
  const places = Array.from(rows, (row) => {
    checkRow(scored, row);
    return [scored.offsets[row], scored.offsets[row + 1]];
  });
  if (places.length === 0) return [];
  return context.pool.run((connection) => connection.request('cells', { file: ref, places }), { urgent: true });
}

/**
 * @param {Context} context
 * @param {ScoredFile} scored
 * @param {number} row
 * @returns {Promise<import('../types.js').RowDetail>}
 */
export async function describeRow(context, scored, row) {
  const { ref, ranges } = context.files.of(scored);
  checkRow(scored, row);
  const begin = scored.offsets[row];
  const end = scored.offsets[row + 1];
  const range = ranges[ranges.filter((one) => one.firstRow <= row).length - 1];
  // One line per row, as nearly always: the line follows. Otherwise line ends are counted from the range's start.
  const plain = range.lines === range.rows;
  const countFrom = plain ? begin : range.begin;
  const detail = await context.pool.run(
    (connection) => connection.request('describe', { file: ref, begin, end, countFrom }),
    { urgent: true },
  );
  return {
    row,
    line: range.firstLine + (plain ? row - range.firstRow : detail.lineEnds),
    text: detail.text,
    cells: detail.cells.map((text, index) => ({ column: scored.report.columns[index] ?? '', text })),
    features: detail.features,
    badRow: scored.badRows.find((bad) => bad.row === row) ?? null,
  };
}
