// @ts-check
// Large files in Chromium: one of 3.5 million rows and 2 GB, a narrow one of 10 million rows, and one of 4 million rows
// with labels and weights, generated into build/big, scored to the end by two workers and measured against their labels
// where they have some; what they take in the page and in each worker's heap. Exits with 1 where a row is wrong, a
// figure is not that of `firetower evaluate`, or a bound does not hold.
// node tests/bench/big_files.mjs [--only wide|narrow|labelled]

import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { parseArgs, promisify } from 'node:util';

import { chooseFile, startBrowser } from './browser.mjs';
import { BINARIES, PEERS, ROOT, keep, say } from './harness.mjs';

const FOLDER = path.join(ROOT, 'build/big');
const WORKERS = 2;
/** Rows of the benchmark's table. */
const TABLE_ROWS = 284807;
const MIB = 2 ** 20;
/** A worker's heap, the model not counted. */
const MAX_HEAP = 64 * MIB;

const THRESHOLD = 0.3;

/** @typedef {{name: string, file: string, model: string, rows: number, period: number, columns: string[], write: (add: (text: string | Buffer) => Promise<void>) => Promise<void>}} Big */

/**
 * A hundred thousand rows again and again. labels: the header of label and weight, some of which are missing.
 * @param {(text: string) => Promise<void>} add
 * @param {number} count
 * @param {string} labels
 */
async function copies(add, count, labels) {
  await add(`Time,V1,V2,Amount${labels}\n`);
  const lines = [];
  for (let row = 0; row < 100_000; row += 1) {
    const v1 = ((row * 7919) % 4001) / 1000 - 2;
    const v2 = ((row * 104729) % 3001) / 1000 - 1.5;
    const label = row % 1000 === 7 ? '' : v1 + v2 + ((row * 31) % 997) / 400 > 2.5 ? 1 : 0;
    const weight = row % 1000 === 11 ? '' : 0.5 + (row % 13) / 7;
    lines.push(`${row},${v1.toFixed(3)},${v2.toFixed(3)},${((row * 31) % 20000) / 100}${labels && `,${label},${weight}`}\n`);
  }
  const block = lines.join('');
  for (let copy = 0; copy < count; copy += 1) await add(block);
}

/** @type {Big[]} period: so many rows come again and again; columns: what `firetower evaluate` is told of the labels, where it is asked */
const files = [
  {
    name: 'wide',
    file: path.join(FOLDER, 'wide.csv'),
    model: path.join(PEERS, 'forest.safetensors'),
    rows: 13 * TABLE_ROWS,
    period: TABLE_ROWS,
    columns: [],
    async write(add) {
      const table = path.join(PEERS, 'data/cc.csv');
      const bytes = await readFile(table);
      const body = bytes.indexOf('\n') + 1;
      await add(bytes.subarray(0, body));
      for (let copy = 0; copy < 13; copy += 1) await add(bytes.subarray(body));
    },
  },
  {
    name: 'narrow',
    file: path.join(FOLDER, 'narrow.csv'),
    model: path.join(ROOT, 'tests/wasm/model.safetensors'),
    rows: 10_000_000,
    period: 100_000,
    columns: [],
    write: (add) => copies(add, 100, ''),
  },
  {
    name: 'labelled',
    file: path.join(FOLDER, 'labelled.csv'),
    model: path.join(ROOT, 'tests/wasm/model.safetensors'),
    rows: 4_000_000,
    period: 100_000,
    columns: ['--label', 'Class', '--weight', 'Weight'],
    write: (add) => copies(add, 40, ',Class,Weight'),
  },
];

/** @param {Big} big */
async function generate({ file, write }) {
  try {
    return (await stat(file)).size;
  } catch {
    say(`writing ${path.relative(ROOT, file)}`);
  }
  await mkdir(FOLDER, { recursive: true });
  const out = createWriteStream(file);
  await write(async (text) => {
    if (!out.write(text)) await new Promise((resolve) => out.once('drain', resolve));
  });
  out.end();
  await finished(out);
  return (await stat(file)).size;
}

