// @ts-check
// What the page remembers between visits: a part of the session object (see session.js), and what the owner of this device
// agreed to, which no session carries. Never data. Unknown keys are ignored, bad values dropped.

import { defaultDriftSettings } from './drift_state.js';
import { defaultLiveSettings, readLiveSettings } from './live_state.js';
import { defaultSession, readSession } from './session.js';

/** @typedef {import('./live_state.js').LiveSettings} LiveSettings */

/**
 * @typedef {object} Settings
 * @property {'system' | 'light' | 'dark'} theme
 * @property {string[] | null} columns of the table; null: the page's choice
 */

export const SETTINGS_KEY = 'firetower.settings';

/** @returns {Settings} */
export function defaultSettings() {
  const { theme, review } = defaultSession();
  return { theme, columns: review.columns };
}

/**
 * Settings from what writeSettings() wrote, or anything else: what is unusable falls back to its default. A newer
 * version's object is read as far as it is understood.
 * @param {string | null} text
 * @returns {Settings}
 */
export function readSettings(text) {
  const { theme, review } = readSession(text ?? {}).session;
  return { theme, columns: review.columns ?? oldColumns(text) };
}

/**
 * Before there were sessions, the columns were on the outermost level.
 * @param {string | null} text
 * @returns {string[] | null}
 */
function oldColumns(text) {
  return readSession({ review: { columns: Reflect.get(parsed(text), 'columns') } }).session.review.columns;
}

/**
 * The live view's settings of the same text.
 * @param {string | null} text
 * @returns {LiveSettings}
 */
export function readLive(text) {
  const { remember, cap, notify } = /** @type {any} */ (Reflect.get(parsed(text), 'device') ?? {});
  return readLiveSettings({ ...readSession(text ?? {}).session.live, remember, cap, notify });
}

/**
 * The Drift view's settings of the same text.
 * @param {string | null} text
 */
export function readDrift(text) {
  return readSession(text ?? {}).session.drift;
}

/**
 * @param {string | null} text
 * @returns {object}
 */
function parsed(text) {
  try {
    const value = JSON.parse(text ?? '');
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/**
 * @param {Settings} settings
 * @param {LiveSettings} live
 * @param {import('./drift_state.js').DriftSettings} drift
 * @returns {string}
 */
export function writeSettings({ theme, columns }, live = defaultLiveSettings(), drift = defaultDriftSettings()) {
  const { version, exporter } = defaultSession();
  const { remember, cap, notify, ...shared } = live;
  return JSON.stringify({ version, exporter, theme, review: { columns }, live: shared, drift, device: { remember, cap, notify } });
}
