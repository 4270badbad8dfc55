// @ts-check
// Anyone can watch a stream: axe in every state, light and dark; keyboard alone; 320 to 1920 px; figures that tick are not
// read out; charts get no more points than pixels; no notification without consent.

import { violations } from './axe.mjs';
import { csv, INPUTS } from './data.mjs';
import { expect, test } from './fixtures.mjs';
import { Live } from './live.mjs';

/** @typedef {import('./fixtures.mjs').App} App */

/** A rule that fires at once, for a column. */
const RULES = JSON.stringify({ version: 1, rules: [{ id: 'v14', name: 'V14 has moved', statistic: 'psi.V14', above: 0.2, min_rows: 100 }] });

/** @param {App} app */
async function alerted(app) {
  const live = new Live(app.page);
  await live.start.click();
  await app.page.getByLabel('Rules file').setInputFiles({ name: 'r.json', mimeType: 'application/json', buffer: Buffer.from(RULES) });
  await live.until(({ alerts }) => alerts.firing === 1, 'the alert fires');
  await app.page.locator('.alerts li').waitFor();
}

/** @param {App} app */
async function opened(app) {
  await alerted(app);
  const live = new Live(app.page);
  await live.rows(3000);
  await live.pauseButton.click();
  await live.until(({ source }) => source.state === 'paused', 'paused');
  for (const text of ['Rules (', 'All 31 columns']) await app.page.getByText(text).click();
  await app.page.getByRole('button', { name: 'Add a rule' }).click();
  await app.page.getByRole('button', { name: 'V14', exact: true }).click();
  await app.page.locator('.bins button').first().click();
  await app.page.locator('.column-detail tbody tr').first().waitFor();
  for (const summary of await app.page.locator('#live figure summary').all()) await summary.click();
  await app.page.getByRole('button', { name: 'Other source' }).click();
}

const ADDRESS = '#view=live&scenario=shift&rate=2000';
const STATES = /** @type {Record<string, (app: App) => Promise<void>>} */ ({
  'nothing yet': async () => {},
  'other sources': async ({ page }) => page.getByText('From this server').click(),
  'streaming with an alert': alerted,
  'paused, everything open': opened,
  'a stream that failed': async (app) => {
    await app.drop('a.csv', csv({ rows: 5, columns: INPUTS.slice(0, 9) }));
    await expect(app.page.locator('#live-state')).toHaveText('failed');
  },
  'rules refused': async (app) => {
    await new Live(app.page).start.click();
    await app.page.getByLabel('Rules file').setInputFiles({ name: 'r.json', mimeType: 'application/json', buffer: Buffer.from('{"version": 1, "rules": [{}]}') });
    await expect(app.page.getByText('Refused, nothing was changed')).toBeVisible();
  },
});

for (const [name, reach] of Object.entries(STATES)) {
  test(`axe finds nothing in the Live view: ${name}`, async ({ app, page }) => {
    await app.goto(ADDRESS);
    await reach(app);
    for (const theme of ['light', 'dark']) {
      await page.getByLabel('Theme').selectOption(theme);
      await expect(page.locator('html')).toHaveAttribute('data-theme', theme);
      expect(await violations(page)).toEqual([]);
    }
  });
}

test('nothing of the Live view sticks out at 320, 390, 768 and 1920 px, and controls can be hit', async ({ app, page }) => {
  const noFaults = async () => {
    for (const width of [320, 390, 768, 1920]) {
      await page.setViewportSize({ width, height: 800 });
      await app.idle();
      const faults = await page.evaluate(() => {
        const shown = [...document.querySelectorAll('body *')].filter((element) => element.checkVisibility() && !element.closest('dialog, .unseen, .skip'));
        const over = shown.filter((element) => element.getBoundingClientRect().right > innerWidth + 1 && !element.closest('.scroll, .unseen'));
        const small = shown.filter((element) => {
          const { width: wide, height: high } = element.getBoundingClientRect();
          // A box to tick keeps its distance from others.
          const least = element.matches('[type="checkbox"]') ? 24 - 2 * parseFloat(getComputedStyle(element).marginLeft) : 24;
          return element.matches('button, input, select, summary, a') && (wide < least || high < least);
        });
        const words = (/** @type {Element[]} */ elements) => elements.slice(0, 3).map((element) => element.outerHTML.slice(0, 120));
        return [document.documentElement.scrollWidth - innerWidth, words(over), words(small)];
      });
      expect(faults, `${width} px`).toEqual([0, [], []]);
    }
  };
  await app.goto(ADDRESS);
  await page.getByText('From this server').click();
  await noFaults();
  await opened(app);
  await noFaults();
});

