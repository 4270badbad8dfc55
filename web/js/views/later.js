// @ts-check
// What need not be there at once: parts of the page that are loaded when they are first wanted, and work that is done in
// a task of its own, so that none keeps the page from answering for long.

import { h } from './dom.js';

let underWay = 0;

/** Whether nothing is being loaded and nothing waits for its task. */
export function loaded() {
  return underWay === 0;
}

/** Something is put off. @returns {() => void} to be called once, when it is done */
export function putOff() {
  underWay += 1;
  return () => {
    underWay -= 1;
  };
}

/**
 * @param {() => void} run
 * @returns {() => void} calls run in a later task; once, however often it is called before that
 */
export function inOwnTask(run) {
  let due = false;
  return () => {
    if (due) return;
    due = true;
    const done = putOff();
    setTimeout(() => {
      due = false;
      done();
      run();
    });
  };
}

/**
 * Calls run when what has been made so far is painted.
 * @param {() => void} run
 * @returns {() => void} gives it up
 */
export function afterPaint(run) {
  const done = putOff();
  let wanted = true;
  const end = () => {
    if (!wanted) return;
    wanted = false;
    done();
  };
  const go = () =>
    setTimeout(() => {
      if (!wanted) return;
      end();
      run();
    });
  // A page that is not seen is not painted.
  if (document.hidden) go();
  else requestAnimationFrame(go);
  return end;
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
    const done = putOff();
    problem.remove();
    part = load()
      .catch(() => {
        part = null;
        element.append(problem);
        element.hidden = false;
        return null;
      })
      .finally(done);
    return part;
  };
}

/** @type {Map<string, Promise<void>>} */
const sheets = new Map();

/**
 * Adds style sheets to the page, each once.
 * @param {...string} names of css/
 * @returns {Promise<unknown>} resolves when they apply; rejects if one cannot be loaded
 */
export function styles(...names) {
  return Promise.all(
    names.map((name) => {
      const known = sheets.get(name);
      if (known) return known;
      const link = h('link', { rel: 'stylesheet', href: new URL(`../../css/${name}.css`, import.meta.url).href });
      /** @type {Promise<void>} */
      const applied = new Promise((resolve, reject) => {
        link.onload = () => resolve();
        link.onerror = () => {
          sheets.delete(name);
          link.remove();
          reject(new Error(`css/${name}.css could not be loaded`));
        };
      });
      sheets.set(name, applied);
      document.head.append(link);
      return applied;
    }),
  );
}
