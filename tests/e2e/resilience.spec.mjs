// @ts-check
// What goes wrong while a stream runs, in the browser, and what the monitor states it does then (the table in
// web/js/engine/live/README.md).

import { readFileSync } from 'node:fs';
import { killMonitor, killRounds } from '../bench/kill_log.mjs';
import { csv, INPUTS, MODEL, swap } from './data.mjs';
import { expect, test } from './fixtures.mjs';
import { demoTraffic, Live, scoreText } from './live.mjs';

const LEVELS = ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL'];

/**
 * @param {import('../../web/js/engine/live/types.js').ScopeStats} stats
 * @param {ReturnType<typeof scoreText>} scored
 */
function same({ rows, aside, levels }, scored) {
  expect({ rows, aside, levels }).toEqual({
    rows: scored.probabilities.filter((p) => p !== '').length,
    aside: scored.probabilities.filter((p) => p === '').length,
    levels: LEVELS.map((name) => scored.levels.filter((level) => level === name).length),
  });
}

test('the worker dies mid-stream, twice: it goes on, said in a sentence, every row counted once', async ({ app, page, complaints }) => {
  const live = new Live(page);
  await app.goto('#view=live&scenario=calm&rate=2000');
  await live.start.click();
  for (const rows of [2500, 7500]) {
    await live.rows(rows);
    await killMonitor(page);
    await expect(page.locator('.live-note')).toContainText('The engine was started again and goes on');
    await page.locator('.live-note').getByRole('button', { name: 'Dismiss' }).click();
  }
  await live.rows(10_000);
  const { total } = await live.pause();
  const { overall, source } = await live.tick();
  expect(source.taken).toBe(total);
  same(overall, demoTraffic(total));
  complaints.length = 0;
});

test('no more memory for the engine: it is started again and goes on', async ({ app, page, complaints }) => {
  const live = new Live(page);
  await app.goto('#view=live&scenario=calm&rate=2000');
  await live.start.click();
  await live.rows(2000);
  for (const worker of page.workers()) {
    await worker.evaluate(() => {
      if (/** @type {any} */ (globalThis).name !== 'monitor') return;
      WebAssembly.Memory.prototype.grow = () => {
        throw new RangeError('WebAssembly.Memory.grow(): Maximum memory size exceeded');
      };
    });
  }
  // A summary with counts for every bucket is read into memory that is not there.
  const summary = JSON.parse(String(demoTraffic(20).summary));
  const padded = Buffer.concat([Buffer.from(JSON.stringify(summary)), Buffer.alloc(45 << 20, ' ')]);
  await page.getByLabel('Summary file').setInputFiles({ name: 'large.json', mimeType: 'application/json', buffer: padded });
  await expect(page.locator('.live-note, #live .refused:visible').filter({ hasText: /started again|not added/ }).first()).toBeVisible();
  const { total } = await live.tick();
  await live.rows(total + 2000);
  const paused = await live.pause();
  expect(paused.source.state).toBe('paused');
  expect(paused.overall.levels.reduce((a, b) => a + b, 0) + paused.overall.aside).toBe(paused.total);
  complaints.length = 0;
});

test('reload: without the log nothing is kept, with it every prediction is', async ({ app, page }) => {
  const live = new Live(page);
  await app.goto('#view=live&scenario=calm&rate=2000');
  await live.start.click();
  await live.rows(1000);
  await page.reload();
  await app.idle();
  const fresh = await live.until(() => true, 'a tick');
  expect([fresh.total, fresh.log.rows]).toEqual([0, 0]);
  await expect(live.start).toBeVisible();

  await live.start.click();
  await live.log.getByLabel('Remember on this device').check();
  const before = await live.until(({ log }) => log.durable > 1500 && log.rows > 0, 'some are durable');
  await page.reload();
  await app.idle();
  const after = await live.until(({ log }) => log.remembered && log.rows > 0, 'the log is there');
  expect(after.log.next).toBeGreaterThanOrEqual(before.log.durable);
  expect(after.total, 'figures begin anew').toBe(0);
});

test('killed at random points: what was durable is there, with the same probability', async () => {
  test.setTimeout(240_000);
  const { lost, torn, wrong, gaps, repeated, changed, rows } = await killRounds({ url: String(process.env.FIRETOWER_URL), rounds: 3, seed: 5 });
  expect({ lost, torn, wrong, gaps, repeated, changed }).toEqual({ lost: 0, torn: 0, wrong: 0, gaps: 0, repeated: 0, changed: 0 });
  expect(rows).toBeGreaterThan(1000);
});

test('the computer’s clock goes back an hour: the stream, its times and its figures go on', async ({ app, page }) => {
  const live = new Live(page);
  await app.goto('#view=live&scenario=calm&rate=2000');
  await live.start.click();
  const before = await live.rows(1000);
  const back = () => {
    const now = Date.now.bind(Date);
    Date.now = () => now() - 3_600_000;
  };
  await page.evaluate(back);
  for (const worker of page.workers()) await worker.evaluate(back);
  const { total: behind } = await live.tick();
  const after = await live.rows(behind + 2000);
  expect(after.now).toBeGreaterThan(before.now);
  const { total } = await live.pause();
  const { overall, recent } = await live.tick();
  same(overall, demoTraffic(total));
  const times = recent.map(({ timestamp }) => timestamp);
  expect(times).toEqual([...times].sort((a, b) => b - a));
});

