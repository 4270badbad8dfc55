// @ts-check
// Rows from outside, for real: serve.py's streams, an embedding page of another origin, a file replayed; and the prediction
// log in Chromium's own storage, killed and short of room.

import path from 'node:path';
import { violations } from './axe.mjs';
import { startStaticHost } from './canary.mjs';
import { ROOT, synthesize, scratch } from './data.mjs';
import { expect, test } from './fixtures.mjs';
import { Live } from './live.mjs';
import { startServe } from './server.mjs';

const MALFORMED_EVERY = 97;
const EXAMPLES = path.join(ROOT, 'web/js/engine/examples');

/** @param {number} last id of the last event: how many of those from 1 on were no rows */
const malformedUpTo = (last) => Math.floor(last / MALFORMED_EVERY);

/** @param {Live} live */
async function lastId(live) {
  const { recent } = await live.tick();
  return Number(/^demo-(\d+)$/.exec(recent[0].reference)?.[1]);
}

/**
 * @param {import('@playwright/test').Page} page
 * @param {string} origin
 * @param {'events' | 'socket'} kind
 */
async function connect(page, origin, kind) {
  await page.goto(`${origin}/#view=live`);
  await page.getByText('From this server, or from an embedding page').click();
  await page.getByLabel('Kind of connection').selectOption(kind);
  await page.getByLabel('Address on this server').fill(`/demo-stream/${kind}`);
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
}

test('events: every row counted once, malformed messages beside, over a server that goes away and comes back', async ({ page, complaints }) => {
  const more = ['--demo-stream', '--stream-rate', '400'];
  let server = await startServe({ more });
  const live = new Live(page);
  await connect(page, server.origin, 'events');
  await live.rows(500);
  const before = await live.tick();
  expect(before.source.kind).toBe('events');
  expect(before.malformed).toBeGreaterThanOrEqual(5);
  expect(before.malformed_last[0].reason).toBe('is not JSON');
  await server.close();
  const lost = await live.until(({ source }) => source.state === 'reconnecting' && source.retryAt > 0, 'it says that it reconnects');
  expect(lost.source.message).toBe('the connection is interrupted');
  server = await startServe({ port: new URL(server.origin).port, more });
  const { total } = await live.tick();
  await live.rows(total + 500);
  expect((await live.tick()).source.state).toBe('running');
  await live.pause();
  await expect.poll(async () => (await live.tick()).total).toBe((await live.tick()).source.taken);
  // Row numbers go up by one; the malformed ones were counted. Were one lost or counted twice, these would differ.
  const last = await lastId(live);
  const tick = await live.tick();
  expect(tick.total).toBe(last - malformedUpTo(last));
  expect(tick.overall.aside).toBe(0);
  // What arrives while paused waits.
  await live.until(({ source }) => source.waiting > 100, 'rows wait');
  expect((await live.tick()).total).toBe(tick.total);
  await live.resumeButton.click();
  await live.rows(tick.total + 100);
  await server.close();
  // Chromium says that the connection was refused.
  expect(complaints.every((said) => /ERR_|Failed to load/.test(said))).toBe(true);
  complaints.length = 0;
});

test('socket: the same over a WebSocket', async ({ page, complaints }) => {
  const server = await startServe({ more: ['--demo-stream', '--stream-rate', '400'] });
  const live = new Live(page);
  await connect(page, server.origin, 'socket');
  await live.rows(1000);
  await live.pause();
  const tick = await live.tick();
  const last = await lastId(live);
  expect(tick.source.kind).toBe('socket');
  expect(tick.total).toBe(last - malformedUpTo(last));
  expect(tick.malformed).toBeGreaterThanOrEqual(malformedUpTo(last));
  await server.close();
  await live.until(({ source }) => source.waiting > 0, 'what came last waits');
  await live.resumeButton.click();
  await live.until(({ source }) => source.state === 'reconnecting', 'it says that it reconnects');
  expect(complaints.every((said) => /ERR_|WebSocket/.test(said))).toBe(true);
  complaints.length = 0;
});

test('a stream of another origin is refused with a sentence, before anything is asked', async ({ page, app }) => {
  const other = await startStaticHost(EXAMPLES);
  await app.goto('#view=live');
  const said = await page.evaluate(async (origin) => {
    const { createEngine } = await import(/** @type {any} */ ('/js/engine/client/index.js'));
    const engine = await createEngine({ workers: 1 });
    const monitor = await engine.monitor();
    /** @type {string[]} */
    const messages = [];
    for (const kind of ['events', 'socket']) {
      const address = kind === 'events' ? `${origin}/stream` : `${origin.replace('http', 'ws')}/stream`;
      await monitor.start({ kind, url: address }).catch((/** @type {Error} */ error) => messages.push(error.message));
    }
    await monitor.close();
    engine.close();
    return messages;
  }, other.origin);
  expect(said).toHaveLength(2);
  for (const message of said) expect(message).toContain('another origin: streams come from http://127.0.0.1');
  expect(other.asked()).toEqual([]);
  await other.close();
});

