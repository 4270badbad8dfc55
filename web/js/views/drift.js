// @ts-check
// The Drift view, put together: what is compared, the boundary, the banner, columns, all columns together, performance,
// detectors, the report.

import * as boundary from './drift_boundary.js';
import * as banner from './drift_banner.js';
import * as columns from './drift_columns.js';
import * as controls from './drift_controls.js';
import * as detectors from './drift_detectors.js';
import { h, put, say } from './dom.js';
import * as performance from './drift_performance.js';
import * as report from './drift_report.js';
import * as state from './drift_state.js';
import * as together from './drift_together.js';

/** @typedef {import('../app.js').App} App */

/**
 * @param {HTMLElement} element
 * @param {App} app
 */
export function mount(element, app) {
  const { store } = app.drift;
  const note = h('p', { class: 'note', role: 'status' });
  const controlsBox = h('section', { class: 'drift-controls', 'aria-label': 'What is compared' });
  const stateBox = h('div', { class: 'stack' });
  const boundaryBox = h('section', { class: 'boundary', 'aria-label': 'Boundary' });
  const bannerBox = h('section', { class: 'drift-banner', 'aria-label': 'Verdict' });
  const columnsBox = h('section', { class: 'drift-part', 'aria-labelledby': 'drift-columns-title' });
  const detail = h('section', { class: 'column-detail', 'aria-label': 'The column in detail', hidden: true });
  const togetherBox = h('section', { class: 'drift-part', 'aria-labelledby': 'drift-together-title' });
  const performanceBox = h('section', { class: 'drift-part', 'aria-labelledby': 'drift-performance-title' });
  const detectorsBox = h('section', { class: 'drift-part', 'aria-labelledby': 'drift-detectors-title' });
  const reportBox = h('section', { class: 'drift-part', 'aria-labelledby': 'drift-report-title' });
  const results = h('div', { class: 'drift-results', hidden: true }, bannerBox, columnsBox, detail, togetherBox, performanceBox, detectorsBox, reportBox);
  put(element, h('h1', { class: 'unseen' }, 'Drift'), note, controlsBox, stateBox, boundaryBox, results);

  const stops = [
    controls.mount(controlsBox, app),
    state.mount(stateBox, app),
    boundary.mount(boundaryBox, app),
    banner.mount(bannerBox, app),
    columns.mount(columnsBox, detail, app),
    together.mount(togetherBox, app),
    performance.mount(performanceBox, app),
    detectors.mount(detectorsBox, app),
    report.mount(reportBox, app),
    store.watch(['note'], ({ note: text }) => {
      say(note, text);
      note.hidden = text === '';
    }),
    store.watch(['report'], ({ report: found }) => {
      results.hidden = found === null;
    }),
  ];
  return () => stops.forEach((stop) => stop());
}
