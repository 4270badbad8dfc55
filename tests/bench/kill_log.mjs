// @ts-check
// Kills the browser, the tab or the engine's worker at random points while the Live view streams with "remember on this
// device" on, opens the page again with the same profile, and compares: every prediction that the page had called durable
// before the kill must be in the log, with the probability that the command line computes; nothing may be torn.
//
//   node tests/bench/kill_log.mjs [--rounds 50] [--rate 2000] [--seed 1] [--url http://127.0.0.1:8000/]
//
// Needs the built page (./serve.py --setup-only), Chromium, and the command line (FIRETOWER_BIN). Writes
// build/bench/kill_log.json; exits with 1 if anything is lost. tests/e2e/resilience.spec.mjs runs a few rounds of it.

import { chromium } from '@playwright/test';
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ROOT, scratch } from '../e2e/data.mjs';
import { demoTraffic } from '../e2e/live.mjs';
import { startServe } from '../e2e/server.mjs';

/** @typedef {import('../../web/js/engine/live/types.js').LiveTick} LiveTick */
/** @typedef {'browser' | 'tab' | 'worker'} Victim */

const VICTIMS = /** @type {Victim[]} */ (['browser', 'tab', 'worker']);
/** The longest stream of a round, seconds. */
const LONGEST = 3;

/**
 * Chromium as a process of its own that can be killed at once, with all its children.
 * @param {string} profile
 */
