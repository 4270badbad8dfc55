// @ts-check
// Sources whose rows come over a connection of the page's own origin: it is opened again when it ends, later each
// time. While nobody takes rows they wait, up to a limit; then the connection is closed until they are fewer.

import { engineError } from '../../errors.js';
import { Arrivals, MAX_WAITING } from './arrivals.js';
import { checkSteps } from './paced.js';

/** @typedef {import('../source.js').Source} Source */

/** ms before the first attempt to connect again, at least, and before any, at most. */
export const FIRST_RETRY = 500;
export const LAST_RETRY = 30_000;

/** A connection that has stood for so long was good: the next attempt is a first one. ms. */
export const GOOD_AFTER = 10_000;

/** A connection that was closed because too many rows waited is opened again when so many do. */
const REOPEN_BELOW = MAX_WAITING / 2;

/** @typedef {import('./arrivals.js').Place} Place */

/**
 * What a connection needs of the browser; tests give their own.
 * @typedef {object} Environment
 * @property {string} site address of the page: what addresses are relative to, and whose origin is the only one
 * @property {typeof EventSource} EventSource
 * @property {typeof WebSocket} WebSocket
 * @property {() => number} now ms since 1970
 * @property {() => number} random 0..1
 * @property {(call: () => void, ms: number) => unknown} later
 * @property {(timer: any) => void} cancel
 */

/** @returns {Environment} */
export function browserEnvironment() {
  return {
    site: new URL('../../../../../', import.meta.url).href,
    EventSource: globalThis.EventSource,
    WebSocket: globalThis.WebSocket,
    now: () => performance.timeOrigin + performance.now(),
    random: Math.random,
    later: (call, ms) => setTimeout(call, ms),
    cancel: (timer) => clearTimeout(timer),
  };
}

/**
 * @typedef {object} Handlers
 * @property {() => void} open
 * @property {(text: string, id: string) => void} message
 * @property {(reason: string, sample: string) => void} refuse a message that cannot be rows
 * @property {(reason: string) => void} lost the connection has ended or could not be made; nothing comes after it
 */

/**
 * Opens a connection; gives the way to close it, after which no handler is called.
 * @typedef {(environment: Environment, url: URL, lastId: string, handlers: Handlers) => () => void} Connect
 */

/**
 * The address, absolute. Throws BAD_ARGUMENT for one of another origin: the page's policy would refuse it as well, and
 * without a word.
 * @param {unknown} address
 * @param {Environment} environment
 */
export function sameOrigin(address, { site }) {
  const own = new URL(site);
  let url;
  try {
    url = new URL(String(address), own);
  } catch {
    throw engineError({ code: 'BAD_ARGUMENT', message: `${String(address).slice(0, 200)} is not an address` });
  }
  const scheme = url.protocol.replace(/^ws/, 'http');
  if (scheme !== own.protocol || url.host !== own.host) {
    const message =
      `${url.origin === 'null' ? url.href.slice(0, 200) : `${url.protocol}//${url.host}`} is another origin: ` +
      `streams come from ${own.origin} only, because this page talks to nobody else`;
    throw engineError({ code: 'BAD_ARGUMENT', message });
  }
  return url;
}

/** @implements {Source} */
export class ConnectedSource {
  #kind;
  #url;
  #connect;
  #environment;
  #arrivals;
  #wake = () => {};
  /** @type {'new' | 'connecting' | 'open' | 'retrying' | 'full' | 'stopped'} */
  #phase = 'new';
  #close = () => {};
  /** @type {unknown} */
  #timer;
  #attempts = 0;
  #openedAt = 0;
  #retryAt = 0;
  #lastId;
  #message = '';
  #closings = 0;
  #everOpen = false;
  #paused = false;
  #released = 0;

  /**
   * @param {{kind: 'events' | 'socket', url: URL, connect: Connect}} source
   * @param {{reader: import('../source.js').RowReader, restore: unknown, environment: Environment}} options
   */
  constructor({ kind, url, connect }, { reader, restore, environment }) {
    const place = /** @type {Place | null} */ (restore);
    this.#kind = kind;
    this.#url = url;
    this.#connect = connect;
    this.#environment = environment;
    this.#arrivals = new Arrivals(reader.model, place);
    this.#lastId = place?.id ?? '';
  }

  /**
   * @param {number} _now
   * @param {() => void} wake
   */
  start(_now, wake) {
    this.#wake = wake;
    this.#open();
  }

