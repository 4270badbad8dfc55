// @ts-check
// api/ on the page's own origin: the engine and the statistics of the page that is open, an engine of the service
// worker's where none is, and answers as the description has them.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { conforms, description } from '../wasm/openapi.mjs';
import { startStaticHost } from './canary.mjs';
import { firetower, INPUTS, MODEL, ROOT, scratch, synthesize } from './data.mjs';
import { App, expect, test } from './fixtures.mjs';
import { copyKept, siteCopy } from './sites.mjs';

test.use({ serviceWorkers: 'allow' });

/**
 * Asks from within the page, as a script of the site does.
 * @param {import('@playwright/test').Page} page
 * @param {string} address
 * @param {RequestInit} [init]
 */
function ask(page, address, init) {
  return page.evaluate(
    async ([url, options]) => {
      const response = await fetch(/** @type {string} */ (url), /** @type {RequestInit} */ (options));
      return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
    },
    [address, init],
  );
}

/** @param {unknown} document */
const post = (document) => ({ method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(document) });

/** Generated transactions and what the command line says of them. @param {number} rows */
function transactions(rows) {
  const folder = scratch();
  const file = path.join(folder, 'rows.csv');
  synthesize(file, rows, 11);
  const [header, ...lines] = readFileSync(file, 'utf8').trim().split('\n');
  const names = header.split(',').map((name) => name.replaceAll('"', ''));
  const scored = path.join(folder, 'scored.csv');
  firetower('score', '--model', MODEL, '--data', file, '--out', scored);
  const probabilities = readFileSync(scored, 'utf8').trim().split('\n').slice(1).map((line) => Number(line.split(',')[1]));
  const values = lines.map((line) => {
    const cells = line.split(',').map((cell) => Number(cell.replaceAll('"', '')));
    return Object.fromEntries(INPUTS.map((name) => [name, cells[names.indexOf(name)]]));
  });
  return { values, probabilities };
}

const LIVE_MODEL = path.join(ROOT, 'tests/wasm/model.safetensors');

test('the three documents, with the numbers of the command line, counted where the page counts', async ({ app, page, complaints }) => {
  const { values, probabilities } = transactions(300);
  await app.goto();
  await copyKept(page);
  const status = conforms('/', 'get', await ask(page, 'api/'));
  expect(status.model_version).toBe('1.0.0');
  expect(conforms('/', 'get', await ask(page, 'api'))).toMatchObject({ status: 'ok', model_loaded: true });

  const many = conforms('/predict', 'post', await ask(page, 'api/predict', post(values)));
  expect(many.map((/** @type {any} */ { probability }) => probability)).toEqual(probabilities);
  const one = conforms('/predict', 'post', await ask(page, 'api/predict', post({ ...values[7], Class: 1, extra: 'x' })));
  expect(one.probability).toBe(probabilities[7]);
  expect(Object.keys(one)).toEqual(['prediction', 'probability', 'risk_level', 'confidence', 'timestamp', 'model_version']);

  const { V7, ...rest } = values[0];
  const missing = await ask(page, 'api/predict', post(rest));
  expect(missing.status).toBe(422);
  expect(conforms('/predict', 'post', missing)).toEqual({ detail: [{ loc: ['body', 'V7'], msg: 'Field required', type: 'missing' }] });
  const bad = conforms('/predict', 'post', await ask(page, 'api/predict', post([values[0], { ...values[1], V7: null, V3: 'x', Amount: true }, {}])));
  expect(bad.detail.map((/** @type {any} */ { loc }) => loc.join('.'))).toEqual([
    'body.1.V3',
    'body.1.Amount',
    ...INPUTS.map((name) => `body.2.${name}`),
  ]);

  const stats = conforms('/stats', 'get', await ask(page, 'api/stats'));
  expect(stats.total_predictions).toBe(301);
  expect(stats.recent_predictions[0].probability).toBe(probabilities[7]);
  // The Live view shows the very same count.
  await expect.poll(() => page.evaluate(() => /** @type {any} */ (globalThis).__live().tick?.total)).toBe(301);

  for (const [address, init, code] of /** @type {[string, RequestInit, number][]} */ ([
    ['api/predict', {}, 405],
    ['api/', { method: 'DELETE' }, 405],
    ['api/nothing', {}, 404],
    ['api/predict', { method: 'POST', body: '{}' }, 415],
    ['api/predict', { ...post({}), body: '{"Time":' }, 422],
    ['api/predict', { ...post({}), body: ' '.repeat(10_000_001) }, 413],
  ])) {
    const answer = await ask(page, address, init);
    expect(answer.status).toBe(code);
    if (code === 405) expect(answer.headers.allow).toBe(address === 'api/' ? 'GET, HEAD' : 'POST');
  }
  expect(JSON.parse((await ask(page, 'api/openapi.json')).body)).toEqual(description);
  // What the browser logs of answers that are errors.
  expect(complaints.filter((text) => !text.includes('Failed to load resource'))).toEqual([]);
  complaints.length = 0;
});

