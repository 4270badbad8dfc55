// @ts-check
// Sessions: the view's choices saved to a file, loaded, linked, remembered; never the data, never a broken page.

import { readFileSync } from 'node:fs';
import { csv, INPUTS } from './data.mjs';
import { App, expect, test } from './fixtures.mjs';

/** @param {App} app */
async function menu(app) {
  await app.page.locator('header summary', { hasText: 'Session' }).click();
}

/** @param {App} app @returns {Promise<any>} what the saved file says */
async function save(app) {
  await menu(app);
  const [download] = await Promise.all([
    app.page.waitForEvent('download'),
    app.page.getByRole('button', { name: 'Save session' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe('session.firetower.json');
  return JSON.parse(readFileSync(await download.path(), 'utf8'));
}

/** @param {App} app @param {string} text */
async function load(app, text) {
  await app.page.getByLabel('Session file', { exact: true }).setInputFiles({ name: 'mine.firetower.json', mimeType: 'application/json', buffer: Buffer.from(text) });
}

/** @param {App} app */
const note = (app) => app.page.locator('.session-notice > span');

const ROWS = csv({ rows: 60, columns: [...INPUTS, 'Note'] });

/** Chooses something other than usual everywhere. @param {App} app */
async function choose(app) {
  const { page } = app;
  await app.give('private-name.csv', ROWS);
  await app.results();
  await app.threshold.fill('0.25');
  await app.show.selectOption('all');
  await page.getByLabel('Row from').fill('3');
  await page.keyboard.press('Tab');
  await page.locator('#filter-column').selectOption('V14');
  await page.locator('#filter-op').selectOption('<=');
  await page.locator('#filter-value').fill('1.5');
  await page.keyboard.press('Tab');
  await page.locator('#filter-text').fill('note 1');
  await page.keyboard.press('Tab');
  await page.getByRole('button', { name: 'V14', exact: true }).click();
  await page.getByLabel('Theme').selectOption('dark');
  await app.idle();
}

test('saved and loaded again: the same view, in another visit, before and after the file is there', async ({ app, page, browser }) => {
  await app.goto();
  await choose(app);
  const rows = await app.table();
  expect(rows.length).toBeGreaterThan(0);
  const session = await save(app);
  expect(session).toMatchObject({
    version: 1,
    exporter: 'firetower',
    view: 'review',
    theme: 'dark',
    threshold: 0.25,
    review: { filter: { level: 'all', rowFrom: 3, column: 'V14', op: '<=', value: 1.5, text: 'note 1' }, order: { key: 'column', column: 'V14' } },
  });
  expect(JSON.stringify(session)).not.toContain('private-name');

  for (const fileFirst of [true, false]) {
    const context = await browser.newContext({ baseURL: page.url().split('#')[0] });
    const second = new App(await context.newPage());
    await second.goto();
    if (fileFirst) {
      await second.give('other.csv', ROWS);
      await second.results();
    }
    await load(second, JSON.stringify(session));
    await expect(note(second)).toHaveText('The session of mine.firetower.json is restored.');
    if (!fileFirst) {
      await second.give('other.csv', ROWS);
      await second.results();
    }
    await expect(second.threshold).toHaveValue('0.25');
    await expect(second.page.locator('html')).toHaveAttribute('data-theme', 'dark');
    await expect.poll(() => second.table()).toEqual(rows);
    expect(await save(second)).toEqual(session);
    await context.close();
  }
});

test('a session file dropped on the page', async ({ app, page }) => {
  await app.goto();
  await app.drop('x.firetower.json', JSON.stringify({ version: 1, exporter: 'firetower', theme: 'dark', threshold: 0.75, view: 'model' }));
  await expect(note(app)).toHaveText('The session of x.firetower.json is restored.');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(page).toHaveURL(/#view=model&threshold=0\.75$/);
  await page.getByRole('button', { name: 'Dismiss' }).click();
  await expect(note(app)).toBeHidden();
});

test('broken and foreign sessions: bad values fall back and are named, the page goes on', async ({ app, page }) => {
  await app.goto();
  await load(
    app,
    JSON.stringify({ version: 9, exporter: 'firetower', view: 'admin', theme: 'dark', threshold: 'high', later: 1, live: { window: { kind: 'rows', rows: -5, tumbling: true } } }),
  );
  await expect(note(app)).toHaveText(
    'The session of mine.firetower.json was written by a later version of this page and has values that cannot be used and were left as usual: view, threshold, live.window.rows.',
  );
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  for (const text of ['', '{', '{"rules":[]}', 'Time,V1\n1,2\n', '\u0000\u0001']) {
    await load(app, text);
    await expect(note(app)).toHaveText('mine.firetower.json holds no session: nothing was changed.');
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  }
  await app.give('a.csv', csv({ rows: 10 }));
  await app.results();
});

test('a link: everything but the data', async ({ app, page, browser, baseURL }) => {
  const origin = new URL(String(baseURL)).origin;
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin });
  await app.goto();
  await choose(app);
  await page.locator('.columns > summary').click();
  await page.locator('.column-list').getByLabel('Note', { exact: true }).check();
  await page.keyboard.press('Escape');
  await menu(app);
  await page.getByRole('button', { name: 'Copy link' }).click();
  await expect(note(app)).toHaveText('The link is copied.');
  const link = await page.evaluate(() => navigator.clipboard.readText());
  await expect(page.getByLabel('Link to this view')).toHaveValue(link);
  const hidden = Buffer.from(/session=([\w-]*)/.exec(link)?.[1] ?? '', 'base64url').toString();
  for (const secret of ['note 1', 'Note', 'private-name']) expect(decodeURIComponent(link) + hidden).not.toContain(secret);
  const context = await browser.newContext();
  const second = new App(await context.newPage());
  await second.page.goto(link);
  await second.idle();
  await second.give('other.csv', ROWS);
  await second.results();
  await expect(second.threshold).toHaveValue('0.25');
  await expect(second.page.locator('#filter-value')).toHaveValue('1.5');
  await expect(second.page.locator('#filter-text')).toHaveValue('');
  await expect(second.page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await context.close();
});

test('links in readable words reach the live view; broken ones do no harm', async ({ app, page }) => {
  await app.goto('#view=live&threshold=0.4&window=time:3600&scenario=shift');
  await expect(page.getByRole('link', { name: 'Live' })).toHaveAttribute('aria-current', 'page');
  const { settings } = await page.evaluate(() => /** @type {any} */ (globalThis).__live());
  expect(settings.window).toEqual({ kind: 'time', tumbling: false, rows: 10000, seconds: 3600 });
  expect(settings.source).toEqual({ kind: 'demo', rate: 200, scenario: 'shift' });
  for (const hash of ['#session=%', '#session=AAAA', '#view=<script>&window=rows:x&session=e30', '#%%%', '#demo=1&view=review#']) {
    await page.goto(`/${hash}`);
    await page.reload();
    await app.idle();
    await expect(page.getByRole('link', { name: 'Review' })).toBeVisible();
  }
});

test('the page remembers theme, columns and the live view’s choices, and nothing of a file', async ({ app, page }) => {
  await app.goto();
  await load(
    app,
    JSON.stringify({
      version: 1,
      exporter: 'firetower',
      theme: 'dark',
      review: { columns: ['V14', 'Amount'], filter: { text: 'Mary' } },
      live: { window: { kind: 'rows', rows: 777 }, rules: [{ id: 'mine', name: 'Mine', statistic: 'fraud_rate', above: 0.5 }] },
    }),
  );
  await app.give('private-name.csv', ROWS);
  await app.results();
  const stored = await page.evaluate(() => JSON.stringify({ ...localStorage }));
  for (const secret of ['Mary', 'private-name', 'note 1']) expect(stored).not.toContain(secret);
  await page.reload();
  await app.idle();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  const { settings } = await page.evaluate(() => /** @type {any} */ (globalThis).__live());
  expect(settings.window.rows).toBe(777);
  expect(settings.rules).toEqual([{ id: 'mine', name: 'Mine', statistic: 'fraud_rate', above: 0.5 }]);
});
