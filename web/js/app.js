// @ts-check
// Wiring only: state, engine, views, and what concerns the whole page (drop, paste, address, theme).

import { tellTheme } from './charts/tokens.js';
import { createEngine } from './engine/client/index.js';
import { askToPersist } from './engine/live/log_store.js';
import { createActions } from './state/actions.js';
import { initialState } from './state/app_state.js';
import { hostApi } from './state/api_host.js';
import { createEmbedding, originAsked, readOrigins } from './state/embed.js';
import { createDriftActions } from './state/drift_actions.js';
import { drifting } from './state/drift_demo.js';
import { initialDriftState } from './state/drift_state.js';
import { createLiveActions } from './state/live_actions.js';
import { initialLiveState } from './state/live_state.js';
import { writeHash } from './state/hash.js';
import { createOffline } from './state/offline.js';
import { createRestore } from './state/restore.js';
import { readDrift, readLive, readSettings, SETTINGS_KEY, writeSettings } from './state/settings.js';
import { createStore } from './state/store.js';
import { h } from './views/dom.js';
import { offer } from './views/download.js';
import * as header from './views/header.js';
import { createHelp } from './views/help.js';
import { createNotifier } from './views/live_notify.js';
import { later, loaded } from './views/later.js';
import * as model from './views/model.js';
import { mountNotice, offlineSection } from './views/offline.js';
import * as review from './views/review.js';
import { loadSession, mountNotice as mountSessionNotice } from './views/session.js';

/**
 * @typedef {object} App
 * @property {import('./state/store.js').Store<import('./state/app_state.js').State>} store
 * @property {import('./state/actions.js').Actions} actions
 * @property {() => void} chooseFile
 * @property {() => void} chooseModel
 * @property {() => void} chooseStream a file to replay
 * @property {() => void} chooseReference a file or summary that the Drift view compares with
 * @property {() => void} demoDrift generated rows that drift, in the Drift view
 * @property {(row: number) => void} openInReview a row of the file
 * @property {(blob: Blob, name: string) => void} offer hands a file over as a download
 * @property {() => void} showHelp
 * @property {{store: import('./state/store.js').Store<import('./state/live_state.js').LiveState>,
 *   actions: import('./state/live_actions.js').LiveActions}} live
 * @property {{store: import('./state/store.js').Store<import('./state/drift_state.js').DriftState>,
 *   actions: import('./state/drift_actions.js').DriftActions}} drift
 * @property {import('./state/restore.js').Restore} restore sessions
 * @property {() => void} tellStory the story of #demo
 */

