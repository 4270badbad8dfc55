// @ts-check
// Load on the live monitor in Chromium: another page offers rows by postMessage at a rate, Firetower in a frame of its own
// process scores and counts them. Counted at both ends, against what the command line says of the same rows; memory;
// longest task of the page's main thread; delay from arrival to visible figures; the highest sustained rate; a tab in
// the background.
//
//   node tests/bench/live_load.mjs [--rate 20000] [--seconds 600] [--source embed|demo] [--form both|columnar|objects]
//                                  [--no-search] [--no-background] [--background-seconds 60] [--search-seconds 20]
//
// Needs the built page (./serve.py --setup-only), Chromium, and the command line (FIRETOWER_BIN). Nothing else should run
// meanwhile. Writes build/bench/live_load.json; exits with 1 if a bound does not hold.

import { chromium } from '@playwright/test';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { INPUTS, ROOT } from '../e2e/data.mjs';
import { demoTraffic } from '../e2e/live.mjs';
import { startServe } from '../e2e/server.mjs';
import { startEmbedder } from './embedder.mjs';

/** @typedef {import('../../web/js/engine/live/types.js').LiveTick} LiveTick */

const { values: options } = parseArgs({
  options: {
    rate: { type: 'string', default: '20000' },
    seconds: { type: 'string', default: '600' },
    source: { type: 'string', default: 'embed' },
    form: { type: 'string', default: 'both' },
    'no-search': { type: 'boolean', default: false },
    'no-background': { type: 'boolean', default: false },
    'background-seconds': { type: 'string', default: '60' },
    'search-seconds': { type: 'string', default: '20' },
  },
});
const RATE = Number(options.rate);
const SECONDS = Number(options.seconds);
const SAMPLE_EVERY = 5;
const WARM_UP = Math.min(60, SECONDS / 2);
const BOUNDS = { task_ms: 50, delay_ms: 250, memory: 0.05 };
const ROWS = 50_000;

const LEVELS = ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL'];

/** @param {number[]} values @param {number} q */
function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? NaN : sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)];
}

/** @param {number[]} values */
const median = (values) => quantile(values, 0.5);

/** Proportional memory of a process, bytes. @param {number} pid */
function memoryOf(pid) {
  const found = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  return found ? 1024 * Number(found[1]) : NaN;
}

/** The browser's process with workers: Firetower's. @param {number} root of the browser's processes */
function rendererWithWorkers(root) {
  const parents = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      parents.set(Number(name), Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1]));
    } catch {
      // It has ended.
    }
  }
  const below = (/** @type {number} */ pid) => {
    for (let at = pid; at > 1; at = parents.get(at) ?? 0) if (at === root) return true;
    return false;
  };
  const found = [...parents.keys()].filter((pid) => {
    if (!below(pid)) return false;
    try {
      return readdirSync(`/proc/${pid}/task`).some((task) => readFileSync(`/proc/${pid}/task/${task}/comm`, 'utf8').startsWith('DedicatedWorker'));
    } catch {
      return false;
    }
  });
  if (found.length !== 1) throw new Error(`${found.length} processes of the browser have workers`);
  return found[0];
}

/** What the frame notes of itself, from its first line on. */
function observe() {
  const scope = /** @type {any} */ (globalThis);
  const now = () => performance.timeOrigin + performance.now();
  scope.tasks = [];
  scope.collections = [];
  scope.shown = [];
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) scope.tasks.push([startTime, duration]);
  }).observe({ type: 'longtask', buffered: true });
  // The number of transactions as a person reads it, and when the browser had drawn it.
  const watch = () => {
    const total = document.querySelector('.live-strip .big');
    if (!total) return void setTimeout(watch, 50);
    let last = '';
    new MutationObserver(() => {
      const text = total.textContent ?? '';
      if (text === last) return;
      last = text;
      const rows = Number(text.replace(/\D/g, ''));
      // The text changes in an animation frame; a task after it comes when that frame is drawn.
      setTimeout(() => scope.shown.push([rows, now()]));
    }).observe(total, { childList: true, characterData: true, subtree: true });
  };
  if (location.pathname === '/') addEventListener('DOMContentLoaded', watch);
}

const traffic = demoTraffic(ROWS);
const cells = traffic.text.trimEnd().split('\n').slice(1).map((line) => line.split(','));
const values = new Float64Array(ROWS * INPUTS.length);
cells.forEach((row, i) => INPUTS.forEach((_, c) => (values[c * ROWS + i] = Number(row[c]))));

