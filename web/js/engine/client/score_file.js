// @ts-check
// Scoring a file: ranges go to the workers as they come free; each guesses where its first record begins. Results
// are taken in file order, and a range whose guess is not where the range before it ended is read again from
// there: that is exact whatever the quoting, and the outcome does not depend on workers or ranges.

import { abortError, engineError, hasCode } from '../errors.js';
import { nextTask } from '../next_task.js';
import { checkFile, checkJob, checkOverrides } from './check.js';
import { eachOf, MAX_ROWS, ProgressMeter, RANGE_BYTES, together } from './jobs.js';

/** @typedef {import('../protocol.js').RangeResult} RangeResult */
/** @typedef {import('../types.js').BadRow} BadRow */
/** @typedef {import('../types.js').ScoredFile} ScoredFile */

/** Not less, as every range costs a little. */
const MIN_RANGE_BYTES = 1024 * 1024;

/** Results joined before other work of the page has its turn. */
const JOINED_AT_ONCE = 16;

/** Rows set aside beyond this many are counted but not listed. */
export const MAX_LISTED_BAD_ROWS = 10000;

/** Bytes of the data's beginning by which its rows are estimated. */
const SAMPLE_BYTES = 256 * 1024;

/**
 * Refuses a file of more rows than the page can hold, before anything is read but its beginning.
 * @param {Blob} file
 * @param {number} begin of its data
 */
async function checkRows(file, begin) {
  // Every row has a character and a line end at least.
  if (file.size <= 2 * MAX_ROWS) return;
  const sample = new Uint8Array(await file.slice(begin, begin + SAMPLE_BYTES).arrayBuffer());
  let lines = 0;
  for (let i = 0; i < sample.length; ++i) if (sample[i] === 10 || (sample[i] === 13 && sample[i + 1] !== 10)) lines += 1;
  const rows = ((file.size - begin) / sample.length) * lines;
  if (rows <= MAX_ROWS) return;
  const millions = (/** @type {number} */ count) => Math.round(count / 1e6).toLocaleString('en');
  throw engineError({
    code: 'TOO_BIG',
    message:
      `the file has about ${millions(rows)} million rows, and a page holds the scores of ${millions(MAX_ROWS)} million at most`,
  });
}

/**
 * Byte ranges of the data, smaller towards its end: the workers finish together.
 * @param {number} begin
 * @param {number} end
 * @param {number} workers
 */
function cutRanges(begin, end, workers) {
  /** @type {{begin: number, end: number}[]} */
  const ranges = [];
  for (let at = begin; at < end || ranges.length === 0; ) {
    const fair = Math.ceil((end - at) / (3 * workers));
    const next = Math.min(end, at + Math.min(RANGE_BYTES, Math.max(MIN_RANGE_BYTES, fair)));
    ranges.push({ begin: at, end: next });
    at = next;
  }
  return ranges;
}

/**
 * A range in which no record begins.
 * @param {number} offset
 * @returns {RangeResult}
 */
function emptyResult(offset) {
  return {
    rows: 0,
    badRowCount: 0,
    firstRecordOffset: offset,
    nextRecordOffset: offset,
    firstLine: 1,
    nextLine: 1,
    badRows: [],
    missing: {},
  };
}

/**
 * @param {import('./index.js').Context} context
 * @param {Blob} file
 * @param {import('../types.js').JobOptions & {overrides?: import('../types.js').ImportOverrides, name?: string,
 *   partial?: boolean}} options
 * @returns {Promise<ScoredFile>}
 */