test('a page with another model answers with that model', async ({ app, page, complaints }) => {
  await app.goto();
  await copyKept(page);
  await page.getByLabel('Model file').setInputFiles(LIVE_MODEL);
  await expect.poll(async () => JSON.parse((await ask(page, 'api/')).body).model_version).toBe('1.2.3');
  const answer = await ask(page, 'api/predict', post({ Time: 1, V1: 0.5, V2: 0.25, Amount: 3 }));
  expect(conforms('/predict', 'post', answer).model_version).toBe('1.2.3');
  const bad = await ask(page, 'api/predict', post({ V2: null }));
  expect(conforms('/predict', 'post', bad).detail.map((/** @type {any} */ { loc }) => loc[1])).toEqual(['Time', 'V1', 'Amount']);
  complaints.length = 0;
});

test('without an open page the service worker answers with an engine of its own, without a network too', async ({ page, context }) => {
  const { values, probabilities } = transactions(50);
  const host = await startStaticHost(siteCopy());
  await page.goto(host.url);
  await new App(page).idle();
  await copyKept(page);
  await host.close();
  await context.setOffline(true);
  // The document that asks is api/ itself: no page of Firetower is left.
  const response = await page.goto(`${host.url}api/`);
  conforms('/', 'get', { status: 200, headers: response?.headers() ?? {}, body: (await response?.text()) ?? '' });
  expect(conforms('/', 'get', await ask(page, './')).workers).toBe(1);
  const many = conforms('/predict', 'post', await ask(page, 'predict', post(values)));
  expect(many.map((/** @type {any} */ { probability }) => probability)).toEqual(probabilities);
  expect(conforms('/stats', 'get', await ask(page, 'stats')).total_predictions).toBe(50);
});

test('a tab that does not answer in time does not hold a request up, nor is anything counted twice', async ({ app, page, context }) => {
  const { values } = transactions(3);
  // As in a tab that the browser has put to sleep: what it says comes late.
  await page.addInitScript(() => {
    const post = MessagePort.prototype.postMessage;
    MessagePort.prototype.postMessage = function (/** @type {any} */ ...given) {
      const late = Reflect.get(globalThis, 'asleep') === true && given[0] === 'ready' ? 4000 : 0;
      if (late === 0) post.apply(this, /** @type {any} */ (given));
      else setTimeout(() => Object.assign(globalThis, { late: post.apply(this, /** @type {any} */ (given)) ?? 'said' }), late);
    };
  });
  await app.goto();
  await copyKept(page);
  const asking = await context.newPage();
  await asking.goto(new URL('api/', page.url()).href);
  // The open page answers for the other document.
  conforms('/predict', 'post', await ask(asking, 'predict', post(values)));
  expect(conforms('/stats', 'get', await ask(page, 'api/stats')).total_predictions).toBe(3);
  await page.evaluate(() => Object.assign(globalThis, { asleep: true }));
  expect(conforms('/predict', 'post', await ask(asking, 'predict', post(values)))).toHaveLength(3);
  await page.waitForFunction(() => Reflect.get(globalThis, 'late') === 'said');
  await page.evaluate(() => Object.assign(globalThis, { asleep: false }));
  expect(conforms('/stats', 'get', await ask(page, 'api/stats')).total_predictions).toBe(3);
});

test('many requests at once are all answered and all counted', async ({ app, page }) => {
  const { values, probabilities } = transactions(100);
  await app.goto();
  await copyKept(page);
  const answers = await page.evaluate(
    (rows) =>
      Promise.all(
        rows.map(async (row) => {
          const headers = { 'Content-Type': 'application/json' };
          const response = await fetch('api/predict', { method: 'POST', headers, body: JSON.stringify(row) });
          return (await response.json()).probability;
        }),
      ),
    values,
  );
  expect(answers).toEqual(probabilities);
  expect(conforms('/stats', 'get', await ask(page, 'api/stats')).total_predictions).toBe(100);
});
