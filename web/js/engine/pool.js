// @ts-check
// N engines, each with its own memory and its own copy of the model. A task takes one engine for as long as it
// runs, but one that is a part of a large job may be sent behind another, so that the engine need not wait for its
// file's bytes; tasks wait in line, urgent ones first. Every promise settles: when an engine dies all its requests reject
// with ENGINE_CRASHED and another takes its place; a task whose engine died is run once more; one that does not
// answer a cancel within CANCEL_TIMEOUT is ended.

import { abortError, engineError, hasCode, throwIfAborted } from './errors.js';
import { PROTOCOL } from './protocol.js';

/** @typedef {import('./protocol.js').Requests} Requests */
/** @typedef {import('./protocol.js').RequestType} RequestType */

/** Milliseconds. */
export const CANCEL_TIMEOUT = 2000;

/** An engine that cannot be started this often in a row is given up. */
const START_ATTEMPTS = 2;

/**
 * @typedef {object} RequestOptions
 * @property {AbortSignal} [signal]
 * @property {(progress: {bytes: number, rows: number}) => void} [onProgress]
 */

/** @typedef {Extract<import('./protocol.js').FromWorker, {type: 'tick' | 'checkpoint'}>} Notice */

/** One engine: requests and replies, until it dies. */
export class Connection {
  #transport;
  #nextId = 1;
  /** @type {Map<number, {resolve: (result: any) => void, reject: (error: Error) => void, onProgress?: Function,
   *   cleanup: () => void}>} */
  #pending = new Map();
  /** @type {Error | null} */
  #death = null;
  /** @type {() => void} */
  #greeted = () => {};
  #hello;
  #onNotice;
  #onDeath;
  /** @type {Record<string, unknown>} what tasks left in the engine; gone with it */
  notes = {};

