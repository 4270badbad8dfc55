// @ts-check
// What a person can do in the Live view, as functions that change its store and ask the monitor. No DOM. The monitor (an
// engine worker of its own) is made when it is first needed. Settings are sent one request at a time, the latest last.

import { count } from './format.js';
import { hasBegun, isOver, nothingCounted, readLiveSettings, sourceToRemember } from './live_state.js';
import { announcement, summarySentence } from './live_words.js';
import { createPending } from './pending.js';
import { toProblem } from './problems.js';

/** @typedef {import('./live_state.js').LiveState} LiveState */
/** @typedef {import('./live_state.js').LiveSettings} LiveSettings */
/** @typedef {import('../engine/live/types.js').Monitor} Monitor */
/** @typedef {import('../engine/live/types.js').MonitorOptions} MonitorOptions */
/** @typedef {import('../engine/live/types.js').MonitorSettings} MonitorSettings */
/** @typedef {import('../engine/live/types.js').LiveTick} LiveTick */
/** @typedef {import('../engine/live/types.js').AlertRule} AlertRule */
/** @typedef {import('../engine/live/types.js').StreamSource} StreamSource */
/** @typedef {ReturnType<typeof createLiveActions>} LiveActions */

/**
 * The browser's notifications.
 * @typedef {object} Notifier
 * @property {() => LiveState['permission']} permission
 * @property {() => Promise<LiveState['permission']>} ask REQUIRES: in answer to a press or key
 * @property {(text: string, tag: string) => void} show a later one of the same tag takes its place
 */

const SPEAK_EVERY_MS = 30_000;
const COLUMN_EVERY_MS = 2_000;
const ROWS_BEHIND_A_BIN = 50;
export const MAX_JSON_BYTES = 2 ** 20;
export const MAX_SUMMARY_BYTES = 2 ** 26;

/** What to do, where the words for files do not fit. @type {Record<string, string>} */
const NEXT = {
  SCHEMA_MISMATCH: 'Rename or add the columns in the file, or change the model to the one the file belongs to. Extra columns are fine.',
  NOT_CSV: 'Save it as “CSV (UTF-8)” from the program it comes from and choose it again.',
  EMPTY: 'Choose a file with at least one row below its header.',
  ENGINE_CRASHED: 'Start it again: the same source is opened anew. What was saved on this device is still there.',
  BAD_ARGUMENT: 'Change the value and try again.',
  FILE_UNREADABLE: 'It may have been moved, changed or locked since you chose it. Choose it again.',
};

/**
 * @param {object} options
 * @param {import('./store.js').Store<LiveState>} options.store
 * @param {(options: MonitorOptions) => Promise<Monitor>} options.createMonitor
 * @param {Notifier} [options.notifier]
 * @param {() => number} [options.now] ms since 1970
 */
