// @ts-check
// The Live view as a test sees it, and demo traffic as the command line makes it.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from './fixtures.mjs';
import { STREAM_ROWS } from '../../web/js/engine/live/sources/demo.js';
import { firetower, INPUTS, MODEL, scratch, synthesize } from './data.mjs';


/** @typedef {import('../../web/js/engine/live/types.js').LiveTick} LiveTick */

export class Live {
  /** @param {import('@playwright/test').Page} page */
  constructor(page) {
    this.page = page;
    this.pauseButton = page.getByRole('button', { name: 'Pause', exact: true });
    this.resumeButton = page.getByRole('button', { name: 'Resume', exact: true });
    this.start = page.getByRole('button', { name: 'Start the demo', exact: true });
    this.alerts = page.getByRole('region', { name: 'Alerts' });
    this.log = page.getByRole('region', { name: 'Prediction log' });
  }

  /** @returns {Promise<import('../../web/js/state/live_state.js').LiveState>} */
  state() {
    return this.page.evaluate(() => /** @type {any} */ (globalThis).__live());
  }

  /** @returns {Promise<LiveTick>} */
  async tick() {
    const { tick } = await this.state();
    if (!tick) throw new Error('there is no tick yet');
    return tick;
  }

  /**
   * Waits until something holds of the latest tick.
   * @param {(tick: LiveTick) => unknown} holds
   * @param {string} what
   * @param {number} [timeout]
   * @returns {Promise<LiveTick>}
   */
  async until(holds, what, timeout = 60_000) {
    /** @type {LiveTick | null} */
    let last = null;
    await expect
      .poll(
        async () => {
          ({ tick: last } = await this.state());
          return last !== null && Boolean(holds(last));
        },
        { message: what, timeout, intervals: [50] },
      )
      .toBe(true);
    return /** @type {any} */ (last);
  }

  /** @param {number} rows @param {number} [timeout] */
  rows(rows, timeout) {
    return this.until(({ total }) => total >= rows, `${rows} rows are counted`, timeout);
  }

  async pause() {
    await this.pauseButton.click();
    return this.until(({ source }) => source.state === 'paused', 'the stream is paused');
  }

  /**
   * The log as the page exports it.
   * @param {'NDJSON' | 'CSV'} format
   */
  async exported(format) {
    const [download] = await Promise.all([
      this.page.waitForEvent('download', { timeout: 120_000 }),
      this.log.getByRole('button', { name: `Export ${format}` }).click(),
    ]);
    return readFileSync(await download.path(), 'utf8');
  }
}

/**
 * What demo traffic of a seed is (streams of STREAM_ROWS rows, one seed after the next), and how the command line scores it.
 * @param {number} rows
 * @param {{seed?: number, change?: (cells: string[]) => string[]}} [options] change: of a row's cells, in the order of INPUTS and Class
 */
export function demoTraffic(rows, { seed = 1, change } = {}) {
  const folder = scratch();
  /** @type {string[]} */
  const lines = [];
  for (let stream = 0; lines.length < rows; ++stream) {
    const file = path.join(folder, `stream-${stream}.csv`);
    synthesize(file, STREAM_ROWS, seed + stream);
    lines.push(...readFileSync(file, 'utf8').trimEnd().split('\n').slice(1));
  }
  const kept = lines.slice(0, rows).map((line) => (change ? change(line.split(',')).join(',') : line));
  const text = `${[...INPUTS, 'Class'].join(',')}\n${kept.join('\n')}\n`;
  return { text, ...scoreText(text) };
}

/**
 * A CSV as the command line scores it.
 * @param {string} text
 */
export function scoreText(text) {
  const folder = scratch();
  const data = path.join(folder, 'data.csv');
  const out = path.join(folder, 'scores.csv');
  const summary = path.join(folder, 'summary.json');
  writeFileSync(data, text);
  firetower('score', '--model', MODEL, '--data', data, '--out', out, '--summary', summary);
  const scores = readFileSync(out, 'utf8').trimEnd().split('\n').slice(1).map((line) => line.split(','));
  return {
    /** as written, empty: set aside */
    probabilities: scores.map(([, probability]) => probability),
    levels: scores.map(([, , , level]) => level),
    summary: readFileSync(summary),
    data,
  };
}
