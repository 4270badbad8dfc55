// @ts-check
// What is compared with what, and how: reference, current, test, correction, level, floor.

import { CORRECTIONS, COUNT_TESTS, fromCounts, TESTS } from '../state/drift_state.js';
import { clocks } from '../state/drift_series.js';
import { CORRECTION_NAMES, listed, TEST_NAMES } from '../state/drift_words.js';
import { h, newId, put, say } from './dom.js';

/** @typedef {import('../app.js').App} App */

const REFERENCES = /** @type {const} */ ([
  ['profile', 'model’s training profile'],
  ['before', 'rows of this file before the boundary'],
  ['file', 'another file'],
  ['summary', 'a summary file'],
]);
const CURRENTS = /** @type {const} */ ([
  ['file', 'this file'],
  ['window', 'a window of this file'],
  ['live', 'the live stream’s window'],
]);

/**
 * @param {HTMLElement} element
 * @param {App} app
 */
export function mount(element, app) {
  const { store, actions } = app.drift;
  /**
   * @param {string} label
   * @param {readonly (readonly [string, string])[]} options
   * @param {(value: string) => void} use
   */
  const choice = (label, options, use) => {
    const id = newId('drift');
    const select = h('select', { id, onchange: () => use(select.value) }, ...options.map(([value, text]) => h('option', { value }, text)));
    return { select, field: h('div', { class: 'field' }, h('label', { for: id }, label), select) };
  };
  /**
   * @param {string} label
   * @param {object} attributes
   * @param {(value: number | null) => void} use null: the field is empty
   */
  const number = (label, attributes, use) => {
    const id = newId('drift');
    const input = h('input', { id, type: 'number', inputmode: 'decimal', ...attributes });
    input.addEventListener('change', () => {
      if (input.value === '') use(null);
      else if (input.validity.valid) use(Number(input.value));
      else input.reportValidity();
    });
    return { input, field: h('div', { class: 'field small' }, h('label', { for: id }, label), input) };
  };
  const reference = choice('Reference', REFERENCES, (value) => {
    actions.set({ reference: /** @type {any} */ (value) });
    const { second } = store.get();
    if ((value === 'file' || value === 'summary') && second?.kind !== value) app.chooseReference();
  });
  const second = h('span', { class: 'value soft' });
  const other = h('button', { type: 'button', onclick: () => app.chooseReference() }, 'Choose');
  const secondField = h('div', { class: 'field' }, h('span', { class: 'label' }, 'Compared with'), h('div', { class: 'row' }, second, other));
  const current = choice('Current', CURRENTS, (value) => {
    actions.set({ current: /** @type {any} */ (value) });
    if (value === 'live') actions.refreshLive();
  });
  const refresh = h('button', { type: 'button', onclick: () => actions.refreshLive() }, 'Take the window as it is now');
  const refreshField = h('div', { class: 'field' }, h('span', { class: 'label' }, 'Stream'), refresh);
  const test = choice('Test of numbers', [], (value) => actions.set({ test: /** @type {any} */ (value) }));
  const correction = choice('Correction', CORRECTIONS.map((name) => [name, CORRECTION_NAMES[name]]), (value) => actions.set({ correction: /** @type {any} */ (value) }));
  const level = number('Level, %', { min: 0.1, max: 50, step: 'any', required: true }, (value) => value !== null && actions.set({ level: value / 100 }));
  const floor = number('Effect floor', { min: 0, max: 10, step: 'any', placeholder: 'usual' }, (value) => actions.set({ floor: value }));
  const minRows = number('Least rows', { min: 1, max: 1e9, step: 1, placeholder: 'usual' }, (value) => actions.set({ minRows: value }));
  const hint = h('p', { class: 'hint' });
  put(
    element,
    h(
      'div',
      { class: 'fields' },
      reference.field,
      secondField,
      current.field,
      refreshField,
      test.field,
      correction.field,
      level.field,
      floor.field,
      minRows.field,
    ),
    hint,
  );
  return store.watch(['settings', 'second', 'loaded'], ({ settings, second: given, loaded }) => {
    reference.select.value = settings.reference;
    current.select.value = settings.current;
    const beside = settings.reference === 'file' || settings.reference === 'summary';
    const fits = beside && given?.kind === settings.reference;
    secondField.hidden = !beside;
    say(second, fits && given ? given.name : 'none yet');
    say(other, fits ? 'Choose another' : 'Choose');
    refreshField.hidden = settings.current !== 'live';
    const counts = fromCounts(settings);
    const tests = counts ? COUNT_TESTS : TESTS;
    const chosen = counts && settings.test !== 'g' ? 'chi_square' : settings.test;
    put(test.select, ...tests.map((name) => h('option', { value: name }, TEST_NAMES[name])));
    test.select.value = chosen;
    correction.select.value = settings.correction;
    if (document.activeElement !== level.input) level.input.value = String(Number((100 * settings.level).toPrecision(6)));
    if (document.activeElement !== floor.input) floor.input.value = settings.floor === null ? '' : String(settings.floor);
    if (document.activeElement !== minRows.input) minRows.input.value = settings.minRows === null ? '' : String(settings.minRows);
    const told = settings.reference === 'before' && loaded ? clocks(app.store.get().model, loaded.report.columns) : [];
    say(
      hint,
      counts
        ? 'One side is counts only, so columns are compared bin by bin of the training profile.'
        : told.length > 0
          ? `${listed(told)} ${told.length === 1 ? 'is' : 'are'} left out: the time always differs between rows that came one after the other.`
          : '',
    );
    hint.hidden = hint.textContent === '';
  });
}
