// @ts-check
// Rows that someone in the page gives: an embedding page, the API.

import { engineError } from '../../errors.js';
import { Arrivals, MAX_WAITING } from './arrivals.js';
import { checkSteps } from './paced.js';

/** @typedef {import('../source.js').Source} Source */

/** @typedef {import('./arrivals.js').Place} Place */

/** @implements {Source} */
export class PushSource {
  #arrivals;
  #name;
  #paused = false;
  #stopped = false;
  /** Rows that may be taken although paused. */
  #released = 0;
  #wake = () => {};

  /**
   * @param {{name?: string}} source
   * @param {{reader: import('../source.js').RowReader, restore: unknown}} options restore: what position() gave
   */
  constructor({ name = 'push' }, { reader, restore }) {
    this.#name = name;
    this.#arrivals = new Arrivals(reader.model, /** @type {Place | null} */ (restore));
  }

  /**
   * @param {number} _now
   * @param {() => void} wake
   */
  start(_now, wake) {
    this.#wake = wake;
  }

  /**
   * Takes messages in; at once or not at all. They are taken on when state().taken has reached `until`.
   * @param {readonly unknown[]} messages
   * @param {number} now
   * @returns {{accepted: number, malformed: number, until: number}} throws BUSY when too many rows wait
   */
  push(messages, now) {
    if (this.#stopped) throw engineError({ code: 'BAD_ARGUMENT', message: 'the source has been stopped' });
    if (this.#arrivals.backlog >= MAX_WAITING) {
      const message = `${MAX_WAITING} rows wait already: go on (resume), or send them more slowly`;
      throw engineError({ code: 'BUSY', message });
    }
    const before = { offered: this.#arrivals.offered, malformed: this.#arrivals.malformed };
    for (const message of messages) this.#arrivals.add(message, now);
    const { offered, malformed } = this.#arrivals;
    if (offered > before.offered) this.#wake();
    return { accepted: offered - before.offered, malformed: malformed - before.malformed, until: offered };
  }

  /**
   * @param {number} most
   * @returns {import('../source.js').RowBatch | null}
   */
  take(most) {
    const batch = this.#arrivals.take(this.#paused ? Math.min(most, this.#released) : most);
    if (batch !== null) this.#released = Math.max(0, this.#released - batch.rows);
    return batch;
  }

  due() {
    return this.#arrivals.any && (!this.#paused || this.#released > 0) ? 0 : Infinity;
  }

  pause() {
    this.#paused = true;
  }

  resume() {
    this.#paused = false;
    this.#released = 0;
  }

  /** @param {number} rows */
  step(rows) {
    this.#released += checkSteps(rows);
  }

  /** @param {object} change */
  adjust(change) {
    const [name] = Object.keys(change);
    if (name !== undefined) throw engineError({ code: 'BAD_ARGUMENT', message: `rows that are pushed have no ${name}` });
  }

  takeMalformed() {
    return this.#arrivals.takeMalformed();
  }

  /** @returns {import('../types.js').SourceState} */
  state() {
    const { offered, taken, malformed } = this.#arrivals;
    return {
      kind: 'push',
      name: this.#name,
      state: this.#paused ? 'paused' : offered > 0 ? 'running' : 'waiting',
      message: '',
      offered,
      taken,
      waiting: offered - taken,
      malformed,
      rate: 0,
      scenario: '',
      position: null,
      retryAt: 0,
    };
  }

  position() {
    return this.#arrivals.place;
  }

  stop() {
    this.#stopped = true;
  }
}
