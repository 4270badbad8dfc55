// @ts-check
// Input files for the page, and the native command line to compare with.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
/** The model that the page is served with. */
export const MODEL = path.join(ROOT, 'web/models/creditcard/creditcard-rf.safetensors');
export const GENERATOR = path.join(ROOT, 'models/creditcard/generator.json');
export const INPUTS = ['Time', ...Array.from({ length: 28 }, (_, i) => `V${i + 1}`), 'Amount'];

const BINARY = process.env.FIRETOWER_BIN ?? path.join(ROOT, 'build/native/tools/firetower/firetower');

/**
 * Runs the command line.
 * @param {...string} args
 * @returns {string} what it printed
 */
export function firetower(...args) {
  if (!existsSync(BINARY)) throw new Error(`${BINARY} is not there: build it or set FIRETOWER_BIN`);
  return execFileSync(BINARY, args, { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** A folder for one test run. */
export function scratch() {
  return mkdtempSync(path.join(os.tmpdir(), 'firetower-e2e-'));
}

/**
 * Generated transactions in the Kaggle format, with labels.
 * @param {string} file where to
 * @param {number} rows
 * @param {number} [seed]
 */
export function synthesize(file, rows, seed = 7) {
  firetower('synth', '--generator', GENERATOR, '--rows', String(rows), '--seed', String(seed), '--out', file);
}

/**
 * @typedef {object} Shape
 * @property {number} rows
 * @property {string} [delimiter]
 * @property {'.' | ','} [decimal]
 * @property {string[]} [columns] in the file's order; Class is 0, 1 in turns, Note is text
 * @property {boolean} [header]
 * @property {string} [lineEnd]
 * @property {(row: number, cells: string[]) => string[]} [mend] changes a row's cells
 */

/**
 * A CSV of made-up numbers (no fraud to be found in it): for what does not depend on the scores.
 * @param {Shape} shape
 */
export function csv({ rows, delimiter = ',', decimal = '.', columns = [...INPUTS, 'Class'], header = true, lineEnd = '\n', mend }) {
  let state = 12345;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const lines = header ? [columns.join(delimiter)] : [];
  for (let row = 0; row < rows; ++row) {
    const cells = columns.map((name) => {
      if (name === 'Time') return String(row * 7);
      if (name === 'Amount') return (next() * 300).toFixed(2).replace('.', decimal);
      if (name === 'Class') return String(row % 2);
      if (name === 'Note') return `note ${row}`;
      return String((next() - 0.5) * 6).replace('.', decimal);
    });
    lines.push((mend ? mend(row, cells) : cells).join(delimiter));
  }
  return lines.join(lineEnd) + lineEnd;
}

/**
 * The cells with one of them changed.
 * @param {string[]} cells
 * @param {number} index from the end where negative
 * @param {string} text
 */
export function swap(cells, index, text) {
  const changed = [...cells];
  changed[index < 0 ? cells.length + index : index] = text;
  return changed;
}
