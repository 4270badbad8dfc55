// @ts-check
// Without a network: one visit is enough. One version at a time, replaced only when the person asks for it; a switch that
// takes the copy out of every browser; an app that can be installed.

import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { violations } from './axe.mjs';
import { startStaticHost } from './canary.mjs';
import { csv } from './data.mjs';
import { App, expect, test } from './fixtures.mjs';
import { Live } from './live.mjs';
import { startServe } from './server.mjs';
import { copyKept, kept, publish, shown, siteCopy, WEB } from './sites.mjs';

test.use({ serviceWorkers: 'allow' });

const POLICY = readFileSync(path.join(WEB, 'csp.txt'), 'utf8').trim();

/** @param {import('@playwright/test').Page} page */
const notice = (page) => page.locator('.offline-notice');

test('after one visit everything works with the server gone and the network off', async ({ page, context, complaints }) => {
  const server = await startServe();
  page.on('pageerror', (error) => complaints.push(`threw: ${error.stack ?? error}`));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`logged: ${message.text()}`);
  });
  context.on('request', (request) => {
    if (/^(https?|wss?):/.test(request.url()) && !request.url().startsWith(server.origin)) complaints.push(`asked ${request.url()}`);
  });
  await page.addInitScript(() => Reflect.deleteProperty(window, 'showSaveFilePicker'));
  const app = new App(page);
  await page.goto(`${server.origin}/`);
  await app.idle();
  await copyKept(page);
  await server.close();
  await expect(fetch(server.origin)).rejects.toThrow();
  await context.setOffline(true);

  // A new tab, an address with a query, a reload: all from the copy.
  for (const address of ['/', '/?x=1#view=model', '/index.html', '/']) {
    await page.goto(`${server.origin}${address}`);
    await app.idle();
  }
  await page.reload();
  await app.idle();
  await expect(page.locator('.model-line')).toContainText('trees');

  await app.demo();
  await app.rows.first().getByRole('button').first().click();
  await app.idle();
  const whole = await app.download('Scored file');
  await app.givePath(whole.path);
  await app.results();
  await app.give('mine.csv', csv({ rows: 500 }));
  await app.results();
  await expect(page.locator('.file-facts')).toContainText('500 rows');
  const scores = await app.download('Scores only');
  expect(readFileSync(scores.path, 'utf8').split('\n')).toHaveLength(502);

  const live = new Live(page);
  await page.getByRole('link', { name: 'Live' }).click();
  await live.start.click();
  await live.until(({ columns }) => columns?.some(({ psi }) => psi !== null), 'drift is measured');
  const { total } = await live.pause();
  const lines = (await live.exported('NDJSON')).trimEnd().split('\n');
  expect(JSON.parse(lines[0])).toHaveProperty('probability');

  const status = await page.evaluate(async () => (await fetch('api/')).json());
  expect(status.model_loaded).toBe(true);
  const stats = await page.evaluate(async () => (await fetch('api/stats')).json());
  expect(stats.total_predictions).toBe(total);
});

