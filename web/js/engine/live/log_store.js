// @ts-check
// Where the prediction log is kept on this device. A block counts when it is flushed: what append() has said true to
// is there after the tab, the worker or the browser was killed. One tab keeps the log at a time. What cannot be kept
// is a sentence in `problem`, never an exception: the stream goes on.

import { IndexedDbLog } from './log_indexeddb.js';
import { OpfsLog, SEGMENT_BYTES } from './log_opfs.js';

/**
 * What is in a piece of the log (core/monitor/prediction_log.h, ScanLog).
 * @typedef {{rows: number, first_sequence: number, next_sequence: number, whole_bytes: number}} LogScan
 */

/** @typedef {(bytes: Uint8Array) => LogScan} Scan */

/** @typedef {{bytes: number, rows: number, first: number, next: number}} Piece */

/**
 * @typedef {object} Environment
 * @property {StorageManager} [storage]
 * @property {LockManager} [locks]
 * @property {IDBFactory} [indexedDB]
 * @property {number} [segmentBytes]
 */

export const DEFAULT_CAP = 64 * 1024 * 1024;

const LOCK = 'firetower.prediction-log';

/** A tab or worker that has just ended may hold the log a little longer. ms. */
const LOCK_WAIT = 2000;

export const PROBLEMS = Object.freeze({
  otherTab:
    'Another tab of this page keeps the prediction log on this device. Close that tab, or switch its log off, then switch it on here.',
  refused:
    'This browser does not let the page keep anything on this device (a private window, or site data is blocked). ' +
    'The latest predictions stay in memory: export them before you close the tab, or open the page in a normal window.',
  /** @param {string} room */
  full: (room) =>
    `The browser has no more room for this page${room}. The log on this device has stopped; scoring goes on. ` +
    'Export the log and clear it, or free some room on the device.',
  /** @param {string} room @param {number} bytes */
  shortened: (room, bytes) =>
    `The browser has no more room for this page${room}: the log on this device keeps the latest ${mebibytes(bytes)} only. ` +
    'Export it to keep older rows, or free some room on the device.',
  /** @param {string} why */
  untrimmed: (why) => `The oldest part of the prediction log could not be removed (${why}). Clear the log.`,
  /** @param {string} why */
  failed: (why) =>
    `The prediction log could not be written (${why}). The log on this device has stopped; scoring goes on. ` +
    'Export it, then switch it off and on again.',
});

/** @param {number} bytes */
function mebibytes(bytes) {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

/**
 * The log's lock, held until the function it gives is called; null: another tab has it.
 * @param {LockManager | undefined} locks
 * @returns {Promise<(() => void) | null>}
 */
function takeLock(locks) {
  // Without Web Locks an access handle is exclusive all the same.
  if (locks === undefined) return Promise.resolve(() => {});
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), LOCK_WAIT);
  return new Promise((resolve, reject) => {
    locks
      .request(LOCK, { signal: patience.signal }, () => {
        clearTimeout(timer);
        return new Promise((release) => resolve(() => release(undefined)));
      })
      .catch((thrown) => {
        clearTimeout(timer);
        if (thrown?.name === 'AbortError') resolve(null);
        else reject(thrown);
      });
  });
}

export class LogStore {
  #log;
  #environment;
  #release;
  #stopped = false;
  /** @type {Promise<unknown>} writes go one after the other */
  #last = Promise.resolve();
  problem;
  cap;
  /** Sequence numbers below this are on the device. */
  durable;

  /**
   * @param {OpfsLog | IndexedDbLog | null} log null: none can be kept
   * @param {{problem: string, cap: number, environment: Environment, release: () => void}} options
   */
  constructor(log, { problem, cap, environment, release }) {
    this.#log = log;
    this.#environment = environment;
    this.#release = release;
    this.problem = problem;
    this.cap = cap;
    this.durable = this.next;
  }

  get kind() {
    return this.#log?.kind ?? 'none';
  }

  get bytes() {
    return this.#log?.pieces.reduce((sum, piece) => sum + piece.bytes, 0) ?? 0;
  }

  get rows() {
    return this.#log?.pieces.reduce((sum, piece) => sum + piece.rows, 0) ?? 0;
  }

  /** Sequence number of the oldest row there is. */
  get first() {
    return this.#log?.pieces[0]?.first ?? 0;
  }

  /** Sequence number to go on from. */
  get next() {
    return this.#log?.pieces.at(-1)?.next ?? 0;
  }