  /**
   * @param {import('./transport.js').CreateTransport} createTransport
   * @param {{onNotice?: (notice: Notice) => void, onDeath?: (error: Error) => void, name?: string, kind?: 'engine' | 'monitor'}} [options] onNotice: a
   *   monitor's ticks and checkpoints; onDeath: the engine is gone, before its requests reject; name: of the worker
   */
  constructor(createTransport, { onNotice, onDeath, name, kind } = {}) {
    this.#onNotice = onNotice;
    this.#onDeath = onDeath;
    this.#hello = /** @type {Promise<void>} */ (new Promise((resolve) => (this.#greeted = resolve)));
    this.#transport = createTransport({
      name,
      kind,
      onMessage: (message) => this.#receive(message),
      onDeath: (message) => this.kill('ENGINE_CRASHED', 'the scoring engine stopped unexpectedly', message),
    });
  }

  get dead() {
    return this.#death !== null;
  }

  /**
   * @param {import('./boundary.js').Program} wasmBinary
   * @param {Uint8Array | null} model
   */
  async start(wasmBinary, model) {
    await this.#hello;
    await this.request('start', { protocol: PROTOCOL, wasmBinary });
    return model === null ? null : this.request('loadModel', { bytes: model });
  }

  /**
   * @template {RequestType} T
   * @param {T} type
   * @param {Requests[T][0]} payload
   * @param {RequestOptions} [options]
   * @returns {Promise<Requests[T][1]>}
   */
  request(type, payload, { signal, onProgress } = {}) {
    return new Promise((resolve, reject) => {
      if (this.#death !== null) return reject(this.#death);
      if (signal?.aborted) return reject(abortError(signal.reason));
      const id = this.#nextId++;
      /** @type {ReturnType<typeof setTimeout> | undefined} */
      let timer;
      const cancel = () => {
        this.#transport.post({ id, type: 'cancel' });
        timer = setTimeout(() => {
          this.#pending.get(id)?.reject(abortError(signal?.reason));
          this.kill('ENGINE_CRASHED', 'the scoring engine did not answer and was ended');
        }, CANCEL_TIMEOUT);
      };
      signal?.addEventListener('abort', cancel, { once: true });
      const cleanup = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', cancel);
      };
      this.#pending.set(id, { resolve, reject, onProgress, cleanup });
      try {
        this.#transport.post(/** @type {any} */ ({ id, type, payload }));
      } catch (thrown) {
        this.#pending.delete(id);
        cleanup();
        const message = `the request could not be sent: ${thrown instanceof Error ? thrown.message : thrown}`;
        reject(engineError({ code: 'BAD_ARGUMENT', message }));
      }
    });
  }

  /** A tick was shown. @param {number} number @param {number} at */
  tickSeen(number, at) {
    if (this.#death === null) this.#transport.post({ type: 'tickSeen', number, at });
  }

  /** @param {import('./protocol.js').FromWorker} message */
  #receive(message) {
    switch (message.type) {
      case 'hello':
        if (message.protocol === PROTOCOL) return this.#greeted();
        return this.kill(
          'PROTOCOL_MISMATCH',
          'this page and its scoring engine are of different versions; please reload the page',
        );
      case 'tick':
      case 'checkpoint':
        return this.#onNotice?.(message);
      case 'crashed':
        return this.kill('ENGINE_CRASHED', message.error.message, message.error.detail);
      case 'failed':
        return this.kill('LOAD_FAILED', 'the scoring engine could not be loaded', message.message);
      case 'progress':
        this.#pending.get(message.id)?.onProgress?.({ bytes: message.bytes, rows: message.rows });
        return;
      case 'reply': {
        const request = this.#pending.get(message.id);
        if (request === undefined) return;
        this.#pending.delete(message.id);
        request.cleanup();
        if (message.ok) return request.resolve(message.result);
        const error = engineError(message.error);
        request.reject(error);
        // The instance is of no more use; what else was asked of it will not be answered sensibly.
        if (error.code === 'ENGINE_CRASHED') this.kill(error.code, error.message, error.detail);
        return;
      }
      default: {
        /** @type {never} */
        const unknown = message;
        this.kill('ENGINE_CRASHED', 'the scoring engine sent something unknown', JSON.stringify(unknown));
      }
    }
  }

  /**
   * Ends the engine and rejects what it has not answered.
   * @param {string} code
   * @param {string} message
   * @param {string} [detail]
   */
  kill(code, message, detail) {
    if (this.#death !== null) return;
    this.#death = engineError({ code, message, detail });
    this.#transport.terminate();
    this.#onDeath?.(this.#death);
    for (const request of this.#pending.values()) {
      request.cleanup();
      request.reject(this.#death);
    }
    this.#pending.clear();
    // start() waits for the greeting: let it go on to find the engine dead.
    this.#greeted();
  }
}

/**
 * @template T
 * @typedef {object} Task
 * @property {(connection: Connection) => Promise<T>} run
 * @property {boolean} urgent
 * @property {boolean} part it may be sent to an engine that works on another part
 * @property {number | null} slot
 * @property {AbortSignal | undefined} signal
 * @property {number} crashes
 * @property {() => void} begin it is not waiting any more: the signal is the running task's own matter
 * @property {(value: T) => void} resolve
 * @property {(error: unknown) => void} reject
 */

export class Pool {
  #createTransport;
  #wasmBinary;
  /** @type {Uint8Array | null} */
  #model = null;
  /** @type {{current: Connection | null, started: boolean, tasks: Set<Task<any>>}[]} */
  #slots;
  /** @type {Task<any>[]} */
  #waiting = [];
  /** @type {Error | null} */
  #closed = null;

  /**
   * @param {object} options
   * @param {import('./transport.js').CreateTransport} options.createTransport
   * @param {Promise<import('./boundary.js').Program>} options.wasmBinary
   * @param {number} options.workers
   */
  constructor({ createTransport, wasmBinary, workers }) {
    this.#createTransport = createTransport;
    this.#wasmBinary = wasmBinary;
    this.#slots = Array.from({ length: workers }, () => ({ current: null, started: false, tasks: new Set() }));
  }

  get size() {
    return this.#slots.length;
  }

  /**
   * Runs a task on a free engine, or on a given one. A task that ends with ENGINE_CRASHED is run once more, so it
   * must be repeatable; aborted before it begins, it never does.
   * @template T
   * @param {(connection: Connection) => Promise<T>} run
   * @param {{urgent?: boolean, part?: boolean, slot?: number, signal?: AbortSignal, crashes?: number}} [options] crashes:
   *   how often it has crashed already
   * @returns {Promise<T>}
   */
  run(run, { urgent = false, part = false, slot, signal, crashes = 0 } = {}) {
    return new Promise((resolve, reject) => {
      if (this.#closed !== null) return reject(this.#closed);
      if (signal?.aborted) return reject(abortError(signal.reason));
      const drop = () => this.#drop(task);
      const forget = () => signal?.removeEventListener('abort', drop);
      /** @type {Task<T>} */
      const task = {
        run,
        urgent,
        part,
        slot: slot ?? null,
        signal,
        crashes,
        begin: forget,
        resolve,
        reject: (error) => {
          forget();
          reject(error);
        },
      };
      signal?.addEventListener('abort', drop, { once: true });
      this.#enqueue(task);
    });
  }

  /**
   * As an urgent run() of one request that is answered in microseconds: where an engine has nothing to do it is sent at once,
   * without a task's bookkeeping.
   * @template {RequestType} T
   * @param {T} type
   * @param {Requests[T][0]} payload
   * @param {AbortSignal} signal as of run()
   * @returns {Promise<Requests[T][1]>}
   */
  ask(type, payload, signal) {
    const later = (crashes = 0) => this.run((connection) => connection.request(type, payload), { urgent: true, signal, crashes });
    const free = this.#waiting.length > 0 ? undefined : this.#slots.find(({ started, tasks }) => started && tasks.size === 0);
    if (free === undefined || free.current === null) return later();
    return free.current.request(type, payload).catch((thrown) => {
      if (!hasCode(thrown, 'ENGINE_CRASHED')) throw thrown;
      return later(1);
    });
  }

  /** @param {Task<any>} task */
  #enqueue(task) {
    const place = task.urgent ? this.#waiting.findIndex((other) => !other.urgent) : -1;
    this.#waiting.splice(place < 0 ? this.#waiting.length : place, 0, task);
    this.#schedule();
  }

  /** @param {Task<any>} task */
  #drop(task) {
    const place = this.#waiting.indexOf(task);
    if (place < 0) return;
    this.#waiting.splice(place, 1);
    task.reject(abortError(task.signal?.reason));
  }

  #schedule() {
    for (const depth of [0, 1]) {
      for (let index = 0; index < this.#slots.length; ++index) {
        const { tasks, started } = this.#slots[index];
        if (tasks.size !== depth) continue;
        const behind = depth > 0;
        if (behind && !(started && [...tasks].every((task) => task.part))) continue;
        const place = this.#waiting.findIndex((task) => task.slot === null || task.slot === index);
        // What is no part waits for the engine to be free: it must not be filled up before that.
        if (place < 0 || (behind && !this.#waiting[place].part)) continue;
        const [task] = this.#waiting.splice(place, 1);
        void this.#work(index, task);
      }
    }
  }

  /**
   * @param {number} index
   * @param {Task<any>} task
   */
  async #work(index, task) {
    const slot = this.#slots[index];
    slot.tasks.add(task);
    task.begin();
    try {
      const connection = await this.#connect(index);
      throwIfAborted(task.signal);
      const done = task.run(connection);
      if (task.part) this.#schedule();
      task.resolve(await done);
    } catch (thrown) {
      if (hasCode(thrown, 'ENGINE_CRASHED') && task.crashes === 0 && this.#closed === null) {
        task.crashes = 1;
        task.urgent = true;
        this.#waiting.unshift(task);
      } else {
        task.reject(thrown);
      }
    }
    slot.tasks.delete(task);
    this.#schedule();
  }

  /**
   * The slot's engine, started anew if there is none alive.
   * @param {number} index
   */
  async #connect(index) {
    const slot = this.#slots[index];
    for (let attempt = 1; ; ++attempt) {
      if (this.#closed !== null) throw this.#closed;
      if (slot.current !== null && !slot.current.dead) return slot.current;
      const connection = new Connection(this.#createTransport, { onDeath: () => (slot.started = false) });
      slot.current = connection;
      try {
        await connection.start(await this.#wasmBinary, this.#model);
        slot.started = true;
        return connection;
      } catch (thrown) {
        connection.kill('ENGINE_CRASHED', 'the scoring engine could not be started');
        if (attempt === START_ATTEMPTS || !hasCode(thrown, 'ENGINE_CRASHED')) throw thrown;
      }
    }
  }

  /**
   * Loads a model into every engine. It is tried in one first: if that refuses it, the old one stays everywhere.
   * @param {Uint8Array} bytes
   * @returns {Promise<import('./types.js').ModelCard>}
   */
  async loadModel(bytes) {
    const card = await this.run((connection) => connection.request('loadModel', { bytes }), { urgent: true, slot: 0 });
    this.#model = bytes;
    const others = this.#slots.slice(1).map((slot, index) =>
      slot.current === null
        ? null
        : this.run((connection) => connection.request('loadModel', { bytes }), { urgent: true, slot: index + 1 }),
    );
    await Promise.all(others);
    return card;
  }

  /**
   * Starts the engines that no task has needed yet. One that fails to is tried again by the first task it gets.
   * @param {number} [most] only the first so many
   */
  warm(most = this.#slots.length) {
    this.#slots.slice(0, most).forEach((_, slot) => void this.run(async () => {}, { slot }).catch(() => {}));
  }

  /** Ends all engines; what waits or runs rejects with ENGINE_CRASHED. */
  close() {
    if (this.#closed !== null) return;
    this.#closed = engineError({ code: 'ENGINE_CRASHED', message: 'the engine has been closed' });
    for (const task of this.#waiting.splice(0)) task.reject(this.#closed);
    for (const slot of this.#slots) slot.current?.kill('ENGINE_CRASHED', 'the engine has been closed');
  }
}
