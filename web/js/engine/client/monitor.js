// @ts-check
// The page's side of a monitor: one engine of its own, and what is needed to go on in another when it dies. What was
// pushed is kept until a checkpoint covers it; a new engine gets the last checkpoint, goes on with the source from
// where that was made, and is given again what was pushed since. Every promise settles.

import { engineError, hasCode } from '../errors.js';
import { clock } from '../live/clock.js';
import { mergeSettings } from '../live/settings.js';
import { Connection } from '../pool.js';
import { badArgument, checkBytes, checkObject } from './check.js';

/** @typedef {import('../live/types.js').LiveTick} LiveTick */
/** @typedef {import('../live/types.js').Monitor} Monitor */
/** @typedef {import('../live/types.js').MonitorEvent} MonitorEvent */
/** @typedef {import('../live/types.js').MonitorOptions} MonitorOptions */
/** @typedef {import('../live/types.js').PushResult} PushResult */
/** @typedef {import('../live/types.js').StreamSource} StreamSource */
/** @typedef {import('../protocol.js').LiveRequests} LiveRequests */

/** A worker that has said nothing for so long is asked whether it lives. Milliseconds. */
const SILENCE = 5000;
/** And has so long to answer. */
const PATIENCE = 10_000;

/** Deaths without a row counted in between, within CRASH_WINDOW, after which no new engine is started. */
const MAX_IDLE_CRASHES = 2;
const CRASH_WINDOW = 10_000;
/** Deaths without more rows than ever before, whenever they were. */
const MAX_CRASHES = 10;

/**
 * @typedef {object} MonitorContext
 * @property {import('../transport.js').CreateTransport} createTransport
 * @property {import('../boundary.js').Program} wasmBinary
 * @property {() => Uint8Array} model the model file's bytes
 * @property {string | null} generator
 * @property {(monitor: MonitorClient) => void} closed
 */

/**
 * @typedef {object} Pushed
 * @property {number} number
 * @property {unknown[]} messages
 * @property {boolean} predictions
 * @property {number} at
 * @property {import('../protocol.js').PushPart | null} skip what the last checkpoint has of it already
 * @property {(result: PushResult) => void} resolve
 * @property {(error: unknown) => void} reject
 */

export class MonitorClient {
  #context;
  #onTick;
  #onEvent;
  #settings;
  #remember;
  #cap;

  /** @type {Connection | null} the engine at work; null: none yet, or it has died */
  #connection = null;
  /** @type {Connection | null} the engine started last */
  #newest = null;
  /** @type {Promise<Connection>} */
  #ready;
  /** @type {Error | null} why there is no engine any more, and will be none */
  #end = null;
  #lastHeard = 0;
  /** @type {ReturnType<typeof setInterval>} */
  #watch;
  #asking = false;

  /** @type {{spec: StreamSource, position: unknown} | null} */
  #source = null;
  #paused = false;
  /** @type {string | null} */
  #checkpoint = null;
  /** @type {Map<number, Pushed>} not covered by the checkpoint */
  #pushed = new Map();
  /** @type {Set<number>} summaries that are being merged; taken out when a checkpoint covers them */
  #merging = new Set();
  /** Which of the page's models the statistics are of. */
  #model = 0;
  #nextPush = 1;

  /** @type {number[]} when engines died without having counted a row, of late */
  #idleCrashes = [];
  #crashes = 0;
  /** Most rows ever counted, and whether the engine at work has counted any. */
  #mostRows = 0;
  #counted = false;

  /** @type {LiveTick | null} */
  #tick = null;
  /** @type {Pick<LiveTick, 'series' | 'columns' | 'histogram'>} */
  #charts = {};

