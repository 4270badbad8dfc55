// @ts-check
// Anyone can use it: no violation that axe-core knows in any state, light and dark; keyboard alone; 320 px; forced colours.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { violations } from './axe.mjs';
import { csv, INPUTS, scratch, swap } from './data.mjs';
import { expect, test } from './fixtures.mjs';

/** A few rows with labels: what there is to see of them takes axe a tenth of the demo's. @param {import('./fixtures.mjs').App} app */
async function labelled(app) {
  await app.give('a.csv', csv({ rows: 20 }));
  await app.results();
}

const STATES = /** @type {Record<string, (app: import('./fixtures.mjs').App) => Promise<void>>} */ ({
  'first screen': async () => {},
  'how to check': async ({ page }) => page.getByText('how to check').click(),
  'text to paste': async ({ page }) => page.getByText('Paste rows as text').click(),
  help: async ({ page }) => page.getByRole('button', { name: 'Help' }).click(),
  model: async ({ page }) => page.getByRole('link', { name: 'Model' }).click(),
  progress: async (app) => {
    await app.page.route('**/js/engine/worker.js', async (route) => {
      const response = await route.fetch();
      const waiting = `const receive = scope.onmessage; scope.onmessage = (event) => event.data.type !== 'range' && receive(event);`;
      await route.fulfill({ response, body: `${await response.text()}\n${waiting}` });
    });
    await app.page.reload();
    await app.idle();
    const file = path.join(scratch(), 'slow.csv');
    writeFileSync(file, csv({ rows: 100 }));
    await app.givePath(file);
    await expect(app.page.getByRole('progressbar')).toBeVisible();
  },
  'done with labels': (app) => app.demo(),
  'numbers of the charts': async (app) => {
    await labelled(app);
    await expect(app.page.locator('#review figure summary')).toHaveCount(4);
    for (const summary of await app.page.locator('#review figure summary').all()) await summary.click();
  },
  'done without labels, rows set aside, report open': async (app) => {
    await app.give('a.csv', csv({ rows: 60, columns: INPUTS, mend: (row, cells) => (row % 3 === 0 ? swap(cells, 4, 'x') : cells) }));
    await app.results();
    await app.report.locator('summary').first().click();
  },
  'row open': async (app) => {
    await labelled(app);
    await app.show.selectOption('all');
    await app.rows.first().getByRole('button').click();
    await app.page.getByText('Cells as in the file').click();
  },
  'filters set, columns open': async (app) => {
    await labelled(app);
    await app.show.selectOption('all');
    await app.page.locator('.columns > summary').click();
  },
  'nothing meets the filter': async (app) => {
    await app.give('a.csv', csv({ rows: 10 }));
    await app.results();
    await app.threshold.fill('1');
  },
  download: async (app) => {
    await app.give('a.csv', csv({ rows: 10 }));
    await app.results();
    await app.page.getByRole('button', { name: 'Download scored CSV' }).click();
  },
  'session menu, with its link and what became of it': async ({ page }) => {
    await page.locator('header summary', { hasText: 'Session' }).click();
    await page.getByRole('button', { name: 'Copy link' }).click();
    await expect(page.locator('.session-notice > span')).not.toBeEmpty();
  },
  'the story, begun': async ({ page }) => {
    await page.getByRole('button', { name: 'Watch the two-minute demo' }).click();
    await page.locator('.story-outcome[data-phase="seen"]').waitFor();
    await page.getByRole('button', { name: 'Pause', exact: true }).first().click();
  },
  'the story, at its end': async ({ page }) => {
    await page.getByRole('button', { name: 'Watch the two-minute demo' }).click();
    await page.getByRole('button', { name: 'Skip to the end' }).click();
  },
  'not a CSV': (app) => app.give('a.csv', ''),
  'missing columns': async (app) => {
    await app.give('a.csv', csv({ rows: 5, columns: INPUTS.slice(0, 9) }));
    await app.alert.getByText('Details to copy').click();
  },
  'no row can be scored': (app) => app.give('a.csv', csv({ rows: 3, mend: (_, cells) => swap(cells, 1, 'abc') })),
  'no rows': (app) => app.give('a.csv', csv({ rows: 0 })),
  'invalid model': (app) =>
    app.page.getByLabel('Model file', { exact: true }).setInputFiles({ name: 'm.safetensors', mimeType: '', buffer: Buffer.from('x') }),
  'engine gone': async (app) => {
    await app.page.route('**/engine/firetower.wasm', (route) => route.fulfill({ status: 404 }));
    await app.page.reload();
    await expect(app.alert.locator('h2')).toBeVisible();
  },
});
const PROBLEMS = ['not a CSV', 'missing columns', 'no row can be scored', 'no rows', 'invalid model', 'engine gone'];

for (const [name, reach] of Object.entries(STATES)) {
  test(`axe finds nothing: ${name}`, async ({ app, page, complaints }) => {
    await app.goto();
    await reach(app);
    if (PROBLEMS.includes(name)) await expect(app.alert.locator('h2')).toBeVisible();
    if (name !== 'progress') await app.idle();
    for (const theme of ['light', 'dark']) {
      // The dialogs are in front of the control: the address does it.
      await page.evaluate((to) => {
        const params = new URLSearchParams(location.hash.slice(1));
        params.set('theme', to);
        location.hash = String(params);
      }, theme);
      await expect(page.locator('html')).toHaveAttribute('data-theme', theme);
      expect(await violations(page)).toEqual([]);
    }
    if (name === 'engine gone') complaints.length = 0;
  });
}

