// @ts-check
// Nothing leaves the page: a canary on another port hears nothing, whatever script in the page, in a worker or in the
// service worker tries; and a normal session asks its own server for nothing once it has loaded.
//
// The same attempts from a page without the policy must all reach the canary, or the test would prove nothing.

import { expect, test } from '@playwright/test';
import { startCanary, startStaticHost } from './canary.mjs';
import { attemptFromPage, attemptFromServiceWorker, attemptFromWorker } from './egress_attempts.mjs';
import { App } from './fixtures.mjs';
import { Live } from './live.mjs';
import { startServe } from './server.mjs';
import { copyKept, siteCopy } from './sites.mjs';

test.use({ serviceWorkers: 'allow' });

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

/** Whether every worker of the page has loaded the engine. @param {import('@playwright/test').Page} page */
async function enginesLoaded(page) {
  const loaded = await Promise.all(
    page.workers().map((worker) =>
      worker.evaluate(() => performance.getEntriesByType('resource').some((entry) => entry.name.endsWith('.mjs'))),
    ),
  );
  return loaded.length > 0 && loaded.every(Boolean);
}

/**
 * The service worker, once it has its copy and serves the page.
 * @param {import('@playwright/test').Page} page
 */
async function serviceWorker(page) {
  await copyKept(page);
  return page.context().serviceWorkers()[0];
}

const hosts = [
  { name: 'serve.py: policy as a header', start: startServe },
  { name: 'a plain static host: policy in the page only', start: () => startStaticHost(siteCopy()) },
];

test('without the policy every attempt reaches the canary', async ({ page }) => {
  const canary = await startCanary();
  const host = await startStaticHost(siteCopy(), {
    '/bare.html': '<!doctype html><title>No policy</title><body></body>',
    '/bare_worker.js': "addEventListener('activate', (event) => event.waitUntil(clients.claim()));",
  });
  try {
    await page.goto(`${host.origin}/bare.html`);
    const worker = await startWorker(page);
    await page.evaluate(() => navigator.serviceWorker.register('bare_worker.js').then(() => undefined));
    const service = await serviceWorker(page);
    const tried = [
      ...(await page.evaluate(attemptFromPage, { origin: canary.origin, prefix: 'page' })),
      ...(await worker.evaluate(attemptFromWorker, { origin: canary.origin, prefix: 'worker' })),
      ...(await service.evaluate(attemptFromServiceWorker, { origin: canary.origin, prefix: 'service' })),
    ].sort();
    expect(tried.length).toBeGreaterThan(35);
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
      await new App(page).idle();
      await expect.poll(() => enginesLoaded(page)).toBe(true);
      const service = await serviceWorker(page);
      await service.evaluate(attemptFromServiceWorker, { origin: canary.origin, prefix: 'service' });
      const engineWorkers = page.workers();
      for (const [index, worker] of [...engineWorkers, await startWorker(page)].entries()) {
        await worker.evaluate(attemptFromWorker, { origin: canary.origin, prefix: `worker${index}` });
      }
      await page.evaluate(attemptFromPage, { origin: canary.origin, prefix: 'page' });
      // Script that got into the document as text does not even run.
      const ran = await page.evaluate(async (origin) => {
        const code = `globalThis.injectedRan = true; fetch('${origin}/injected')`;
        document.body.append(Object.assign(document.createElement('script'), { textContent: code }));
        const holder = document.createElement('div');
        holder.innerHTML = `<img src="data:," onerror="${code}"><a id="injected" href="javascript:${code}">x</a>`;
        document.body.append(holder);
        document.getElementById('injected')?.click();
        await new Promise((resolve) => setTimeout(resolve, 300));
        return 'injectedRan' in globalThis;
      }, canary.origin);
      expect(ran).toBe(false);
      expect(canary.seen()).toEqual([]);
      expect(canary.bytes()).toBe(0);
    } finally {
      await host.close();
      await canary.close();
    }
  });
}

