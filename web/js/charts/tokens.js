// @ts-check
// The theme's tokens as charts need them: resolved colours, and news when the theme changes.

/**
 * @typedef {object} Tokens
 * @property {string} ink
 * @property {string} soft text of lesser weight, axes
 * @property {string} line grid
 * @property {string} accent
 * @property {string} ground
 * @property {string[]} risk MINIMAL .. CRITICAL
 * @property {string} font
 */

/**
 * @param {Element} probe an element whose colour may be set to look tokens up
 * @returns {Tokens}
 */
export function readTokens(probe) {
  const span = document.createElement('span');
  probe.append(span);
  /** @param {string} name */
  const colour = (name) => {
    span.style.color = `var(${name})`;
    return getComputedStyle(span).color;
  };
  const tokens = {
    ink: colour('--ink'),
    soft: colour('--soft'),
    line: colour('--line'),
    accent: colour('--accent'),
    ground: colour('--ground'),
    risk: /** @type {string[]} */ ([]),
    font: getComputedStyle(probe).fontFamily,
  };
  // Forced colours would make the five levels one: areas keep their own, lines and words do not.
  span.style.setProperty('forced-color-adjust', 'none');
  tokens.risk = [0, 1, 2, 3, 4].map((level) => colour(`--risk-${level}`));
  span.remove();
  return tokens;
}

/** @type {Set<() => void>} */
const listeners = new Set();

/**
 * @param {() => void} listener called when colours have changed
 * @returns {() => void} the way to stop
 */
export function onTheme(listener) {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

export function tellTheme() {
  for (const listener of [...listeners]) listener();
}
