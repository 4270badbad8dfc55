// @ts-check
// Parts of the page that are loaded when they are first wanted.

import { h } from './dom.js';

let underWay = 0;

/** Whether nothing is being loaded. */
export function loaded() {
  return underWay === 0;
}

/**
 * A function that loads a part when it is first called. One that cannot be loaded says so in its place and is tried again by
 * the next call.
 * @template T
 * @param {HTMLElement} element where the part will be
 * @param {() => Promise<T>} load
 * @returns {() => Promise<T | null>} null: it could not be loaded
 */
export function later(element, load) {
  /** @type {Promise<T | null> | null} */
  let part = null;
  const problem = h('p', { class: 'problem', role: 'alert' }, 'This part of the page could not be loaded. Check the connection and open it again.');
  return () => {
    if (part !== null) return part;
    underWay += 1;
    problem.remove();
    part = load()
      .catch(() => {
        part = null;
        element.append(problem);
        element.hidden = false;
        return null;
      })
      .finally(() => {
        underWay -= 1;
      });
    return part;
  };
}
