// @ts-check
// Wiring only: state, engine, views, and what concerns the whole page (drop, paste, address, theme).

import { tellTheme } from './charts/tokens.js';
import { createActions } from './state/actions.js';
import { initialState } from './state/app_state.js';
import { initialDriftState } from './state/drift_state.js';
import { initialLiveState } from './state/live_state.js';
import { writeHash } from './state/hash.js';
import { createRestore } from './state/restore.js';
import { readDrift, readLive, readSettings, SETTINGS_KEY, writeSettings } from './state/settings.js';
import { createStore } from './state/store.js';
import { startEngine } from './start_engine.js';
import { h } from './views/dom.js';
import * as header from './views/header.js';
import { later, loaded } from './views/later.js';
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
 * @property {() => Promise<void>} calm resolves when the page has nothing to do for the person
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
const actions = createActions({ store, createEngine: startEngine });
const settingsText = remembered(SETTINGS_KEY);
const liveStore = createStore({ ...initialLiveState(), settings: readLive(settingsText) });
const driftStore = createStore({ ...initialDriftState(), settings: readDrift(settingsText) });
const { hash: openedWith } = location;

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

// --- the rest of the page (more.js)

async function calm() {
  do await new Promise((resolve) => ('requestIdleCallback' in window ? requestIdleCallback(resolve, { timeout: 1000 }) : setTimeout(resolve, 50)));
  while (!actions.idle() || !loaded());
}

let tried = false;
/** @type {ReturnType<typeof import('./more.js').createMore> | null} */
let loadedMore = null;
const more = later(byId('main'), async () => {
  try {
    const { createMore } = await import('./more.js');
    loadedMore = createMore(app, { byId, openedWith, remembered, remember, started });
    return loadedMore;
  } finally {
    tried = true;
  }
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
  else if (store.get().view === 'live') replay(file, name);
  else openFile(file, name);
}

/**
 * @param {Blob} file
 * @param {string} name
 */
function replay(file, name) {
  void more().then((rest) => rest && app.live.actions.replay(file, name));
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

const restore = createRestore({
  store,
  actions,
  live: {
    store: liveStore,
    actions: {
      setSettings: async (settings) => {
        if (await more()) await app.live.actions.setSettings(settings);
      },
    },
  },
  drift: { store: driftStore, actions: { set: (settings) => void more().then((rest) => rest && app.drift.actions.set(settings)) } },
});
actions.setSettings(readSettings(settingsText));
if (restore.fromLink(location.hash)) store.set({ story: true });
window.addEventListener('hashchange', () => {
  if (restore.fromLink(location.hash)) app.tellStory();
  else if (store.get().story) void more().then((rest) => rest?.endStory());
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
// --- views

/** @type {App} */
const app = {
  store,
  actions,
  chooseFile: picker('.csv,.tsv,.txt,text/csv,text/plain,text/tab-separated-values', 'CSV file', (file) => openFile(file, file.name)),
  chooseModel: picker('.safetensors', 'Model file', (file) => void actions.loadModel(file, file.name)),
  chooseStream: picker('.csv,.tsv,.txt,text/csv,text/plain,text/tab-separated-values', 'CSV file to replay', (file) => replay(file, file.name)),
  chooseReference: picker('.csv,.tsv,.txt,.json,text/csv,text/plain,application/json', 'File to compare with', (file) => void more().then((rest) => rest && app.drift.actions.useReference(file, file.name))),
  demoDrift: () => void more().then((rest) => rest?.demoDrift()),
  openInReview: (row) => {
    actions.setView('review');
    void actions.setFilter({ level: 'all', minScore: null, rowFrom: row, rowTo: row, column: '', value: null, text: '' }).then(() => actions.openRow(row));
  },
  offer: (blob, name) => void import('./views/download.js').then(({ offer }) => offer(blob, name)),
  calm,
  // Their actions come with more.js.
  live: /** @type {App['live']} */ ({ store: liveStore }),
  drift: /** @type {App['drift']} */ ({ store: driftStore }),
  restore,
  tellStory: () => void more().then((rest) => rest?.tellStory()),
  showHelp: () => void more().then((rest) => rest?.showHelp()),
};

header.mount(byId('header'), app);
mountSessionNotice(byId('header'), app);
review.mount(byId('review'), app);
const started = actions.start();
store.watch(['view'], ({ view }) => {
  for (const name of ['review', 'live', 'drift', 'model']) byId(name).hidden = view !== name;
  if (view !== 'review') void more();
});
if (store.get().story) app.tellStory();
byId('skip').addEventListener('click', (event) => {
  event.preventDefault();
  byId('main').focus();
});
navigator.serviceWorker?.addEventListener('message', (message) => void more().then((rest) => rest?.answer(message)));
navigator.serviceWorker?.startMessages();
// A page that shows this one is waiting for an answer.
if (window.parent !== window || openedWith !== '') void more();
void started.then(calm).then(more);

// For tests: nothing is asked, nothing waits to be drawn; what the Live and the Drift view know.
let frames = 0;
store.watch(/** @type {(keyof import('./state/app_state.js').State)[]} */ (Object.keys(store.get())), () => {
  frames += 1;
  requestAnimationFrame(() => {
    frames -= 1;
  });
});
Object.assign(window, {
  __idle: () => tried && actions.idle() && (loadedMore?.idle() ?? true) && frames === 0 && loaded(),
  __live: () => liveStore.get(),
  __drift: () => driftStore.get(),
});