  /**
   * @param {MonitorContext} context
   * @param {MonitorOptions} options
   */
  constructor(context, { settings = {}, onTick = () => {}, onEvent = () => {}, remember = false, cap }) {
    this.#context = context;
    this.#settings = settings;
    this.#onTick = onTick;
    this.#onEvent = onEvent;
    this.#remember = remember;
    this.#cap = cap;
    this.#ready = this.#connect();
    this.#ready.catch(() => {});
    this.#watch = setInterval(() => void this.#look(), SILENCE);
    // In Node a monitor alone is no reason to go on.
    /** @type {{unref?: () => void}} */ (/** @type {unknown} */ (this.#watch)).unref?.();
  }

  /** Resolves when the monitor can be used; rejects with what the settings, the model or the engine have against it. */
  async opened() {
    try {
      await this.#ready;
    } catch (error) {
      this.#finish(/** @type {Error} */ (error));
      throw error;
    }
  }

  /** @returns {Promise<Connection>} */
  async #connect() {
    const { createTransport, wasmBinary, model } = this.#context;
    this.#counted = false;
    this.#lastHeard = clock();
    const connection = new Connection(createTransport, {
      name: 'monitor',
      kind: 'monitor',
      onNotice: (notice) => {
        if (this.#newest === connection) this.#notice(connection, notice);
      },
      onDeath: (error) => {
        if (this.#connection === connection) this.#died(error);
      },
    });
    // It ticks as soon as it is open.
    this.#newest = connection;
    try {
      await connection.start(wasmBinary, model());
      await this.#open(connection).catch((thrown) => {
        // The engine died just when another model was loaded.
        if (!hasCode(thrown, 'SCHEMA_MISMATCH') || this.#checkpoint === null) throw thrown;
        this.#checkpoint = null;
        return this.#open(connection);
      });
    } catch (thrown) {
      connection.kill('ENGINE_CRASHED', 'the monitor could not be started');
      throw thrown;
    }
    if (this.#end !== null) {
      connection.kill('ENGINE_CRASHED', this.#end.message);
      throw this.#end;
    }
    this.#connection = connection;
    for (const pushed of this.#pushed.values()) this.#send(connection, pushed);
    if (this.#source !== null) {
      const { spec, position } = this.#source;
      // A source that cannot be had again says so in the ticks.
      connection.request('liveStart', { source: spec, position, resume: true }).catch(() => {});
    }
    return connection;
  }

  /** @param {Connection} connection */
  #open(connection) {
    const kind = this.#source?.spec.kind;
    return connection.request('liveOpen', {
      settings: this.#settings,
      generator: this.#context.generator,
      checkpoint: this.#checkpoint,
      resumable: kind !== 'events' && kind !== 'socket',
      remember: this.#remember,
      cap: this.#cap,
      model: this.#model,
      paused: this.#paused,
    });
  }

  /** @param {Error} error */
  #died(error) {
    this.#connection = null;
    if (this.#end !== null) return;
    const now = clock();
    ++this.#crashes;
    this.#idleCrashes = this.#idleCrashes.filter((at) => now - at < CRASH_WINDOW);
    if (!this.#counted) this.#idleCrashes.push(now);
    if (this.#idleCrashes.length >= MAX_IDLE_CRASHES || this.#crashes >= MAX_CRASHES) {
      return this.#finish(error, { type: 'failed', error: /** @type {import('../types.js').EngineError} */ (error) });
    }
    this.#ready = this.#connect();
    this.#ready.then(
      (connection) => {
        if (this.#connection !== connection) return;
        this.#emit({ type: 'restarted', message: `${error.message}; it was restarted and goes on` });
      },
      (thrown) => {
        if (hasCode(thrown, 'ENGINE_CRASHED') && this.#end === null) this.#died(thrown);
        else this.#finish(thrown, { type: 'failed', error: thrown });
      },
    );
  }

  /**
   * @param {Error} error
   * @param {MonitorEvent} [event]
   */
  #finish(error, event) {
    if (this.#end !== null) return;
    this.#end = error;
    clearInterval(this.#watch);
    const connection = this.#connection;
    this.#connection = null;
    this.#newest = null;
    connection?.kill('ENGINE_CRASHED', error.message);
    for (const pushed of this.#pushed.values()) pushed.reject(error);
    this.#pushed.clear();
    this.#context.closed(this);
    if (event !== undefined) this.#emit(event);
  }

  /** @param {MonitorEvent} event */
  #emit(event) {
    try {
      this.#onEvent(event);
    } catch (thrown) {
      queueMicrotask(() => {
        throw thrown;
      });
    }
  }

  /**
   * @param {Connection} connection
   * @param {import('../pool.js').Notice} notice
   */
  #notice(connection, notice) {
    this.#lastHeard = clock();
    if (notice.counted > 0) this.#counted = true;
    if (notice.type === 'checkpoint') {
      const { model, checkpoint, position, pushed, partly } = notice;
      // Of the model before the one that is being loaded.
      if (model !== this.#model) return;
      this.#checkpoint = checkpoint;
      if (this.#source !== null) this.#source.position = position;
      for (const { number, accepted, malformed } of pushed) {
        this.#pushed.get(number)?.resolve({ accepted, malformed, predictions: [] });
        this.#pushed.delete(number);
        this.#merging.delete(number);
      }
      const begun = partly === null ? undefined : this.#pushed.get(partly.number);
      if (begun !== undefined) begun.skip = partly;
      return;
    }
    const { number, tick } = notice;
    if (tick.total > this.#mostRows) {
      this.#mostRows = tick.total;
      this.#crashes = 0;
    }
    const { series, columns, histogram } = tick;
    if (series !== undefined) this.#charts = { series, columns, histogram };
    this.#tick = { ...this.#charts, ...tick };
    try {
      this.#onTick(tick);
    } finally {
      connection.tickSeen(number, clock());
    }
  }

  /** Ends an engine that does not answer: a loop in it, or a worker that is gone without a word. */
  async #look() {
    const connection = this.#connection;
    if (connection === null || this.#asking || clock() - this.#lastHeard < SILENCE) return;
    this.#asking = true;
    let answered = false;
    connection.request('info', {}).then(
      () => (answered = true),
      () => (answered = true),
    );
    // In two halves: after the computer slept, what was sent meanwhile arrives after the first.
    for (let half = 0; half < 2 && !answered; ++half) {
      await new Promise((resolve) => setTimeout(resolve, PATIENCE / 2));
    }
    this.#asking = false;
    if (answered) this.#lastHeard = clock();
    else connection.kill('ENGINE_CRASHED', 'the scoring engine did not answer and was ended');
  }

  /**
   * A request; made again where the engine died over it.
   * @template {keyof LiveRequests} T
   * @param {T} type
   * @param {LiveRequests[T][0]} payload
   * @returns {Promise<LiveRequests[T][1]>}
   */
  async #request(type, payload) {
    for (let attempt = 1; ; ++attempt) {
      if (this.#end !== null) throw this.#end;
      const connection = await this.#ready;
      try {
        return /** @type {any} */ (await connection.request(type, payload));
      } catch (thrown) {
        if (attempt === MAX_IDLE_CRASHES || !hasCode(thrown, 'ENGINE_CRASHED')) throw this.#end ?? thrown;
      }
    }
  }

  /**
   * @param {Connection} connection
   * @param {Pushed} pushed
   */
  #send(connection, pushed) {
    const { number, messages, predictions, at, skip } = pushed;
    connection.request('livePush', { number, messages, predictions, at, skip }).then(pushed.resolve, (error) => {
      // It is given to the next engine.
      if (hasCode(error, 'ENGINE_CRASHED') && this.#end === null) return;
      this.#pushed.delete(number);
      pushed.reject(this.#end ?? error);
    });
  }

  /** The engine has another model. @param {Uint8Array} bytes @param {import('../types.js').ModelCard} card */
  async changeModel(bytes, card) {
    if (this.#end !== null) return;
    const known = await this.#request('liveSummary', { scope: 'overall' });
    // Should the engine die over it, the next one begins with the new model and from zero.
    this.#checkpoint = null;
    this.#mostRows = 0;
    const model = ++this.#model;
    let summary = known;
    try {
      ({ summary } = await (await this.#ready).request('liveModel', { bytes, model }));
    } catch (thrown) {
      if (!hasCode(thrown, 'ENGINE_CRASHED')) {
        --this.#model;
        throw thrown;
      }
      await this.#ready;
    }
    this.#emit({ type: 'model', version: card.version, summary });
  }

  /** Nothing more is wanted; what is being asked rejects. @param {Error} error */
  kill(error) {
    this.#finish(error);
  }

  /** @returns {Monitor} */
  api() {
    return {
      start: async (source) => {
        checkObject(source, 'the source');
        await this.#request('liveStart', { source, position: null, resume: false });
        this.#source = { spec: source, position: null };
        this.#paused = false;
      },
      stop: async () => {
        await this.#request('liveStop', {});
        this.#source = null;
        this.#paused = false;
      },
      pause: async () => {
        await this.#request('livePause', {});
        this.#paused = true;
      },
      resume: async () => {
        await this.#request('liveResume', {});
        this.#paused = false;
      },
      step: async (rows = 1) => {
        if (!(Number.isInteger(rows) && rows > 0)) throw badArgument('rows must be a whole number from 1 on');
        await this.#request('liveStep', { rows });
      },
      adjust: async (change) => {
        checkObject(change, 'the change');
        await this.#request('liveAdjust', { change });
        if (this.#source !== null) {
          this.#source.spec = /** @type {StreamSource} */ ({ ...this.#source.spec, ...change });
        }
      },
      push: (messages, options = {}) => this.#push(messages, options),
      configure: async (settings) => {
        checkObject(settings, 'the settings');
        await this.#request('liveConfigure', { settings });
        this.#settings = mergeSettings(this.#settings, settings);
      },
      tick: () => this.#tick,
      stats: () => this.#request('liveStats', {}),
      column: (feature) => this.#request('liveColumn', { feature: String(feature) }),
      rows: async (feature, range) => {
        checkObject(range, 'the range');
        const { low, high, max = 50 } = range;
        if (typeof low !== 'number' || typeof high !== 'number' || !(Number.isInteger(max) && max > 0)) {
          throw badArgument('low and high must be numbers, max a whole number from 1 on');
        }
        return this.#request('liveRows', { feature: String(feature), range: { low, high, max } });
      },
      summary: async (scope) => {
        if (scope !== 'window' && scope !== 'overall') throw badArgument('the scope must be "window" or "overall"');
        return this.#request('liveSummary', { scope });
      },
      merge: async (bytes) => {
        checkBytes(bytes, 'the summary');
        await this.#merge(bytes);
      },
      acknowledge: async (episode) => void (await this.#request('liveAcknowledge', { episode })),
      silence: async (rule, until) => void (await this.#request('liveSilence', { rule: String(rule), until })),
      rules: () => this.#request('liveRules', {}),
      log: {
        remember: async (on, cap) => {
          await this.#request('liveRemember', { on, cap });
          this.#remember = on;
          this.#cap = cap;
        },
        clear: async () => void (await this.#request('liveLogClear', {})),
        export: (format) => this.#export(format),
      },
      reset: async () => {
        await this.#request('liveReset', {});
        this.#mostRows = 0;
        this.#charts = {};
        this.#tick = null;
      },
      close: async () => {
        if (this.#end !== null) return;
        try {
          await this.#request('liveClose', {});
        } finally {
          this.#finish(engineError({ code: 'ENGINE_CRASHED', message: 'the monitor has been closed' }));
        }
      },
    };
  }

  /** Merged once, also where the engine dies over it. @param {Uint8Array} bytes */
  async #merge(bytes) {
    const number = this.#nextPush++;
    this.#merging.add(number);
    try {
      while (this.#merging.has(number)) {
        const connection = await this.#ready;
        if (!this.#merging.has(number)) return;
        try {
          await connection.request('liveMerge', { number, bytes });
          return;
        } catch (thrown) {
          if (!hasCode(thrown, 'ENGINE_CRASHED') || this.#end !== null) throw this.#end ?? thrown;
        }
      }
    } finally {
      this.#merging.delete(number);
    }
  }

  /**
   * @param {unknown[]} messages
   * @param {{predictions?: boolean}} options
   * @returns {Promise<PushResult>}
   */
  async #push(messages, options) {
    if (!Array.isArray(messages)) throw badArgument('the messages must be an array');
    checkObject(options, 'options');
    if (this.#end !== null) throw this.#end;
    return new Promise((resolve, reject) => {
      const number = this.#nextPush++;
      const { predictions = false } = options;
      /** @type {Pushed} */
      const pushed = { number, messages: [...messages], predictions, at: clock(), skip: null, resolve, reject };
      this.#pushed.set(number, pushed);
      if (this.#connection !== null) this.#send(this.#connection, pushed);
    });
  }

  /** @param {'ndjson' | 'csv'} format @returns {AsyncGenerator<Uint8Array>} */
  async *#export(format) {
    if (format !== 'ndjson' && format !== 'csv') throw badArgument('the format must be "ndjson" or "csv"');
    const connection = await this.#ready;
    let id = 0;
    let done = false;
    try {
      while (!done) {
        const piece = await connection.request('liveLogExport', { id, format, end: false });
        ({ id, done } = piece);
        if (piece.bytes.length > 0) yield piece.bytes;
      }
    } finally {
      if (!done && id !== 0) await connection.request('liveLogExport', { id, format, end: true }).catch(() => {});
    }
  }
}
