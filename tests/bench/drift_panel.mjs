// @ts-check
// How long drift analysis takes in Chromium on two workers: a window's boundary dragged over 284,807 x 31, and the full
// panel (every test and distance of every column, sorting included, after the file is read) over 1,000,000 x 30. Made-up
// data of full precision, all values distinct, which is the slowest case. Writes build/bench/drift_panel.json and exits
// with 1 where a bound does not hold. Nothing else should run meanwhile.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { chromium } from '@playwright/test';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { values: given } = parseArgs({
  options: {
    'drag-rows': { type: 'string', default: '284807' },
    'panel-rows': { type: 'string', default: '1000000' },
    repeat: { type: 'string', default: '5' },
  },
});
const repeat = Number(given.repeat);
const DRAGS = 40;
const BOUNDS = { drag: 100, verdicts: 2000, panel: 2000 };

/** @param {number[]} values */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const TYPES = new Map([
  ['.html', 'text/html'],
  ['.js', 'text/javascript'],
  ['.mjs', 'text/javascript'],
  ['.wasm', 'application/wasm'],
]);
const policy = (await readFile(path.join(root, 'web/csp.txt'), 'utf8')).trim();
const server = createServer(async (request, response) => {
  const name = new URL(request.url ?? '/', 'http://localhost').pathname;
  try {
    // An empty page with the policy of the real one.
    const body = name === '/' ? '<!DOCTYPE html><title>drift</title>' : await readFile(path.join(root, 'web', name));
    const type = name === '/' ? 'text/html' : (TYPES.get(path.extname(name)) ?? 'application/octet-stream');
    response.writeHead(200, { 'content-type': type, 'content-security-policy': policy });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
const address = /** @type {import('node:net').AddressInfo} */ (server.address());

/**
 * A CSV of `columns` columns of nearly normal numbers, in the page; the second half is a little higher in the first one.
 * @param {{rows: number, columns: number}} size
 */
function makeCsv({ rows, columns }) {
  let a = 123456789;
  let b = 362436069;
  // Marsaglia's xorshift.
  const random = () => {
    const t = a ^ (a << 11);
    a = b;
    b = b ^ (b >>> 19) ^ t ^ (t >>> 8);
    return (b >>> 0) / 4294967296;
  };
  const parts = [`${Array.from({ length: columns }, (_, c) => `V${c + 1}`).join(',')}\n`];
  let lines = '';
  for (let i = 0; i < rows; i += 1) {
    for (let c = 0; c < columns; c += 1) {
      const value = random() + random() + random() + random() - 2 + (c === 0 && i > rows / 2 ? 0.2 : 0);
      lines += c === 0 ? value : `,${value}`;
    }
    lines += '\n';
    if (i % 1000 === 999) {
      parts.push(lines);
      lines = '';
    }
  }
  parts.push(lines);
  return new File(parts, 'made-up.csv');
}

const browser = await chromium.launch({
  executablePath: process.env.FIRETOWER_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
const page = await browser.newPage();
await page.goto(`http://127.0.0.1:${address.port}/`);
const start = () =>
  page.evaluateHandle(async () => {
    const { createAnalysis } = await import(new URL('js/engine/analysis/index.js', document.baseURI).href);
    return createAnalysis({ model: false });
  });

// --- a dragged boundary
const dragRows = Number(given['drag-rows']);
const dragFile = await page.evaluateHandle(makeCsv, { rows: dragRows, columns: 31 });
const dragging = await start();
const drags = await page.evaluate(
  async ({ analysis, file, rows, drags: count }) => {
    const began = performance.now();
    await analysis.load('current', { file, name: 'made-up.csv' });
    const load = performance.now() - began;
    const at = async (/** @type {number} */ place) => {
      const asked = performance.now();
      const report = await analysis.compare({
        reference: { from: 'current', rows: [0, place] },
        current: { from: 'current', rows: [place, rows] },
      });
      if (report.columns.length !== 31 || report.reference.window[1] !== place) throw new Error('a wrong answer');
      return performance.now() - asked;
    };
    const first = await at(1000);
    const times = [];
    for (let i = 0; i < count; i += 1) times.push(await at(Math.round((rows * (i + 1)) / (count + 2))));
    analysis.close();
    return { load, first, times };
  },
  { analysis: /** @type {any} */ (dragging), file: dragFile, rows: dragRows, drags: DRAGS },
);
await dragFile.dispose();

// --- the full panel
const panelRows = Number(given['panel-rows']);
const panelFile = await page.evaluateHandle(makeCsv, { rows: panelRows, columns: 30 });
/** @type {{load: number[], verdicts: number[], panel: number[]}} */
const panel = { load: [], verdicts: [], panel: [] };
for (let round = 0; round < 2 * repeat; round += 1) {
  const all = round % 2 === 1;
  // A new analysis each time: nothing is sorted yet.
  const analysis = await start();
  const { load, time } = await page.evaluate(
    async ({ analysis: api, file, rows, all: everything }) => {
      const began = performance.now();
      await api.load('current', { file, name: 'made-up.csv' });
      const read = performance.now();
      const report = await api.compare({
        reference: { from: 'current', rows: [0, rows / 2] },
        current: { from: 'current', rows: [rows / 2, rows] },
        all: everything,
      });
      const time = performance.now() - read;
      api.close();
      if (report.columns.length !== 30 || report.overall.worst !== 'V1') throw new Error('a wrong answer');
      return { load: read - began, time };
    },
    { analysis: /** @type {any} */ (analysis), file: panelFile, rows: panelRows, all },
  );
  panel.load.push(load);
  (all ? panel.panel : panel.verdicts).push(time);
}
const version = browser.version();
await browser.close();
server.close();

const result = {
  machine: `${os.cpus()[0].model} x ${os.cpus().length}, Chromium ${version}`,
  drag: {
    rows: dragRows,
    columns: 31,
    read_ms: drags.load,
    first_ms: drags.first,
    least_ms: Math.min(...drags.times),
    median_ms: median(drags.times),
    worst_ms: Math.max(...drags.times),
  },
  verdicts: { rows: panelRows, columns: 30, median_ms: median(panel.verdicts), times_ms: panel.verdicts },
  panel: { rows: panelRows, columns: 30, median_ms: median(panel.panel), times_ms: panel.panel },
  panel_read_ms: median(panel.load),
  bounds_ms: BOUNDS,
};
await mkdir(path.join(root, 'build/bench'), { recursive: true });
await writeFile(path.join(root, 'build/bench/drift_panel.json'), `${JSON.stringify(result, null, 2)}\n`);
console.log(JSON.stringify(result, null, 2));
for (const name of /** @type {const} */ (['drag', 'verdicts', 'panel'])) {
  if (!(result[name].median_ms <= BOUNDS[name])) {
    console.error(`drift_panel: ${name}: ${result[name].median_ms} ms, the bound is ${BOUNDS[name]} ms`);
    process.exitCode = 1;
  }
}
