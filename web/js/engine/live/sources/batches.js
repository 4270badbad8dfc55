// @ts-check
// Rows that wait to be taken: batches in order, handed out from the front in pieces.

/**
 * A batch with what a source notes of its rows: arrays that are cut as the rows are.
 * @typedef {Omit<import('../source.js').RowBatch, 'arrived'> & {notes?: Record<string, Float64Array | Int32Array>}} Rows
 */

/**
 * Rows [begin, end) of a batch.
 * @param {Rows} batch
 * @param {number} begin
 * @param {number} end
 * @returns {Rows}
 */
export function rowsOf(batch, begin, end) {
  if (begin === 0 && end === batch.rows) return batch;
  const rows = end - begin;
  const inputs = batch.columns.length / batch.rows;
  const columns = new Float64Array(rows * inputs);
  for (let input = 0; input < inputs; ++input) {
    const from = input * batch.rows + begin;
    columns.set(batch.columns.subarray(from, from + rows), input * rows);
  }
  /** @type {Rows['notes']} */
  let notes;
  if (batch.notes !== undefined) {
    notes = {};
    for (const [name, values] of Object.entries(batch.notes)) notes[name] = values.slice(begin, end);
  }
  return {
    rows,
    columns,
    labels: batch.labels?.slice(begin, end) ?? null,
    times: batch.times?.slice(begin, end) ?? null,
    sourceRows: batch.sourceRows?.slice(begin, end) ?? null,
    references: batch.references?.slice(begin, end) ?? null,
    statuses: batch.statuses?.slice(begin, end) ?? null,
    statusInputs: batch.statusInputs?.slice(begin, end) ?? null,
    notes,
  };
}

export class WaitingRows {
  /** @type {Rows[]} */
  #batches = [];
  /** Rows of the first batch that were taken already. */
  #begin = 0;
  rows = 0;

  /** @param {Rows} batch */
  add(batch) {
    if (batch.rows === 0) return;
    this.#batches.push(batch);
    this.rows += batch.rows;
  }

  /** The first batch and how many of its rows are gone. */
  front() {
    return this.#batches.length === 0 ? null : { batch: this.#batches[0], begin: this.#begin };
  }

  /**
   * @param {number} most
   * @returns {Rows | null} rows of one batch
   */
  take(most) {
    if (this.#batches.length === 0 || most <= 0) return null;
    const [batch] = this.#batches;
    const begin = this.#begin;
    const end = Math.min(batch.rows, begin + most);
    if (end === batch.rows) {
      this.#batches.shift();
      this.#begin = 0;
    } else {
      this.#begin = end;
    }
    this.rows -= end - begin;
    return rowsOf(batch, begin, end);
  }

  clear() {
    this.#batches = [];
    this.#begin = 0;
    this.rows = 0;
  }
}
