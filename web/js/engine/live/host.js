// @ts-check
// The worker's side of a monitor: the loop that takes rows which are due from the source and from push(), lets the
// engine count them, and tells the page about it. Everything that changes the source runs between two turns of the
// loop; a turn is short, so that requests are answered while a stream runs.

import { abortError, engineError, errorData, hasCode } from '../errors.js';
import { nextTask } from '../next_task.js';
import { predictionOf } from '../predictions.js';
import { rowsIn, rowsOf } from './batch.js';
import { clock } from './clock.js';
import { LogWriter } from './log_writer.js';
import { mergeSettings } from './settings.js';
import { createSource } from './sources/index.js';
import { decodeMessages } from './sources/messages.js';

/** @typedef {import('../types.js').ModelCard} ModelCard */
/** @typedef {import('./source.js').RowBatch} RowBatch */
/** @typedef {import('./source.js').RowReader} RowReader */
/** @typedef {import('./source.js').Source} Source */
/** @typedef {import('./types.js').StreamSource} StreamSource */
/** @typedef {import('./types.js').PushResult} PushResult */
/** @typedef {import('../protocol.js').LiveRequests} LiveRequests */
/** @typedef {import('../protocol.js').PushDone} PushDone */

/** Ticks are at least this far apart; one is due without rows after the second. Milliseconds. */
const TICK_INTERVAL = 100;
const IDLE_TICK_INTERVAL = 1000;
const CHECKPOINT_INTERVAL = 1000;
const SOON = 200;

/** Rows that are due a little later are waited for this long, so that a turn has more than a few. Milliseconds. */
const SHORTEST_SLEEP = 5;

/** A turn takes as many rows as are scored in about this time, within limits. Milliseconds. */
const TURN = 15;
const MIN_TURN_ROWS = 256;
const MAX_TURN_ROWS = 4096;

/** Messages decoded at a time. */
const TURN_MESSAGES = 1024;

/** Pushed rows that may wait. */
export const MAX_WAITING_ROWS = 1_000_000;

/** Batches whose arrival is remembered until a tick with them is seen. */
const MAX_ARRIVALS = 1000;

/**
 * @typedef {object} Pushed
 * @property {number} number
 * @property {unknown[]} messages
 * @property {number} at when it was pushed
 * @property {number} done messages counted
 * @property {number} accepted
 * @property {number} malformed
 * @property {(result: PushResult) => void} resolve
 * @property {(error: unknown) => void} reject
 */

/** @typedef {{arrived: number, rows: number}} Arrival */

export class MonitorHost {
  #engine;
  #post;
  /** @type {ModelCard} */
  #card;
  #log;
  /** @type {import('./types.js').MonitorSettings & {source?: string}} */
  #settings = {};
  #threshold = NaN;
  #hasGenerator = false;
  #closed = false;

  /** @type {StreamSource | null} */
  #spec = null;
  /** @type {Source | null} null: none, or of kind push */
  #source = null;
  /** The last state of a source that was stopped; until the next begins or something is pushed. @type {import('./types.js').SourceState | null} */
  #stopped = null;
  #paused = false;
  /** What ended the stream although its source could go on. */
  #halted = '';

  /** @type {Pushed[]} */
  #queue = [];
  #queuedRows = 0;
  /** Messages that may be counted although paused. */
  #released = 0;
  #pushOffered = 0;
  #pushTaken = 0;
  #pushMalformed = 0;
  /** @type {PushDone[]} counted since the last checkpoint */
  #counted = [];

  /** Rows of a turn that takes about TURN. */
  #turnRows = 1024;
  /** Rows with sequence numbers below are in the log already: they are counted a second time, after a crash. */
  #loggedBelow = 0;

  /** @type {{run: () => unknown, resolve: (value: any) => void, reject: (error: unknown) => void}[]} */
  #commands = [];
  /** @type {(() => void)[]} */
  #afterCheckpoint = [];
  #wake = () => {};
  #woken = false;

