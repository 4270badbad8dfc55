// @ts-check
// The bar on top: the views (Live with the number of alerts firing), theme, session, help.

import { writeHash } from '../state/hash.js';
import { h, put, say } from './dom.js';
import * as session from './session.js';

/** @typedef {import('../app.js').App} App */

const THEMES = /** @type {const} */ (['system', 'light', 'dark']);

/**
 * @param {HTMLElement} element
 * @param {App} app
 */
export function mount(element, app) {
  const { store, actions } = app;
  const review = h('a', { href: '#view=review' }, 'Review');
  const firing = h('span', { class: 'firing', hidden: true });
  const firingWords = h('span', { class: 'unseen' });
  const live = h('a', { href: '#view=live' }, 'Live', firing, firingWords);
  const drift = h('a', { href: '#view=drift' }, 'Drift');
  const model = h('a', { href: '#view=model' }, 'Model');
  const theme = h('select', {
    id: 'theme',
    class: 'quiet',
    onchange: () => actions.setSettings({ theme: /** @type {any} */ (theme.value) }),
  });
  put(theme, ...THEMES.map((name) => h('option', { value: name }, name[0].toUpperCase() + name.slice(1))));
  const menu = h('div');
  put(
    element,
    h('span', { class: 'brand' }, 'Firetower'),
    h('nav', { 'aria-label': 'Views' }, review, live, drift, model),
    h('span', { class: 'push' }),
    h('label', { class: 'inline', for: 'theme' }, 'Theme'),
    theme,
    menu,
    h('button', { type: 'button', class: 'quiet', onclick: () => app.showHelp() }, 'Help'),
  );
  const stopMenu = session.mount(menu, app);
  let shown = 0;
  const stopLive = app.live.store.watch(['tick'], ({ tick }) => {
    const now = tick?.alerts.firing ?? 0;
    if (now === shown) return;
    shown = now;
    firing.hidden = now === 0;
    say(firing, String(now));
    say(firingWords, now === 0 ? '' : now === 1 ? ' alert firing' : ' alerts firing');
    document.title = now === 0 ? 'Firetower' : `(${now}) Firetower`;
  });
  const stop = store.watch(['view', 'settings', 'threshold', 'model'], (state) => {
    const threshold = actions.chosenThreshold();
    for (const [link, view] of /** @type {[HTMLAnchorElement, import('../state/session.js').View][]} */ ([
      [review, 'review'],
      [live, 'live'],
      [drift, 'drift'],
      [model, 'model'],
    ])) {
      link.href = writeHash({ view, threshold, theme: null });
      if (state.view === view) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    theme.value = state.settings.theme;
  });
  return () => {
    stop();
    stopLive();
    stopMenu();
  };
}
