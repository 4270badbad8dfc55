// @ts-check
// The bar on top: the views, theme, help.

import { writeHash } from '../state/hash.js';
import { h, put } from './dom.js';

/** @typedef {import('../app.js').App} App */

const THEMES = /** @type {const} */ (['system', 'light', 'dark']);

/**
 * @param {HTMLElement} element
 * @param {App} app
 */
export function mount(element, app) {
  const { store, actions } = app;
  const review = h('a', { href: '#view=review' }, 'Review');
  const model = h('a', { href: '#view=model' }, 'Model');
  const theme = h('select', {
    id: 'theme',
    class: 'quiet',
    onchange: () => actions.setSettings({ theme: /** @type {any} */ (theme.value) }),
  });
  put(theme, ...THEMES.map((name) => h('option', { value: name }, name[0].toUpperCase() + name.slice(1))));
  put(
    element,
    h('span', { class: 'brand' }, 'Firetower'),
    h('nav', { 'aria-label': 'Views' }, review, model),
    h('span', { class: 'push' }),
    h('label', { class: 'inline', for: 'theme' }, 'Theme'),
    theme,
    h('button', { type: 'button', class: 'quiet', onclick: () => app.showHelp() }, 'Help'),
  );
  return store.watch(['view', 'settings', 'threshold', 'model'], (state) => {
    const threshold = actions.chosenThreshold();
    for (const [link, view] of /** @type {[HTMLAnchorElement, 'review' | 'model'][]} */ ([
      [review, 'review'],
      [model, 'model'],
    ])) {
      link.href = writeHash({ view, threshold, theme: null });
      if (state.view === view) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    theme.value = state.settings.theme;
  });
}