/** The most memory the page's process has held, its workers in it. Bytes. @param {import('@playwright/test').Browser} browser */
async function pageMemory(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const most = await Promise.all(
    processInfo
      .filter(({ type }) => type === 'renderer')
      .map(async ({ id }) => {
        const status = await readFile(`/proc/${id}/status`, 'utf8');
        const at = (/** @type {string} */ key) => Number(new RegExp(`${key}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024;
        return { peak: at('VmHWM'), now: at('VmRSS') };
      }),
  );
  return most.reduce((a, b) => (b.peak > a.peak ? b : a));
}

/** @param {Big} big */
async function score(big) {
  const bytes = await generate(big);
  const browser = await startBrowser();
  const page = await browser.page();
  const file = await chooseFile(page, big.file);
  const model = await chooseFile(page, big.model);
  const before = await pageMemory(browser.browser);
  const result = await page.evaluate(
    async ({ data, forest, workers, period, threshold }) => {
      const { createEngine } = await import(/** @type {string} */ ('/site/js/engine/client/index.js'));
      const engine = await createEngine({ model: new Uint8Array(await forest.arrayBuffer()), workers, generator: null });
      const idle = await engine.status();
      const scored = await engine.scoreFile(data);
      const after = await engine.status();
      const order = await engine.rank(scored.probabilities, { descending: true });
      const start = performance.now();
      const figures = scored.labels && { ...(await engine.performance(scored)), ...(await engine.performanceAt(threshold)) };
      const measuring = (performance.now() - start) / 1e3;
      const last = await engine.status();
      let different = 0;
      const { probabilities } = scored;
      for (let row = period; row < probabilities.length; row += 1) {
        if (!Object.is(probabilities[row], probabilities[row - period])) different += 1;
      }
      let misplaced = 0;
      for (let i = 1; i < order.length; i += 1) if (probabilities[order[i]] > probabilities[order[i - 1]]) misplaced += 1;
      const counted = JSON.parse(new TextDecoder().decode(scored.summary));
      engine.close();
      return {
        rows: scored.rows,
        scored: scored.scored,
        counted: counted.scored,
        seconds: scored.seconds,
        // All scored; one of them ranked and measured.
        heap: after.heap_bytes / workers + (last.heap_bytes - after.heap_bytes),
        idle: idle.heap_bytes / workers,
        figures,
        measuring,
        different,
        misplaced,
      };
    },
    { data: file, forest: model, workers: WORKERS, period: big.period, threshold: THRESHOLD },
  );
  const memory = await pageMemory(browser.browser);
  await browser.close();
  return { bytes, before, memory, chromium: browser.version, ...result };
}

/**
 * Whether the page's figures are those of the command line, to the last bit.
 * @param {Big} big
 * @param {any} found
 */
async function asOnCommandLine(big, found) {
  const firetower = path.join(BINARIES, 'tools/firetower/firetower');
  const given = ['evaluate', '--model', big.model, '--data', big.file, ...big.columns, '--threshold', String(THRESHOLD), '--json'];
  const expected = JSON.parse((await promisify(execFile)(firetower, given, { maxBuffer: 2 ** 26 })).stdout);
  const pairs = ['rows', 'positives', 'auc', 'average_precision', 'log_loss', 'precision', 'recall', 'specificity', 'f1']
    .map((name) => [found[name], expected[name]])
    .concat([[found.brier, expected.brier_score]])
    .concat(Object.entries(expected.confusion).map(([name, count]) => [found[name], count]));
  return found.auc.value > 0.5 && pairs.every(([one, other]) => JSON.stringify(one) === JSON.stringify(other));
}

/** What a file above the limit is answered, and how long that takes. */
async function refusal() {
  const browser = await startBrowser();
  const page = await browser.page();
  const model = await chooseFile(page, files[1].model);
  const answer = await page.evaluate(async (forest) => {
    const { createEngine } = await import(/** @type {string} */ ('/site/js/engine/client/index.js'));
    const engine = await createEngine({ model: new Uint8Array(await forest.arrayBuffer()), workers: 1, generator: null });
    // A gigabyte of short lines that takes no memory: one block again and again.
    const block = new Blob(['1,1,1,1\n'.repeat(2 ** 21)]);
    const file = new Blob(['Time,V1,V2,Amount\n', ...new Array(64).fill(block)]);
    const start = performance.now();
    try {
      await engine.scoreFile(file);
      return { error: null, message: '', seconds: 0 };
    } catch (error) {
      const { code, message } = /** @type {{code: string, message: string}} */ (error);
      return { error: code, message, seconds: (performance.now() - start) / 1e3 };
    } finally {
      engine.close();
    }
  }, model);
  await browser.close();
  return answer;
}

const { values: given } = parseArgs({ options: { only: { type: 'string' } } });
let good = true;
/** @param {boolean} holds @param {string} what */
const check = (holds, what) => {
  good &&= holds;
  say(`${holds ? 'ok ' : 'NOT'} ${what}`);
};
/** @type {Record<string, object>} */
const results = {};
for (const big of files) {
  if (given.only !== undefined && given.only !== big.name) continue;
  const result = await score(big);
  results[big.name] = result;
  const mib = (/** @type {number} */ size) => `${(size / MIB).toFixed(0)} MiB`;
  say(
    `${big.name}: ${(result.bytes / 1e9).toFixed(2)} GB, ${result.rows.toLocaleString('en')} rows in ${result.seconds.toFixed(1)} s` +
      ` (${Math.round(result.rows / result.seconds).toLocaleString('en')} rows/s); heap of a worker ${mib(result.idle)} before,` +
      ` ${mib(result.heap)} at the end; page and workers ${mib(result.before.now)} before, ${mib(result.memory.peak)} at most`,
  );
  const modelBytes = (await stat(big.model)).size;
  check(result.rows === big.rows && result.scored === big.rows && result.counted === big.rows, `${big.name}: every row is scored and counted`);
  check(result.different === 0 && result.misplaced === 0, `${big.name}: rows that come again have the same scores; the order is one`);
  if (result.figures) say(`${big.name}: measured against its labels in ${result.measuring.toFixed(2)} s: AUC ${result.figures.auc.value}`);
  if (big.columns.length > 0) {
    check(await asOnCommandLine(big, result.figures), `${big.name}: the figures are those of firetower evaluate`);
  }
  check(result.heap <= MAX_HEAP + 4 * modelBytes, `${big.name}: the heap of a worker is at most 64 MiB and the model`);
}
const refused = await refusal();
say(`134 million rows: ${refused.error} after ${refused.seconds.toFixed(2)} s: ${refused.message}`);
check(refused.error === 'TOO_BIG', 'a file over the limit is refused before work starts');
await keep('BIG_FILES', { results, refused });
process.exitCode = good ? 0 : 1;