/** @param {string} key @returns {string | null} */
function remembered(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** @param {string} key @param {string} text */
function remember(key, text) {
  try {
    localStorage.setItem(key, text);
  } catch {
    // Storage is switched off: the page works, it only forgets.
  }
}

const store = createStore(initialState());
const actions = createActions({ store, createEngine: () => createEngine() });
const liveStore = createStore(initialLiveState());
const liveActions = createLiveActions({
  store: liveStore,
  createMonitor: async (options) => (await actions.engine()).monitor(options),
  notifier: createNotifier(),
});
store.watch(['threshold'], () => void liveActions.setThreshold(actions.chosenThreshold()));
const driftStore = createStore(initialDriftState());
const driftActions = createDriftActions({
  store: driftStore,
  app: store,
  engine: () => actions.engine(),
  // A module of its own, loaded when it is first wanted.
  createAnalysis: async () => (await import('./engine/analysis/index.js')).createAnalysis({ model: actions.modelBytes() }),
  liveSummary: async () => {
    const summary = await (await liveActions.monitor()).summary('window');
    return { summary: new TextDecoder().decode(summary), name: 'live stream' };
  },
});

// --- rows from pages that show this one

const EMBED_KEY = 'firetower.embed';
const { hash: openedWith } = location;
const embedStore = createStore({ changes: 0 });
const embedding = createEmbedding({
  window,
  allowed: readOrigins(remembered(EMBED_KEY), location.origin),
  model: () => store.get().model,
  onChange: () => embedStore.set({ changes: embedStore.get().changes + 1 }),
  push: async (messages) => {
    if (liveStore.get().source === null) await liveActions.start({ kind: 'push', name: 'embedding page' });
    return (await liveActions.monitor()).push(messages);
  },
});

// --- files: a button, a drop anywhere, a paste

/**
 * @param {string} accept
 * @param {string} label
 * @param {(file: File) => void} use
 */
function picker(accept, label, use) {
  const input = h('input', { type: 'file', accept, hidden: true, 'aria-label': label });
  input.addEventListener('change', () => {
    const file = input.files?.[0];
    if (file) use(file);
    input.value = '';
  });
  document.body.append(input);
  return () => input.click();
}

/** A dialog is about the file behind it: while one is open, no other file is taken. */
function occupied() {
  return document.querySelector('dialog[open]') !== null;
}

/**
 * What is open decides: rows are replayed in the Live view, else reviewed; in the Drift view they are compared.
 * @param {Blob} file
 * @param {string} name
 */
function take(file, name) {
  if (/\.safetensors$/i.test(name)) void actions.loadModel(file, name);
  else if (/\.firetower\.json$/i.test(name)) void loadSession(file, name, app);
  else if (store.get().view === 'live') void liveActions.replay(file, name);
  else openFile(file, name);
}

/**
 * The Drift view stays open: it shows the file as well.
 * @param {Blob} file
 * @param {string} name
 */
function openFile(file, name) {
  void actions.openFile(file, name, store.get().view === 'drift' ? 'drift' : 'review');
}

document.addEventListener('dragover', (event) => {
  event.preventDefault();
  if (!occupied()) document.body.classList.add('dropping');
  else if (event.dataTransfer) event.dataTransfer.dropEffect = 'none';
});
document.addEventListener('dragleave', (event) => {
  if (event.relatedTarget === null) document.body.classList.remove('dropping');
});
document.addEventListener('drop', (event) => {
  event.preventDefault();
  document.body.classList.remove('dropping');
  const file = event.dataTransfer?.files[0];
  if (file && !occupied()) take(file, file.name);
});
document.addEventListener('paste', (event) => {
  const target = event.target;
  if (target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || occupied()) return;
  const file = event.clipboardData?.files[0];
  const text = event.clipboardData?.getData('text/plain') ?? '';
  if (file) take(file, file.name);
  else if (text.trim() !== '') take(new Blob([text], { type: 'text/csv' }), 'pasted.csv');
  else return;
  event.preventDefault();
});

// --- address and memory

const restore = createRestore({ store, actions, live: { store: liveStore, actions: liveActions }, drift: { store: driftStore, actions: driftActions } });
actions.setSettings(readSettings(remembered(SETTINGS_KEY)));
void liveActions.setSettings(readLive(remembered(SETTINGS_KEY)));
driftActions.set(readDrift(remembered(SETTINGS_KEY)));
if (restore.fromLink(location.hash)) store.set({ story: true });
// The question of a link for an embedding page is in the Live view.
if (originAsked(openedWith, location.origin) !== null) actions.setView('live');
window.addEventListener('hashchange', () => {
  if (restore.fromLink(location.hash)) app.tellStory();
  else if (store.get().story) void story().then((panel) => panel?.close());
});
store.watch(['view', 'threshold', 'story'], ({ view, story }) => {
  const hash = story ? '#demo' : writeHash({ view, threshold: actions.chosenThreshold(), theme: null });
  const here = location.hash === '' ? '#' : location.hash;
  if (hash !== here) history.replaceState(null, '', hash === '#' ? location.pathname + location.search : hash);
});

// --- theme

const dark = matchMedia('(prefers-color-scheme: dark)');
dark.addEventListener('change', tellTheme);
store.watch(['settings'], ({ settings }) => {
  document.documentElement.dataset.theme = settings.theme;
  tellTheme();
});
const keep = () => remember(SETTINGS_KEY, writeSettings(store.get().settings, liveStore.get().settings, driftStore.get().settings));
store.watch(['settings'], keep);
liveStore.watch(['settings'], keep);
// A dragged boundary is remembered where it is let go.
driftStore.watch(['settings', 'moving'], ({ moving }) => moving || keep());
// A log that is kept should not be cleared away when the browser needs room; it may ask the person.
let remembering = liveStore.get().settings.remember;
liveStore.watch(['settings'], ({ settings }) => {
  if (settings.remember && !remembering) void askToPersist();
  remembering = settings.remember;
});

// --- without a network, and as an API

const offline = createOffline();
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) offline.seen();
});
hostApi(navigator.serviceWorker, async () => {
  const engine = await actions.engine();
  return { engine, monitor: await liveActions.monitor() };
});