/** Rows per level among the first `rows` offered. @param {number} rows */
function expectedLevels(rows) {
  const counts = LEVELS.map(() => 0);
  const add = (/** @type {number} */ end, /** @type {number} */ times) => {
    for (let i = 0; i < end; ++i) counts[LEVELS.indexOf(traffic.levels[i])] += times;
  };
  add(ROWS, Math.floor(rows / ROWS));
  add(rows % ROWS, 1);
  return counts;
}

const server = await startServe();
const CHROMIUM = process.env.FIRETOWER_CHROMIUM || '/usr/bin/chromium';

/** A browser whose pages think that they are always in front: what is measured does not depend on who looks. */
async function launchAttended() {
  const process = await chromium.launchServer({ executablePath: CHROMIUM, args: ['--no-sandbox', '--site-per-process', '--js-flags=--expose-gc'] });
  const browser = await chromium.connect(process.wsEndpoint());
  const context = await browser.newContext({ viewport: { width: 1440, height: 1400 }, locale: 'en-US', timezoneId: 'UTC', serviceWorkers: 'block' });
  return { context, pid: Number(process.process().pid), close: () => browser.close().then(() => process.close()) };
}

/** A browser as a person starts it: a tab behind another is hidden, its timers are held back. */
async function launchPlain() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'firetower-load-'));
  const child = spawn(CHROMIUM, ['--headless=new', '--no-sandbox', '--site-per-process', '--js-flags=--expose-gc', '--remote-debugging-port=0', `--user-data-dir=${folder}`, '--window-size=1440,1400', 'about:blank']);
  /** @type {string} */
  const address = await new Promise((resolve, reject) => {
    let said = '';
    child.stderr.on('data', (data) => {
      said += data;
      const found = /ws:\/\/\S+/.exec(said);
      if (found) resolve(found[0]);
    });
    child.on('exit', () => reject(new Error(`the browser ended: ${said}`)));
  });
  const browser = await chromium.connectOverCDP(address, { noDefaults: true });
  return {
    context: browser.contexts()[0],
    pid: Number(child.pid),
    async close() {
      await browser.close();
      const ended = new Promise((resolve) => child.on('exit', resolve));
      child.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/**
 * A browser with Firetower in it and somebody who offers rows.
 * @param {number} rate of demo traffic
 * @param {typeof launchAttended} launch
 */
async function setUp(rate, launch = launchAttended) {
  const embedding = options.source === 'demo' ? null : await startEmbedder({ firetower: `${server.origin}/`, inputs: INPUTS, rows: ROWS, values });
  const browser = await launch();
  const { context } = browser;
  await context.addInitScript(observe);
  const page = await context.newPage();
  /** @type {string[]} */
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(embedding?.origin ?? `${server.origin}/#view=live&scenario=calm&rate=${rate}`);
  const frame = embedding === null ? page.mainFrame() : page.frames()[1];
  await frame.waitForFunction(() => /** @type {any} */ (globalThis).__live?.().monitor === 'ready');
  if (embedding === null) {
    await frame.getByRole('button', { name: 'Start the demo', exact: true }).click();
  } else {
    await page.evaluate(() => /** @type {any} */ (globalThis).loadRows());
    await allow(frame);
    await page.waitForFunction(() => /** @type {any} */ (globalThis).sent.ready);
  }
  const control = await context.newCDPSession(embedding === null ? page : frame);
  await control.send('Performance.enable');
  const pid = rendererWithWorkers(browser.pid);
  const live = {
    page,
    frame,
    context,
    complaints,
    /** @returns {Promise<LiveTick | null>} */
    tick: () => frame.evaluate(() => /** @type {any} */ (globalThis).__live().tick),
    sent: () => (embedding === null ? Promise.resolve(null) : page.evaluate(() => ({ .../** @type {any} */ (globalThis).sent, times: [] }))),
    /** Bytes in use, after collecting garbage in the page and its workers. */
    async memory() {
      await frame.evaluate(() => /** @type {any} */ (globalThis).collections.push([performance.now(), Infinity]));
      await control.send('HeapProfiler.collectGarbage');
      await Promise.all(page.workers().map((worker) => worker.evaluate(() => /** @type {any} */ (globalThis).gc?.()).catch(() => undefined)));
      await frame.evaluate(() => {
        const { collections } = /** @type {any} */ (globalThis);
        collections[collections.length - 1][1] = performance.now();
      });
      const { metrics } = await control.send('Performance.getMetrics');
      return { heap: metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? NaN, process: memoryOf(pid) };
    },
    /**
     * Tasks of the main thread since a moment, without those that our own garbage collection made.
     * @param {number} since performance.now() of the frame
     */
    tasks: (since) =>
      frame.evaluate((from) => {
        const { tasks, collections } = /** @type {any} */ (globalThis);
        return /** @type {[number, number][]} */ (tasks)
          .filter(([start]) => start >= from)
          .filter(([start, duration]) => !collections.some((/** @type {[number, number]} */ [begin, end]) => start < end && start + duration > begin))
          .map(([start, duration]) => ({ at_s: Math.round(start - from) / 1000, ms: duration }));
      }, since),
    now: () => frame.evaluate(() => performance.now()),
    /**
     * Delay of every row from the moment it was sent to the moment the figure that counts it was drawn, ms.
     * @param {number} [from] rows before that are left out
     */
    async delays(from = 0) {
      if (embedding === null) return null;
      const times = await page.evaluate(() => /** @type {any} */ (globalThis).sent.times);
      /** @type {[number, number][]} */
      const shown = await frame.evaluate(() => /** @type {any} */ (globalThis).shown);
      /** @type {number[]} one per message; all have about as many rows */
      const delays = [];
      let at = 0;
      for (const [first, time] of times) {
        while (at < shown.length && shown[at][0] <= first) ++at;
        if (at === shown.length) break;
        if (first >= from) delays.push(shown[at][1] - time);
      }
      return delays;
    },
    /** @param {number} wanted @param {number} seconds */
    async stream(wanted, seconds) {
      if (embedding !== null) {
        return page.evaluate((how) => /** @type {any} */ (globalThis).stream(how), { rate: wanted, seconds, form: options.form });
      }
      const field = frame.getByLabel('Rows a second');
      if ((await field.inputValue()) !== String(wanted)) {
        await field.fill(String(wanted));
        await field.press('Enter');
      }
      await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
      return { seconds };
    },
    async close() {
      await browser.close();
      await embedding?.close();
    },
  };
  return live;
}

/** @typedef {Awaited<ReturnType<typeof setUp>>} Stage */

/** The person at Firetower's page lets the embedding page send rows. @param {import('@playwright/test').Frame} frame */
async function allow(frame) {
  await frame.getByRole('button', { name: /^Allow http/ }).click();
}

/**
 * Waits until everything offered is counted; compares both ends.
 * @param {Stage} stage
 */
async function settle(stage) {
  const began = Date.now();
  let tick = await stage.tick();
  let sent = await stage.sent();
  if (sent === null) {
    await stage.frame.getByRole('button', { name: 'Pause', exact: true }).click();
    await stage.frame.waitForFunction(() => /** @type {any} */ (globalThis).__live().tick.source.state === 'paused');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    tick = await stage.tick();
  }
  const offered = () => (sent === null ? (tick?.source.taken ?? 0) : sent.offered);
  while (Date.now() - began < 120_000) {
    tick = await stage.tick();
    sent = await stage.sent();
    if (tick && tick.total === offered() && (sent === null || sent.accepted + sent.malformed === sent.offered)) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { overall } = /** @type {LiveTick} */ (tick);
  // Demo traffic goes on and on; what it is row by row is compared in tests/e2e/live.spec.mjs.
  const expected = sent === null ? null : expectedLevels(offered());
  const sum = overall.levels.reduce((a, b) => a + b, 0);
  return {
    offered: offered(),
    acknowledged: sent === null ? null : sent.accepted,
    malformed: tick?.malformed ?? 0,
    refused: sent === null ? 0 : sent.busy + sent.errors.length,
    total: tick?.total ?? 0,
    levels: overall.levels,
    aside: overall.aside,
    expected_levels: expected,
    equal: tick?.total === offered() && overall.aside === 0 && sum === offered() && overall.levels.every((count, level) => !expected || count === expected[level]),
    caught_up_ms: Date.now() - began,
  };
}

/** @type {any} */
const report = {
  date: new Date().toISOString(),
  machine: `${os.cpus()[0].model}, ${os.cpus().length} cores, ${Math.round(os.totalmem() / 2 ** 30)} GiB`,
  source: options.source,
  form: options.form,
};
/** @type {string[]} */
const failures = [];
/** @param {boolean} holds @param {string} what */
const check = (holds, what) => {
  if (!holds) failures.push(what);
};
const mib = (/** @type {number} */ bytes) => (bytes / 2 ** 20).toFixed(1);

// --- the steady run

{
  const stage = await setUp(RATE);
  const { version } = { version: stage.context.browser()?.version() };
  report.browser = version;
  console.log(`${RATE} rows a second for ${SECONDS} s, ${options.source}, Chromium ${version}`);
  const begin = await stage.now();
  const run = stage.stream(RATE, SECONDS);
  /** @type {{seconds: number, heap: number, process: number, total: number, waiting: number, p99: number | null, throughput: number}[]} */
  const samples = [];
  let over = false;
  void run.finally(() => (over = true));
  const began = Date.now();
  while (!over) {
    await Promise.race([run, new Promise((resolve) => setTimeout(resolve, 1000 * SAMPLE_EVERY))]);
    if (over) break;
    const memory = await stage.memory();
    const tick = await stage.tick();
    if (!tick) continue;
    const sample = { seconds: (Date.now() - began) / 1000, ...memory, total: tick.total, waiting: tick.source.waiting, p99: tick.delay.p99, throughput: tick.throughput };
    samples.push(sample);
    console.log(
      `${sample.seconds.toFixed(0).padStart(5)} s  ${String(tick.total).padStart(10)} rows  heap ${mib(memory.heap).padStart(6)} MiB  process ${mib(memory.process).padStart(6)} MiB  waiting ${String(sample.waiting).padStart(6)}  p99 ${Math.round(sample.p99 ?? NaN)} ms`,
    );
  }
  const lasted = (await run).seconds;
  const result = await settle(stage);
  const tasks = await stage.tasks(begin);
  const delays = await stage.delays();
  const steady = samples.filter((sample) => sample.seconds >= WARM_UP);
  /**
   * Greatest departure of a stretch's median from the median of all stretches, after the warm-up.
   * @param {number[]} all
   * @param {number} seconds of a stretch
   */
  const spread = (all, seconds) => {
    const parts = Math.max(1, Math.floor((all.length * SAMPLE_EVERY) / seconds));
    const medians = Array.from({ length: parts }, (_, i) => median(all.slice(Math.floor((i * all.length) / parts), Math.floor(((i + 1) * all.length) / parts))));
    return Math.max(...medians.map((value) => Math.abs(value - median(medians)) / median(medians)));
  };
  const heaps = steady.map(({ heap }) => heap);
  const processes = steady.map(({ process }) => process);
  report.steady = {
    rate: RATE,
    seconds: lasted,
    ...result,
    longest_task_ms: Math.max(0, ...tasks.map(({ ms }) => ms)),
    long_tasks: tasks,
    // Of all rows since the start.
    delay_to_tick_p99_ms: samples.at(-1)?.p99 ?? NaN,
    delay_to_screen_ms: delays && { p50: quantile(delays, 0.5), p99: quantile(delays, 0.99), max: Math.max(...delays) },
    // What the browser frees of its own accord only about once a minute makes the heap a saw of some megabytes.
    heap: { median: median(heaps), spread: spread(heaps, 180) },
    process: { median: median(processes), spread: spread(processes, 60) },
    complaints: stage.complaints,
    samples,
  };
  const { steady: s } = report;
  check(s.equal, 'rows or levels differ from what was offered');
  check(s.acknowledged === null || s.acknowledged === s.offered, 'not every row was acknowledged');
  check(s.refused === 0, `${s.refused} messages were refused`);
  check(s.longest_task_ms <= BOUNDS.task_ms, `a task of ${s.longest_task_ms} ms`);
  check(s.delay_to_tick_p99_ms < BOUNDS.delay_ms, `p99 delay to the tick ${s.delay_to_tick_p99_ms} ms`);
  check(!delays || s.delay_to_screen_ms.p99 < BOUNDS.delay_ms, `p99 delay to the screen ${s.delay_to_screen_ms?.p99} ms`);
  check(s.heap.spread <= BOUNDS.memory, `JavaScript heap moves by ${(100 * s.heap.spread).toFixed(1)} %`);
  check(s.process.spread <= BOUNDS.memory, `memory of the process moves by ${(100 * s.process.spread).toFixed(1)} %`);
  check(stage.complaints.length === 0, `the page threw: ${stage.complaints[0]}`);
  await stage.close();
}

// --- a tab in the background

if (!options['no-background']) {
  const stage = await setUp(RATE, launchPlain);
  const away = Number(options['background-seconds']);
  const run = stage.stream(RATE, away + 10);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const visibility = () => stage.frame.evaluate(() => document.visibilityState);
  const other = await stage.context.newPage();
  await other.bringToFront();
  await stage.frame.waitForFunction(() => document.visibilityState === 'hidden', undefined, { polling: 100, timeout: 10_000 });
  const drawn = () => stage.frame.evaluate(() => /** @type {any} */ (globalThis).shown.length);
  const before = await drawn();
  await new Promise((resolve) => setTimeout(resolve, 1000 * away));
  const behind = { sent: await stage.sent(), tick: await stage.tick(), visibility: await visibility(), drawn: (await drawn()) - before };
  await stage.page.bringToFront();
  await run;
  const result = await settle(stage);
  report.background = {
    seconds: away,
    visibility: behind.visibility,
    figures_drawn: behind.drawn,
    offered_meanwhile: behind.sent?.offered ?? behind.tick?.source.offered,
    counted_meanwhile: behind.tick?.total,
    visibility_after: await visibility(),
    ...result,
  };
  check(behind.visibility === 'hidden', 'the tab was never in the background');
  check(result.equal, 'rows were lost in the background');
  await stage.close();
}

// --- the highest sustained rate

if (!options['no-search']) {
  const seconds = Number(options['search-seconds']);
  /** @type {any[]} */
  const tries = [];
  /** @param {number} rate */
  const sustained = async (rate) => {
    const stage = await setUp(rate);
    const run = await stage.stream(rate, seconds);
    await new Promise((resolve) => setTimeout(resolve, 250));
    const tick = await stage.tick();
    const sent = await stage.sent();
    const offered = sent?.offered ?? rate * seconds;
    const behind = sent === null ? (tick?.source.waiting ?? Infinity) : offered - (tick?.total ?? 0);
    const delays = await stage.delays(offered / 4);
    const p99 = delays && delays.length > 0 ? quantile(delays, 0.99) : (tick?.delay.p99 ?? Infinity);
    await stage.close();
    // The offering page itself must have kept its rate.
    const kept = run.seconds < 1.05 * seconds;
    const holds = behind <= 0.3 * rate && p99 < BOUNDS.delay_ms && kept;
    tries.push({ rate, behind, p99, kept, holds });
    console.log(`${String(rate).padStart(7)} rows a second: ${holds ? 'sustained' : 'not sustained'}, ${behind} behind, p99 ${Math.round(p99)} ms${kept ? '' : ', the offering page was too slow'}`);
    return holds;
  };
  let low = RATE;
  while (!(await sustained(low)) && low > 1000) low = Math.round(low / 2);
  let high = low * 2;
  while (high <= 1_000_000 && (await sustained(high))) [low, high] = [high, high * 2];
  for (let i = 0; i < 3; ++i) {
    const middle = Math.round((low + high) / 2 / 100) * 100;
    if (await sustained(middle)) low = middle;
    else high = middle;
  }
  report.search = { seconds, highest_sustained: low, tries };
}

await server.close();
mkdirSync(path.join(ROOT, 'build/bench'), { recursive: true });
writeFileSync(path.join(ROOT, 'build/bench/live_load.json'), `${JSON.stringify({ ...report, failures }, null, 1)}\n`);
const { steady, background, search } = report;
/** @type {[string, unknown][]} */
const lines = [
  ['offered', steady.offered],
  ['acknowledged', steady.acknowledged ?? '-'],
  ['in the statistics', steady.total],
  ['levels', `${steady.levels.join(' ')} (${steady.equal ? 'as' : 'NOT as'} the command line says)`],
  ['longest task of the main thread', `${steady.longest_task_ms} ms (${steady.long_tasks.map((/** @type {any} */ { at_s, ms }) => `${ms} at ${at_s} s`).slice(0, 8).join(', ')})`],
  ['p99 delay, arrival to statistics', `${Math.round(steady.delay_to_tick_p99_ms)} ms`],
  ['p99 delay, arrival to screen', steady.delay_to_screen_ms ? `${Math.round(steady.delay_to_screen_ms.p99)} ms` : '-'],
  ['JavaScript heap of the page', `${mib(steady.heap.median)} MiB ± ${(100 * steady.heap.spread).toFixed(1)} %`],
  ['memory of the process', `${mib(steady.process.median)} MiB ± ${(100 * steady.process.spread).toFixed(1)} %`],
  ['in the background', background ? `${background.seconds} s ${background.visibility}, ${background.equal ? 'nothing lost' : 'LOST'}, caught up in ${background.caught_up_ms} ms` : '-'],
  ['highest sustained rate', search ? `${search.highest_sustained} rows a second` : '-'],
];
for (const [name, value] of lines) console.log(`${name.padEnd(36)}${value}`);
for (const failure of failures) console.log(`FAILED: ${failure}`);
process.exitCode = failures.length > 0 ? 1 : 0;
