// @ts-check
// Which pages may send rows from outside: the question that a link asks, and the list that a person edits.

import { originOf, originAsked, writeOrigins } from '../state/embed.js';
import { count } from '../state/format.js';
import { h, put, say } from './dom.js';

/** @typedef {ReturnType<typeof import('../state/embed.js').createEmbedding>} Embedding */
/** @typedef {import('../state/embed.js').EmbedState} EmbedState */

/**
 * @param {HTMLElement} element the Live view: the question goes to its top, the list to its end
 * @param {Embedding} embedding
 * @param {{watch: (listener: () => void) => () => void, remember: (text: string) => void, hash: string}} options
 *   hash: of the address that the page was opened with
 */
export function mount(element, embedding, { watch, remember, hash }) {
  /** The origin that the question is about. */
  let asked = '';
  /** @param {string[]} origins */
  const allow = (origins) => {
    embedding.allow(origins);
    remember(writeOrigins(origins));
    question.hidden ||= origins.includes(asked);
  };
  const question = h('section', { class: 'note live-ask', 'aria-label': 'Permission for another page', hidden: true });
  const list = h('ul', { class: 'live-origins' });
  const refused = h('ul', { class: 'live-origins' });
  const refusedBox = h('div', { hidden: true }, h('h2', null, 'Refused'), refused);
  const input = h('input', { id: 'live-origin', type: 'text', placeholder: 'https://bank.example', autocomplete: 'off', spellcheck: 'false', 'aria-describedby': 'live-origin-problem' });
  const problem = h('p', { id: 'live-origin-problem', role: 'alert' });
  const status = h('span', null);
  const form = h(
    'form',
    {
      class: 'row',
      novalidate: true,
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        const origin = originOf(input.value, location.origin);
        say(problem, origin === null ? 'Type an address such as https://bank.example. It must be https, or http on this computer or where this page itself comes over http.' : '');
        input.toggleAttribute('aria-invalid', origin === null);
        if (origin === null) return input.focus();
        input.value = '';
        allow([...new Set([...embedding.state().allowed, origin])]);
      },
    },
    h('div', { class: 'field grow' }, h('label', { for: 'live-origin' }, 'Allow another address'), input),
    h('button', { type: 'submit' }, 'Allow'),
  );
  const details = h(
    'details',
    { class: 'live-embed' },
    h('summary', null, 'Pages that may send rows to this one', status),
    h(
      'div',
      { class: 'stack' },
      h('p', { class: 'hint' }, 'A page that shows this one in a frame, or has opened it, can send transactions with postMessage. Only addresses on this list are heard; they learn which columns the model needs and how many rows were counted, and nothing else.'),
      list,
      form,
      problem,
      refusedBox,
    ),
  );
  element.prepend(question);
  element.append(details);

  /** @param {string} origin */
  const forget = (origin) => allow(embedding.state().allowed.filter((other) => other !== origin));

  /** @param {EmbedState} state */
  function draw(state) {
    const hears = (/** @type {string} */ origin) => {
      const own = state.embedders.filter((embedder) => embedder.origin === origin);
      if (own.length === 0) return 'not heard yet';
      const sum = (/** @type {'accepted' | 'malformed'} */ key) => own.reduce((total, embedder) => total + embedder[key], 0);
      return `${count(sum('accepted'))} rows, ${count(sum('malformed'))} malformed`;
    };
    const origins = [...new Set([...state.allowed, ...state.embedders.map(({ origin }) => origin)])];
    const items = origins.map((origin) => ({
      origin,
      words: hears(origin),
      action: state.allowed.includes(origin) ? { text: 'Remove', act: () => forget(origin) } : null,
    }));
    update(list, items);
    if (origins.length === 0) put(list, h('li', { class: 'hint' }, 'None: pages of this address only.'));
    const strangers = state.refused.map(({ origin, count: messages }) => ({
      origin: origin === 'null' ? 'a page without an address (a file, a closed-off frame)' : origin,
      words: `${count(messages)} messages not looked at`,
      action: originOf(origin, location.origin) === origin ? { text: 'Allow', act: () => allow([...embedding.state().allowed, origin]) } : null,
    }));
    if (state.refusedElsewhere > 0) strangers.push({ origin: 'still others', words: `${count(state.refusedElsewhere)} messages not looked at`, action: null });
    update(refused, strangers);
    refusedBox.hidden = strangers.length === 0;
    const messages = state.refused.reduce((sum, { count: each }) => sum + each, state.refusedElsewhere);
    say(status, ` · ${count(state.allowed.length)} allowed${messages > 0 ? `, ${count(messages)} messages of others refused` : ''}`);
  }

  /** @param {string} hash */
  function ask(hash) {
    const origin = originAsked(hash, location.origin);
    if (origin === null || embedding.state().allowed.includes(origin)) return;
    asked = origin;
    put(
      question,
      h('p', null, 'This link asks that ', h('strong', null, origin), ' may send transactions to this page. They are scored here; that page learns which columns the model needs and how many rows were counted.'),
      h(
        'div',
        { class: 'row' },
        h('button', { type: 'button', onclick: () => (question.hidden = true) }, 'Refuse'),
        h('button', { type: 'button', class: 'primary', onclick: () => allow([...embedding.state().allowed, origin]) }, `Allow ${origin}`),
      ),
    );
    question.hidden = false;
  }

  // At most once a frame: acknowledgements may come far more often.
  let wanted = false;
  const stop = watch(() => {
    if (wanted) return;
    wanted = true;
    requestAnimationFrame(() => {
      wanted = false;
      draw(embedding.state());
    });
  });
  // By the time that this hears of it, the address may have been tidied up.
  const changed = (/** @type {HashChangeEvent} */ { newURL }) => ask(new URL(newURL).hash);
  ask(hash);
  window.addEventListener('hashchange', changed);
  return () => {
    stop();
    window.removeEventListener('hashchange', changed);
    question.remove();
    details.remove();
  };
}

/**
 * Lines of a list; those of the same origin stay, so that a button under the pointer does.
 * @param {HTMLElement} list
 * @param {{origin: string, words: string, action: {text: string, act: () => void} | null}[]} items
 */
function update(list, items) {
  const old = /** @type {HTMLElement[]} */ ([...list.children]);
  const same = old.length === items.length && items.every(({ origin, action }, index) => old[index].dataset.origin === `${origin} ${action?.text}`);
  if (!same) {
    put(
      list,
      items.map(({ origin, action }) =>
        h(
          'li',
          { 'data-origin': `${origin} ${action?.text}` },
          h('span', { class: 'origin' }, origin),
          h('span', { class: 'soft' }),
          action && h('button', { type: 'button', class: 'quiet', 'aria-label': `${action.text} ${origin}`, onclick: action.act }, action.text),
        ),
      ),
    );
  }
  items.forEach(({ words }, index) => say(/** @type {Element} */ (list.children[index].children[1]), words));
}
