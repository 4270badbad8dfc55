// @ts-check
// What the client remembers of files: a key by which workers know one again, and where the ranges of a scored
// file begin.

import { engineError } from '../errors.js';

/** @typedef {import('../protocol.js').FileRef} FileRef */
/** @typedef {import('../types.js').ImportOverrides} ImportOverrides */
/** @typedef {import('../types.js').ScoredFile} ScoredFile */

/**
 * A range of a scored file. lines: physical lines between its first record and the next range's.
 * @typedef {{firstRow: number, rows: number, begin: number, firstLine: number, lines: number}} ScoredRange
 */

let lastKey = 0;

export class Files {
  /** @type {WeakMap<Blob, Map<string, FileRef>>} */
  #refs = new WeakMap();
  /** @type {WeakMap<FileRef, import('../types.js').ImportReport>} */
  #reports = new WeakMap();
  /** @type {WeakMap<ScoredFile, {ref: FileRef, ranges: ScoredRange[]}>} */
  #scored = new WeakMap();

  /**
   * The same reference for the same file and overrides.
   * @param {Blob} blob
   * @param {ImportOverrides} overrides
   * @returns {FileRef}
   */
  ref(blob, overrides) {
    const { delimiter, decimal, header } = overrides;
    const text = JSON.stringify([delimiter, decimal, header]);
    const known = this.#refs.get(blob) ?? new Map();
    this.#refs.set(blob, known);
    const ref = known.get(text) ?? { key: ++lastKey, blob, overrides: { delimiter, decimal, header } };
    known.set(text, ref);
    return ref;
  }

  /**
   * How the file is read; found out once.
   * @param {FileRef} ref
   * @param {() => Promise<import('../types.js').ImportReport>} inspect
   */
  async report(ref, inspect) {
    const report = this.#reports.get(ref) ?? (await inspect());
    this.#reports.set(ref, report);
    return report;
  }

  /** Another model reads files in another way: references made so far are not given out again. */
  forget() {
    this.#refs = new WeakMap();
  }

  /**
   * @param {ScoredFile} scored
   * @param {FileRef} ref
   * @param {ScoredRange[]} ranges
   */
  remember(scored, ref, ranges) {
    this.#scored.set(scored, { ref, ranges });
  }

  /** @param {ScoredFile} scored */
  of(scored) {
    const known = this.#scored.get(scored);
    if (known !== undefined) return known;
    throw engineError({ code: 'BAD_ARGUMENT', message: 'this file was not scored by this engine' });
  }
}