  /**
   * @template T
   * @param {() => Promise<T>} write
   * @returns {Promise<T>}
   */
  #inTurn(write) {
    const result = this.#last.then(write);
    this.#last = result.catch(() => {});
    return result;
  }

  /**
   * Keeps a block; the oldest ones go where there are more bytes than the cap.
   * @param {Uint8Array} block
   * @param {{first: number, rows: number}} what its sequence numbers
   * @returns {Promise<boolean>} true: it is on the device. false: it is not, and `problem` says why; no later one is
   *   kept either, so that there is no gap.
   */
  append(block, what) {
    return this.#inTurn(async () => {
      if (this.#log === null || this.#stopped) return false;
      try {
        await this.#make(block, what);
      } catch (thrown) {
        this.#stopped = true;
        const error = /** @type {Partial<Error>} */ (thrown);
        this.problem = isQuota(thrown)
          ? PROBLEMS.full(await this.#room())
          : PROBLEMS.failed(String(error?.message || error?.name || thrown));
        return false;
      }
      this.durable = what.first + what.rows;
      await this.#trim();
      return true;
    });
  }

  /**
   * Writes a block; where there is no room, the oldest ones make some.
   * @param {Uint8Array} block
   * @param {{first: number, rows: number}} what
   */
  async #make(block, what) {
    const log = /** @type {OpfsLog | IndexedDbLog} */ (this.#log);
    for (;;) {
      try {
        return await log.append(block, what);
      } catch (thrown) {
        if (!isQuota(thrown) || log.pieces.length < 2) throw thrown;
        await log.removeOldest();
        this.cap = Math.min(this.cap, this.bytes + block.length);
        this.problem = PROBLEMS.shortened(await this.#room(), this.cap);
      }
    }
  }

  /** What the browser says it has room for, in brackets; empty where it does not. */
  async #room() {
    try {
      const { usage, quota } = (await this.#environment.storage?.estimate?.()) ?? {};
      return quota === undefined ? '' : ` (${mebibytes(usage ?? 0)} of ${mebibytes(quota)} are used)`;
    } catch {
      return '';
    }
  }

  async #trim() {
    const log = this.#log;
    try {
      while (log !== null && log.pieces.length > 1 && this.bytes > this.cap) await log.removeOldest();
    } catch (thrown) {
      // The newest rows are safe all the same.
      this.problem = PROBLEMS.untrimmed(String(/** @type {any} */ (thrown)?.message ?? thrown));
    }
  }

  /** @param {number} bytes */
  setCap(bytes) {
    return this.#inTurn(async () => {
      this.cap = bytes;
      await this.#trim();
    });
  }

  /** What is on the device: whole blocks, oldest first. @returns {AsyncGenerator<Uint8Array>} */
  async *read() {
    await this.#last;
    if (this.#log !== null) yield* this.#log.read();
  }

  /** Removes everything. A log that had stopped begins anew. */
  clear() {
    return this.#inTurn(async () => {
      if (this.#log === null) return;
      await this.#log.clear();
      this.#stopped = false;
      this.problem = '';
    });
  }

  /** The log stays on the device; another tab may keep it now. */
  close() {
    return this.#inTurn(async () => {
      this.#log?.close();
      this.#log = null;
      this.#release();
    });
  }
}

/** @param {unknown} thrown */
function isQuota(thrown) {
  return /** @type {Partial<Error> | null} */ (thrown)?.name === 'QuotaExceededError';
}

/** @param {unknown} thrown */
function isLocked(thrown) {
  return /** @type {Partial<Error> | null} */ (thrown)?.name === 'NoModificationAllowedError';
}

/** @returns {Environment} */
function browserEnvironment() {
  const { navigator } = globalThis;
  return { storage: navigator?.storage, locks: navigator?.locks, indexedDB: globalThis.indexedDB };
}

/**
 * The log of this device, recovered: what is not whole is cut off. Never rejects.
 * @param {{scan: Scan, cap?: number, environment?: Environment}} options cap: bytes. Default: 64 MiB.
 * @returns {Promise<LogStore>}
 */
export async function openLogStore({ scan, cap = DEFAULT_CAP, environment = browserEnvironment() }) {
  const { storage, locks, indexedDB, segmentBytes } = environment;
  /** @param {string} problem */
  const none = (problem) => new LogStore(null, { problem, cap, environment, release: () => {} });
  let release;
  try {
    release = await takeLock(locks);
  } catch {
    return none(PROBLEMS.refused);
  }
  if (release === null) return none(PROBLEMS.otherTab);
  /** @type {(() => Promise<OpfsLog | IndexedDbLog>)[]} */
  const kinds = [];
  if (storage?.getDirectory !== undefined) {
    // A cap of few segments would throw away much at a time.
    kinds.push(() => OpfsLog.open(storage, scan, segmentBytes ?? Math.max(65536, Math.min(SEGMENT_BYTES, Math.floor(cap / 8)))));
  }
  if (indexedDB) kinds.push(() => IndexedDbLog.open(indexedDB, scan));
  for (const open of kinds) {
    try {
      const store = new LogStore(await open(), { problem: '', cap, environment, release });
      await store.setCap(cap);
      return store;
    } catch (thrown) {
      if (isLocked(thrown)) {
        release();
        return none(PROBLEMS.otherTab);
      }
    }
  }
  release();
  return none(PROBLEMS.refused);
}

/**
 * Asks the browser not to clear the log away when it needs room. For a page: workers cannot ask.
 * @param {StorageManager | undefined} [storage]
 * @returns {Promise<boolean>}
 */
export async function askToPersist(storage = globalThis.navigator?.storage) {
  try {
    return (await storage?.persisted?.()) === true || (await storage?.persist?.()) === true;
  } catch {
    return false;
  }
}