  /** Rows that this engine has counted. */
  #rows = 0;
  /** A tick has told of some. */
  #told = false;
  /** Which of the page's models it is. */
  #model = 0;
  #changed = true;
  #unsaved = false;
  #lastCheckpoint = 0;
  #lastTick = -Infinity;
  #tickNumber = 0;
  #seenNumber = 0;
  #generation = 0;
  /** @type {number[]} episodes that began and were not told yet */
  #began = [];
  /** @type {Arrival[]} counted since the last tick */
  #arrivals = [];
  /** @type {Map<number, Arrival[]>} by number of the tick that has them */
  #shown = new Map();

  #nextExport = 1;
  /** @type {Map<number, AsyncGenerator<Uint8Array>>} */
  #exports = new Map();

  /**
   * @param {import('./module.js').LiveInstance} engine with a model
   * @param {ModelCard} card
   * @param {(message: import('../protocol.js').FromWorker) => void} post
   */
  constructor(engine, card, post) {
    this.#engine = engine;
    this.#card = card;
    this.#post = post;
    this.#log = new LogWriter((bytes) => engine.scanLog(bytes));
  }

  /** @param {LiveRequests['liveOpen'][0]} options */
  async open({ settings, generator, checkpoint, resumable, remember, cap, model, paused }) {
    const engine = this.#engine;
    this.#model = model;
    this.#paused = paused;
    engine.openLive(settings);
    this.#settings = settings;
    if (generator !== null) {
      engine.loadGenerator(generator);
      this.#hasGenerator = true;
    }
    if (checkpoint !== null) engine.liveRestore(checkpoint);
    if (remember) {
      await this.#log.open(cap);
      if (checkpoint !== null && resumable) this.#loggedBelow = this.#log.next;
      else engine.setLiveNextSequence(Math.max(engine.liveNextSequence(), this.#log.next));
    } else {
      void this.#log.look().then(() => {
        this.#changed = true;
        this.#rouse();
      });
    }
    this.#readThreshold();
    // The first comes soon: an engine that dies again and again gets on all the same.
    this.#lastCheckpoint = clock() - (CHECKPOINT_INTERVAL - SOON);
    void this.#loop();
    return null;
  }