test('an embedding page of another origin: asked for, allowed, 100,000 rows acknowledged and counted', async ({ page, baseURL, complaints }) => {
  const bank = await startStaticHost(EXAMPLES);
  await page.goto(`${bank.origin}/embed.html?firetower=${encodeURIComponent(String(baseURL))}`);
  const frame = page.frameLocator('#firetower');
  const status = page.getByRole('status');
  const question = frame.getByRole('region', { name: 'Permission for another page' });
  await expect(question).toContainText(`This link asks that ${bank.origin} may send transactions to this page`);
  // Not before it is allowed.
  await expect(frame.getByText('Refused', { exact: true })).toBeHidden();
  await frame.getByText('Pages that may send rows to this one').click();
  await expect(frame.getByText(/[\d,]+ messages not looked at/)).toBeVisible();
  await expect(status).toHaveText('Waiting for Firetower: allow this page there.');
  await question.getByRole('button', { name: `Allow ${bank.origin}` }).click();
  await expect(status).toHaveText('100000 of 100000 rows counted, 0 malformed', { timeout: 120_000 });
  await expect(question).toBeHidden();
  await expect(frame.getByText('100,000 rows, 0 malformed')).toBeVisible();
  const total = await page.frames()[1].evaluate(() => /** @type {any} */ (globalThis).__live().tick.total);
  expect(total).toBe(100_000);
  // Taken off the list it is not heard any more.
  await frame.getByRole('button', { name: `Remove ${bank.origin}` }).click();
  await page.evaluate(() => {
    const target = /** @type {HTMLIFrameElement} */ (document.getElementById('firetower'));
    target.contentWindow?.postMessage({ type: 'firetower:rows', seq: 1e6, rows: [{ V1: 1 }] }, new URL(target.src).origin);
  });
  await expect(frame.getByText('1 messages not looked at')).toBeVisible();
  expect(await page.frames()[1].evaluate(() => /** @type {any} */ (globalThis).__live().tick.total)).toBe(100_000);
  await bank.close();
  complaints.length = 0;
});

test('an origin that nobody allowed hears nothing', async ({ page, baseURL, complaints }) => {
  const evil = await startStaticHost(EXAMPLES);
  await page.goto(`${evil.origin}/embed.html?firetower=${encodeURIComponent(String(baseURL))}`);
  const frame = page.frameLocator('#firetower');
  await frame.getByRole('button', { name: 'Refuse', exact: true }).click();
  await page.evaluate(() => {
    const heard = /** @type {any} */ (globalThis);
    heard.heard = 0;
    addEventListener('message', () => (heard.heard += 1));
    const target = /** @type {HTMLIFrameElement} */ (document.getElementById('firetower'));
    for (let seq = 1; seq <= 10; ++seq) target.contentWindow?.postMessage({ type: 'firetower:rows', seq, rows: [{ V1: 1 }] }, '*');
  });
  await frame.getByText('Pages that may send rows to this one').click();
  await expect(frame.locator('.live-origins .origin', { hasText: evil.origin })).toBeVisible();
  expect(await page.evaluate(() => /** @type {any} */ (globalThis).heard)).toBe(0);
  expect(await page.frames()[1].evaluate(() => /** @type {any} */ (globalThis).__live().tick?.total ?? 0)).toBe(0);
  await evil.close();
  complaints.length = 0;
});

