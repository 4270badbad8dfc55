// @ts-check
// Errors by kind: what happened, why, what to do; and that the way out works.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { csv, INPUTS, MODEL, scratch, swap } from './data.mjs';
import { expect, test } from './fixtures.mjs';

/**
 * @param {import('./fixtures.mjs').App} app
 * @param {string} title
 * @param {string | RegExp} cause
 */
async function told(app, title, cause) {
  await expect(app.alert.locator('h2')).toHaveText(title);
  await expect(app.alert.locator('.problem-cause')).toContainText(cause);
  await expect(app.alert.locator('.problem-next')).not.toBeEmpty();
}

test('not a CSV: an empty file, a picture', async ({ app }) => {
  await app.goto();
  await app.give('empty.csv', '');
  await told(app, 'This file cannot be read as CSV', /empty/i);
  await app.give('picture.csv', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 13, 0, 1, 2, 3, 0xff, 0xfe]));
  await told(app, 'This file cannot be read as CSV', /./);
  await app.give('good.csv', csv({ rows: 10 }));
  await app.results();
  await expect(app.alert).toBeHidden();
});

test('missing columns are named, and those present; the dialect can be mended in place', async ({ app }) => {
  await app.goto();
  await app.give('few.csv', csv({ rows: 5, columns: INPUTS.filter((name) => name !== 'V14' && name !== 'V17') }));
  await told(app, 'Columns that the model needs are missing', 'V14');
  const cause = app.alert.locator('.problem-cause');
  await expect(cause).toContainText('V17');
  await expect(cause).toContainText('Amount');
  await expect(app.report).toHaveAttribute('open', '');
  await expect(app.report).toContainText('28 of 30 columns matched');
  await expect(app.report.locator('dt:text-is("Missing") + dd')).toHaveText('V14, V17');
  await expect(app.report.getByLabel('Delimiter')).toBeEnabled();
  await expect(app.alert.getByRole('button', { name: 'Change the model' })).toBeVisible();
});

test('no row can be scored: the first reason, and all in the report', async ({ app }) => {
  await app.goto();
  await app.give('bad.csv', csv({ rows: 3, mend: (_, cells) => swap(cells, 1, 'abc') }));
  await told(app, 'No row of this file can be scored', 'Line 2');
  await expect(app.report.getByRole('region', { name: 'Rows set aside' }).locator('tbody tr')).toHaveCount(3);
});

test('a header alone', async ({ app }) => {
  await app.goto();
  await app.give('header.csv', csv({ rows: 0 }));
  await told(app, 'There are no rows to score', 'line 2');
});

test('an invalid model is refused and the old one stays; a good one is taken and the file scored again', async ({ app, page }) => {
  await app.goto();
  await app.give('a.csv', csv({ rows: 30 }));
  await app.results();
  const input = page.getByLabel('Model file', { exact: true });
  const bytes = readFileSync(MODEL);
  await input.setInputFiles({ name: 'cut.safetensors', mimeType: '', buffer: bytes.subarray(0, 4000) });
  await told(app, 'This is not a model that Firetower can use', /./);
  await app.alert.getByRole('button', { name: 'Dismiss' }).click();
  await expect(page.locator('#review .results')).toBeVisible();
  await input.setInputFiles({ name: 'mine.safetensors', mimeType: '', buffer: bytes });
  await app.results();
  await page.getByRole('link', { name: 'Model' }).click();
  await expect(page.locator('#model')).toContainText('Loaded from mine.safetensors');
});

test('a worker that dies is replaced, and the result is whole', async ({ app, page, complaints }) => {
  await app.goto();
  const file = path.join(scratch(), 'crash.csv');
  writeFileSync(file, csv({ rows: 60_000 }));
  await app.givePath(file);
  await expect(page.getByRole('progressbar')).toBeVisible();
  const [worker] = page.workers();
  await worker.evaluate(() => {
    setTimeout(() => {
      throw new Error('killed by the test');
    });
  });
  await app.results();
  await expect(page.locator('.file-facts')).toContainText('60,000 rows');
  await expect(page.locator('.file-facts')).not.toContainText('set aside');
  complaints.length = 0;
});

test('an engine that keeps dying is told with details, and a restart scores the file again', async ({ app, page, complaints }) => {
  await page.route('**/js/engine/worker.js', async (route) => {
    const response = await route.fetch();
    const dying = `const receive = scope.onmessage;
      scope.onmessage = (event) => { if (event.data.type === 'range') throw new Error('killed by the test'); receive(event); };`;
    await route.fulfill({ response, body: `${await response.text()}\n${dying}` });
  });
  await app.goto();
  await app.give('crash.csv', csv({ rows: 40 }));
  await told(app, 'The engine stopped', /./);
  await app.alert.getByText('Details to copy').click();
  await expect(app.alert.getByLabel('Details')).toContainText('ENGINE_CRASHED');
  await expect(app.alert.getByLabel('Details')).toContainText('killed by the test');
  await page.unroute('**/js/engine/worker.js');
  await app.alert.getByRole('button', { name: 'Restart and score again' }).click();
  await app.results();
  await expect(page.locator('.file-facts')).toContainText('40 rows');
  await expect(app.alert).toBeHidden();
  complaints.length = 0;
});

test('an engine that cannot be loaded is told, and trying again works', async ({ app, page, complaints }) => {
  await page.route('**/engine/firetower.wasm', (route) => route.fulfill({ status: 404 }));
  await app.goto();
  await told(app, 'The engine or its model could not be loaded', /./);
  await page.unroute('**/engine/firetower.wasm');
  await app.alert.getByRole('button', { name: 'Restart the engine' }).click();
  await expect(page.locator('.model-line')).toContainText('trees');
  await app.give('a.csv', csv({ rows: 10 }));
  await app.results();
  complaints.length = 0;
});

for (const [code, title] of [
  ['TOO_BIG', 'This is larger than the page can work on'],
  ['OUT_OF_MEMORY', 'The browser ran out of memory'],
]) {
  test(`${code} has its own words`, async ({ app, page }) => {
    // What cannot be provoked at will is thrown where it would arise.
    await page.route('**/js/engine/client/score_file.js', (route) =>
      route.fulfill({
        contentType: 'text/javascript',
        body: `export const MAX_LISTED_BAD_ROWS = 1;
          export async function scoreFile() { throw Object.assign(new Error('the reason'), { code: '${code}' }); }`,
      }),
    );
    await app.goto();
    await app.give('a.csv', csv({ rows: 10 }));
    await told(app, title, 'the reason');
  });
}