// --- views

/** @type {App} */
const app = {
  store,
  actions,
  chooseFile: picker('.csv,.tsv,.txt,text/csv,text/plain,text/tab-separated-values', 'CSV file', (file) => openFile(file, file.name)),
  chooseModel: picker('.safetensors', 'Model file', (file) => void actions.loadModel(file, file.name)),
  chooseStream: picker('.csv,.tsv,.txt,text/csv,text/plain,text/tab-separated-values', 'CSV file to replay', (file) => void liveActions.replay(file, file.name)),
  chooseReference: picker('.csv,.tsv,.txt,.json,text/csv,text/plain,application/json', 'File to compare with', (file) => void driftActions.useReference(file, file.name)),
  demoDrift: () => void actions.demo({ view: 'drift', change: async (rows) => new Blob([drifting(await rows.text())], { type: 'text/csv' }) }),
  openInReview: (row) => {
    actions.setView('review');
    void actions.setFilter({ level: 'all', minScore: null, rowFrom: row, rowTo: row, column: '', value: null, text: '' }).then(() => actions.openRow(row));
  },
  offer,
  live: { store: liveStore, actions: liveActions },
  drift: { store: driftStore, actions: driftActions },
  restore,
  tellStory: () => void story().then((panel) => panel?.open()),
  showHelp: createHelp(document.body, store, offlineSection(offline)),
};

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const reviewElement = byId('review');
const liveElement = byId('live');
const driftElement = byId('drift');
const modelElement = byId('model');
header.mount(byId('header'), app);
mountSessionNotice(byId('header'), app);
mountNotice(byId('header'), offline);
review.mount(reviewElement, app);
const showLive = later(liveElement, async () => {
  const [live, embed] = await Promise.all([import('./views/live.js'), import('./views/live_embed.js')]);
  live.mount(liveElement, app);
  embed.mount(liveElement, embedding, {
    watch: (listener) => embedStore.watch(['changes'], listener),
    remember: (text) => remember(EMBED_KEY, text),
    hash: openedWith,
  });
});
const showDrift = later(driftElement, async () => (await import('./views/drift.js')).mount(driftElement, app));
model.mount(modelElement, app);
store.watch(['view'], ({ view }) => {
  reviewElement.hidden = view !== 'review';
  liveElement.hidden = view !== 'live';
  driftElement.hidden = view !== 'drift';
  modelElement.hidden = view !== 'model';
  if (view === 'live') void showLive();
  if (view === 'drift') void showDrift();
});
const story = later(byId('story'), async () => {
  const { createStoryPanel } = await import('./views/story.js');
  return createStoryPanel(byId('story'), app);
});
if (store.get().story) app.tellStory();
byId('skip').addEventListener('click', (event) => {
  event.preventDefault();
  byId('main').focus();
});

// The copy is made when the page works: both load the same files.
void actions.start().finally(() => offline.start());

// For tests: nothing is asked, nothing waits to be drawn; what the Live and the Drift view know.
let frames = 0;
store.watch(/** @type {(keyof import('./state/app_state.js').State)[]} */ (Object.keys(store.get())), () => {
  frames += 1;
  requestAnimationFrame(() => {
    frames -= 1;
  });
});
Object.assign(window, { __idle: () => actions.idle() && liveActions.idle() && driftActions.idle() && frames === 0 && loaded(), __live: () => liveStore.get(), __drift: () => driftStore.get() });
