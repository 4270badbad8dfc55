// @ts-check
// The model in use: what it is, what it reads, how it was judged.

import { count, fixed, interval, measure } from '../state/format.js';
import { LEVELS } from '../state/scores.js';
import { badge, h, put, withRange } from './dom.js';
import { shortList } from './start.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../engine/types.js').ModelCard} ModelCard */

/**
 * @param {HTMLElement} element
 * @param {App} app
 */
export function mount(element, app) {
  return app.store.watch(['model', 'modelFile', 'engine'], ({ model, modelFile, engine }) => {
    const change = h('button', { type: 'button', onclick: () => app.chooseModel() }, 'Change model');
    if (!model) {
      put(
        element,
        h('h1', null, 'Model'),
        h('p', null, engine === 'failed' ? 'No model is loaded. Its card appears here once there is one.' : 'Loading the model …'),
        change,
      );
      return;
    }
    put(
      element,
      h('h1', null, `${model.name} ${model.version}`),
      h('p', null, model.description),
      modelFile !== '' && h('p', { class: 'hint' }, `Loaded from ${modelFile} in this tab.`),
      h('div', { class: 'row' }, change, h('span', { class: 'hint' }, 'A .safetensors file; dropping one on the page does the same.')),
      h('div', { class: 'columns-2' }, facts(model), judged(model)),
      inputs(model),
      features(model),
    );
  });
}

/** @param {ModelCard} model */
function facts(model) {
  const levels = [...LEVELS].reverse().map((name) => {
    const level = LEVELS.indexOf(name);
    return h('li', null, badge(name), h('span', { class: 'num' }, level === 0 ? `below ${model.risk_cuts[0]}` : `from ${model.risk_cuts[level - 1]}`));
  });
  return h(
    'section',
    null,
    h('h2', null, 'What it is'),
    h(
      'dl',
      { class: 'pairs' },
      h('dt', null, 'Trees'),
      h('dd', { class: 'num' }, count(model.trees)),
      h('dt', null, 'Nodes'),
      h('dd', { class: 'num' }, count(model.nodes)),
      h('dt', null, 'Deepest'),
      h('dd', { class: 'num' }, count(model.max_depth)),
      h('dt', null, 'Threshold'),
      h('dd', { class: 'num' }, fixed(model.threshold, 4)),
      h('dt', null, 'Label column'),
      h('dd', null, model.label_column || 'none'),
      h('dt', null, 'Weight column'),
      h('dd', null, model.weight_column || 'none'),
      h('dt', null, 'Written by'),
      h('dd', null, `engine ${model.engine_version}`),
    ),
    h('h3', null, 'Risk levels'),
    h('ul', { class: 'levels plain' }, ...levels),
  );
}

/** @param {ModelCard} model */
function judged(model) {
  const { metrics, ...rest } = model.training ?? {};
  /** @type {Node[]} */
  const pairs = [];
  for (const [name, value] of Object.entries(metrics ?? {})) {
    if (typeof value === 'object' && value !== null && 'value' in value) {
      pairs.push(h('dt', null, words(name)), h('dd', { class: 'num' }, ...withRange(interval(value))));
    } else if (typeof value === 'number') {
      pairs.push(h('dt', null, words(name)), h('dd', { class: 'num' }, Number.isInteger(value) ? count(value) : fixed(value, 4)));
    } else if (typeof value === 'string') {
      pairs.push(h('dt', null, words(name)), h('dd', null, value));
    }
  }
  const provenance = [];
  for (const [name, value] of Object.entries(rest)) {
    if (typeof value === 'number') provenance.push(h('dt', null, words(name)), h('dd', { class: 'num' }, Number.isInteger(value) ? count(value) : measure(value)));
    else if (typeof value === 'string' && value !== '') provenance.push(h('dt', null, words(name)), h('dd', { class: 'breaks' }, value));
  }
  return h(
    'section',
    null,
    h('h2', null, 'How it was judged'),
    pairs.length === 0
      ? h('p', { class: 'hint' }, 'The model file carries no figures. Score a file with labels to measure it here.')
      : h('dl', { class: 'pairs' }, ...pairs),
    provenance.length > 0 && h('h3', null, 'Where it comes from'),
    provenance.length > 0 && h('dl', { class: 'pairs' }, ...provenance),
  );
}

/** @param {string} name */
function words(name) {
  const text = name.replaceAll('_', ' ').replace(/\bauc\b/g, 'AUC').replace(/\bsha256\b/g, 'SHA-256');
  return text[0].toUpperCase() + text.slice(1);
}

/** @param {ModelCard} model */
function inputs(model) {
  return h(
    'section',
    null,
    h('h2', null, `Reads ${count(model.inputs.length)} columns`),
    h('p', null, shortList(model.inputs.map(({ name }) => name))),
  );
}

/** @param {ModelCard} model */
function features(model) {
  const unit = new Map(model.inputs.map((input) => [input.name, input.unit]));
  return h(
    'section',
    null,
    h('h2', null, `Makes ${count(model.features.length)} features of them`),
    h(
      'div',
      { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Features' },
      h(
        'table',
        { class: 'grid narrow' },
        h('caption', { class: 'unseen' }, 'Features of the model'),
        h(
          'thead',
          null,
          h(
            'tr',
            null,
            ...['Feature', 'Made from', 'Unit', 'How', 'If missing'].map((text) => h('th', { scope: 'col' }, text)),
          ),
        ),
        h(
          'tbody',
          null,
          ...groups(model).map((group) => {
            const { input, op, missing } = group[0];
            return h(
              'tr',
              null,
              h('th', { scope: 'row' }, shortList(group.map(({ name }) => name))),
              h('td', null, shortList(group.map((feature) => feature.input))),
              h('td', null, unit.get(input) || '–'),
              h('td', null, op.replaceAll('_', ' ')),
              h('td', null, missing.replaceAll('_', ' ')),
            );
          }),
        ),
      ),
    ),
  );
}

/**
 * Neighbours that are made in the same way, together.
 * @param {ModelCard} model
 */
function groups(model) {
  const unit = new Map(model.inputs.map((input) => [input.name, input.unit]));
  /** @param {ModelCard['features'][number]} feature */
  const key = ({ name, input, op, missing }) => [op, missing, unit.get(input), name === input].join();
  /** @type {ModelCard['features'][]} */
  const found = [];
  for (const feature of model.features) {
    const last = found.at(-1);
    if (last && key(last[0]) === key(feature)) last.push(feature);
    else found.push([feature]);
  }
  return found;
}