test('keyboard alone: start, pause, step, resume, acknowledge, open a column, a bin, its rows', async ({ app, page }) => {
  const live = new Live(page);
  await app.goto(ADDRESS);
  /** @param {import('@playwright/test').Locator} wanted */
  async function reach(wanted) {
    await wanted.waitFor();
    for (let i = 0; i < 120; ++i) {
      if (await wanted.evaluate((element) => element === document.activeElement)) {
        expect(await wanted.evaluate((element) => element.matches(':focus-visible'))).toBe(true);
        return;
      }
      await page.keyboard.press('Tab');
    }
    throw new Error(`120 presses of Tab do not reach ${wanted}`);
  }
  await reach(live.start);
  await page.keyboard.press('Enter');
  await live.until(({ total: rows, alerts }) => rows >= 3000 && alerts.firing > 0, 'rows and an alert');
  await reach(live.pauseButton);
  await page.keyboard.press('Enter');
  const { total } = await live.until(({ source }) => source.state === 'paused', 'paused');
  await reach(page.getByRole('button', { name: 'Step 10 rows' }));
  await page.keyboard.press('Enter');
  await live.until(({ total: now }) => now === total + 10, 'ten rows more');
  const acknowledge = page.getByRole('button', { name: /^Acknowledge Columns have drifted/ });
  await reach(acknowledge);
  await page.keyboard.press('Enter');
  await live.until(({ alerts }) => alerts.acknowledged === 1, 'acknowledged');
  await reach(page.getByRole('button', { name: 'V14', exact: true }));
  await page.keyboard.press('Enter');
  const bin = page.locator('.bins button').first();
  await reach(bin);
  await page.keyboard.press('Space');
  await expect(page.locator('.column-detail tbody tr').first()).toBeVisible();
  await expect(bin).toBeFocused();
});

test('figures that tick are not read out; an alert is, once', async ({ app, page }) => {
  await app.goto(ADDRESS);
  await page.evaluate(() => {
    /** @type {string[]} */
    const said = [];
    Object.assign(globalThis, { said });
    for (const region of document.querySelectorAll('#live [role="status"], #live [role="alert"], #live [aria-live]')) {
      new MutationObserver(() => said.push(`${region.getAttribute('role')}: ${region.textContent}`)).observe(region, { childList: true, characterData: true, subtree: true });
    }
  });
  const began = Date.now();
  await alerted(app);
  await new Live(page).rows(12_000);
  /** @type {string[]} */
  const said = await page.evaluate(() => /** @type {any} */ (globalThis).said);
  // The summary is said at most every half minute; a slow machine takes longer than one.
  const more = Math.floor((Date.now() - began) / 30_000);
  expect(said.filter((text) => text.startsWith('alert: Alert: V14 has moved, PSI of V14 is '))).toHaveLength(1);
  const summaries = said.filter((text) => text.startsWith('status: Streaming: ')).length;
  expect(summaries).toBeGreaterThanOrEqual(1);
  expect(summaries).toBeLessThanOrEqual(1 + more);
  expect(said.length).toBeLessThan(8 + more);
});

test('charts get no more points than pixels, and stand still while paused', async ({ app, page }) => {
  await page.setViewportSize({ width: 320, height: 800 });
  const live = new Live(page);
  await app.goto('#view=live&rate=20000');
  await live.start.click();
  await live.rows(60_000, 120_000);
  await live.pauseButton.click();
  await live.until(({ source }) => source.state === 'paused', 'paused');
  const { series } = await live.state();
  const wide = await page.locator('#live canvas').first().evaluate((canvas) => canvas.clientWidth);
  expect(series?.begin_ms.length).toBeGreaterThan(2);
  expect(series?.begin_ms.length).toBeLessThanOrEqual(wide);
  // What was counted last is drawn a moment after the stream stands.
  const last = String((await live.tick()).recent[0].row);
  await expect(page.locator('.recent tbody tr').first()).toContainText(last);
  const first = await page.locator('.recent tbody tr').first().textContent();
  await page.waitForTimeout(1500);
  expect(await page.locator('.recent tbody tr').first().textContent()).toBe(first);
});

test('the stream goes on while another view is open; the bar says how many alerts fire', async ({ app, page }) => {
  const live = new Live(page);
  await app.goto(ADDRESS);
  await alerted(app);
  await page.getByRole('link', { name: 'Model' }).click();
  const { total } = await live.tick();
  await live.rows(total + 2000);
  await expect(page.getByRole('link', { name: 'Live 1 alert firing' })).toBeVisible();
  await expect(page).toHaveTitle('(1) Firetower');
});

test('notifications: asked for by a press only; what is denied is said', async ({ app, page }) => {
  await page.addInitScript(() => {
    let permission = 'default';
    const asked = { times: 0 };
    Object.assign(globalThis, { asked });
    Object.defineProperty(Notification, 'permission', { get: () => permission });
    Notification.requestPermission = async () => {
      asked.times += 1;
      permission = 'denied';
      return 'denied';
    };
  });
  await app.goto(ADDRESS);
  await alerted(app);
  const asked = () => page.evaluate(() => /** @type {any} */ (globalThis).asked.times);
  expect(await asked()).toBe(0);
  const box = page.getByLabel('Notifications of the browser');
  await box.click();
  await expect(page.getByText('The browser refuses them for this address.')).toBeVisible();
  await expect(box).not.toBeChecked();
  expect(await asked()).toBe(1);
});
