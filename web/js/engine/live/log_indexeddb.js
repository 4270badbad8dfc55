// @ts-check
// The prediction log in IndexedDB, one record per block: for browsers without the origin's private file system.

/** @typedef {import('./log_store.js').Piece} Piece */

const NAME = 'firetower';
const STORE = 'prediction-log';

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function resultOf(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Resolves when it is on the device. @param {IDBTransaction} transaction */
function completed(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(undefined);
    transaction.onabort = () => reject(transaction.error);
  });
}

export class IndexedDbLog {
  /** @type {'indexeddb'} */
  kind = 'indexeddb';
  #database;
  /** @type {(Piece & {key: number})[]} oldest first */
  pieces = [];

  /** @param {IDBDatabase} database */
  constructor(database) {
    this.#database = database;
  }

  /**
   * Reads what is there. Rejects where the browser has no database, or refuses.
   * @param {IDBFactory} indexedDB
   * @param {import('./log_store.js').Scan} scan
   */
  static async open(indexedDB, scan) {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { autoIncrement: true });
    const database = await resultOf(request);
    database.onversionchange = () => database.close();
    const log = new IndexedDbLog(database);
    /** @type {number[]} */
    const broken = [];
    for (const key of /** @type {number[]} */ (await resultOf(log.#store('readonly').getAllKeys()))) {
      const block = await resultOf(log.#store('readonly').get(key));
      const found = scan(block);
      const { rows, first_sequence: first, next_sequence: next } = found;
      if (found.whole_bytes === block.length && rows > 0) log.pieces.push({ key, bytes: block.length, rows, first, next });
      else broken.push(key);
    }
    for (const key of broken) await log.#remove(key);
    return log;
  }

  /** @param {IDBTransactionMode} mode */
  #store(mode) {
    return this.#database.transaction(STORE, mode, { durability: 'strict' }).objectStore(STORE);
  }

  /**
   * Resolves when the block is on the device. What it rejects with leaves the log as it was.
   * @param {Uint8Array} block
   * @param {{first: number, rows: number}} what
   */
  async append(block, { first, rows }) {
    const store = this.#store('readwrite');
    const done = completed(store.transaction);
    // A copy: the block may be a part of something larger, all of which would be kept.
    const request = store.add(block.slice());
    await done;
    this.pieces.push({ key: Number(request.result), bytes: block.length, rows, first, next: first + rows });
  }

  /** @param {number} key */
  async #remove(key) {
    const store = this.#store('readwrite');
    store.delete(key);
    await completed(store.transaction);
  }

  async removeOldest() {
    await this.#remove(this.pieces[0].key);
    this.pieces.shift();
  }

  /** The pieces, oldest first. @returns {AsyncGenerator<Uint8Array>} */
  async *read() {
    for (const { key } of [...this.pieces]) {
      const block = await resultOf(this.#store('readonly').get(key));
      if (block !== undefined) yield block;
    }
  }

  async clear() {
    const store = this.#store('readwrite');
    store.clear();
    await completed(store.transaction);
    this.pieces = [];
  }

  close() {
    this.#database.close();
  }
}
