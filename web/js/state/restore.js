// @ts-check
// Brings a session back: from a file or an address into the store, through the actions. What belongs to a file waits for
// one if none is there. Nothing here starts a stream. No DOM.

import { namedColumns } from './columns.js';
import { linkChanges, readHash } from './hash.js';
import { difference, droppedNote, isSession, readSession, sessionOf, shareable } from './session.js';

/** @typedef {import('./app_state.js').State} State */
/** @typedef {import('./session.js').Session} Session */
/** @typedef {Pick<import('./actions.js').Actions, 'setView' | 'setThreshold' | 'setSettings' | 'setFilter' | 'sortBy' | 'setWeighted' | 'chosenThreshold'>} Actions */
/** @typedef {{store: import('./store.js').Store<import('./live_state.js').LiveState>, actions: Pick<import('./live_actions.js').LiveActions, 'setSettings'>}} LiveParts */
/** @typedef {{store: import('./store.js').Store<import('./drift_state.js').DriftState>, actions: Pick<import('./drift_actions.js').DriftActions, 'set'>}} DriftParts */
/** @typedef {ReturnType<typeof createRestore>} Restore */

/**
 * @param {{store: import('./store.js').Store<State>, actions: Actions, live: LiveParts, drift: DriftParts}} parts
 */
export function createRestore({ store, actions, live, drift }) {
  /** @type {Session['review'] | null} for the next file */
  let waiting = null;

  store.watch(['ranked'], ({ scored, ranked }) => {
    if (!scored || !ranked || !waiting) return;
    const review = waiting;
    waiting = null;
    void applyReview(review);
  });

  /** @param {Session['review']} review */
  async function applyReview({ filter, order, weighted }) {
    const { scored } = store.get();
    if (!scored) return;
    const names = namedColumns(scored.report.columns).map(({ name }) => name);
    const unknown = [filter.column, order.key === 'column' ? order.column : ''].filter((name) => name !== '' && !names.includes(name));
    const usable = { ...filter };
    if (unknown.includes(filter.column)) Object.assign(usable, { column: '', value: null });
    if (weighted !== store.get().weighted) await actions.setWeighted(weighted);
    if (!(order.key === 'column' && unknown.includes(order.column)) && difference(order, store.get().order) !== undefined) {
      await actions.sortBy(order);
    }
    await actions.setFilter(usable);
    if (unknown.length > 0) {
      store.set({ sessionNote: `The session asks for columns that this file does not have: ${[...new Set(unknown)].join(', ')}.` });
    }
  }

  /** @param {Session} session */
  function apply(session) {
    actions.setSettings({ theme: session.theme, columns: session.review.columns });
    void live.actions.setSettings(session.live);
    drift.actions.set(session.drift);
    actions.setThreshold(session.threshold);
    actions.setView(session.view);
    const { scored, ranked } = store.get();
    if (scored && ranked) void applyReview(session.review);
    else waiting = session.review;
  }

  return {
    /**
     * @param {string} text of a session file
     * @param {string} name of the file
     * @returns {boolean} false: it is no session, nothing was changed, the note says so
     */
    fromFile(text, name) {
      const reading = readSession(isSession(text) ? text : '');
      const found = !reading.dropped.includes('');
      if (found) apply(reading.session);
      store.set({ sessionNote: droppedNote(reading, found ? `The session of ${name}` : name) || `The session of ${name} is restored.` });
      return found;
    },

    /**
     * Follows an address: view, threshold and what else it names.
     * @param {string} hash
     * @returns {boolean} whether it asks for the story
     */
    fromLink(hash) {
      const { view, threshold, theme, live: wished, session, demo } = readHash(hash);
      if (session && !session.dropped.includes('')) {
        const settings = session.session.live;
        const kept = store.get().settings.theme;
        apply({ ...session.session, view, threshold, theme: theme ?? kept, live: { ...settings, ...linkChanges(settings, wished) } });
      } else {
        actions.setView(view);
        actions.setThreshold(threshold);
        if (theme !== null) actions.setSettings({ theme });
        const changes = linkChanges(live.store.get().settings, wished);
        if (Object.keys(changes).length > 0) void live.actions.setSettings(changes);
      }
      const note = session ? droppedNote(session, 'The link') : '';
      if (note !== '') store.set({ sessionNote: note });
      return demo;
    },

    /** What a session file holds. @returns {Session} */
    session() {
      const session = sessionOf(store.get(), live.store.get().settings, drift.store.get().settings, actions.chosenThreshold());
      return waiting ? { ...session, review: { ...waiting, columns: session.review.columns } } : session;
    },

    /** What a link carries. @returns {Session} */
    shared() {
      const { model } = store.get();
      const names = model ? [...model.inputs.map(({ name }) => name), model.label_column].filter((name) => name !== '') : [];
      return shareable(this.session(), names);
    },
  };
}
