// @ts-check
// How the cost of scoring grows with rows, trees, depth, features and workers, in Chromium.

import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { PEERS, PYTHON, ROOT, keep, median, say } from './harness.mjs';
import { startBrowser, startWorker } from './browser.mjs';

const FOLDER = path.join(PEERS, 'scaling');
const ROW_COUNTS = [100, 300, 1000, 3000, 10000, 30000, 100000, 1000000, 10000000];
const TABLE_ROWS = 98304;
const TIMED_ROWS = 16384;
const WORKERS = [1, 2, 3, 4];

/** @param {{rounds: number}} options */
export async function measure({ rounds }) {
  execFileSync(PYTHON, [path.join(ROOT, 'tests/bench/scaling_forests.py'), FOLDER], { stdio: ['ignore', 'ignore', 'inherit'] });
  /** @type {Record<string, {series: string, trees: number, depth: number, features: number, nodes: number, mean_path: number}>} */
  const forests = JSON.parse(await readFile(path.join(FOLDER, 'forests.json'), 'utf8'));
  const browser = await startBrowser();
  const page = await browser.page();

  /** @type {{rows: number, micros: number}[]} */
  const rows = [];
  const one = await startWorker(page, { contender: 'firetower', first: 0, rows: TABLE_ROWS });
  await one.ask({ run: { rows: TABLE_ROWS } });
  for (const count of ROW_COUNTS) {
    const times = [];
    // 10 million rows take half a minute: once is enough, they average themselves.
    for (let round = 0; round < (count > 1e6 ? 1 : count > 1e5 ? 3 : rounds); round += 1) {
      const calls = Math.max(1, Math.round(3000 / count));
      let micros = 0;
      for (let call = 0; call < calls; call += 1) micros += (await one.ask({ run: { rows: count } })).micros / calls;
      times.push(micros);
    }
    rows.push({ rows: count, micros: median(times) });
    say(`${count} rows: ${median(times).toFixed(2)} µs per row`);
  }

  /** @type {({name: string, micros: number} & typeof forests[string])[]} */
  const grown = [];
  for (const [name, forest] of Object.entries(forests)) {
    const { ask, stop } = await startWorker(page, {
      contender: 'firetower',
      model: `/peers/scaling/${name}.safetensors`,
      inputs: forest.features,
      first: 0,
      rows: TIMED_ROWS,
    });
    const times = [];
    for (let round = -1; round < rounds; round += 1) {
      const { micros } = await ask({ run: { rows: TIMED_ROWS } });
      if (round >= 0) times.push(micros);
    }
    await stop();
    grown.push({ name, ...forest, micros: median(times) });
    say(`${name}: ${median(times).toFixed(2)} µs per row`);
  }

  /** @type {{workers: number, micros: number}[]} */
  const workers = [];
  for (const count of WORKERS) {
    const started = [];
    const share = Math.floor(TABLE_ROWS / count);
    for (let k = 0; k < count; k += 1) started.push(await startWorker(page, { contender: 'firetower', first: k * share, rows: share }));
    const times = [];
    for (let round = -1; round < rounds; round += 1) {
      const micros = await page.evaluate(
        async ([sends, each]) => {
          const start = performance.now();
          await Promise.all(sends.map((/** @type {any} */ send) => send({ run: { rows: each } })));
          return ((performance.now() - start) * 1e3) / (each * sends.length);
        },
        /** @type {any} */ ([started.map(({ worker }) => worker), share]),
      );
      if (round >= 0) times.push(micros);
    }
    for (const { stop } of started) await stop();
    workers.push({ workers: count, micros: median(times) });
    say(`${count} workers: ${median(times).toFixed(2)} µs per row`);
  }
  await browser.close();
  await keep('SCALING', { rounds, chromium: browser.version, tableRows: TABLE_ROWS, timedRows: TIMED_ROWS, rows, grown, workers });
}
