// @ts-check
// Headless Chromium on an origin of its own that serves the page's files, the alternatives' and the benchmark's.

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';

import { chromium } from '@playwright/test';

import { PEERS, ROOT, SITE, WASM } from './harness.mjs';

/** @type {Record<string, string>} */
const FOLDERS = { site: SITE, peers: PEERS, bench: path.join(ROOT, 'tests/bench'), wasm: WASM };
/** @type {Record<string, string>} */
const TYPES = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.mjs': 'text/javascript',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/** Threads of onnxruntime-web need an isolated page; Firetower does not. */
const HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cache-Control': 'no-cache',
};

async function serve() {
  const server = http.createServer(async (request, response) => {
    const address = decodeURIComponent(new URL(request.url ?? '/', 'http://host').pathname);
    if (address === '/') {
      response.writeHead(200, { ...HEADERS, 'Content-Type': 'text/html' }).end('<!doctype html><title>bench</title>');
      return;
    }
    const [, folder, ...rest] = address.split('/');
    const file = path.join(FOLDERS[folder] ?? '/nowhere', ...rest.filter((part) => part !== '..'));
    try {
      const { size } = await stat(file);
      const type = TYPES[path.extname(file)] ?? 'application/octet-stream';
      response.writeHead(200, { ...HEADERS, 'Content-Type': type, 'Content-Length': size });
      createReadStream(file).pipe(response);
    } catch {
      response.writeHead(404, HEADERS).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  return server;
}

/** @typedef {Awaited<ReturnType<typeof startBrowser>>} Browser */

export async function startBrowser() {
  const server = await serve();
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  const origin = `http://127.0.0.1:${address.port}`;
  const browser = await chromium.launch({
    executablePath: process.env.FIRETOWER_CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
  return {
    browser,
    version: browser.version(),
    origin,
    /** An empty page of the origin. @param {string} [address] */
    async page(address = '/') {
      const context = await browser.newContext({ serviceWorkers: 'block' });
      const page = await context.newPage();
      await page.goto(origin + address);
      return page;
    },
    async close() {
      await browser.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

/**
 * A File of the page, chosen as a person would: it is read from the disk when it is used.
 * @param {import('@playwright/test').Page} page
 * @param {string} file
 */
export async function chooseFile(page, file) {
  const input = await page.evaluateHandle(() => {
    const element = document.createElement('input');
    element.type = 'file';
    return element;
  });
  await input.setInputFiles(file);
  return page.evaluateHandle((element) => /** @type {FileList} */ (element.files)[0], input);
}

/**
 * A worker of the page with one scorer in it (bench_worker.js).
 * @param {import('@playwright/test').Page} page
 * @param {object} start
 */
export async function startWorker(page, start) {
  const worker = await page.evaluateHandle(() => {
    const made = new Worker('/bench/bench_worker.js', { type: 'module' });
    return (/** @type {any} */ message) =>
      new Promise((resolve, reject) => {
        if (message.stop) resolve(made.terminate());
        made.onerror = (event) => reject(new Error(event.message || 'the worker failed'));
        made.onmessage = ({ data }) => (data.error ? reject(new Error(data.error)) : resolve(data));
        made.postMessage(message);
      });
  });
  /** @param {any} message */
  const ask = (message) => page.evaluate(([send, what]) => send(what), /** @type {any} */ ([worker, message]));
  await ask({ start });
  return { ask, worker, stop: () => ask({ stop: true }) };
}
