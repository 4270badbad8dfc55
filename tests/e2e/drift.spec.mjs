// @ts-check
// The Drift view: from the demo to the rows in a few presses; the boundary; the report equals the command line's; axe in light
// and dark, keyboard alone, 320 to 1920 px.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { violations } from './axe.mjs';
import { firetower, MODEL, scratch, synthesize } from './data.mjs';
import { expect, test } from './fixtures.mjs';

/** @typedef {import('./fixtures.mjs').App} App */
/** @typedef {import('../../web/js/state/drift_state.js').DriftState} DriftState */

/** @param {App} app @returns {Promise<DriftState>} */
const state = (app) => app.page.evaluate(() => /** @type {any} */ (globalThis).__drift());

/** @param {App} app */
async function demo(app) {
  await app.goto('#view=drift');
  await app.page.getByRole('button', { name: 'Try it with a demo that drifts' }).click();
  await compared(app);
}

/** @param {App} app */
async function compared(app) {
  await expect(app.page.locator('.drift-sentence')).toBeVisible({ timeout: 60_000 });
  await app.idle();
}

/** Everything that can be opened is. @param {App} app */
async function opened(app) {
  const { page } = app;
  await page.getByLabel('Reference', { exact: true }).selectOption('before');
  await app.idle();
  await page.getByRole('button', { name: 'V14', exact: true }).click();
  await page.getByRole('button', { name: /^Compare without/ }).click();
  await expect(page.getByText(/^Without these [\d,]+ rows V14 would be/)).toBeVisible();
  await page.getByRole('button', { name: 'Look at all columns together' }).click();
  await expect(page.getByText('Hotelling T²')).toBeVisible({ timeout: 120_000 });
  await page.getByRole('button', { name: 'Measure', exact: true }).click();
  await expect(page.getByRole('figure', { name: 'AUC and average precision by window' })).toBeVisible({ timeout: 60_000 });
  await page.getByText('Parameters', { exact: true }).click();
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.getByText(/false alarms per 10,000 rows/)).toBeVisible({ timeout: 60_000 });
  await app.idle();
  await page.locator('#drift details').evaluateAll((all) => all.forEach((each) => Object.assign(each, { open: true })));
}

test('from the demo in one click: what moved since when, which rows, what would be without them', async ({ app, page }) => {
  await demo(app);
  await expect(page.locator('.drift-sentence')).toHaveText(/^The data has moved: .*V14/);
  const rows = page.locator('.drift-table tbody tr');
  await expect(rows.first().locator('th')).toHaveText('V14');
  await expect(rows.first().locator('td').first()).toHaveText('drifted');
  // The demo's V14 is 2 higher from row 30,000 on: windows have 2,500 rows.
  const { trends } = await page.evaluate(() => {
    const { trends: found } = /** @type {any} */ (globalThis).__drift();
    return { trends: [...found] };
  });
  const [, { windows }] = trends.find((/** @type {[string, unknown]} */ [name]) => name === 'V14');
  expect(windows).toHaveLength(20);
  // The first is the night, when traffic is not as in the training data.
  expect(windows.slice(1).map((/** @type {{verdict: string}} */ { verdict }) => verdict === 'drifted')).toEqual(Array.from({ length: 19 }, (_, i) => i >= 11));
  await expect(page.locator('.since')).toContainText(/V14.* since row 30,000 \(day \d, \d\d:\d\d\)/);

  await page.getByRole('button', { name: 'V14', exact: true }).click();
  await expect(page.getByRole('figure', { name: 'Reference and current' })).toContainText('PSI');
  // The bin that grew most is chosen already.
  await expect(page.locator('.bins button[aria-pressed="true"]')).toHaveCount(1);
  const behind = page.getByRole('region', { name: 'Rows behind the bin' });
  await expect(behind.locator('tbody tr').first()).toBeVisible();
  // The rows' cells are those of the file, and their V14 is in the bin.
  const { binRows, column, openBin } = await state(app);
  const { low, high } = /** @type {any} */ (column).bins[/** @type {number} */ (openBin)];
  const place = binRows?.head.indexOf('V14') ?? -1;
  const values = binRows?.cells.map((cells) => Number(cells[place])) ?? [];
  expect(values.length).toBeGreaterThan(0);
  expect(values.every((value) => value >= (low ?? -Infinity) && value < (high ?? Infinity))).toBe(true);
  await page.getByRole('button', { name: /^Compare without/ }).click();
  await expect(page.getByText(/^Without these [\d,]+ rows V14 would be/)).toBeVisible();

  // The review of the same file says it too.
  await page.getByRole('link', { name: 'Review' }).click();
  await expect(page.getByRole('region', { name: 'Model fit' })).toContainText(/\d+ of 31 columns/, { timeout: 60_000 });
  await expect(page.getByRole('region', { name: 'Model fit' })).toContainText('V14');
});