async function launch(profile) {
  // Chromium's own log of crashes and its crash handler are of no use here.
  const args = ['--headless', '--no-sandbox', '--disable-breakpad', '--no-first-run', '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank'];
  const child = spawn(process.env.FIRETOWER_CHROMIUM || '/usr/bin/chromium', args, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  const address = await new Promise((resolve, reject) => {
    let text = '';
    child.stderr.on('data', (piece) => {
      text += piece;
      const found = /DevTools listening on (ws:\S+)/.exec(text);
      if (found) resolve(found[1]);
    });
    void ended.then((code) => reject(new Error(`Chromium ended with exit code ${code}: ${text.slice(-2000)}`)));
  });
  const browser = await chromium.connectOverCDP(address);
  return {
    context: browser.contexts()[0],
    /** As a person closes it. */
    async quit() {
      const control = await browser.newBrowserCDPSession();
      void control.send('Browser.close').catch(() => undefined);
      await ended;
    },
    async kill() {
      process.kill(-Number(child.pid), 'SIGKILL');
      await ended;
      await browser.close().catch(() => undefined);
    },
  };
}

/** mulberry32 @param {number} seed */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Opens the Live view; exports go to a place where the test finds them.
 * @param {import('@playwright/test').BrowserContext} context
 * @param {string} url
 * @param {number} rate
 */
async function open(context, url, rate) {
  const page = await context.newPage();
  await page.addInitScript(() => {
    Object.assign(globalThis, {
      showSaveFilePicker: async () => ({
        createWritable: async () => {
          /** @type {Uint8Array[]} */
          const chunks = [];
          Object.assign(globalThis, { exported: null });
          return {
            write: async (/** @type {Uint8Array} */ chunk) => void chunks.push(chunk.slice()),
            close: async () => Object.assign(globalThis, { exported: await new Blob(/** @type {BlobPart[]} */ (chunks)).text() }),
            abort: async () => undefined,
          };
        },
      }),
    });
  });
  await page.goto(`${url}#view=live&scenario=calm&rate=${rate}`);
  await page.waitForFunction(() => /** @type {any} */ (globalThis).__live?.().tick);
  return page;
}

/** @param {import('@playwright/test').Page} page @returns {Promise<LiveTick>} */
const tickOf = (page) => page.evaluate(() => /** @type {any} */ (globalThis).__live().tick);

/** @param {import('@playwright/test').Page} page @returns {Promise<string>} NDJSON */
async function exported(page) {
  await page.getByRole('button', { name: 'Export NDJSON' }).click();
  await page.waitForFunction(() => typeof (/** @type {any} */ (globalThis).exported) === 'string');
  return page.evaluate(() => /** @type {any} */ (globalThis).exported);
}

/**
 * @param {string} log NDJSON
 * @param {string[]} expected probability per row of the demo's traffic
 * @returns {{rows: number, torn: number, wrong: number, gaps: number, repeated: number}} gaps: a row that does not follow the
 *   one before it, other than the first of a new stream
 */
function examine(log, expected) {
  const result = { rows: 0, torn: 0, wrong: 0, gaps: 0, repeated: 0 };
  const lines = log === '' ? [] : log.split('\n');
  if (lines.length > 0 && lines.pop() !== '') ++result.torn;
  let before = -1;
  let time = '';
  for (const line of lines) {
    ++result.rows;
    /** @type {any} */
    let entry;
    try {
      entry = JSON.parse(line);
    } catch {
      ++result.torn;
      continue;
    }
    const { row, probability, prediction, risk_level, confidence, timestamp, model_version, source } = entry;
    const right =
      String(probability) === String(Number(expected[row])) &&
      prediction === Number(probability >= 0.5) &&
      confidence === Math.max(probability, 1 - probability) &&
      typeof risk_level === 'string' &&
      typeof model_version === 'string' &&
      source === 'demo' &&
      timestamp >= time;
    if (!right) ++result.wrong;
    time = timestamp;
    if (before >= 0 && row !== before + 1 && row !== 0) {
      if (row <= before) ++result.repeated;
      else ++result.gaps;
    }
    before = row;
  }
  return result;
}

/**
 * @param {object} options
 * @param {string} options.url with a / at its end
 * @param {number} options.rounds
 * @param {number} [options.rate] rows a second
 * @param {number} [options.seed] of the moments
 * @param {Victim[]} [options.victims] in turns
 * @param {(line: string) => void} [options.say]
 */
export async function killRounds({ url, rounds, rate = 2000, seed = 1, victims = VICTIMS, say = () => undefined }) {
  const next = random(seed);
  const expected = demoTraffic(Math.ceil(rate * (LONGEST + 7) * 1.5)).probabilities;
  const profile = path.join(scratch(), 'profile');
  /** @type {{round: number, victim: Victim, after_ms: number, durable: number, recovered: number, lost: number, problem: string}[]} */
  const results = [];
  // changed: what was in the log once is not the same later, or its figures contradict it.
  const faults = { lost: 0, torn: 0, wrong: 0, gaps: 0, repeated: 0, changed: 0 };
  let before = '';
  /** @type {number | null} */
  let first = null;
  let browser = await launch(profile);
  let page = await open(browser.context, url, rate);
  // Chromium writes what a page remembers (that the log is wanted) some seconds later: that is not what is tested here.
  await page.getByRole('button', { name: 'Start the demo', exact: true }).click();
  await page.getByLabel('Remember on this device').check();
  await page.waitForFunction(() => /** @type {any} */ (globalThis).__live().tick.log.durable > 0);
  await browser.quit();
  browser = await launch(profile);
  page = await open(browser.context, url, rate);
  try {
    for (let round = 0; round < rounds; ++round) {
      const victim = victims[round % victims.length];
      await page.getByRole('button', { name: 'Start the demo', exact: true }).click();
      await page.waitForFunction(() => /** @type {any} */ (globalThis).__live().tick.log.remembered);
      const begin = (await tickOf(page)).log.next;
      let durable = begin;
      const look = async () => {
        durable = Math.max(durable, (await tickOf(page)).log.durable);
      };
      while (durable <= begin) await look();
      const after = Math.round(1000 * LONGEST * next());
      for (const until = Date.now() + after; Date.now() < until; ) await look();

      if (victim === 'worker') {
        // The worker that scores dies of an uncaught error; the page starts another and goes on.
        await killMonitor(page);
        await page.waitForFunction(() => /** @type {any} */ (globalThis).__live().note !== '', undefined, { timeout: 30_000 });
        const { total } = await tickOf(page);
        await page.waitForFunction((rows) => /** @type {any} */ (globalThis).__live().tick.total > rows, total + rate / 4);
        await look();
        await browser.kill();
        browser = await launch(profile);
      } else if (victim === 'browser') {
        await browser.kill();
        browser = await launch(profile);
      } else {
        const crashed = page.waitForEvent('crash');
        const control = await browser.context.newCDPSession(page);
        void control.send('Page.crash').catch(() => undefined);
        await crashed;
        await page.close();
      }
      page = await open(browser.context, url, rate);
      await page.waitForFunction(() => {
        const { log } = /** @type {any} */ (globalThis).__live().tick;
        return (log.remembered && log.rows > 0) || log.problem !== '';
      });
      const { log } = await tickOf(page);
      if (log.problem !== '') throw new Error(`round ${round + 1}, ${victim}: ${log.problem}`);
      const text = await exported(page);
      const found = examine(text, expected);
      // Sequence numbers count from the first row that was scored; the log holds them from where it was switched on.
      first ??= log.next - found.rows;
      const lost = Math.max(0, durable - log.next);
      if (!text.startsWith(before) || log.rows !== found.rows || log.next - found.rows !== first) ++faults.changed;
      before = text;
      faults.lost += lost;
      Object.assign(faults, { torn: found.torn, wrong: found.wrong, gaps: found.gaps, repeated: found.repeated });
      results.push({ round, victim, after_ms: after, durable, recovered: log.next, lost, problem: log.problem });
      say(`${String(round + 1).padStart(3)}  ${victim.padEnd(7)}  after ${String(after).padStart(4)} ms  durable ${String(durable).padStart(7)}  recovered ${String(log.next).padStart(7)}  lost ${lost}${log.problem === '' ? '' : `  ${log.problem}`}`);
    }
  } finally {
    await browser.kill();
    rmSync(path.dirname(profile), { recursive: true, force: true, maxRetries: 5 });
  }
  return { rounds: results, rows: before === '' ? 0 : before.split('\n').length - 1, ...faults };
}

/**
 * The worker that has the monitor throws where nothing catches it.
 * @param {import('@playwright/test').Page} page
 */
export async function killMonitor(page) {
  for (const worker of page.workers()) {
    await worker
      .evaluate(() => {
        if (/** @type {any} */ (globalThis).name !== 'monitor') return;
        setTimeout(() => {
          throw new Error('killed by the test');
        });
      })
      .catch(() => undefined);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '50' },
      rate: { type: 'string', default: '2000' },
      seed: { type: 'string', default: '1' },
      url: { type: 'string' },
    },
  });
  const server = values.url === undefined ? await startServe() : null;
  try {
    const result = await killRounds({
      url: values.url ?? `${server?.origin}/`,
      rounds: Number(values.rounds),
      rate: Number(values.rate),
      seed: Number(values.seed),
      say: console.log,
    });
    const { rounds, ...figures } = result;
    mkdirSync(path.join(ROOT, 'build/bench'), { recursive: true });
    writeFileSync(path.join(ROOT, 'build/bench/kill_log.json'), `${JSON.stringify(result, null, 1)}\n`);
    console.log(`${rounds.length} kills, ${figures.rows} predictions in the log: ${JSON.stringify(figures)}`);
    if (Object.entries(figures).some(([name, count]) => name !== 'rows' && count > 0)) process.exitCode = 1;
  } finally {
    await server?.close();
  }
}
