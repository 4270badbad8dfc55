// @ts-check
// What the page remembers between visits: one JSON object with a version. Never data. Unknown keys are ignored, bad values dropped.

/**
 * @typedef {object} Settings
 * @property {'system' | 'light' | 'dark'} theme
 * @property {string[] | null} columns of the table; null: the page's choice
 */

export const SETTINGS_KEY = 'firetower.settings';
const VERSION = 1;
const THEMES = ['system', 'light', 'dark'];

/** @returns {Settings} */
export function defaultSettings() {
  return { theme: 'system', columns: null };
}

/**
 * @param {unknown} value
 * @returns {value is Settings['theme']}
 */
export function isTheme(value) {
  return typeof value === 'string' && THEMES.includes(value);
}

/**
 * Settings from what writeSettings() wrote, or anything else: what is unusable falls back to its default. A newer
 * version's object is read as far as it is understood.
 * @param {string | null} text
 * @returns {Settings}
 */
export function readSettings(text) {
  const settings = defaultSettings();
  if (text === null) return settings;
  /** @type {unknown} */
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return settings;
  }
  if (typeof value !== 'object' || value === null) return settings;
  const { theme, columns } = /** @type {Record<string, unknown>} */ (value);
  if (isTheme(theme)) settings.theme = theme;
  if (Array.isArray(columns) && columns.every((name) => typeof name === 'string')) settings.columns = columns;
  return settings;
}

/**
 * @param {Settings} settings
 * @returns {string}
 */
export function writeSettings(settings) {
  return JSON.stringify({ version: VERSION, exporter: 'firetower', theme: settings.theme, columns: settings.columns });
}