test('the boundary by keyboard: every place is answered, with its row and time; the slider says where it is', async ({ app, page }) => {
  await demo(app);
  await page.getByLabel('Reference', { exact: true }).selectOption('before');
  await compared(app);
  const slider = page.getByRole('slider', { name: 'Boundary' });
  await slider.focus();
  await page.keyboard.press('ArrowRight');
  await app.idle();
  expect((await state(app)).report?.current.window).toEqual([25_500, 50_000]);
  await page.keyboard.press('Shift+ArrowLeft');
  await app.idle();
  const { report } = await state(app);
  expect(report?.reference.window).toEqual([0, 25_499]);
  expect(report?.current.window).toEqual([25_499, 50_000]);
  await expect(slider).toHaveAttribute('aria-valuetext', /^row 25,499 of 50,000, day \d, \d\d:\d\d$/);
  await expect(slider).toBeFocused();
  // Dragged over the whole file, it ends with the answer for where it stands.
  const box = await slider.boundingBox();
  if (!box) throw new Error('the slider is not there');
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  for (let i = 0; i <= 20; ++i) await page.mouse.move(box.x + (box.width * (10 + i)) / 40, box.y + box.height / 2);
  await page.mouse.up();
  await app.idle();
  const after = await state(app);
  expect(after.report?.current.window?.[0]).toBe(Math.round(after.settings.boundary * 50_000));
  expect(after.settings.boundary).toBeGreaterThan(0.6);
  // The session has the choice, and nothing of the data.
  await page.reload();
  await app.idle();
  await expect(page.getByLabel('Reference', { exact: true })).toHaveValue('before');
});

test('the report: the command line’s JSON to the byte, the same again; HTML without a script', async ({ app, page }) => {
  const folder = scratch();
  const past = path.join(folder, 'past.csv');
  const now = path.join(folder, 'now.csv');
  synthesize(past, 4000, 1);
  synthesize(now, 3000, 2);
  // A column that moves, and a row that cannot be read.
  const lines = readFileSync(now, 'utf8').split('\n');
  const amount = lines[0].split(',').indexOf('Amount');
  for (let i = 1; i < lines.length - 1; ++i) {
    const cells = lines[i].split(',');
    cells[amount] = i === 77 ? 'much' : String(3 * Number(cells[amount]) + 10);
    lines[i] = cells.join(',');
  }
  writeFileSync(now, lines.join('\n'));
  await app.goto('#view=drift');
  await app.givePath(now);
  await compared(app);
  await page.getByLabel('Reference', { exact: true }).selectOption('file');
  await page.getByLabel('File to compare with').setInputFiles(past);
  await expect.poll(async () => (await state(app)).report?.reference.name).toBe('past.csv');
  await app.idle();
  /** @param {string} button */
  const saved = async (button) => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: button }).click()]);
    return readFileSync(await download.path(), 'utf8');
  };
  const json = await saved('Save as JSON');
  expect(json).toBe(firetower('drift', '--model', MODEL, '--reference', past, '--data', now, '--json'));
  await page.getByRole('button', { name: 'Run again' }).click();
  await expect(page.getByText(/^The same JSON again/)).toBeVisible();
  const html = await saved('Save as HTML');
  expect(html.length).toBeLessThan(1_000_000);
  expect(html).not.toMatch(/<script/i);
  expect(html).toContain(JSON.parse(json).overall.sentence.split(':')[0]);
});