test('the list of pages that may send rows: a link asks, a person edits, this device remembers', async ({ page, app }) => {
  await app.goto('#view=live&embed=https://bank.example/some/page');
  const question = page.getByRole('region', { name: 'Permission for another page' });
  await expect(question).toContainText('https://bank.example may send');
  await page.getByText('Pages that may send rows to this one').click();
  const address = page.getByLabel('Allow another address');
  const origins = page.locator('.live-origins .origin');
  for (const wrong of ['', '*', 'https://*.bank.example', 'file:///x']) {
    await address.fill(wrong);
    await address.press('Enter');
    await expect(page.locator('#live-origin-problem')).toContainText('It must be https');
    await expect(origins).toHaveCount(0);
  }
  for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
    await page.emulateMedia({ colorScheme });
    expect(await violations(page, '#live')).toEqual([]);
  }
  await address.fill('shop.example/checkout');
  await address.press('Enter');
  await expect(origins).toHaveText(['https://shop.example']);
  await question.getByRole('button', { name: 'Allow https://bank.example' }).click();
  await expect(question).toBeHidden();
  await expect(origins).toHaveText(['https://shop.example', 'https://bank.example']);
  await page.getByRole('button', { name: 'Remove https://shop.example' }).click();
  await expect(origins).toHaveText(['https://bank.example']);
  await page.reload();
  await app.idle();
  await page.getByText('Pages that may send rows to this one').click();
  await expect(origins).toHaveText(['https://bank.example']);
  // Not asked again, and never for what is no address.
  for (const hash of ['#view=live&embed=https://bank.example', '#view=live&embed=javascript:alert(1)', '#view=live&embed=*']) {
    await page.evaluate((to) => (location.hash = to), hash);
    await expect(question).toBeHidden();
  }
  await page.evaluate(() => (location.hash = '#view=live&embed=https://other.example'));
  await expect(question).toContainText('https://other.example');
  await page.setViewportSize({ width: 320, height: 700 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
});

test('a file replayed: paused, stepped, to the end, each row once', async ({ page, app }) => {
  const file = path.join(scratch(), 'replay.csv');
  synthesize(file, 40_000, 5);
  await app.goto('#view=live');
  const live = new Live(page);
  await page.getByLabel('CSV file to replay').setInputFiles(file);
  await live.rows(50);
  const paused = await live.pause();
  await page.getByRole('button', { name: 'Step 10 rows' }).click();
  await live.rows(paused.total + 10);
  await expect.poll(async () => (await live.tick()).total).toBe((await live.tick()).source.taken);
  await live.resumeButton.click();
  const rate = page.getByRole('spinbutton', { name: 'Rows a second' });
  await rate.fill('20000');
  await rate.press('Enter');
  const tick = await live.until(({ source }) => source.state === 'ended', 'the file has ended', 120_000);
  expect([tick.total, tick.source.taken, tick.source.offered, tick.source.waiting]).toEqual([40_000, 40_000, 40_000, 0]);
  expect(tick.recent[0].row).toBe(39_999);
});

// --- the prediction log in Chromium

/**
 * A worker of the page with the log store in it; blocks are made up, but their shape is checked as the engine's scan does.
 * @param {import('@playwright/test').Page} page
 * @param {{opfs: boolean}} has
 */
async function storeWorker(page, { opfs }) {
  const handle = await page.evaluateHandle(async (withOpfs) => {
    const script = `
      const { openLogStore } = await import('${location.origin}/js/engine/live/log_store.js');
      const { storage, locks } = navigator;
      const environment = { storage: ${withOpfs} ? storage : { estimate: () => storage.estimate() }, locks, indexedDB, segmentBytes: 20000 };
      const scan = (bytes) => {
        const found = { rows: 0, first_sequence: 0, next_sequence: 0, whole_bytes: 0 };
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        for (let at = 0; at + 16 <= bytes.length; ) {
          const length = view.getUint32(at);
          if (length < 16 || at + length > bytes.length || view.getUint32(at + length - 4) !== 0xf12e70e5) break;
          if (found.rows === 0) found.first_sequence = view.getUint32(at + 4);
          found.rows += view.getUint32(at + 8);
          found.next_sequence = view.getUint32(at + 4) + view.getUint32(at + 8);
          at += length;
          found.whole_bytes = at;
        }
        return found;
      };
      const block = (first, rows, bytes) => {
        // Like noise (xorshift): what the browser can compress takes no room.
        let noise = first + 1;
        const made = new Uint8Array(bytes).map(() => {
          noise ^= noise << 13;
          noise ^= noise >>> 17;
          noise ^= noise << 5;
          return noise;
        });
        const view = new DataView(made.buffer);
        [[0, bytes], [4, first], [8, rows], [bytes - 4, 0xf12e70e5]].forEach(([at, value]) => view.setUint32(at, value));
        return made;
      };
      const store = await openLogStore({ scan, cap: 1e9, environment });
      const calls = {
        async state() {
          let rows = 0;
          let gap = false;
          let next = store.first;
          for await (const piece of store.read()) {
            const found = scan(piece);
            gap ||= found.whole_bytes !== piece.length || found.first_sequence !== next;
            next = found.next_sequence;
            rows += found.rows;
          }
          const { kind, problem, bytes, first, durable } = store;
          return { kind, problem, bytes, first, next: store.next, durable, rows, gap };
        },
        async append([count, bytes]) {
          const first = store.next;
          return (await store.append(block(first, count, bytes), { first, rows: count })) ? store.next : -1;
        },
        // As fast as it can; each acknowledged block is told to the page.
        async flood() {
          for (;;) postMessage({ acknowledged: await calls.append([1 + Math.floor(Math.random() * 50), 100 + Math.floor(Math.random() * 5000)]) });
        },
        clear: () => store.clear(),
        close: () => store.close(),
      };
      onmessage = async ({ data: [call, value] }) => postMessage({ answer: await calls[call](value) });
      postMessage({ answer: 'ready' });
    `;
    const worker = new Worker(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })), { type: 'module' });
    const own = {
      acknowledged: 0,
      answer: (/** @type {any} */ _value) => {},
      ask: (/** @type {string} */ call, /** @type {unknown} */ value) =>
        new Promise((resolve) => {
          own.answer = resolve;
          worker.postMessage([call, value]);
        }),
      kill: () => worker.terminate(),
      flood: () => worker.postMessage(['flood']),
    };
    await new Promise((resolve, reject) => {
      own.answer = resolve;
      worker.onerror = (event) => reject(new Error(event.message));
      worker.onmessage = ({ data }) => {
        if ('acknowledged' in data) own.acknowledged = data.acknowledged;
        else own.answer(data.answer);
      };
    });
    return own;
  }, opfs);
  return {
    /** @returns {Promise<any>} */
    ask: (/** @type {string} */ call, /** @type {unknown} */ value = null) =>
      handle.evaluate((own, [name, given]) => own.ask(/** @type {string} */ (name), given), [call, value]),
    /** Writes for some ms, then is killed. @param {number} ms */
    floodAndKill: (ms) =>
      handle.evaluate(async (own, wait) => {
        own.flood();
        await new Promise((resolve) => setTimeout(resolve, wait));
        own.kill();
        return own.acknowledged;
      }, ms),
    kill: () => handle.evaluate((own) => own.kill()),
  };
}