test('nothing sticks out at 320, 390, 768 and 1920 px', async ({ app, page }) => {
  const nothingSticksOut = async () => {
    for (const width of [320, 390, 768, 1920]) {
      await page.setViewportSize({ width, height: 800 });
      await app.idle();
      const over = await page.evaluate(() => {
        const wide = [...document.querySelectorAll('body *')].filter((element) => {
          const box = element.getBoundingClientRect();
          return element.checkVisibility() && box.right > innerWidth + 1 && !element.closest('.scroll, dialog, .unseen, .skip');
        });
        return [document.documentElement.scrollWidth - innerWidth, wide.slice(0, 3).map((element) => element.outerHTML.slice(0, 120))];
      });
      expect(over, `${width} px`).toEqual([0, []]);
    }
  };
  await app.goto();
  await page.getByText('how to check').click();
  await nothingSticksOut();
  await app.demo();
  await app.report.locator('summary').first().click();
  await app.rows.first().getByRole('button').click();
  await app.idle();
  await nothingSticksOut();
  await app.give('a.csv', csv({ rows: 5, columns: INPUTS.slice(0, 9) }));
  await expect(app.alert.locator('h2')).toBeVisible();
  await nothingSticksOut();
  await page.getByRole('link', { name: 'Model' }).click();
  await nothingSticksOut();
  await page.locator('header summary', { hasText: 'Session' }).click();
  await page.getByRole('button', { name: 'Copy link' }).click();
  await nothingSticksOut();
  await app.goto('#demo');
  await page.reload();
  await page.locator('.story-outcome[data-phase="seen"]').waitFor();
  await page.getByRole('button', { name: 'Pause', exact: true }).first().click();
  await nothingSticksOut();
});

test('controls are large enough to hit', async ({ app, page }) => {
  await app.goto();
  await app.demo();
  await app.rows.first().getByRole('button').click();
  await app.report.locator('summary').first().click();
  await app.idle();
  const small = await page.evaluate(() =>
    [...document.querySelectorAll('button, input, select, summary, a')]
      .map((element) => ({ element, box: element.getBoundingClientRect() }))
      .filter(({ element, box }) => element.checkVisibility() && (box.width < 24 || box.height < 24) && !element.closest('.skip'))
      .map(({ element, box }) => `${element.outerHTML.slice(0, 80)} ${box.width}x${box.height}`),
  );
  expect(small).toEqual([]);
});

test('keyboard alone: demo, threshold, sort, open a row, filter, next page, download', async ({ app, page }) => {
  await app.goto();
  /**
   * Presses Tab until the wanted control has the focus, which must show.
   * @param {import('@playwright/test').Locator} control
   */
  const tabTo = async (control) => {
    for (let i = 0; i < 150; ++i) {
      if (await control.evaluate((element) => element === document.activeElement)) {
        const outline = await control.evaluate((element) => getComputedStyle(element).outlineStyle);
        expect(outline).not.toBe('none');
        return;
      }
      await page.keyboard.press('Tab');
    }
    throw new Error(`Tab never reached ${control}`);
  };
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('main')).toBeFocused();
  await tabTo(page.getByRole('button', { name: 'Try the demo' }));
  await page.keyboard.press('Enter');
  await app.results();
  await expect(page.getByRole('heading', { level: 1, name: 'demo.csv' })).toBeFocused();
  const before = Number((await app.flagged.innerText()).replaceAll(',', ''));
  await tabTo(app.slider);
  for (let i = 0; i < 4; ++i) await page.keyboard.press('PageDown');
  await app.idle();
  expect(Number((await app.flagged.innerText()).replaceAll(',', ''))).toBeGreaterThan(before);
  await tabTo(page.getByRole('button', { name: 'Row', exact: true }));
  await page.keyboard.press('Enter');
  await app.idle();
  const first = app.rows.first().getByRole('button');
  await tabTo(first);
  await page.keyboard.press('Enter');
  await expect(page.locator('.row-detail .features')).toBeVisible();
  await expect(first).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.locator('.row-detail')).toBeHidden();
  await page.keyboard.press('Shift+Tab');
  await tabTo(first);
  await page.keyboard.down('Shift');
  for (let i = 0; i < 60; ++i) {
    if (await app.show.evaluate((element) => element === document.activeElement)) break;
    await page.keyboard.press('Tab');
  }
  await page.keyboard.up('Shift');
  await expect(app.show).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await app.idle();
  await expect(app.range).toContainText('of 50,000');
  await tabTo(page.getByRole('button', { name: 'Next page' }));
  await page.keyboard.press('Enter');
  await expect(app.range).toContainText('Rows 101–200');
  await page.evaluate(() => document.querySelector('main')?.focus());
  await tabTo(page.getByRole('button', { name: 'Download scored CSV' }));
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Download scored CSV' });
  await expect(dialog.getByRole('radio', { name: 'Scored file' })).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await tabTo(dialog.getByRole('button', { name: 'Download', exact: true }));
  const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
  expect(download.suggestedFilename()).toBe('demo-scores.csv');
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
});

test('progress and results are spoken, errors are alerts', async ({ app, page }) => {
  await app.goto();
  await app.give('a.csv', csv({ rows: 300 }));
  await app.results();
  await expect(page.getByRole('status').filter({ hasText: /^No rows$|^Rows 1–/ })).toHaveCount(1);
  await app.give('b.csv', '');
  await expect(page.getByRole('alert')).toContainText('cannot be read as CSV');
});

test('forced colours: levels keep a border, nothing disappears', async ({ app, page }) => {
  await page.emulateMedia({ forcedColors: 'active' });
  await app.goto();
  await app.demo();
  const border = await page.locator('.ranked .badge').first().evaluate((element) => getComputedStyle(element).borderTopWidth);
  expect(border).toBe('1px');
  await expect(page.locator('.ranked .badge').first()).toHaveText(/CRITICAL|HIGH/);
});
