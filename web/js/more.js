// @ts-check
// What the page has besides the review of a file: Live, Drift, Model, the story, help, the offline copy, api/. Wiring only.
// Loaded when it is first wanted, at the latest when the page has nothing else to do.

import { askToPersist } from './engine/live/log_store.js';
import { answerOffer } from './state/api_host.js';
import { createDriftActions } from './state/drift_actions.js';
import { drifting } from './state/drift_demo.js';
import { createEmbedding, originAsked, readOrigins } from './state/embed.js';
import { createLiveActions } from './state/live_actions.js';
import { createOffline } from './state/offline.js';
import { createStore } from './state/store.js';
import { createHelp } from './views/help.js';
import { later, styles } from './views/later.js';
import { createNotifier } from './views/live_notify.js';
import * as model from './views/model.js';
import { mountNotice, offlineSection } from './views/offline.js';

/** @typedef {import('./app.js').App} App */

const EMBED_KEY = 'firetower.embed';

/**
 * Gives app.live and app.drift their actions and fills the views.
 * @param {App} app
 * @param {object} page
 * @param {(id: string) => HTMLElement} page.byId
 * @param {string} page.openedWith the address' hash when the page was opened
 * @param {(key: string) => string | null} page.remembered
 * @param {(key: string, text: string) => void} page.remember
 * @param {Promise<unknown>} page.started settles when the engine works or has failed
 */
export function createMore(app, { byId, openedWith, remembered, remember, started }) {
  const { store, actions } = app;
  const liveActions = createLiveActions({
    store: app.live.store,
    createMonitor: async (options) => (await actions.engine()).monitor(options),
    notifier: createNotifier(),
  });
  app.live.actions = liveActions;
  store.watch(['threshold'], () => void liveActions.setThreshold(actions.chosenThreshold()));
  app.drift.actions = createDriftActions({
    store: app.drift.store,
    app: store,
    engine: () => actions.engine(),
    // A module of its own, loaded when it is first wanted.
    createAnalysis: async () => (await import('./engine/analysis/index.js')).createAnalysis({ model: actions.modelBytes() }),
    liveSummary: async () => {
      const summary = await (await liveActions.monitor()).summary('window');
      return { summary: new TextDecoder().decode(summary), name: 'live stream' };
    },
    calm: app.calm,
  });

  // --- rows from pages that show this one

  const embedStore = createStore({ changes: 0 });
  const embedding = createEmbedding({
    window,
    allowed: readOrigins(remembered(EMBED_KEY), location.origin),
    model: () => store.get().model,
    onChange: () => embedStore.set({ changes: embedStore.get().changes + 1 }),
    push: async (messages) => {
      if (app.live.store.get().source === null) await liveActions.start({ kind: 'push', name: 'embedding page' });
      return (await liveActions.monitor()).push(messages);
    },
  });
  // The question of a link for an embedding page is in the Live view.
  if (originAsked(openedWith, location.origin) !== null) actions.setView('live');

  // A log that is kept should not be cleared away when the browser needs room; it may ask the person.
  let remembering = app.live.store.get().settings.remember;
  app.live.store.watch(['settings'], ({ settings }) => {
    if (settings.remember && !remembering) void askToPersist();
    remembering = settings.remember;
  });

  // --- without a network

  const offline = createOffline();
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) offline.seen();
  });
  // The copy is made when the page works: both load the same files.
  void started.finally(() => offline.start());
  mountNotice(byId('header'), offline);

  // --- views

  model.mount(byId('model'), app);
  const liveElement = byId('live');
  const showLive = later(liveElement, async () => {
    const [live, embed] = await Promise.all([import('./views/live.js'), import('./views/live_embed.js'), styles('live', 'embed')]);
    live.mount(liveElement, app);
    embed.mount(liveElement, embedding, {
      watch: (listener) => embedStore.watch(['changes'], listener),
      remember: (text) => remember(EMBED_KEY, text),
      hash: openedWith,
    });
  });
  const driftElement = byId('drift');
  const showDrift = later(driftElement, async () => {
    const [drift] = await Promise.all([import('./views/drift.js'), styles('live', 'drift')]);
    drift.mount(driftElement, app);
  });
  store.watch(['view'], ({ view }) => {
    if (view === 'live') void showLive();
    if (view === 'drift') void showDrift();
  });
  const story = later(byId('story'), async () => {
    const [{ createStoryPanel }] = await Promise.all([import('./views/story.js'), styles('story')]);
    return createStoryPanel(byId('story'), app);
  });

  return {
    tellStory: () => void story().then((panel) => panel?.open()),
    endStory: () => void story().then((panel) => panel?.close()),
    demoDrift: () =>
      void actions.demo({ view: 'drift', change: async (rows) => new Blob([drifting(await rows.text())], { type: 'text/csv' }) }),
    showHelp: createHelp(document.body, store, offlineSection(offline)),
    /** @param {MessageEvent} message of the service worker */
    answer: (message) =>
      answerOffer(message, async () => ({ engine: await actions.engine(), monitor: await liveActions.monitor() })),
    idle: () => liveActions.idle() && app.drift.actions.idle(),
  };
}
