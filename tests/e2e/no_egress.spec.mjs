// @ts-check
// Nothing leaves the page: a canary on another port hears nothing, whatever script in the page or in a worker tries; and
// a normal session asks its own server for nothing once it has loaded.
//
// The same attempts from a page without the policy must all reach the canary, or the test would prove nothing.

import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@playwright/test';
import { startCanary, startStaticHost } from './canary.mjs';
import { attemptFromPage, attemptFromWorker } from './egress_attempts.mjs';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const WEB = path.join(ROOT, 'web');

/** serve.py on a free port: the policy comes as a header and in the page. */
async function startServe() {
  const process = spawn('python3', [path.join(ROOT, 'serve.py'), '--no-build', '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const origin = await new Promise((resolve, reject) => {
    process.on('exit', (code) => reject(new Error(`serve.py ended with exit code ${code}`)));
    process.stdout.on('data', (data) => {
      const found = /http:\/\/[^/\s]+/.exec(String(data));
      if (found) resolve(found[0]);
    });
  });
  return { origin: /** @type {string} */ (origin), close: async () => void process.kill('SIGTERM') };
}

/**
 * Starts a worker as the engine does: from a blob that imports a module of the page's own origin.
 * @param {import('@playwright/test').Page} page
 */
async function startWorker(page) {
  const started = page.waitForEvent('worker');
  await page.evaluate(() => {
    const script = `import(${JSON.stringify(new URL('js/engine/types.js', location.href).href)})`;
    const worker = new Worker(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })), { type: 'module' });
    Object.assign(globalThis, { testWorker: worker });
  });
  return started;
}

const hosts = [
  { name: 'serve.py: policy as a header', start: startServe },
  { name: 'a plain static host: policy in the page only', start: () => startStaticHost(WEB) },
];

test('without the policy every attempt reaches the canary', async ({ page }) => {
  const canary = await startCanary();
  const host = await startStaticHost(WEB, { '/bare.html': '<!doctype html><title>No policy</title><body></body>' });
  try {
    await page.goto(`${host.origin}/bare.html`);
    const worker = await startWorker(page);
    const tried = [
      ...(await page.evaluate(attemptFromPage, { origin: canary.origin, prefix: 'page' })),
      ...(await worker.evaluate(attemptFromWorker, { origin: canary.origin, prefix: 'worker' })),
    ].sort();
    expect(tried.length).toBeGreaterThan(25);
    await expect.poll(() => tried.filter((name) => !canary.seen().includes(name))).toEqual([]);
  } finally {
    await host.close();
    await canary.close();
  }
});

for (const { name, start } of hosts) {
  test(`nothing reaches the canary (${name})`, async ({ page }) => {
    const canary = await startCanary();
    const host = await start();
    try {
      await page.goto(`${host.origin}/`);
      await page.waitForFunction(() => /** @type {any} */ (globalThis).__idle?.());
      const engineWorkers = page.workers();
      expect(engineWorkers.length).toBeGreaterThan(0);
      for (const [index, worker] of [...engineWorkers, await startWorker(page)].entries()) {
        await worker.evaluate(attemptFromWorker, { origin: canary.origin, prefix: `worker${index}` });
      }
      await page.evaluate(attemptFromPage, { origin: canary.origin, prefix: 'page' });
      expect(canary.seen()).toEqual([]);
      expect(canary.bytes()).toBe(0);
    } finally {
      await host.close();
      await canary.close();
    }
  });
}
