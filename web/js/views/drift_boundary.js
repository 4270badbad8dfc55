// @ts-check
// Where the file is cut: a slider for the boundary, one for the end of a window. Everything is answered again while it
// moves. Arrow keys move by a hundredth of the file at most, Page Up and Down by a twentieth, with Shift by a row.

import { hasBoundary, places } from '../state/drift_state.js';
import { timeColumn } from '../state/drift_series.js';
import { timeWords } from '../state/drift_words.js';
import { count, fixed } from '../state/format.js';
import { h, newId, put, say } from './dom.js';

/** @typedef {import('../app.js').App} App */

/** Steps of the slider: a drag asks for no finer place than pixels. */
const PIXELS = 1000;

/**
 * @param {HTMLElement} element
 * @param {App} app
 */
export function mount(element, app) {
  const { store, actions } = app.drift;
  /**
   * @param {'boundary' | 'end'} which
   * @param {string} label
   */
  const slider = (which, label) => {
    const id = newId('place');
    const rows = () => store.get().loaded?.rows ?? 0;
    const row = () => {
      const { settings } = store.get();
      const found = places(settings, rows());
      return which === 'boundary' ? found.boundary : found.end;
    };
    const move = (/** @type {number} */ to) => actions.move(which, Math.min(1, Math.max(0, to / rows())));
    const input = h('input', { type: 'range', id, min: 0, max: PIXELS, step: 'any' });
    input.addEventListener('input', () => move((Number(input.value) / PIXELS) * rows()));
    input.addEventListener('keydown', (event) => {
      const step = event.shiftKey ? 1 : Math.max(1, Math.round(rows() / 100));
      /** @type {Record<string, number>} */
      const steps = { ArrowLeft: -step, ArrowDown: -step, ArrowRight: step, ArrowUp: step, PageDown: -5 * step, PageUp: 5 * step, Home: -rows(), End: rows() };
      if (!(event.key in steps)) return;
      event.preventDefault();
      move(row() + steps[event.key]);
    });
    const number = h('input', { type: 'number', min: 0, step: 1, inputmode: 'numeric', 'aria-label': `${label}: row` });
    number.addEventListener('change', () => {
      if (number.value !== '' && number.validity.valid) move(Number(number.value));
      else number.value = String(row());
    });
    const field = h('div', { class: 'place' }, h('label', { for: id }, label), number, input);
    return {
      field,
      /** @param {string} words */
      show(words) {
        input.value = String(rows() > 0 ? (PIXELS * row()) / rows() : 0);
        input.setAttribute('aria-valuetext', words);
        number.max = String(rows());
        if (document.activeElement !== number) number.value = String(row());
      },
    };
  };
  const first = slider('boundary', 'Boundary');
  const last = slider('end', 'End');
  const words = h('p', { class: 'place-words' });
  const speed = h('p', { class: 'hint' });
  put(element, h('div', { class: 'places' }, first.field, last.field), h('div', { class: 'row' }, words, speed));
  const stops = [
    store.watch(['settings', 'loaded', 'boundaryTime', 'report'], ({ settings, loaded, boundaryTime, report }) => {
      element.hidden = !hasBoundary(settings) || !loaded;
      if (element.hidden || !loaded) return;
      last.field.hidden = settings.current !== 'window';
      const { boundary, end } = places(settings, loaded.rows);
      const column = timeColumn(loaded.report.columns);
      const known = boundaryTime?.row === Math.min(boundary, loaded.rows - 1) ? boundaryTime : null;
      const when = known && column ? timeWords(known.text, column.name) : '';
      const at = `row ${count(boundary)} of ${count(loaded.rows)}${when === '' ? '' : `, ${when}`}`;
      first.show(at);
      last.show(`row ${count(end)} of ${count(loaded.rows)}`);
      const reference = settings.reference === 'before' ? `${count(boundary)} rows before it are the reference, ` : '';
      say(words, `The boundary is at ${at}: ${reference}${count(end - boundary)} rows ${settings.current === 'window' ? `up to row ${count(end)} ` : 'from there on '}are compared.`);
      speed.hidden = report === null;
    }),
    store.watch(['answeredIn', 'report'], ({ answeredIn, report }) => {
      if (report) say(speed, `${count(report.columns.length)} columns answered in ${fixed(answeredIn, 0)}\u00a0ms.`);
    }),
  ];
  return () => stops.forEach((stop) => stop());
}