export function createLiveActions({ store, createMonitor, notifier, now = Date.now }) {
  /** @type {Promise<Monitor> | null} */
  let monitor = null;
  /** @type {Promise<AlertRule[]> | null} */
  let defaults = null;
  /** @type {Monitor | null} */
  let opened = null;
  let openings = 0;
  const { track, settled } = createPending();
  /** @type {number | null} what the reader set; null: the model's own */
  let threshold = null;
  let points = 0;
  let spokenAt = -Infinity;
  let spokenState = '';
  let columnAt = -Infinity;
  let columnAsked = 0;
  let binAsked = 0;
  let started = 0;
  /** @type {AbortController | null} */
  let exportJob = null;

  /** @param {unknown} error */
  function fail(error) {
    const problem = toProblem(error);
    store.set({ problem: { ...problem, next: NEXT[problem.code] ?? problem.next } });
  }

  /** @param {unknown} error */
  const sentence = (error) => (error instanceof Error || (typeof error === 'object' && error !== null && 'message' in error) ? String(error.message) : String(error));

  /**
   * Runs a request; what goes wrong is shown as a problem.
   * @param {(running: Monitor) => Promise<unknown>} request
   * @returns {Promise<boolean>}
   */
  async function ask(request) {
    try {
      await track(ready().then(request));
      return true;
    } catch (error) {
      fail(error);
      return false;
    }
  }

  // --- the monitor

  /** @returns {Promise<Monitor>} */
  function ready() {
    if (monitor) return monitor;
    store.set({ monitor: 'starting' });
    const own = open();
    monitor = own;
    own.catch(() => {
      if (monitor !== own) return;
      monitor = null;
      store.set({ monitor: 'failed' });
    });
    return own;
  }

  /** @returns {Promise<Monitor>} */
  async function open() {
    const { settings } = store.get();
    /** @type {MonitorSettings} */
    const first = { window: settings.window, threshold };
    if (points > 0) first.points = points;
    openings += 1;
    const own = openings;
    // A monitor that was left is not listened to.
    const current = () => own === openings;
    const running = await createMonitor({
      settings: first,
      remember: settings.remember,
      cap: settings.cap,
      onTick: (tick) => current() && onTick(tick),
      onEvent: (event) => current() && onEvent(event),
    });
    if (!current()) {
      await running.close();
      throw new Error('The monitor was closed before it was ready.');
    }
    opened = running;
    defaults = running.rules().then(({ rules }) => rules);
    const usual = await defaults;
    let rules = usual;
    if (settings.rules) {
      try {
        await running.configure({ rules: { version: 1, rules: settings.rules } });
        rules = settings.rules;
      } catch (error) {
        store.set({ rulesProblem: `The rules kept from before were refused, the defaults are in force: ${sentence(error)}` });
      }
    }
    store.set({ monitor: 'ready', rules, permission: notifier?.permission() ?? 'unsupported' });
    const tick = running.tick();
    if (tick && !store.get().tick) onTick(tick);
    return running;
  }
  /** @type {MonitorSettings | null} settings still to be sent */
  let wanted = null;
  /** @type {Promise<void> | null} */
  let sending = null;

  /**
   * Sends settings; while a request is under way later ones are gathered.
   * @param {MonitorSettings} change
   */
  function configure(change) {
    if (!monitor) return Promise.resolve();
    wanted = { ...wanted, ...change };
    sending ??= track(
      (async () => {
        try {
          while (wanted) {
            const next = wanted;
            wanted = null;
            await (await ready()).configure(next);
          }
        } catch (error) {
          wanted = null;
          fail(error);
        } finally {
          sending = null;
        }
      })(),
    );
    return sending;
  }

  // --- what it tells

  /** @param {LiveTick} tick */
  function onTick(tick) {
    const { announced } = store.get();
    /** @type {Partial<LiveState>} */
    const patch = { tick };
    if (tick.series) patch.series = tick.series;
    if (tick.columns) patch.columns = tick.columns;
    if (tick.histogram) patch.histogram = tick.histogram;
    const began = new Set(tick.alerts.began);
    const begun = tick.alerts.episodes.filter(({ number, silenced }) => began.has(number) && number > announced.number && !silenced);
    if (begun.length > 0) {
      const text = announcement(begun);
      patch.announced = { number: Math.max(...begun.map(({ number }) => number)), text };
      if (store.get().settings.notify && notifier?.permission() === 'granted') notifier.show(text, begun[0].rule);
    }
    const at = now();
    const state = tick.source.state;
    if (tick.total > 0 && (state !== spokenState || at - spokenAt >= SPEAK_EVERY_MS)) {
      spokenAt = at;
      spokenState = state;
      patch.spoken = summarySentence(tick);
    }
    store.set(patch);
    if (store.get().openColumn !== null && tick.columns && at - columnAt >= COLUMN_EVERY_MS) void fetchColumn();
  }

  /** @param {import('../engine/live/types.js').MonitorEvent} event */
  function onEvent(event) {
    if (event.type === 'restarted') {
      store.set({ mixed: false, note: `The engine was started again and goes on: ${event.message.replace(/[.\s]*$/, '')}. Figures since the start are complete; the window fills anew.` });
    } else if (event.type === 'model') {
      store.set({
        ...nothingCounted(),
        mixed: false,
        switched: { version: event.version, summary: event.summary },
        note: `The model is now ${event.version}. Counting began anew, because scores of two models are not comparable.`,
      });
    } else {
      fail(event.error);
      store.set({ monitor: 'failed' });
    }
  }

  // --- sources

  /** @param {StreamSource} source */
  async function start(source) {
    started += 1;
    const own = started;
    const before = store.get();
    const counted = before.tick?.total ?? 0;
    const mixed = counted > 0 && (before.source !== null || before.mixed);
    const note = mixed ? `The figures go on: ${count(counted)} rows counted before are in them.` : '';
    store.set({ source, settings: { ...before.settings, source: sourceToRemember(source) }, problem: null, note, mixed });
    try {
      await track(ready().then((running) => running.start(source)));
    } catch (error) {
      if (own === started) fail(error);
    }
  }

  /** @param {Parameters<Monitor['adjust']>[0]} change */
  async function adjust(change) {
    const { source, settings } = store.get();
    if (!source) return;
    const next = /** @type {StreamSource} */ ({ ...source, ...change });
    // One that is over begins with it when it is started again.
    const over = isOver(store.get().tick?.source.state);
    if (!over && !(await ask((running) => running.adjust(change)))) return;
    store.set({ source: next, settings: { ...settings, source: sourceToRemember(next) } });
  }

  /** A new monitor with the same source from its beginning. */
  async function restart() {
    const { source } = store.get();
    await leave();
    store.set({ ...nothingCounted(), problem: null, note: '', monitor: 'none' });
    if (source) await start(source);
    else await ask(async () => undefined);
  }

  /** Lets go of the monitor. */
  async function leave() {
    const old = opened;
    openings += 1;
    monitor = null;
    opened = null;
    defaults = null;
    await old?.close().catch(() => undefined);
  }

  // --- choices

  /** @param {Partial<LiveSettings>} patch checked as readLiveSettings() does */
  async function setSettings(patch) {
    const before = store.get().settings;
    const settings = readLiveSettings({ ...before, ...patch });
    if (JSON.stringify(settings) === JSON.stringify(before)) return;
    store.set({ settings });
    if (!monitor) return;
    if (JSON.stringify(settings.window) !== JSON.stringify(before.window)) await configure({ window: settings.window });
    if (settings.remember !== before.remember || settings.cap !== before.cap) await remember(settings.remember, settings.cap);
    if (JSON.stringify(settings.rules) !== JSON.stringify(before.rules) && !(await setRules(settings.rules))) {
      store.set({ settings: { ...store.get().settings, rules: before.rules } });
    }
  }

  /** @param {number | null} value null: the model's own */
  async function setThreshold(value) {
    if (value === threshold) return;
    threshold = value;
    await configure({ threshold });
  }

  /** @param {number} pixels most points that a chart can show */
  function setPoints(pixels) {
    const most = Math.max(50, Math.floor(pixels));
    if (Math.abs(most - points) <= points / 10) return;
    points = most;
    void configure({ points });
  }

  // --- alerts

  /**
   * @param {AlertRule[] | null} rules null: the defaults
   * @returns {Promise<boolean>} false: refused; rulesProblem says why and nothing has changed
   */
  async function setRules(rules) {
    const before = store.get().rules;
    try {
      const running = await track(ready());
      const wished = rules ?? (await /** @type {Promise<AlertRule[]>} */ (defaults));
      await track(running.configure({ rules: { version: 1, rules: wished } }));
      const settings = { ...store.get().settings, rules };
      store.set({ rules: wished, rulesProblem: '', rulesBefore: before, settings });
      return true;
    } catch (error) {
      store.set({ rulesProblem: sentence(error) });
      return false;
    }
  }

  /** @param {Blob} file rules as exportRules() writes them */
  async function importRules(file) {
    if (file.size > MAX_JSON_BYTES) {
      store.set({ rulesProblem: 'This file is larger than rules can be (1 MB).' });
      return false;
    }
    /** @type {unknown} */
    let value;
    try {
      value = JSON.parse(await track(file.text()));
    } catch (error) {
      store.set({ rulesProblem: `This file is not JSON: ${sentence(error)}` });
      return false;
    }
    if (typeof value !== 'object' || value === null || !Array.isArray(Reflect.get(value, 'rules'))) {
      store.set({ rulesProblem: 'This file has no list of rules: it should read {"version": 1, "rules": [ … ]}.' });
      return false;
    }
    if (Reflect.get(value, 'version') !== 1) {
      store.set({ rulesProblem: 'These rules are not of version 1, the one this page knows.' });
      return false;
    }
    return setRules(Reflect.get(value, 'rules'));
  }

  /** @returns {string} JSON */
  function exportRules() {
    return `${JSON.stringify({ version: 1, rules: store.get().rules }, null, 2)}\n`;
  }

  /** REQUIRES: in answer to a press or key. @param {boolean} on */
  async function setNotify(on) {
    if (on && notifier && notifier.permission() === 'default') await track(notifier.ask());
    const permission = notifier?.permission() ?? 'unsupported';
    store.set({ permission });
    await setSettings({ notify: on && permission === 'granted' });
  }

  // --- columns

  /** @param {string | null} name */
  async function openColumn(name) {
    columnAsked += 1;
    binAsked += 1;
    store.set({ openColumn: name, column: null, openBin: null, binRows: null, columnProblem: '' });
    if (name !== null) await track(fetchColumn());
  }

  async function fetchColumn() {
    const name = store.get().openColumn;
    if (name === null) return;
    columnAt = now();
    columnAsked += 1;
    const own = columnAsked;
    try {
      const column = await (await ready()).column(name);
      if (own === columnAsked) store.set({ column, columnProblem: '' });
    } catch (error) {
      if (own === columnAsked) store.set({ columnProblem: sentence(error) });
    }
  }

  /** @param {number | null} bin */
  async function openBin(bin) {
    const { column } = store.get();
    binAsked += 1;
    const own = binAsked;
    store.set({ openBin: bin, binRows: null });
    if (bin === null || !column) return;
    const { edges, name } = column;
    // The outermost bins hold what is beyond the reference, too.
    const low = bin === 0 ? -Number.MAX_VALUE : edges[bin];
    const high = bin === edges.length - 2 ? Number.MAX_VALUE : edges[bin + 1];
    try {
      const binRows = await track(ready().then((running) => running.rows(name, { low, high, max: ROWS_BEHIND_A_BIN })));
      if (own === binAsked) store.set({ binRows });
    } catch (error) {
      if (own === binAsked) store.set({ columnProblem: sentence(error), binRows: [] });
    }
  }

  // --- the log

  /**
   * @param {boolean} on
   * @param {number} cap
   */
  async function remember(on, cap) {
    try {
      await track(ready().then((running) => running.log.remember(on, cap)));
      store.set({ logNote: on ? 'Predictions from now on are kept on this device.' : 'No more predictions are kept; those kept so far stay until you clear them.' });
    } catch (error) {
      store.set({ logNote: sentence(error), settings: { ...store.get().settings, remember: false } });
    }
  }

  async function clearLog() {
    try {
      await track(ready().then((running) => running.log.clear()));
      store.set({ logNote: 'The log on this device was cleared.' });
    } catch (error) {
      store.set({ logNote: `The log could not be cleared: ${sentence(error)}` });
    }
  }

  /**
   * @param {'ndjson' | 'csv'} format
   * @param {import('../export/save.js').Sink} sink
   * @returns {Promise<boolean>} false: cancelled or failed; the sink was told
   */
  async function exportLog(format, sink) {
    exportJob?.abort();
    const own = new AbortController();
    exportJob = own;
    let written = 0;
    store.set({ exporting: { format, bytes: 0 }, logNote: '' });
    try {
      const running = await track(ready());
      await track(
        (async () => {
          for await (const chunk of running.log.export(format)) {
            if (own.signal.aborted) break;
            await sink.write(chunk);
            written += chunk.length;
            if (exportJob === own) store.set({ exporting: { format, bytes: written } });
          }
          if (own.signal.aborted) throw new Error('cancelled');
          await sink.close();
        })(),
      );
      return true;
    } catch (error) {
      await sink.abort().catch(() => undefined);
      store.set({ logNote: own.signal.aborted ? 'Cancelled: no file was written.' : `The log could not be exported: ${sentence(error)}` });
      return false;
    } finally {
      if (exportJob === own) {
        exportJob = null;
        store.set({ exporting: null });
      }
    }
  }

  // --- summaries

  /**
   * @param {'window' | 'overall'} scope
   * @returns {Promise<Uint8Array | null>} null: failed; summaryProblem says why
   */
  async function summary(scope) {
    store.set({ summaryProblem: '' });
    try {
      return await track(ready().then((running) => running.summary(scope)));
    } catch (error) {
      store.set({ summaryProblem: sentence(error) });
      return null;
    }
  }

  /**
   * Adds a saved summary to the figures since the start.
   * @param {Blob} file
   * @param {string} name
   */
  async function merge(file, name) {
    store.set({ summaryProblem: '' });
    if (file.size > MAX_SUMMARY_BYTES) {
      store.set({ summaryProblem: `${name} is larger than a summary can be (64 MB).` });
      return false;
    }
    try {
      const bytes = new Uint8Array(await track(file.arrayBuffer()));
      await track(ready().then((running) => running.merge(bytes)));
      store.set({ merged: [...store.get().merged, name] });
      return true;
    } catch (error) {
      store.set({ summaryProblem: `${name} was not added: ${sentence(error)}` });
      return false;
    }
  }

  /** Statistics from zero; log and rules stay. */
  async function reset() {
    if (await ask((running) => running.reset())) store.set({ ...nothingCounted(), tick: opened?.tick() ?? null, switched: null, note: '', mixed: false });
  }

  return {
    /** The view was opened: what is kept on this device can be shown. */
    enter: () => ask(async () => undefined),
    monitor: ready,
    start,
    /** The same source again, from its beginning. */
    async again() {
      const { source } = store.get();
      if (source) await start(source);
    },
    stop: () => ask((running) => running.stop()),
    pause: () => ask((running) => running.pause()),
    resume: () => ask((running) => running.resume()),
    /** @param {number} rows */
    step: (rows) => ask((running) => running.step(rows)),
    adjust,
    restart,
    leave,
    /**
     * @param {Blob} file
     * @param {string} name
     */
    replay: (file, name) => start({ kind: 'replay', file, name, pace: 'rate', rate: 1000 }),
    setSettings,
    setThreshold,
    setPoints,
    setRules,
    importRules,
    exportRules,
    setNotify,
    /** @param {number} episode 0: all */
    acknowledge: (episode) => ask((running) => running.acknowledge(episode)),
    /**
     * @param {string} rule
     * @param {number} until 0 ends the silence
     */
    silence: (rule, until) => ask((running) => running.silence(rule, until)),
    openColumn,
    openBin,
    clearLog,
    exportLog,
    cancelExport: () => exportJob?.abort(),
    summary,
    merge,
    reset,
    dismiss: () => store.set({ problem: null }),
    dismissNote: () => store.set({ note: '', switched: null, mixed: false }),
    /** Whether there is anything to show. */
    begun: () => hasBegun(store.get()),
    /** No request is under way; the stream itself does not count. */
    idle: settled,
  };
}
