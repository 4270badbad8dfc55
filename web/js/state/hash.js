// @ts-check
// The part of the view that an address can carry: #view=model&threshold=0.4&theme=dark. Never data. Pure.

import { isTheme } from './settings.js';

/**
 * @typedef {object} Link
 * @property {'review' | 'live' | 'model'} view
 * @property {number | null} threshold null: the model's own
 * @property {import('./settings.js').Settings['theme'] | null} theme null: as remembered
 */

/**
 * Unknown keys are ignored, bad values dropped.
 * @param {string} hash with or without the leading #
 * @returns {Link}
 */
export function readHash(hash) {
  const params = new URLSearchParams(hash.replace(/^#/, ''));
  const wanted = params.get('view');
  const view = wanted === 'live' || wanted === 'model' ? wanted : 'review';
  const text = params.get('threshold');
  const number = text === null || text.trim() === '' ? NaN : Number(text);
  const threshold = number >= 0 && number <= 1 ? number : null;
  const theme = params.get('theme');
  return { view, threshold, theme: isTheme(theme) ? theme : null };
}

/**
 * @param {Link} link
 * @returns {string} with the leading #; "#" alone for the first screen with nothing set
 */
export function writeHash({ view, threshold, theme }) {
  const params = new URLSearchParams();
  if (view !== 'review') params.set('view', view);
  if (threshold !== null) params.set('threshold', String(threshold));
  if (theme !== null) params.set('theme', theme);
  return `#${params}`;
}
