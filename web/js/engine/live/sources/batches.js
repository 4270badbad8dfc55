// @ts-check
// Rows that wait to be taken: batches in order, handed out from the front in pieces.

import { rowsOf } from '../batch.js';

/** @typedef {import('../batch.js').Rows} Rows */

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
