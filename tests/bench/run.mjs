// @ts-check
// Runs every contender once per round, all in turn, and writes RESULTS.md: medians, and ratios to what stands beside.
// Called by tests/bench/run, which builds and prepares.

import { execFileSync, spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

import { chromium } from '@playwright/test';

import { EngineInstance } from '../../web/js/engine/module.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const bench = path.join(root, 'build/peers');
const { values: given } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, 'cv-trees': { type: 'string', default: '500' } },
});
const rounds = Number(given.rounds);

const EVALUATED_ROWS = 98304;
const BATCH = 16384;
const INPUTS = 30;
const CSV_MB = (await readFile(path.join(bench, 'data/cc.csv'))).length / 1e6;

/** @param {number[]} values */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** scikit-learn in a process of its own that answers requests with seconds. */
async function startSklearn() {
  const python = process.env.FIRETOWER_BENCH_PYTHON ?? 'python3';
  const child = spawn(python, [path.join(root, 'tests/bench/sklearn_side.py'), bench], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return {
    /** @param {string} request */
    async seconds(request) {
      child.stdin.write(`${request}\n`);
      return Number((await lines.next()).value);
    },
    close: () => child.stdin.end(),
  };
}

/**
 * One Google Benchmark run.
 * @param {string} binary
 * @param {string[]} files
 * @param {string} filter
 */
function nativeBenchmark(binary, files, filter) {
  const output = execFileSync(
    path.join(root, 'build/bench/tests/bench', binary),
    [...files, `--benchmark_filter=${filter}`, '--benchmark_format=json'],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  return JSON.parse(output.toString()).benchmarks[0];
}

/**
 * Seconds that an engine instance takes for the first `rows` rows of a row-major table. Runs in Node and in the page.
 * @param {{engine: any, table: Float32Array, rows: number, batch: number, inputs: number}} job
 */
function timeEvaluator({ engine, table, rows, batch, inputs }) {
  const columns = new Float64Array(batch * inputs);
  let seconds = 0;
  for (let first = 0; first < rows; first += batch) {
    for (let i = 0; i < batch; i += 1) {
      for (let c = 0; c < inputs; c += 1) columns[c * batch + i] = table[(first + i) * inputs + c];
    }
    const start = performance.now();
    engine.scoreRows(columns, batch, inputs);
    seconds += (performance.now() - start) / 1e3;
  }
  return seconds;
}

const sizes = { rows: EVALUATED_ROWS, batch: BATCH, inputs: INPUTS };

/** The artefact of the page, in Node. */
async function startNode() {
  const { default: factory } = await import(pathToFileURL(path.join(root, 'web/engine/firetower.mjs')).href);
  const engine = await EngineInstance.load(factory, await readFile(path.join(root, 'web/engine/firetower.wasm')));
  engine.loadModel(await readFile(path.join(bench, 'forest.safetensors')));
  const bytes = await readFile(path.join(bench, 'data/X.f32'));
  const table = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  return { evaluate: () => timeEvaluator({ engine, table, ...sizes }) };
}

/** The page's own origin in Chromium, with the benchmark's files chosen as a person would. */
async function startChromium() {
  const server = spawn('python3', [path.join(root, 'serve.py'), '--no-build', '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise((resolve, reject) => {
    server.on('error', reject);
    server.stdout.on('data', (text) => {
      const found = /http:\/\/[^/\s]+/.exec(String(text));
      if (found) resolve(`${found[0]}/`);
    });
  });
  const browser = await chromium.launch({
    executablePath: process.env.FIRETOWER_CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
  const page = await browser.newPage();
  await page.goto(url);
  /** @param {string} name */
  const choose = async (name) => {
    const input = await page.evaluateHandle(() => {
      const element = document.createElement('input');
      element.type = 'file';
      return element;
    });
    await input.setInputFiles(path.join(bench, name));
    return page.evaluateHandle((element) => /** @type {FileList} */ (element.files)[0], input);
  };
  const csv = await choose('data/cc.csv');
  const forest = await choose('forest.safetensors');
  const stump = await choose('stump.safetensors');
  const table = await page.evaluateHandle(
    async (file) => new Float32Array(await file.arrayBuffer()),
    await choose('data/X.f32'),
  );
  const engine = await page.evaluateHandle(async (model) => {
    const base = document.baseURI;
    const { EngineInstance: Instance } = await import(new URL('js/engine/module.js', base).href);
    const { default: factory } = await import(new URL('engine/firetower.mjs', base).href);
    const wasm = await (await fetch(new URL('engine/firetower.wasm', base))).arrayBuffer();
    const instance = await Instance.load(factory, new Uint8Array(wasm));
    instance.loadModel(new Uint8Array(await model.arrayBuffer()));
    return instance;
  }, forest);

  /**
   * @param {import('@playwright/test').JSHandle<File>} model
   * @param {number} workers
   */
  const poolFor = (model, workers) =>
    page.evaluateHandle(
      async ({ file, count }) => {
        const { createEngine } = await import(new URL('js/engine/client/index.js', document.baseURI).href);
        return createEngine({ model: new Uint8Array(await file.arrayBuffer()), workers: count, generator: null });
      },
      { file: model, count: workers },
    );
  /** @param {import('@playwright/test').JSHandle} pool */
  const scoreFile = (pool) => page.evaluate(async ({ api, file }) => (await api.scoreFile(file)).seconds, { api: pool, file: csv });
  const pools = {
    read: await poolFor(stump, 1),
    one: await poolFor(forest, 1),
    two: await poolFor(forest, 2),
  };
  return {
    evaluate: () => page.evaluate(timeEvaluator, /** @type {any} */ ({ engine, table, ...sizes })),
    read: () => scoreFile(pools.read),
    fileOne: () => scoreFile(pools.one),
    fileTwo: () => scoreFile(pools.two),
    version: browser.version(),
    close: async () => {
      await browser.close();
      server.kill();
    },
  };
}

const sklearn = await startSklearn();
const node = await startNode();
const chrome = await startChromium();
const forestFiles = ['forest.safetensors', 'data/X.f32', 'expected.f64'].map((name) => path.join(bench, name));
const csvFile = [path.join(bench, 'data/cc.csv')];

/** @type {Record<string, () => Promise<number> | number>} seconds, each over its own unit */
const contenders = {
  'evaluate scikit-learn': () => sklearn.seconds(`evaluate ${EVALUATED_ROWS} 1`),
  'evaluate native': () => EVALUATED_ROWS / nativeBenchmark('evaluator_bench', forestFiles, 'PredictProba/4096$').items_per_second,
  'evaluate Node': node.evaluate,
  'evaluate Chromium': chrome.evaluate,
  'read pandas': () => sklearn.seconds('read'),
  'read native': () => (CSV_MB * 1e6) / nativeBenchmark('reader_bench', csvFile, '.').bytes_per_second,
  'read Chromium': chrome.read,
  'file pandas + scikit-learn, 2 jobs': () => sklearn.seconds('file 2'),
  'file Chromium, 1 worker': chrome.fileOne,
  'file Chromium, 2 workers': chrome.fileTwo,
};
/** @type {Record<string, number[]>} */
const seconds = {};
for (let round = -1; round < rounds; round += 1) {
  for (const [name, run] of Object.entries(contenders)) {
    const time = await run();
    // The first round warms caches and compilers up.
    if (round >= 0) (seconds[name] ??= []).push(time);
    process.stderr.write(`${round < 0 ? 'warm-up' : `round ${round + 1}`}  ${name}: ${time.toFixed(3)} s\n`);
  }
}
sklearn.close();
await chrome.close();

/** @param {string} name */
const at = (name) => median(seconds[name]);
/**
 * @param {string} group
 * @param {string} beside
 * @param {(time: number) => string} figure
 */
function rows(group, beside, figure) {
  return Object.keys(contenders)
    .filter((name) => name.startsWith(group))
    .map((name) => {
      const fastest = Math.min(...seconds[name]);
      const ratio = at(`${group} ${beside}`) / at(name);
      return `| ${name.slice(group.length + 1)} | ${figure(at(name))} | ${figure(fastest)} | ${ratio.toFixed(2)} |`;
    })
    .join('\n');
}
/** @param {number} time */
const perRow = (time) => `${((time / EVALUATED_ROWS) * 1e6).toFixed(2)} µs/row, ${Math.round(EVALUATED_ROWS / time).toLocaleString('en')} rows/s`;
/** @param {number} time */
const megabytes = (time) => `${(CSV_MB / time).toFixed(0)} MB/s`;
/** @param {number} time */
const inSeconds = (time) => `${time.toFixed(2)} s`;

const python = process.env.FIRETOWER_BENCH_PYTHON ?? 'python3';
const training =
  Number(given['cv-trees']) < 0
    ? 'Not measured in this run.'
    : `\`tests/bench/train_compare.py --runs ${rounds} --cv-trees ${given['cv-trees']}\` printed:\n\n\`\`\`\n${execFileSync(
        python,
        [
          path.join(root, 'tests/bench/train_compare.py'),
          ...['--firetower', path.join(root, 'build/bench/tools/firetower/firetower')],
          ...['--runs', String(rounds), '--cv-trees', String(given['cv-trees'])],
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      )}\`\`\`\n`;

const sklearnVersion = execFileSync(python, ['-c', 'import sklearn; print(sklearn.__version__)']).toString().trim();
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root }).toString().trim();
const compiler = execFileSync('emcc', ['--version']).toString().replace(/^.*?\) (\S+)[^]*$/, 'Emscripten $1');
await writeFile(
  path.join(root, 'tests/bench/RESULTS.md'),
  `# Benchmark results

Written by \`tests/bench/run --rounds ${rounds}\` on ${new Date().toISOString().slice(0, 10)} at ${commit}: medians of ${rounds} rounds after a warm-up round, every
contender once per round in turn. Read the ratios, not the absolute figures: the machine is shared.

${os.cpus().length} × ${os.cpus()[0].model} · Node ${process.versions.node} · Chromium ${chrome.version} · ${compiler} · scikit-learn ${sklearnVersion}

Benchmark forest: 500 trees of depth 15, 274,790 nodes. Table: 284,807 rows × 30 columns, ${CSV_MB.toFixed(0)} MB as CSV.

## Evaluating, one core

The first ${EVALUATED_ROWS.toLocaleString('en')} rows. The native program compares every score with scikit-learn's to the last bit before it is timed.

| | median | fastest | times scikit-learn |
|---|---|---|---|
${rows('evaluate', 'scikit-learn', perRow)}

## Reading CSV

Chromium: a whole \`scoreFile\` on one worker with a model of a single split, so file access, features, row offsets and the
bookkeeping of rows are in it. Native: the reader alone, from memory.

| | median | fastest | times pandas |
|---|---|---|---|
${rows('read', 'pandas', megabytes)}

## From file to scores

\`scoreFile\` in Chromium on the ${CSV_MB.toFixed(0)} MB file, with row offsets, bad-row handling and labels; beside it \`read_csv\` and \`predict_proba(n_jobs=2)\` natively.

| | median | fastest | times pandas + scikit-learn |
|---|---|---|---|
${rows('file', 'pandas + scikit-learn, 2 jobs', inSeconds)}

## Training

${training}`,
);
process.stderr.write('written: tests/bench/RESULTS.md\n');