for (const opfs of [true, false]) {
  const kind = opfs ? 'opfs' : 'indexeddb';

  test(`${kind}: a worker killed while it writes loses nothing it has acknowledged; one tab at a time`, async ({ page, app, context }) => {
    await app.goto();
    let acknowledged = 0;
    for (let round = 0; round < 20; ++round) {
      const worker = await storeWorker(page, { opfs });
      const state = await worker.ask('state');
      expect(state).toMatchObject({ kind, problem: '', gap: false, first: 0 });
      expect(state.next).toBeGreaterThanOrEqual(acknowledged);
      expect(state.rows).toBe(state.next);
      acknowledged = Math.max(state.next, await worker.floodAndKill(20 + ((round * 37) % 90)));
    }
    expect(acknowledged).toBeGreaterThan(500);

    const first = await storeWorker(page, { opfs });
    expect((await first.ask('state')).kind).toBe(kind);
    const other = await context.newPage();
    await other.goto(page.url());
    const second = await storeWorker(other, { opfs });
    expect(await second.ask('state')).toMatchObject({ kind: 'none', rows: 0 });
    expect((await second.ask('state')).problem).toContain('Another tab of this page keeps the prediction log');
    expect(await second.ask('append', [5, 500])).toBe(-1);
    await second.kill();
    await first.ask('close');
    const third = await storeWorker(other, { opfs });
    expect(await third.ask('state')).toMatchObject({ kind, gap: false });
    await third.ask('clear');
    expect(await third.ask('state')).toMatchObject({ rows: 0, bytes: 0, problem: '' });
    await third.kill();
    await other.close();
  });

  test(`${kind}: without room the log is shorter or stops, and says so`, async ({ page, app }) => {
    await app.goto();
    const session = await page.context().newCDPSession(page);
    const origin = new URL(page.url()).origin;
    const { usage } = await page.evaluate(() => navigator.storage.estimate());
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: Number(usage) + 3_000_000 });
    const worker = await storeWorker(page, { opfs });
    let kept = 0;
    for (let block = 0; block < 120; ++block) {
      const next = await worker.ask('append', [10, 100_000]);
      if (next < 0) break;
      kept = next;
    }
    const state = await worker.ask('state');
    expect(state.problem).toMatch(/^The browser has no more room for this page \([\d.]+ MiB of [\d.]+ MiB are used\)/);
    expect(state).toMatchObject({ kind, gap: false, next: kept, durable: kept });
    expect(state.rows).toBeGreaterThan(0);
    await session.send('Storage.overrideQuotaForOrigin', { origin });
    await worker.ask('clear');
    expect(await worker.ask('append', [10, 1000])).toBe(10);
    await worker.kill();
  });
}