for (const [name, reach] of Object.entries({ 'nothing yet': async (/** @type {App} */ app) => app.goto('#view=drift'), 'everything open': async (/** @type {App} */ app) => demo(app).then(() => opened(app)) })) {
  test(`axe finds nothing in the Drift view, and nothing sticks out: ${name}`, async ({ app, page }) => {
    await reach(app);
    for (const theme of ['light', 'dark']) {
      await page.getByLabel('Theme').selectOption(theme);
      await expect(page.locator('html')).toHaveAttribute('data-theme', theme);
      expect(await violations(page)).toEqual([]);
    }
    for (const width of [320, 390, 768, 1920]) {
      await page.setViewportSize({ width, height: 800 });
      const faults = () => page.evaluate(() => {
        const shown = [...document.querySelectorAll('body *')].filter((element) => element.checkVisibility() && !element.closest('dialog, .unseen, .skip'));
        const over = shown.filter((element) => element.getBoundingClientRect().right > innerWidth + 1 && !element.closest('.scroll, .unseen'));
        const small = shown.filter((element) => {
          const { width: wide, height: high } = element.getBoundingClientRect();
          return element.matches('button, input, select, summary, a') && (wide < 24 || high < 24);
        });
        const words = (/** @type {Element[]} */ elements) => elements.slice(0, 3).map((element) => element.outerHTML.slice(0, 120));
        return [document.documentElement.scrollWidth - innerWidth, words(over), words(small)];
      });
      // Charts take the new width with the next frame.
      await expect.poll(faults, `${width} px`).toEqual([0, [], []]);
    }
  });
}

test('keyboard alone: demo, column, bin, rows, all columns together', async ({ app, page }) => {
  /** @param {import('@playwright/test').Locator} wanted */
  async function reach(wanted) {
    await wanted.waitFor();
    for (let i = 0; i < 150; ++i) {
      if (await wanted.evaluate((element) => element === document.activeElement)) {
        expect(await wanted.evaluate((element) => element.matches(':focus-visible'))).toBe(true);
        return;
      }
      await page.keyboard.press('Tab');
    }
    throw new Error(`150 presses of Tab do not reach ${wanted}`);
  }
  await app.goto('#view=drift');
  await reach(page.getByRole('button', { name: 'Try it with a demo that drifts' }));
  await page.keyboard.press('Enter');
  await compared(app);
  await page.getByLabel('Reference', { exact: true }).selectOption('before');
  await compared(app);
  await reach(page.getByRole('button', { name: 'V14', exact: true }));
  await page.keyboard.press('Enter');
  const name = await page.locator('.bins button[aria-pressed="false"]').first().getAttribute('data-bin');
  const bin = page.locator(`.bins [data-bin="${name}"]`);
  await reach(bin);
  await page.keyboard.press('Space');
  await expect(page.getByRole('region', { name: 'Rows behind the bin' }).locator('tbody tr').first()).toBeVisible();
  await expect(bin).toBeFocused();
  await reach(page.getByRole('button', { name: 'Rank them by how unusual they are' }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('columnheader', { name: 'Times as likely now' })).toBeVisible({ timeout: 120_000 });
  const ratios = (await state(app)).binRows?.found.rows.map(({ ratio }) => ratio ?? NaN) ?? [];
  expect(ratios.length).toBeGreaterThan(1);
  expect([...ratios].sort((a, b) => b - a)).toEqual(ratios);
  await reach(page.getByRole('region', { name: 'Rows behind the bin' }).getByRole('button').first());
  await page.keyboard.press('Enter');
  await expect(page.locator('.row-detail')).toBeVisible();
});