test('a static host that sends no headers: what the copy serves carries the policy', async ({ page }) => {
  const host = await startStaticHost(siteCopy());
  try {
    const first = await page.goto(host.url);
    expect(first?.headers()['content-security-policy']).toBeUndefined();
    await copyKept(page);
    const asked = host.asked().length;
    const [second, wasm] = await Promise.all([
      page.goto(host.url),
      page.waitForResponse((response) => response.url().endsWith('firetower.wasm')),
    ]);
    await new App(page).idle();
    const script = await page.evaluate(async () => Object.fromEntries((await fetch('js/engine/worker.js')).headers));
    for (const headers of [second?.headers() ?? {}, wasm.headers(), script]) {
      expect(headers['content-security-policy']).toBe(POLICY);
      expect(headers['x-content-type-options']).toBe('nosniff');
    }
    // A document and a script that are not in the copy come from the host, with the policy too.
    const example = await page.evaluate(async () => (await fetch('js/engine/examples/page.js')).status);
    expect(example).toBe(200);
    const other = await page.goto(`${host.url}js/engine/examples/page.html`);
    expect(other?.headers()['content-security-policy']).toBe(POLICY);
    const fromHost = host.asked().slice(asked).filter((name) => !/^\/(sw|sw_entry|precache)\.js$|\/offline\.json$|^\/js\/engine\/examples\//.test(name));
    // The browser asks for sw.js and its imports to see whether there is a new version; the page itself for nothing.
    expect(fromHost.filter((name) => /\.(html|css|wasm|safetensors|umd\.js)$|\/$/.test(name))).toEqual([]);
  } finally {
    await host.close();
  }
});

test('a new version waits for a click, and a page is never of two versions', async ({ page, context }) => {
  const folder = siteCopy();
  publish(folder, 'one');
  const host = await startStaticHost(folder);
  try {
    await page.goto(host.url);
    expect(await shown(page)).toEqual(['Firetower one', 'one']);
    await copyKept(page);
    const second = await context.newPage();
    await second.goto(host.url);
    await expect(notice(page)).toBeEmpty();

    publish(folder, 'two');
    await page.reload();
    expect(await shown(page)).toEqual(['Firetower one', 'one']);
    await expect(notice(page)).toContainText('A new version of the page is ready');
    expect(await violations(page)).toEqual([]);
    await notice(page).getByRole('button', { name: 'Later' }).click();
    await expect(notice(page)).toBeEmpty();
    await page.reload();
    expect(await shown(page)).toEqual(['Firetower one', 'one']);
    expect((await kept(page)).caches).toHaveLength(2);

    await notice(page).getByRole('button', { name: 'Reload' }).click();
    await expect.poll(() => shown(page).catch(() => 'navigating')).toEqual(['Firetower two', 'two']);
    await expect.poll(() => kept(page).then(({ caches }) => caches.length, () => -1)).toBe(1);
    await expect(notice(page)).toBeEmpty();
    // The other tab still shows the old one and says so.
    expect(await shown(second)).toEqual(['Firetower one', 'one']);
    await expect(notice(second)).toContainText('Another tab has put a new version');
    await notice(second).getByRole('button', { name: 'Reload' }).click();
    await expect.poll(() => shown(second).catch(() => 'navigating')).toEqual(['Firetower two', 'two']);
  } finally {
    await host.close();
  }
});

test('without a click a new version comes when the last tab was closed', async ({ page, context }) => {
  const folder = siteCopy();
  publish(folder, 'one');
  const host = await startStaticHost(folder);
  try {
    await page.goto(host.url);
    await copyKept(page);
    publish(folder, 'two');
    await page.reload();
    await expect(notice(page)).toContainText('A new version');
    await page.close();
    await expect
      .poll(async () => {
        const next = await context.newPage();
        await next.goto(host.url);
        const what = await shown(next);
        await next.close();
        return what;
      })
      .toEqual(['Firetower two', 'two']);
  } finally {
    await host.close();
  }
});

test('a version that is not complete, or not the one of the list, is not taken', async ({ page }) => {
  const folder = siteCopy();
  publish(folder, 'one');
  const host = await startStaticHost(folder);
  try {
    await page.goto(host.url);
    await copyKept(page);
    const before = await kept(page);
    publish(folder, 'two');
    rmSync(path.join(folder, 'js/state/filters.js'));
    const failed = page.evaluate(
      () =>
        new Promise((resolve) => {
          void navigator.serviceWorker.ready.then((registration) => {
            registration.onupdatefound = () => {
              const worker = registration.installing;
              worker?.addEventListener('statechange', () => resolve(worker.state));
            };
            return registration.update();
          });
        }),
    );
    expect(await failed).toBe('redundant');
    writeFileSync(path.join(folder, 'js/state/filters.js'), 'export {};\n');
    await page.reload();
    expect(await shown(page)).toEqual(['Firetower one', 'one']);
    await expect.poll(() => kept(page)).toEqual(before);
    await expect(notice(page)).toBeEmpty();
  } finally {
    await host.close();
  }
});

test('the switch on the host takes the copy out, and lets it in again', async ({ page }) => {
  const folder = siteCopy();
  publish(folder, 'one');
  const host = await startStaticHost(folder);
  try {
    await page.goto(host.url);
    await copyKept(page);
    writeFileSync(path.join(folder, 'offline.json'), '{ "serviceWorker": false }');
    // Even if the page that was kept cannot start any more: the service worker heeds the switch by itself.
    await page.context().route('**/js/app.js', (route) => route.abort());
    await page.reload();
    await expect.poll(() => kept(page)).toEqual({ workers: [], caches: [] });
    await page.context().unroute('**/js/app.js');
    publish(folder, 'two');
    await page.goto(host.url);
    expect(await shown(page)).toEqual(['Firetower two', 'two']);
    await new App(page).idle();
    expect(await kept(page)).toEqual({ workers: [], caches: [] });
    writeFileSync(path.join(folder, 'offline.json'), '{ "serviceWorker": true }');
    await page.goto(host.url);
    await copyKept(page);
  } finally {
    await host.close();
  }
});

test('a person can remove the copy, and have it again', async ({ app, page }) => {
  await app.goto();
  await copyKept(page);
  await page.getByRole('button', { name: 'Help' }).click();
  const section = page.locator('.offline');
  await expect(section).toContainText('kept in this browser');
  await expect(section).toContainText(/Version [0-9a-f]{12}, [\d.]+\sMB/);
  await section.getByRole('button', { name: 'Remove offline copy' }).click();
  await expect(section).toContainText('No copy of the page is kept');
  expect(await kept(page)).toEqual({ workers: [], caches: [] });
  await app.goto('?again');
  await expect(page.locator('.offline')).toContainText('No copy of the page is kept');
  expect(await kept(page)).toEqual({ workers: [], caches: [] });
  await page.getByRole('button', { name: 'Help' }).click();
  await page.locator('.offline').getByRole('button', { name: 'Keep an offline copy' }).click();
  await expect(page.locator('.offline')).toContainText('kept in this browser');
  await copyKept(page);
  await app.goto();
  await copyKept(page);
});

test('below a path of a host it keeps to itself', async ({ page, context, complaints }) => {
  const host = await startStaticHost(
    siteCopy(),
    {
      '/index.html': '<!doctype html><title>Neighbour</title>',
      '/neighbour.js': "addEventListener('fetch', () => {});",
    },
    '/tools/firetower/',
  );
  context.on('request', (request) => {
    if (new URL(request.url()).origin !== host.origin && request.url().startsWith('http')) complaints.push(`asked ${request.url()}`);
  });
  try {
    await page.goto(`${host.origin}/`);
    await page.evaluate(async () => {
      await navigator.serviceWorker.register('neighbour.js');
      await (await caches.open('neighbour')).put('/x', new Response('x'));
    });
    await page.goto(host.url);
    await page.waitForFunction(() => navigator.serviceWorker.controller?.scriptURL.endsWith('/tools/firetower/sw_entry.js'));
    await context.setOffline(true);
    await page.reload();
    const app = new App(page);
    await app.idle();
    await expect(page.locator('.model-line')).toContainText('trees');
    expect((await page.evaluate(async () => (await fetch('api/')).json())).status).toBe('ok');
    await context.setOffline(false);
    await page.getByRole('button', { name: 'Help' }).click();
    await page.locator('.offline').getByRole('button', { name: 'Remove offline copy' }).click();
    await expect(page.locator('.offline')).toContainText('No copy of the page is kept');
    expect(await kept(page)).toEqual({ workers: ['/'], caches: ['neighbour'] });
  } finally {
    await host.close();
  }
});

test('an edit of a file while serve.py runs makes a new version', async ({ page }) => {
  const { origin, close } = await startServe();
  try {
    const listed = await (await fetch(`${origin}/precache.js`)).text();
    const python = `import sys; sys.path.insert(0, "tools"); from setup import build; sys.stdout.write(build.precache_files(build.WEB)["precache.js"])`;
    expect(listed).toBe(execFileSync('python3', ['-c', python], { encoding: 'utf8', cwd: path.dirname(WEB) }));
    await page.goto(`${origin}/`);
    await copyKept(page);
    const names = await page.evaluate(() => caches.keys());
    expect(names).toEqual([`firetower ${origin}/ ${/VERSION = "(\w+)"/.exec(listed)?.[1]}`]);
  } finally {
    await close();
  }
});

test('the page can be installed', async ({ page, context }) => {
  const host = await startStaticHost(siteCopy());
  try {
    await page.goto(host.url);
    await copyKept(page);
    const session = await context.newCDPSession(page);
    const { errors, data = '' } = await session.send('Page.getAppManifest');
    expect(errors).toEqual([]);
    const manifest = JSON.parse(data);
    expect(manifest.display).toBe('standalone');
    for (const { src, sizes } of manifest.icons) {
      const size = await page.evaluate(async (address) => {
        const image = new Image();
        image.src = address;
        await image.decode();
        return `${image.naturalWidth}x${image.naturalHeight}`;
      }, src);
      if (sizes !== 'any') expect(size).toBe(sizes);
    }
    const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
    // Playwright's contexts are incognito ones, which nothing can be installed from.
    expect(installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito')).toEqual([]);
  } finally {
    await host.close();
  }
});
