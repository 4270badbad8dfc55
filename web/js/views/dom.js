// @ts-check
// Making elements. Text only ever goes in as text; there is no way to pass markup or styles.

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * `on...` functions become listeners, booleans come and go as attributes (except aria-*, which are written out),
 * `value` and `checked` are set as properties, the rest are attributes; undefined and null are left out.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, unknown> | null} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null) continue;
    if (name.startsWith('on') && typeof value === 'function') {
      element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    } else if (name === 'value' || name === 'checked') {
      Reflect.set(element, name, value);
    } else if (typeof value === 'boolean' && !name.startsWith('aria-')) {
      element.toggleAttribute(name, value);
    } else {
      element.setAttribute(name, String(value));
    }
  }
  put(element, ...children);
  return element;
}

/**
 * Replaces what is in `element`.
 * @param {Element} element
 * @param {...(Child | Child[])} children
 */
export function put(element, ...children) {
  const nodes = children.flat().filter((child) => child !== null && child !== undefined && child !== false);
  element.replaceChildren(...nodes.map((child) => (child instanceof Node ? child : String(child))));
}

/**
 * Sets text only where it differs, so that live regions do not speak twice.
 * @param {Element} element
 * @param {string} text
 */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * A figure whose every digit shows on hover and goes out on copy (see copy.js).
 * @param {number} value
 * @param {string} text as shown
 * @param {string} full every digit
 */
export function exact(value, text, full) {
  return Number.isNaN(value) ? text : h('data', { value: full, title: full }, text);
}

/**
 * A value with its interval in a lighter tone.
 * @param {{value: string, range: string}} figure
 * @returns {Child[]}
 */
export function withRange({ value, range }) {
  return [value, range !== '' && ' ', range !== '' && h('span', { class: 'range' }, range)];
}

/**
 * @param {'MINIMAL' | 'LOW' | 'MEDIUM' | 'HIGH' | 'CRITICAL'} name
 */
export function badge(name) {
  return h('span', { class: `badge risk-${name.toLowerCase()}` }, name);
}

let ids = 0;

/** @param {string} stem */
export function newId(stem) {
  ids += 1;
  return `${stem}-${ids}`;
}
