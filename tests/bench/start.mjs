// @ts-check
// From navigation to the first score, in a fresh Chromium on this computer against serve.py, with the shipped model: one
// row through the JavaScript API, and the ranked rows of a small file through the page, chosen as soon as the page can take
// one. Also what the page has asked for until that file's charts are drawn, and what it asks for after that by itself.
// The offline copy, which the service worker makes after all this and from the browser's cache, is not counted.
//
//   start.mjs [--rounds N]   writes build/bench-results/START.json

import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import readline from 'node:readline';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

import { chromium } from '@playwright/test';

import { ROOT, inTurn, keep, median, say } from './harness.mjs';

/** A window that has just been opened draws its own bars with all processors: people have theirs open. Milliseconds. */
const SETTLED = 1500;

const GOLDEN = path.join(ROOT, 'models/creditcard/golden.csv');

/** serve.py on a free port. */
async function startServer() {
  const child = spawn(process.env.FIRETOWER_BENCH_PYTHON ?? 'python3', [path.join(ROOT, 'serve.py'), '--no-build', '--port', '8700'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of readline.createInterface({ input: child.stdout })) {
    const found = /(http:\/\/\S+)/.exec(line);
    if (found) return { origin: found[1].replace(/\/$/, ''), stop: () => child.kill() };
  }
  throw new Error('serve.py did not start');
}

/** @param {{rounds?: number}} [options] */
export async function measure({ rounds = 7 } = {}) {
  const server = await startServer();
  const browser = await chromium.launch({ executablePath: process.env.FIRETOWER_CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] });
  const golden = await readFile(GOLDEN, 'utf8');
  const [head, first] = golden.split('\n');
  const values = first.split(',').map(Number);
  const row = Object.fromEntries(head.split(',').map((name, i) => [JSON.parse(name), values[i]]));
  /** @type {Set<string>} what the page asked for until its file was scored and its charts drawn */
  const loaded = new Set();
  /** @type {Set<string>} and what it asked for then: what it is calm for (other views), and whether the model fits the file */
  const after = new Set();

  const contenders = {
    // A document without scripts, so that all that is measured is the API's.
    'one row, JavaScript API': async () => {
      const context = await browser.newContext({ serviceWorkers: 'block' });
      const page = await context.newPage();
      await page.waitForTimeout(SETTLED);
      await page.goto(`${server.origin}/csp.txt`, { waitUntil: 'commit' });
      const ms = await page.evaluate(async (given) => {
        const address = '/js/engine/client/index.js';
        const { createEngine } = await import(address);
        const engine = await createEngine();
        const [{ probability }] = await engine.predict(given);
        if (Math.abs(probability - given.probability) > 0) throw new Error('another score');
        return performance.now();
      }, row);
      await context.close();
      return ms;
    },
    'a file of 200 rows, page': async () => {
      const context = await browser.newContext({ serviceWorkers: 'block' });
      const page = await context.newPage();
      await page.waitForTimeout(SETTLED);
      /** @type {import('@playwright/test').Request[]} */
      const requests = [];
      page.on('requestfinished', (request) => void requests.push(request));
      await page.addInitScript((text) => {
        const seen = /** @type {any} */ (window);
        const observer = new MutationObserver(() => {
          const input = /** @type {HTMLInputElement | null} */ (document.querySelector('input[aria-label="CSV file"]'));
          if (input && !seen.chosen) {
            seen.chosen = true;
            const transfer = new DataTransfer();
            transfer.items.add(new File([text], 'golden.csv', { type: 'text/csv' }));
            input.files = transfer.files;
            input.dispatchEvent(new Event('change', { bubbles: true }));
          }
          if (document.querySelector('#review .ranked tbody tr') === null) return;
          seen.scoredAt ??= performance.now();
          // Chart.js makes a block of a canvas that it draws on.
          const drawings = [...document.querySelectorAll('#review .charts canvas')];
          if (drawings.length === 0 || drawings.some((canvas) => /** @type {HTMLElement} */ (canvas).style.display !== 'block')) return;
          observer.disconnect();
          seen.drawnAt = performance.now();
        });
        observer.observe(document, { subtree: true, childList: true, attributes: true });
      }, golden);
      await page.goto(`${server.origin}/`, { waitUntil: 'commit' });
      await page.waitForFunction(() => 'drawnAt' in window);
      const [origin, ms, drawn] = await page.evaluate(() => {
        const seen = /** @type {any} */ (window);
        return [performance.timeOrigin, seen.scoredAt, seen.drawnAt];
      });
      await page.waitForFunction(() => /** @type {any} */ (window).__idle());
      await page.waitForLoadState('networkidle');
      for (const request of requests) {
        if (!request.url().startsWith(server.origin)) continue;
        (request.timing().startTime > origin + drawn ? after : loaded).add(new URL(request.url()).pathname);
      }
      await context.close();
      return ms;
    },
  };
  const { figures, failed } = await inTurn(contenders, rounds);
  /** @param {Iterable<string>} names */
  const gzipped = async (names) => {
    let bytes = 0;
    for (const name of names) {
      if (name.endsWith('.safetensors')) continue;
      bytes += gzipSync(await readFile(path.join(ROOT, 'web', name === '/' ? 'index.html' : name)), { level: 9 }).length;
    }
    return bytes;
  };
  const late = [...after].filter((name) => !loaded.has(name));
  /** The module that says whether the model fits a file, and its scripts. @param {string} name */
  const isFit = (name) => /analysis/.test(name);
  const facts = {
    files: loaded.size,
    bytes: await gzipped(loaded),
    bytesMore: await gzipped(late.filter((name) => !isFit(name))),
    bytesFit: await gzipped(late.filter(isFit)),
    names: [...loaded].sort(),
    namesAfter: late.sort(),
  };
  for (const [name, times] of Object.entries(figures)) say(`${name}: ${median(times).toFixed(0)} ms`);
  say(`${facts.files} files, ${facts.bytes} bytes gzipped without the model; afterwards ${facts.bytesMore} for the other views, ${facts.bytesFit} for Model fit`);
  const version = browser.version();
  await browser.close();
  server.stop();
  await keep('START', { rounds, chromium: version, unit: 'ms', figures, failed, facts });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '7' } } });
  await measure({ rounds: Number(values.rounds) });
}
