// @ts-check
// The prediction log of a running monitor: blocks go to the store one group at a time, and are acknowledged when they
// are safe there.

import { openLogStore } from './log_store.js';

/** @typedef {import('./types.js').LogState} LogState */

/** Bytes that may wait for the store before the stream waits too. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;

export class LogWriter {
  #scan;
  /** @type {import('./log_store.js').LogStore | null} */
  #store = null;
  /** What is left on the device while nothing new is kept there. @type {Pick<LogState, 'store' | 'bytes' | 'rows'>} */
  #left = { store: 'none', bytes: 0, rows: 0 };
  /** @type {Promise<void>} */
  #looking = Promise.resolve();
  /** @type {{block: Uint8Array, first: number, rows: number}[]} */
  #waiting = [];
  #waitingBytes = 0;
  /** @type {Promise<void> | null} */
  #writing = null;

  /** @param {(bytes: Uint8Array) => import('./log_store.js').LogScan} scan */
  constructor(scan) {
    this.#scan = scan;
  }

  get on() {
    return this.#store !== null;
  }

  /** Sequence number to go on from; 0: nothing is kept. */
  get next() {
    return this.#store?.next ?? 0;
  }

  get writing() {
    return this.#writing !== null;
  }

  /** The stream should wait for written(). */
  get full() {
    return this.#waitingBytes > MAX_WAITING_BYTES;
  }

  /** @param {number} [cap] */
  async open(cap) {
    await this.#looking;
    if (this.#store === null) this.#store = await openLogStore({ scan: this.#scan, cap });
    else if (cap !== undefined) await this.#store.setCap(cap);
  }

  async close() {
    await this.written();
    const store = this.#store;
    this.#store = null;
    if (store === null) return;
    this.#note(store);
    await store.close();
  }

  /** Finds out what an earlier visit left on the device. */
  look() {
    this.#looking = this.#with(async (store) => this.#note(store));
    return this.#looking;
  }

  /** @param {import('./log_store.js').LogStore} store */
  #note({ kind, bytes, rows }) {
    this.#left = rows === 0 ? { store: 'none', bytes: 0, rows: 0 } : { store: kind, bytes, rows };
  }

  /**
   * @param {Uint8Array} block
   * @param {number} first sequence number
   * @param {number} rows
   */
  append(block, first, rows) {
    this.#waiting.push({ block, first, rows });
    this.#waitingBytes += block.length;
    this.#writing ??= this.#write().finally(() => (this.#writing = null));
  }

  async #write() {
    while (this.#waiting.length > 0 && this.#store !== null) {
      const group = this.#waiting;
      this.#waiting = [];
      this.#waitingBytes = 0;
      const bytes = new Uint8Array(group.reduce((sum, { block }) => sum + block.length, 0));
      let place = 0;
      for (const { block } of group) {
        bytes.set(block, place);
        place += block.length;
      }
      const rows = group.reduce((sum, part) => sum + part.rows, 0);
      await this.#store.append(bytes, { first: group[0].first, rows });
    }
  }

  /** Resolves when everything appended so far is safe, or is known not to be (see state().problem). */
  async written() {
    while (this.#writing !== null) await this.#writing;
  }

  async clear() {
    await this.#looking;
    await this.#with(async (store) => {
      await store.clear();
      this.#note(store);
    });
  }

  /**
   * What is on the device, also where nothing new is kept; null: nothing is.
   * @returns {Promise<{pieces: AsyncIterable<Uint8Array>, close: () => Promise<void>} | null>}
   */
  async read() {
    await this.written();
    await this.#looking;
    const kept = this.#store;
    const store = kept ?? (await openLogStore({ scan: this.#scan }));
    const close = async () => {
      if (kept === null) await store.close();
    };
    if (store.rows === 0) {
      await close();
      return null;
    }
    return { pieces: store.read(), close };
  }

  /** @param {(store: import('./log_store.js').LogStore) => Promise<void>} work */
  async #with(work) {
    await this.written();
    if (this.#store !== null) return work(this.#store);
    const store = await openLogStore({ scan: this.#scan });
    await work(store);
    await store.close();
  }

  /**
   * @param {number} next sequence number of the next row
   * @returns {LogState}
   */
  state(next) {
    const store = this.#store;
    if (store === null) {
      return { remembered: false, ...this.#left, cap: 0, durable: 0, next, problem: '' };
    }
    const { kind, bytes, cap, rows, durable, problem } = store;
    return { remembered: true, store: kind, bytes, cap, rows, durable, next, problem };
  }
}