test('times that repeat, go back, are missing; NaN, infinite and text values: counted as the command line counts them', async ({ app, page }) => {
  const times = [0, 5, 5, 5, 3, -7, 1e9, 2, '', 'NaN', 4];
  const values = ['NaN', 'inf', '-Infinity', '1e400', 'abc', '', '1e30', '-0'];
  const text = csv({
    rows: 3000,
    mend: (row, cells) => {
      const changed = swap(cells, 0, String(times[row % times.length]));
      return row % 10 === 0 ? swap(changed, 1 + (row % 28), values[(row / 10) % values.length]) : changed;
    },
  });
  const live = new Live(page);
  await app.goto('#view=live&window=time:60');
  await page.getByLabel('CSV file to replay').setInputFiles({ name: 'odd.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
  await page.getByLabel('Rows a second').fill('5000');
  await page.getByLabel('Rows a second').press('Enter');
  const done = await live.until(({ source }) => source.state === 'ended', 'the file is at its end');
  const scored = scoreText(text);
  expect(scored.probabilities.filter((p) => p === '').length).toBeGreaterThan(50);
  expect(done.total).toBe(3000);
  same(done.overall, scored);
  expect(done.window_state.late).toBeGreaterThan(0);
  for (const value of [done.overall.average_probability, done.overall.fraud_rate.value, done.overall.missing_rate]) expect(Number.isFinite(value)).toBe(true);
});

test('messages of every broken kind are counted and shown, and the good ones between them are scored', async ({ app, page }) => {
  await app.goto();
  await page.route('**/outer.html', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>Outer</title><iframe src="./#view=live" width="1200" height="800"></iframe>' }));
  await page.goto('/outer.html');
  const [, frame] = page.frames();
  const live = new Live(/** @type {any} */ (frame));
  await frame.waitForFunction(() => /** @type {any} */ (globalThis).__live?.().monitor === 'ready');
  const answers = await page.evaluate(async (inputs) => {
    /** @type {any[]} */
    const heard = [];
    addEventListener('message', ({ data }) => typeof data?.type === 'string' && heard.push(data));
    const send = (/** @type {unknown} */ message) => frames[0].postMessage(message, location.origin);
    const until = async (/** @type {() => boolean} */ holds) => {
      for (let i = 0; i < 200 && !holds(); ++i) await new Promise((resolve) => setTimeout(resolve, 50));
    };
    send({ type: 'firetower:hello', protocol: 1 });
    await until(() => heard.some(({ type }) => type === 'firetower:ready'));
    const good = Object.fromEntries(inputs.map((name, i) => [name, i / 10]));
    const rows = [good, null, 7, 'x', [], {}, { other: 1 }, { ...good, V1: NaN }, { ...good, V2: Infinity }, { ...good, V3: 'abc' }, { ...good, Time: -1 }, good];
    send({ type: 'firetower:rows', seq: 1, rows });
    send({ type: 'firetower:rows', seq: 2, inputs, rows: 2, columns: new Float64Array(3) });
    send({ type: 'firetower:rows', seq: 3 });
    send({ type: 'firetower:rows', seq: 4, rows: [good] });
    await until(() => heard.some(({ type, seq }) => type === 'firetower:ack' && seq === 4));
    return heard.filter(({ type }) => type === 'firetower:ack' || type === 'firetower:error');
  }, INPUTS);
  const sum = (/** @type {string} */ key) => answers.reduce((total, answer) => total + (answer[key] ?? 0), 0);
  expect(sum('messages')).toBe(4);
  // Two good rows, one with a missing value, one with another time, two that are set aside, and the last.
  expect(sum('accepted')).toBe(7);
  expect(sum('malformed')).toBe(8);
  const { overall, malformed, malformed_last } = await live.until(({ total }) => total === 7, 'all are counted');
  expect([overall.rows, overall.aside, malformed]).toEqual([5, 2, 8]);
  expect(malformed_last.length).toBeGreaterThan(0);
});

test('another model mid-stream: counting begins anew, what was counted can be saved, the stream goes on', async ({ app, page }) => {
  const live = new Live(page);
  await app.goto('#view=live&scenario=calm&rate=2000');
  await live.start.click();
  await live.rows(2000);
  await page.getByLabel('Model file', { exact: true }).setInputFiles({ name: 'other.safetensors', mimeType: '', buffer: readFileSync(MODEL) });
  await expect(page.locator('.live-note')).toContainText('Counting began anew');
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save what was counted before' }).click()]);
  const old = JSON.parse(readFileSync(await download.path(), 'utf8'));
  expect(old.format).toBe('firetower-summary');
  await live.rows(1000);
  const { total } = await live.pause();
  // Not a row lost at the switch: those counted before and those after are the first of the demo's traffic.
  const { source } = await live.tick();
  const before = source.taken - total;
  expect(before).toBeGreaterThanOrEqual(2000);
  expect(old.rows ?? old.scored + old.aside).toBe(before);
});