export async function scoreFile(context, file, options) {
  checkFile(file);
  checkJob(options);
  const { onProgress, signal, overrides = {}, partial = false } = options;
  checkOverrides(overrides);
  const { pool, modelSignal } = context;
  const ref = context.files.ref(file, overrides);
  const name = options.name ?? ('name' in file ? String(file.name) : '');
  const meter = new ProgressMeter(onProgress, file.size);

  return together([signal, modelSignal], async (jobSignal, add, fail) => {
    const inspect = () => pool.run((connection) => connection.request('inspect', { file: ref }), { signal: jobSignal });
    const report = await context.files.report(ref, inspect);
    await checkRows(file, report.dataOffset);
    const ranges = cutRanges(report.dataOffset, file.size, pool.size);
    /** @type {(RangeResult | null)[]} */
    const results = ranges.map(() => null);
    let verified = 0;

    /**
     * @param {number} index
     * @param {number} begin
     * @param {boolean} guessStart
     */
    const read = async (index, begin, guessStart) => {
      const { end } = ranges[index];
      // The header's lines are known; those of other ranges follow from the ranges before.
      const line = index === 0 ? report.dataLine : 0;
      const result = await add(
        pool.run(
          (connection) =>
            connection.request(
              'range',
              { job: 'score', file: ref, begin, end, line, guessStart },
              {
                signal: jobSignal,
                onProgress: ({ bytes, rows }) => {
                  try {
                    meter.set(index, { bytes: Math.min(bytes, end - begin), rows });
                  } catch (thrown) {
                    fail(thrown);
                  }
                },
              },
            ),
          { signal: jobSignal, urgent: !guessStart && index > 0, part: true },
        ),
      );
      results[index] = result;
      meter.set(index, { bytes: end - ranges[index].begin, rows: result.rows });
      await verify();
    };
    const verify = async () => {
      for (; verified < ranges.length; ++verified) {
        const result = results[verified];
        if (result === null) return;
        const before = verified === 0 ? null : results[verified - 1];
        const expected = before === null ? report.dataOffset : before.nextRecordOffset;
        if (result.firstRecordOffset === expected) continue;
        if (expected < ranges[verified].end) {
          results[verified] = null;
          return read(verified, expected, false);
        }
        results[verified] = emptyResult(expected);
      }
    };
    try {
      await eachOf(ranges, 2 * pool.size + 1, (range, index) => read(index, range.begin, index > 0));
    } catch (error) {
      if (!partial || !signal?.aborted || !hasCode(error, 'ABORTED')) throw error;
    }
    if (modelSignal.aborted) throw abortError(modelSignal.reason);

    const complete = verified === ranges.length;
    const taken = /** @type {RangeResult[]} */ (results.slice(0, verified));
    const summaries = taken.flatMap((result) => result.summary ?? []);
    // Not with jobSignal: a file that is cancelled with `partial` has a summary too.
    const summary = await pool.run((connection) => connection.request('mergeSummaries', { summaries }), {
      signal: modelSignal,
    });
    const scored = await join(taken, report);
    /** @type {ScoredFile} */
    const whole = {
      file,
      name,
      report,
      overrides,
      ...scored.columns,
      summary,
      seconds: meter.seconds,
      partial: !complete,
    };
    context.files.remember(whole, ref, scored.ranges);
    if (complete) {
      onProgress?.({
        bytes: file.size,
        totalBytes: file.size,
        rows: whole.rows,
        rowsPerSecond: whole.rows / Math.max(whole.seconds, 1e-3),
        secondsLeft: 0,
      });
    }
    return whole;
  });
}

/**
 * Results of consecutive ranges as one: rows and lines get their places in the file. Empties `results` as it goes.
 * @param {RangeResult[]} results
 * @param {import('../types.js').ImportReport} report
 */
async function join(results, report) {
  const rows = results.reduce((sum, result) => sum + result.rows, 0);
  const probabilities = allocate(rows);
  const offsets = allocate(rows + 1);
  const labels = report.label === null ? null : allocate(rows);
  const weights = report.weight === null ? null : allocate(rows);
  /** @type {BadRow[]} */
  const badRows = [];
  /** @type {Record<string, number>} */
  const missing = {};
  /** @type {import('./files.js').ScoredRange[]} */
  const ranges = [];
  let firstRow = 0;
  let setAside = 0;
  let line = report.dataLine;
  let next = report.dataOffset;
  for (let index = 0; index < results.length; ++index) {
    if (index % JOINED_AT_ONCE === JOINED_AT_ONCE - 1) await nextTask();
    const result = results[index];
    const lines = result.nextLine - result.firstLine;
    if (result.rows > 0) {
      probabilities.set(result.probabilities ?? [], firstRow);
      offsets.set(result.offsets ?? [], firstRow);
      labels?.set(result.labels ?? [], firstRow);
      weights?.set(result.weights ?? [], firstRow);
      ranges.push({ firstRow, rows: result.rows, begin: result.firstRecordOffset, firstLine: line, lines });
    }
    for (const bad of result.badRows ?? []) {
      if (badRows.length === MAX_LISTED_BAD_ROWS) break;
      const badLine = bad.line - result.firstLine + line;
      const message = `line ${badLine}${bad.column === null ? ':' : ','} ${bad.message}`;
      badRows.push({ ...bad, row: bad.row + firstRow, line: badLine, message });
    }
    for (const [input, count] of Object.entries(result.missing ?? {})) {
      missing[input] = (missing[input] ?? 0) + count;
    }
    firstRow += result.rows;
    setAside += result.badRowCount;
    line += lines;
    next = result.nextRecordOffset;
    results[index] = emptyResult(0);
  }
  offsets[rows] = next;
  return {
    columns: { rows, scored: rows - setAside, probabilities, offsets, labels, weights, badRows, missing },
    ranges,
  };
}

/** @param {number} length */
function allocate(length) {
  try {
    return new Float64Array(length);
  } catch (thrown) {
    throw engineError({
      code: 'OUT_OF_MEMORY',
      message: `the browser has no memory for the scores of ${length} rows; split the file`,
      detail: String(thrown),
    });
  }
}
