// @ts-check
// The first screen: what the page does, how to check that nothing leaves it, and the ways to begin.

import { count, interval } from '../state/format.js';
import { h, put, say, withRange } from './dom.js';

/** @typedef {import('../app.js').App} App */

/**
 * "V1, V2, V3" -> "V1…V3": runs of numbered names are drawn together.
 * @param {string[]} names
 * @returns {string}
 */
export function shortList(names) {
  /** @type {string[]} */
  const parts = [];
  for (let i = 0; i < names.length; ) {
    const found = /^(.*?)(\d+)$/.exec(names[i]);
    let end = i;
    if (found) {
      while (end + 1 < names.length && names[end + 1] === `${found[1]}${Number(found[2]) + end + 1 - i}`) end += 1;
    }
    if (end - i >= 2) {
      parts.push(`${names[i]}…${names[end]}`);
      i = end + 1;
    } else {
      parts.push(names[i]);
      i += 1;
    }
  }
  return parts.join(', ');
}

/** The policy this page runs under, as the browser has it. */
function policy() {
  const meta = document.querySelector('meta[http-equiv="Content-Security-Policy"]');
  return meta?.getAttribute('content') ?? '';
}

/**
 * @param {HTMLElement} element
 * @param {App} app
 */
export function mount(element, app) {
  const { store, actions } = app;
  const text = h('textarea', {
    id: 'pasted',
    rows: 6,
    spellcheck: 'false',
    'aria-label': 'Rows as CSV text',
    placeholder: 'Time,V1,V2,…,Amount',
  });
  const scorePasted = () => {
    if (text.value.trim() !== '') actions.openFile(new Blob([text.value], { type: 'text/csv' }), 'pasted.csv');
    else text.focus();
  };
  const title = h('h1', { id: 'start-title' });
  const model = h('div', { class: 'model-line' });
  const expects = h('p', { class: 'expects' });

  put(
    element,
    title,
    h(
      'details',
      { class: 'privacy' },
      h(
        'summary',
        null,
        'Your file is read by this page only. Nothing is uploaded: ',
        h('span', { class: 'link' }, 'how to check'),
      ),
      h(
        'ol',
        null,
        h('li', null, 'Load this page, switch the network off (airplane mode), and score a file: everything works.'),
        h(
          'li',
          null,
          'Or open the developer tools (F12), choose “Network”, and score a file: all that is asked for are parts of this page (charts, analysis), from its own address, when they are first used. Nothing is sent.',
        ),
        h(
          'li',
          null,
          'The browser itself forbids the page and its workers to send anything elsewhere. Its rule, the first line of this page: ',
          h('code', null, policy()),
        ),
        h('li', null, 'Only your choices (theme, columns of the table) are remembered, in this browser. Your data never is.'),
      ),
    ),
    h(
      'div',
      { class: 'begin' },
      h(
        'div',
        { class: 'drop' },
        h('p', { class: 'drop-title' }, 'Drop a CSV anywhere on this page'),
        h(
          'div',
          { class: 'row center' },
          h('button', { type: 'button', class: 'primary', onclick: () => app.chooseFile() }, 'Choose a file'),
        ),
        h('p', { class: 'hint' }, 'Comma, semicolon, tab or bar; decimal point or comma. Paste works too.'),
        h(
          'details',
          { class: 'paste' },
          h('summary', null, 'Paste rows as text'),
          text,
          h('button', { type: 'button', onclick: scorePasted }, 'Score this text'),
        ),
      ),
      h(
        'div',
        { class: 'demo' },
        h('p', { class: 'drop-title' }, 'No file at hand'),
        h('button', { type: 'button', onclick: () => actions.demo() }, 'Try the demo'),
        h('p', { class: 'hint' }, '50,000 generated transactions with known fraud. No real data in them; they are made and scored here.'),
        h('button', { type: 'button', onclick: () => app.tellStory() }, 'Watch the two-minute demo'),
        h('p', { class: 'hint' }, 'The live monitor on generated traffic: calm, then something changes, and it tells.'),
      ),
    ),
    model,
    expects,
    h(
      'section',
      { class: 'comes', 'aria-label': 'What you get' },
      h(
        'div',
        null,
        h('h2', null, 'Which rows'),
        h('p', null, 'Every row gets a probability, ranked. Move the threshold and see at once how many rows it flags.'),
      ),
      h(
        'div',
        null,
        h('h2', null, 'How sure'),
        h('p', null, 'With a label column in the file: AUC, precision and recall with 95 % intervals, at your threshold.'),
      ),
      h(
        'div',
        null,
        h('h2', null, 'And then'),
        h('p', null, 'Open a row to its original text, filter and sort, download your file with four columns added.'),
      ),
    ),
  );

  return store.watch(['model', 'engine', 'modelFile', 'source'], (state) => {
    say(title, state.source ? 'Or score another file' : 'Score transactions for fraud, in this tab.');
    put(model, ...modelLine(state, app));
    put(expects, ...expectsLine(state));
  });
}

/**
 * @param {import('../state/app_state.js').State} state
 * @param {App} app
 * @returns {import('./dom.js').Child[]}
 */
export function modelLine(state, app) {
  const { model, engine, modelFile } = state;
  const change = h('button', { type: 'button', class: 'linklike', onclick: () => app.chooseModel() }, 'change model');
  if (!model) {
    return [h('span', null, engine === 'failed' ? 'Model: not loaded' : 'Model: loading …'), ' ', change];
  }
  const auc = model.training?.metrics?.auc;
  return [
    h('span', { class: 'key' }, 'Model'),
    h('strong', null, `${model.name} ${model.version}`),
    h('span', null, `${count(model.trees)} trees`),
    auc && h('span', null, 'AUC ', ...withRange(interval(auc)), ' (cross-validated)'),
    modelFile !== '' && h('span', { class: 'hint' }, `from ${modelFile}`),
    change,
  ];
}

/**
 * @param {import('../state/app_state.js').State} state
 * @returns {import('./dom.js').Child[]}
 */
function expectsLine({ model }) {
  if (!model) return [];
  const label = model.label_column;
  const extra = label === '' ? '' : `; ${label}, if present, is used to measure`;
  return [
    h('span', { class: 'key' }, 'Expects'),
    h('span', null, `${shortList(model.inputs.map(({ name }) => name))} `, h('span', { class: 'hint' }, `(extra columns are fine${extra})`)),
  ];
}