  /**
   * @template {keyof LiveRequests} T
   * @param {T} type
   * @param {LiveRequests[T][0]} payload
   * @returns {Promise<LiveRequests[T][1]>}
   */
  async handle(type, payload) {
    const request = /** @type {{[K in keyof LiveRequests]: {type: K, payload: LiveRequests[K][0]}}[keyof LiveRequests]} */ ({
      type,
      payload,
    });
    return /** @type {Promise<any>} */ (this.#handle(request));
  }

  /** @param {{[K in keyof LiveRequests]: {type: K, payload: LiveRequests[K][0]}}[keyof LiveRequests]} request */
  async #handle(request) {
    const engine = this.#engine;
    switch (request.type) {
      case 'liveOpen':
        return this.open(request.payload);
      case 'liveConfigure': {
        const { settings } = request.payload;
        engine.liveConfigure(settings);
        this.#settings = mergeSettings(this.#settings, settings);
        this.#readThreshold();
        return this.#saved();
      }
      case 'liveStart':
        return this.#between(() => this.#start(request.payload));
      case 'liveStop':
        return this.#between(() => this.#finishSource());
      case 'livePause':
        return this.#between(() => {
          this.#paused = true;
          this.#source?.pause(clock());
          return null;
        });
      case 'liveResume':
        return this.#between(() => {
          this.#paused = false;
          this.#source?.resume(clock());
          return null;
        });
      case 'liveStep':
        return this.#between(() => {
          if (!this.#paused) throw engineError({ code: 'NOT_READY', message: 'only a paused stream can be stepped' });
          const { rows } = request.payload;
          if (this.#source !== null) this.#source.step(rows);
          else this.#released += rows;
          return null;
        });
      case 'liveAdjust':
        await this.#between(() => {
          if (this.#source === null) {
            throw engineError({ code: 'BAD_ARGUMENT', message: 'there is no stream with a rate or a scenario' });
          }
          this.#source.adjust(request.payload.change, clock());
        });
        return this.#saved();
      case 'livePush':
        return this.#push(request.payload);
      case 'liveStats':
        return engine.liveStats();
      case 'liveColumn':
        return engine.liveColumn(request.payload.feature);
      case 'liveRows':
        return engine.liveRows(request.payload.feature, request.payload.range);
      case 'liveSummary':
        return engine.liveSummary(request.payload.scope);
      case 'liveMerge': {
        const { number, bytes } = request.payload;
        engine.liveMerge(bytes);
        this.#counted.push({ number, accepted: 0, malformed: 0 });
        return this.#saved();
      }
      case 'liveAcknowledge':
        if (!engine.liveAcknowledge(request.payload.episode, clock()) && request.payload.episode !== 0) {
          throw engineError({ code: 'BAD_ARGUMENT', message: `there is no alert number ${request.payload.episode}` });
        }
        return this.#saved();
      case 'liveSilence':
        if (!engine.liveSilence(request.payload.rule, request.payload.until)) {
          throw engineError({ code: 'BAD_ARGUMENT', message: `there is no rule ${request.payload.rule}` });
        }
        return this.#saved();
      case 'liveRules':
        return engine.liveRules();
      case 'liveReset':
        return this.#between(() => {
          const next = engine.liveNextSequence();
          engine.openLive(this.#settings);
          engine.setLiveNextSequence(next);
          this.#generation = 0;
          this.#halted = '';
          return this.#save();
        });
      case 'liveModel':
        return this.#between(() => this.#changeModel(request.payload));
      case 'liveRemember':
        return this.#between(() => this.#remember(request.payload));
      case 'liveLogClear':
        await this.#log.clear();
        this.#changed = true;
        this.#rouse();
        return null;
      case 'liveLogExport':
        return this.#export(request.payload);
      case 'liveClose':
        return this.#between(async () => {
          await this.#finishSource();
          await this.#log.close();
          this.#closed = true;
          return null;
        });
      default: {
        /** @type {never} */
        const unknown = request;
        throw engineError({ code: 'PROTOCOL_MISMATCH', message: `unknown request ${/** @type {any} */ (unknown).type}` });
      }
    }
  }

  /** Ends at once, as a worker that is terminated. */
  end() {
    this.#closed = true;
    this.#rouse();
  }

  /** The page has shown a tick. @param {number} number @param {number} at */
  seen(number, at) {
    this.#seenNumber = Math.max(this.#seenNumber, number);
    for (const [tick, arrivals] of this.#shown) {
      if (tick > number) break;
      this.#shown.delete(tick);
      for (const { arrived, rows } of arrivals) this.#engine.liveNoteDelay(at - arrived, rows);
    }
    if (this.#changed) this.#rouse();
  }

  // --- the loop

  async #loop() {
    try {
      while (!this.#closed) {
        for (let command; !this.#closed && (command = this.#commands.shift()) !== undefined; ) await this.#run(command);
        if (this.#closed) break;
        const busy = await this.#turn();
        if (this.#closed) break;
        if (this.#saveDue()) await this.#save();
        this.#tickIfDue();
        if (busy || this.#commands.length > 0) await nextTask();
        else await this.#sleep();
      }
    } catch (thrown) {
      this.#closed = true;
      const error = errorData(thrown);
      this.#post({ type: 'crashed', error: { ...error, code: 'ENGINE_CRASHED' } });
    }
    const gone = engineError({ code: 'ENGINE_CRASHED', message: 'the monitor has ended' });
    this.#source?.stop();
    for (const command of this.#commands.splice(0)) command.reject(gone);
    for (const pushed of this.#queue.splice(0)) pushed.reject(gone);
    for (const resolve of this.#afterCheckpoint.splice(0)) resolve();
  }

  /** @param {{run: () => unknown, resolve: (value: any) => void, reject: (error: unknown) => void}} command */
  async #run({ run, resolve, reject }) {
    try {
      resolve(await run());
      this.#changed = true;
    } catch (thrown) {
      reject(thrown);
      if (hasCode(thrown, 'ENGINE_CRASHED')) throw thrown;
    }
  }

  /**
   * Runs between two turns of the loop.
   * @template T
   * @param {() => T | Promise<T>} run
   * @returns {Promise<T>}
   */
  #between(run) {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(abortError(new Error('the monitor has been closed')));
      this.#commands.push({ run, resolve, reject });
      this.#rouse();
    });
  }

  #rouse() {
    this.#woken = true;
    this.#wake();
  }

  /** Until something is due, or #rouse(). */
  async #sleep() {
    const now = clock();
    const rows = this.#source === null || this.#halted !== '' ? Infinity : Math.max(this.#source.due(now), SHORTEST_SLEEP);
    const interval = this.#changed && this.#seenNumber === this.#tickNumber ? TICK_INTERVAL : IDLE_TICK_INTERVAL;
    const wait = Math.min(
      rows,
      Math.max(this.#lastTick + interval - now, 1),
      this.#unsaved ? Math.max(this.#lastCheckpoint + CHECKPOINT_INTERVAL - now, 1) : Infinity,
    );
    if (!this.#woken) {
      await /** @type {Promise<void>} */ (
        new Promise((resolve) => {
          const timer = setTimeout(resolve, wait);
          this.#wake = () => {
            clearTimeout(timer);
            resolve();
          };
        })
      );
      this.#wake = () => {};
    }
    this.#woken = false;
  }

  /** Counts some of the rows that are due. @returns {Promise<boolean>} more may be due */
  async #turn() {
    if (this.#log.full) await this.#log.written();
    const pushed = this.#turnPushed();
    const source = this.#source;
    if (source === null || this.#halted !== '') return pushed;
    for (const malformed of source.takeMalformed()) {
      this.#engine.liveNoteMalformed(malformed);
      this.#touch();
    }
    if (source.due(clock()) > 0) return pushed;
    const batch = await source.take(this.#turnRows, clock());
    if (batch === null || batch.rows === 0) return pushed;
    this.#count(batch, batch.arrived);
    return true;
  }

  /** Some of the pushed messages. @returns {boolean} something was done */
  #turnPushed() {
    const [pushed] = this.#queue;
    if (pushed === undefined) return false;
    const most = this.#paused ? this.#released : TURN_MESSAGES;
    if (most === 0) return false;
    // A message may be many rows: few of those at a time.
    let end = pushed.done;
    for (let rows = 0; end < pushed.messages.length && end - pushed.done < most && rows < this.#turnRows; ++end) {
      rows += rowsIn(pushed.messages[end]);
    }
    const messages = pushed.messages.slice(pushed.done, end);
    const { accepted, malformed } = this.#countMessages(messages, pushed.at, null);
    pushed.done = end;
    this.#queuedRows -= messages.reduce(rowsSum, 0);
    pushed.accepted += accepted;
    pushed.malformed += malformed;
    if (this.#paused) this.#released -= messages.length;
    if (pushed.done === pushed.messages.length) {
      this.#queue.shift();
      this.#finishPush(pushed);
    }
    return true;
  }

  /** @param {Pushed} pushed */
  #finishPush({ number, accepted, malformed, resolve }) {
    this.#counted.push({ number, accepted, malformed });
    const result = { accepted, malformed, predictions: [] };
    if (this.#log.on) void this.#log.written().then(() => resolve(result));
    else resolve(result);
  }

  /**
   * @param {unknown[]} messages
   * @param {number} at when they came
   * @param {(import('../types.js').Prediction | null)[] | null} predictions one per row is added
   */
  #countMessages(messages, at, predictions) {
    const { malformed, origins, ...rows } = decodeMessages(messages, this.#card);
    let bad = 0;
    for (const kind of malformed) {
      this.#engine.liveNoteMalformed(kind);
      bad += kind.count;
    }
    for (let begin = 0; begin < rows.rows; begin += MAX_TURN_ROWS) {
      this.#count(rowsOf(rows, begin, Math.min(begin + MAX_TURN_ROWS, rows.rows)), at);
      if (predictions !== null) this.#addPredictions(predictions);
    }
    this.#pushTaken += rows.rows;
    this.#pushMalformed += bad;
    this.#touch();
    return { accepted: rows.rows, malformed: bad };
  }

  /** @param {(import('../types.js').Prediction | null)[]} predictions */
  #addPredictions(predictions) {
    const { probabilities } = this.#engine.liveScores();
    const timestamp = new Date().toISOString();
    const model = { ...this.#card, threshold: this.#threshold };
    for (const probability of probabilities) {
      predictions.push(Number.isNaN(probability) ? null : predictionOf(probability, model, timestamp));
    }
  }

  /**
   * @param {Omit<RowBatch, 'arrived'>} batch
   * @param {number} arrived
   */
  #count(batch, arrived) {
    const engine = this.#engine;
    if (batch.rows === 0 || this.#halted !== '') return;
    const first = engine.liveNextSequence();
    const known = Math.min(Math.max(this.#loggedBelow - first, 0), batch.rows);
    if (this.#log.on && known > 0 && known < batch.rows) {
      this.#count(rowsOf(batch, 0, known), arrived);
      this.#count(rowsOf(batch, known, batch.rows), arrived);
      return;
    }
    const keepLog = this.#log.on && known === 0;
    const began = performance.now();
    try {
      engine.livePush(batch, { nowMs: clock(), keepLog });
    } catch (thrown) {
      if (hasCode(thrown, 'ENGINE_CRASHED')) throw thrown;
      this.#halted = thrown instanceof Error ? thrown.message : String(thrown);
      return;
    }
    const perRow = (performance.now() - began) / batch.rows;
    engine.liveNoteLatency(perRow * 1000, batch.rows);
    if (batch.rows >= MIN_TURN_ROWS) {
      this.#turnRows = Math.round(Math.min(Math.max(TURN / Math.max(perRow, 1e-4), MIN_TURN_ROWS), MAX_TURN_ROWS));
    }
    if (keepLog) this.#log.append(engine.liveLogBlock(), first, batch.rows);
    this.#rows += batch.rows;
    this.#arrivals.push({ arrived, rows: batch.rows });
    if (this.#arrivals.length > MAX_ARRIVALS) {
      const [one, two, ...rest] = this.#arrivals;
      this.#arrivals = [{ arrived: Math.min(one.arrived, two.arrived), rows: one.rows + two.rows }, ...rest];
    }
    this.#touch();
  }

  #touch() {
    this.#changed = true;
    this.#unsaved = true;
  }

  // --- telling the page

  #tickIfDue() {
    const now = clock();
    const passed = now - this.#lastTick;
    const first = this.#rows > 0 && !this.#told;
    if (!first && passed < (this.#changed ? TICK_INTERVAL : IDLE_TICK_INTERVAL)) return;
    const seen = this.#seenNumber === this.#tickNumber;
    // A page that has not seen the last one gets no other; the rules are looked at all the same.
    if (!seen && passed < IDLE_TICK_INTERVAL) return;
    this.#lastTick = now;
    this.#told = this.#rows > 0;
    const tick = this.#engine.liveTick(now, this.#generation);
    this.#began.push(...tick.alerts.began);
    if (!seen) return;
    this.#generation = tick.generation;
    const number = ++this.#tickNumber;
    this.#shown.set(number, this.#arrivals);
    this.#arrivals = [];
    this.#changed = false;
    const alerts = { ...tick.alerts, began: this.#began.splice(0) };
    const log = this.#log.state(this.#engine.liveNextSequence());
    this.#post({ type: 'tick', number, counted: this.#rows, tick: { ...tick, alerts, source: this.#state(now), log } });
  }

  /** @param {number} now @returns {import('./types.js').SourceState} */
  #state(now) {
    const source = this.#source;
    const halted = this.#halted;
    if (source !== null) {
      const state = source.state(now);
      return halted === '' ? state : { ...state, state: 'failed', message: halted };
    }
    if (this.#stopped !== null) return this.#stopped;
    const running = this.#spec !== null;
    const name = this.#spec?.kind === 'push' ? (this.#spec.name ?? '') : '';
    return {
      kind: 'push',
      name: name === '' ? 'push' : `push: ${name}`,
      state: halted !== '' ? 'failed' : this.#paused ? 'paused' : running ? 'running' : 'waiting',
      message: halted,
      offered: this.#pushOffered,
      taken: this.#pushTaken,
      waiting: this.#queuedRows,
      malformed: this.#pushMalformed,
      rate: 0,
      scenario: '',
      position: null,
      retryAt: 0,
    };
  }

  #saveDue() {
    if (this.#afterCheckpoint.length > 0) return true;
    return this.#unsaved && clock() - this.#lastCheckpoint >= CHECKPOINT_INTERVAL;
  }

  /** Resolves when what was just changed would outlive a crash of the engine. */
  async #saved() {
    this.#touch();
    await /** @type {Promise<void>} */ (
      new Promise((resolve) => {
        this.#afterCheckpoint.push(resolve);
        this.#rouse();
      })
    );
    return null;
  }

  /** Tells the page all it needs to go on in another engine. Only between two turns. */
  async #save() {
    // What is in the checkpoint is in the log, and has been acknowledged, before.
    do {
      await this.#log.written();
      await nextTask();
    } while (this.#log.writing);
    const waiting = this.#afterCheckpoint.splice(0);
    const [partly] = this.#queue;
    this.#post({
      type: 'checkpoint',
      model: this.#model,
      counted: this.#rows,
      checkpoint: this.#engine.liveCheckpoint(),
      position: this.#source?.position() ?? { taken: this.#pushTaken, malformed: this.#pushMalformed },
      pushed: this.#counted.splice(0),
      partly:
        partly === undefined || partly.done === 0
          ? null
          : { number: partly.number, done: partly.done, accepted: partly.accepted, malformed: partly.malformed },
    });
    this.#lastCheckpoint = clock();
    this.#unsaved = false;
    for (const resolve of waiting) resolve();
    return null;
  }

  // --- requests

  #readThreshold() {
    this.#threshold = this.#engine.liveStats().threshold;
  }

  /** @returns {RowReader} */
  #reader() {
    const engine = this.#engine;
    return {
      model: this.#card,
      inspect: (bytes, complete, overrides) => engine.inspectCsv(bytes, complete, overrides),
      begin: (options) => engine.beginRows(options),
      feed: (bytes) => void engine.feed(bytes),
      finish: () => void engine.finishRange(),
      takeRows: () => engine.takeRows(),
      applyScenario: (scenario, since, rows, columns, labels) =>
        engine.applyScenario(scenario, since, rows, columns, labels),
      beginSynth: (options) => engine.beginSynth(options),
      synth: (most) => {
        engine.synthRows(most);
        return engine.takeOutput();
      },
      scenarioFraudRate: (scenario) => engine.scenarioFraudRate(scenario),
      hasGenerator: this.#hasGenerator,
    };
  }

  /**
   * @param {StreamSource} spec
   * @param {unknown} position
   */
  #makeSource(spec, position) {
    return spec.kind === 'push' ? null : createSource(spec, { reader: this.#reader(), restore: position });
  }

  /** @param {LiveRequests['liveStart'][0]} payload */
  async #start({ source: spec, position, resume }) {
    const source = this.#makeSource(spec, position);
    if (!resume) await this.#finishSource();
    if (position !== null && spec.kind === 'push') {
      const { taken, malformed } = /** @type {{taken: number, malformed: number}} */ (position);
      this.#pushOffered += taken;
      this.#pushTaken += taken;
      this.#pushMalformed += malformed;
    }
    this.#spec = spec;
    this.#begin(source);
    return null;
  }

  /** @param {Source | null} source */
  #begin(source) {
    const now = clock();
    this.#source = source;
    this.#stopped = null;
    this.#halted = '';
    source?.start(now, () => {
      this.#changed = true;
      this.#rouse();
    });
    if (this.#paused) source?.pause(now);
    const name = this.#state(now).name;
    this.#engine.liveConfigure({ source: name });
    this.#settings = { ...this.#settings, source: name };
    this.#touch();
  }

  /** Rows that wait are counted first. */
  async #finishSource() {
    this.#released = 0;
    this.#paused = false;
    while (this.#turnPushed()) await nextTask();
    await this.#drain();
    // Stopped again, it is the same that was stopped.
    if (this.#spec !== null) this.#stopped = this.#source === null ? null : { ...this.#source.state(clock()), state: 'stopped', message: '', retryAt: 0 };
    this.#source?.stop();
    this.#source = null;
    this.#spec = null;
    this.#touch();
    return null;
  }

  /** Counts what the source has had to give until now. */
  async #drain() {
    const source = this.#source;
    if (source === null || this.#halted !== '') return;
    const now = clock();
    source.resume(now);
    while (source.due(now) === 0) {
      const batch = await source.take(this.#turnRows, now);
      if (batch === null || batch.rows === 0) break;
      this.#count(batch, batch.arrived);
      await nextTask();
    }
    for (const malformed of source.takeMalformed()) this.#engine.liveNoteMalformed(malformed);
  }

  /** @param {LiveRequests['livePush'][0]} payload @returns {Promise<PushResult>} */
  #push({ number, messages, predictions, at, skip }) {
    if (this.#closed) throw engineError({ code: 'ENGINE_CRASHED', message: 'the monitor has ended' });
    if (this.#halted !== '') throw engineError({ code: 'TOO_BIG', message: this.#halted });
    const rows = messages.slice(skip?.done ?? 0).reduce(rowsSum, 0);
    if (!predictions && this.#queuedRows + rows > MAX_WAITING_ROWS && this.#queue.length > 0) {
      const message = `more than ${MAX_WAITING_ROWS.toLocaleString('en')} rows wait to be scored; push again when some were`;
      throw engineError({ code: 'BUSY', message });
    }
    this.#stopped = null;
    this.#pushOffered += rows;
    return new Promise((resolve, reject) => {
      /** @type {Pushed} */
      const pushed = {
        number,
        messages,
        at,
        done: skip?.done ?? 0,
        accepted: skip?.accepted ?? 0,
        malformed: skip?.malformed ?? 0,
        resolve,
        reject,
      };
      if (!predictions) {
        this.#queue.push(pushed);
        this.#queuedRows += rows;
        this.#rouse();
        return;
      }
      /** @type {(import('../types.js').Prediction | null)[]} */
      const list = [];
      const counted = this.#countMessages(messages, at, list);
      this.#finishPush({ ...pushed, ...counted, resolve: (result) => resolve({ ...result, predictions: list }) });
      this.#rouse();
    });
  }

  /** @param {LiveRequests['liveModel'][0]} payload */
  async #changeModel({ bytes, model }) {
    const engine = this.#engine;
    const spec = this.#spec;
    const paused = this.#paused;
    // Rows that have arrived were meant for the old model; those of a file or the generator are read again.
    if (spec?.kind === 'events' || spec?.kind === 'socket') await this.#drain();
    const position = this.#source?.position() ?? null;
    const summary = engine.liveSummary('overall');
    const next = engine.liveNextSequence();
    this.#card = engine.loadModel(bytes);
    this.#model = model;
    this.#source?.stop();
    engine.openLive(this.#settings);
    engine.setLiveNextSequence(next);
    this.#readThreshold();
    this.#generation = 0;
    this.#paused = paused;
    if (spec !== null) this.#begin(this.#makeSource(spec, position));
    await this.#save();
    return { card: this.#card, summary };
  }

  /** @param {LiveRequests['liveRemember'][0]} payload */
  async #remember({ on, cap }) {
    if (!on) {
      await this.#log.close();
    } else {
      await this.#log.open(cap);
      this.#loggedBelow = 0;
      this.#engine.setLiveNextSequence(Math.max(this.#engine.liveNextSequence(), this.#log.next));
    }
    return this.#save();
  }

  /** @param {LiveRequests['liveLogExport'][0]} payload */
  async #export({ id, format, end }) {
    const known = this.#exports.get(id);
    if (end) {
      this.#exports.delete(id);
      await known?.return(undefined);
      return { id, bytes: new Uint8Array(0), done: true };
    }
    const key = known === undefined ? this.#nextExport++ : id;
    const texts = known ?? this.#logTexts(format);
    this.#exports.set(key, texts);
    const { value, done } = await texts.next();
    if (done) this.#exports.delete(key);
    return { id: key, bytes: value ?? new Uint8Array(0), done: done === true };
  }

  /** @param {'ndjson' | 'csv'} format @returns {AsyncGenerator<Uint8Array>} */
  async *#logTexts(format) {
    const engine = this.#engine;
    const header = engine.logHeader(format);
    if (header.length > 0) yield header;
    const kept = await this.#log.read();
    if (kept === null) return void (yield engine.logText(engine.liveRecentLog(), format));
    try {
      for await (const blocks of kept.pieces) yield engine.logText(blocks, format);
    } finally {
      await kept.close();
    }
  }
}

/** @param {number} sum @param {unknown} message */
function rowsSum(sum, message) {
  return sum + rowsIn(message);
}