  #open() {
    this.#phase = 'connecting';
    this.#retryAt = 0;
    const { now } = this.#environment;
    let alive = true;
    /** @param {string} reason */
    const lost = (reason) => {
      if (!alive) return;
      alive = false;
      this.#lost(reason);
    };
    let close = () => {};
    this.#close = () => {
      alive = false;
      close();
    };
    try {
      close = this.#connect(this.#environment, this.#url, this.#lastId, {
        open: () => {
          if (!alive) return;
          this.#phase = 'open';
          this.#everOpen = true;
          this.#openedAt = now();
          this.#message = '';
          this.#wake();
        },
        message: (text, id) => {
          if (!alive) return;
          if (id !== '') this.#lastId = id;
          this.#arrivals.add(text, now(), id);
          if (this.#arrivals.backlog >= MAX_WAITING) this.#full();
          this.#wake();
        },
        refuse: (reason, sample) => {
          if (!alive) return;
          this.#arrivals.refuse(reason, sample);
          this.#wake();
        },
        lost,
      });
      // It may have been closed while it was opened.
      if (!alive) close();
    } catch (thrown) {
      lost(thrown instanceof Error ? thrown.message : String(thrown));
    }
  }

  /** @param {string} reason */
  #lost(reason) {
    const { now, random, later } = this.#environment;
    if (this.#phase === 'open' && now() - this.#openedAt >= GOOD_AFTER) this.#attempts = 0;
    const longest = Math.min(LAST_RETRY, FIRST_RETRY * 2 ** (this.#attempts + 1));
    ++this.#attempts;
    const delay = FIRST_RETRY + random() * (longest - FIRST_RETRY);
    this.#phase = 'retrying';
    this.#message = reason;
    this.#retryAt = now() + delay;
    this.#timer = later(() => this.#open(), delay);
    this.#wake();
  }

  #full() {
    this.#close();
    this.#phase = 'full';
    ++this.#closings;
  }

  #reopenIfRoom() {
    if (this.#phase === 'full' && !this.#paused && this.#arrivals.backlog <= REOPEN_BELOW) this.#open();
  }

  /**
   * @param {number} most
   * @returns {import('../source.js').RowBatch | null}
   */
  take(most) {
    const batch = this.#arrivals.take(this.#paused ? Math.min(most, this.#released) : most);
    if (batch !== null) this.#released = Math.max(0, this.#released - batch.rows);
    this.#reopenIfRoom();
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
    this.#reopenIfRoom();
  }

  /** @param {number} rows */
  step(rows) {
    this.#released += checkSteps(rows);
  }

  /** @param {object} change */
  adjust(change) {
    const [name] = Object.keys(change);
    if (name !== undefined) {
      throw engineError({ code: 'BAD_ARGUMENT', message: `rows come as they are sent: there is no ${name} to set` });
    }
  }

  takeMalformed() {
    return this.#arrivals.takeMalformed();
  }

  /** @returns {import('../types.js').SourceState['state']} */
  #stateName() {
    if (this.#paused) return 'paused';
    switch (this.#phase) {
      case 'open':
      case 'full':
        return 'running';
      case 'stopped':
        return 'ended';
      case 'retrying':
        return 'reconnecting';
      default:
        return this.#everOpen || this.#attempts > 0 ? 'reconnecting' : 'waiting';
    }
  }

  #say() {
    if (this.#phase !== 'full') return this.#message;
    const times = this.#closings > 1 ? `, for the ${this.#closings}th time` : '';
    const then = this.#paused ? 'on resume' : 'when half of them are scored';
    return `${MAX_WAITING} rows wait: the connection was closed${times} and is opened again ${then}`;
  }

  /** @returns {import('../types.js').SourceState} */
  state() {
    const { offered, taken, malformed } = this.#arrivals;
    return {
      kind: this.#kind,
      name: `${this.#kind}: ${this.#url.pathname}`,
      state: this.#stateName(),
      message: this.#say(),
      offered,
      taken,
      waiting: offered - taken,
      malformed,
      rate: 0,
      scenario: '',
      position: null,
      retryAt: this.#phase === 'retrying' ? this.#retryAt : 0,
    };
  }

  position() {
    return this.#arrivals.place;
  }

  stop() {
    this.#environment.cancel(this.#timer);
    this.#close();
    this.#phase = 'stopped';
  }
}
