// @ts-check
// What callers give, checked before it is used: a wrong type is BAD_ARGUMENT, not a crash further in. By what a
// value is called, not by its constructor: it may be of another realm.

import { engineError } from '../errors.js';

/** @param {string} message */
export function badArgument(message) {
  return engineError({ code: 'BAD_ARGUMENT', message });
}

/**
 * @param {unknown} value
 * @param {string} name
 */
export function checkBytes(value, name) {
  if (isA(value, 'Uint8Array')) return;
  throw badArgument(`${name} must be a Uint8Array`);
}

/**
 * @param {unknown} value
 * @param {string} type 'Float64Array', ...
 */
export function isA(value, type) {
  return Object.prototype.toString.call(value) === `[object ${type}]`;
}

/** @param {any} file */
export function checkFile(file) {
  if (typeof file?.size === 'number' && typeof file.slice === 'function') return;
  throw badArgument('file must be a File or a Blob');
}

/**
 * @param {unknown} value
 * @param {string} name
 */
export function checkObject(value, name) {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return;
  throw badArgument(`${name} must be an object`);
}

/** @param {any} overrides how a file is read: what is left out is found out */
export function checkOverrides(overrides) {
  checkObject(overrides, 'overrides');
  const { delimiter, decimal, header } = overrides;
  if (![undefined, ',', ';', '\t', '|'].includes(delimiter)) throw badArgument('delimiter must be a comma, a semicolon, a tab or a bar');
  if (![undefined, '.', ','].includes(decimal)) throw badArgument('decimal must be a point or a comma');
  if (![undefined, true, false].includes(header)) throw badArgument('header must be true or false');
}

/** @param {any} options of a job */
export function checkJob(options) {
  checkObject(options, 'options');
  if (options.onProgress !== undefined && typeof options.onProgress !== 'function') {
    throw badArgument('onProgress must be a function');
  }
  if (options.signal !== undefined && typeof options.signal?.addEventListener !== 'function') {
    throw badArgument('signal must be an AbortSignal');
  }
}

/** @param {unknown} threshold */
export function checkThreshold(threshold) {
  if (typeof threshold === 'number' && threshold >= 0 && threshold <= 1) return;
  throw badArgument('threshold must be a number from 0 to 1');
}