test('a stream from another origin is refused before it is asked for', async ({ page }) => {
  const canary = await startCanary();
  const host = await startServe();
  try {
    await page.goto(`${host.origin}/`);
    await new App(page).idle();
    const refused = await page.evaluate(async (origin) => {
      const address = new URL('js/engine/client/index.js', location.href).href;
      const engine = await (await import(address)).createEngine({ workers: 1 });
      const monitor = await engine.monitor();
      const codes = [];
      for (const source of [
        { kind: 'socket', url: origin.replace('http:', 'ws:') },
        { kind: 'socket', url: `${origin}/socket` },
        { kind: 'socket', url: `//${new URL(origin).host}/socket` },
        { kind: 'events', url: `${origin}/events` },
        { kind: 'events', url: `${location.origin}@${new URL(origin).host}/events` },
      ]) {
        codes.push(await monitor.start(source).then(() => monitor.tick()?.source.state, (/** @type {any} */ error) => error.code));
      }
      return codes;
    }, canary.origin);
    expect(refused).toEqual(Array(5).fill('BAD_ARGUMENT'));
    // What the check in front let through by mistake, the policy would refuse to the monitor's worker.
    const workers = page.workers();
    expect(workers.length).toBeGreaterThan(2);
    for (const [index, worker] of workers.entries()) {
      await worker.evaluate(attemptFromWorker, { origin: canary.origin, prefix: `monitor${index}` });
    }
    expect(canary.seen()).toEqual([]);
    expect(canary.bytes()).toBe(0);
  } finally {
    await host.close();
    await canary.close();
  }
});

test('the same origin is within reach of a stream', async ({ page }) => {
  const host = await startStaticHost(siteCopy());
  try {
    await page.goto(host.url);
    await new App(page).idle();
    // The host has no such documents: what matters is that it is asked, and not the policy that refuses.
    const violations = await page.evaluate(async () => {
      const found = /** @type {string[]} */ ([]);
      document.addEventListener('securitypolicyviolation', ({ blockedURI }) => found.push(blockedURI));
      await new Promise((resolve) => {
        const socket = new WebSocket(`ws://${location.host}/socket`);
        socket.onclose = resolve;
      });
      await new Promise((resolve) => {
        const source = new EventSource('events');
        source.onerror = resolve;
      });
      return found;
    });
    expect(violations).toEqual([]);
    expect(host.asked()).toContain('/events');
  } finally {
    await host.close();
  }
});

test('a normal session asks its own server for nothing after load', async ({ page }) => {
  const host = await startStaticHost(siteCopy());
  try {
    // Without a picker the download takes the way that every browser has.
    await page.addInitScript(() => Reflect.deleteProperty(window, 'showSaveFilePicker'));
    const app = new App(page);
    await page.goto(`${host.origin}/`);
    await app.idle();
    // The page is usable as soon as its first engine is; loaded is when all are.
    await expect.poll(() => enginesLoaded(page)).toBe(true);
    await serviceWorker(page);
    const loaded = host.asked().length;
    /** @type {string[]} */
    const requests = [];
    page.context().on('request', (request) => {
      if (/^(https?|wss?):/.test(request.url())) requests.push(request.url());
    });

    await app.demo();
    await app.rows.first().getByRole('button').first().click();
    await app.idle();
    const first = await app.download('Scored file');
    await app.givePath(first.path);
    await app.results();
    await app.download('Scores only');

    expect(loaded).toBeGreaterThan(5);
    // Charts, views, the monitor's engine and the module that works out whether the model fits are loaded when they are first wanted. So
    // is what api/ answers: all of it ends at the service worker.
    const modules = ['js/', 'vendor/', 'engine/', 'models/creditcard/'].map((folder) => `${host.url}${folder}`);
    expect(requests.filter((url) => !modules.some((module) => url.startsWith(module)))).toEqual([]);

    const live = new Live(page);
    await page.getByRole('link', { name: 'Live' }).click();
    await live.start.click();
    await live.rows(500);
    await live.pause();
    expect(await page.evaluate(async () => (await fetch('api/stats')).status)).toBe(200);
    await live.exported('CSV');
    expect(requests.filter((url) => !url.startsWith(host.url))).toEqual([]);
    expect(host.asked().slice(loaded)).toEqual([]);
  } finally {
    await host.close();
  }
});
