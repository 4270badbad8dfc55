// @ts-check
// The story of #demo with the real engine: told to its end by what really happens; by keyboard; paused, skipped, closed.

import { expect, test } from './fixtures.mjs';
import { Live } from './live.mjs';

/** @param {import('@playwright/test').Page} page */
const panel = (page) => page.getByRole('complementary', { name: 'Demo story' });

/** @param {import('@playwright/test').Page} page @param {string} id */
const step = (page, id) => expect(panel(page)).toHaveAttribute('data-step', id, { timeout: 60_000 });

/** @param {import('@playwright/test').Page} page @param {RegExp} text */
async function seen(page, text) {
  const outcome = panel(page).locator('.story-outcome');
  await expect(outcome).toHaveAttribute('data-phase', 'seen', { timeout: 60_000 });
  await expect(outcome).toHaveText(text);
}

test('the whole story, as it comes: calm, drift, alert, column, rows, fraud wave, alert, end', async ({ app, page }) => {
  test.setTimeout(300_000);
  const live = new Live(page);
  const began = Date.now();
  await app.goto('#demo');
  await step(page, 'welcome');
  await expect(panel(page).getByRole('heading')).toBeFocused();
  await step(page, 'calm');
  await seen(page, /^Learnt: 0\.\d+\s% of the rows are flagged/);
  expect((await live.tick()).alerts.episodes, 'calm is calm').toEqual([]);
  await step(page, 'drift');
  await seen(page, /^V14 has drifted: its PSI is \d+\.\d\d/);
  const { columns } = await live.state();
  expect(columns?.filter(({ verdict }) => verdict === 'drifted').map(({ name }) => name)).toEqual(['V14']);
  await step(page, 'alert');
  await seen(page, /^Firing: /);
  await expect(live.alerts).toBeInViewport();
  await step(page, 'column');
  await seen(page, /^V14/);
  await expect(page.locator('#live .column-detail h3')).toBeInViewport();
  await step(page, 'rows');
  await seen(page, /^\d+ rows are listed\.$/);
  const rows = page.getByRole('region', { name: 'Rows behind the bin' }).locator('tbody tr');
  await expect(rows.first()).toBeVisible();
  await step(page, 'wave');
  await seen(page, /fired/);
  await step(page, 'rate');
  await seen(page, /^Firing: .*It fired at 1\.\d\d\s%\.$/);
  await step(page, 'end');
  expect(Date.now() - began).toBeLessThan(180_000);
  await live.until(({ source }) => source.scenario === 'calm', 'the traffic is calm again');
  await expect(panel(page).getByRole('button', { name: 'Try your own file' })).toBeVisible();
  await expect(page).toHaveURL(/#demo$/);

  // Closed, the view is the reader's: the traffic runs, the window is theirs again.
  await panel(page).getByRole('button', { name: 'Close the story' }).click();
  await expect(panel(page)).toBeHidden();
  await expect(page).toHaveURL(/#view=live$/);
  const { total } = await live.tick();
  await live.rows(total + 500);
  expect((await live.state()).settings.window.rows).toBe(10000);
  await live.pause();
});

test('from the first screen, by keyboard: pause, next, back, skip, again, Escape', async ({ app, page }) => {
  await app.goto();
  await page.getByRole('button', { name: 'Watch the two-minute demo' }).focus();
  await page.keyboard.press('Enter');
  await step(page, 'welcome');
  await expect(page.getByRole('link', { name: 'Live' })).toHaveAttribute('aria-current', 'page');
  const button = (/** @type {string} */ name) => panel(page).getByRole('button', { name, exact: true });
  await button('Pause').press('Enter');
  await expect(button('Go on')).toBeFocused();
  await expect(button('Back')).toBeDisabled();
  await button('Next').press('Enter');
  await step(page, 'calm');
  await button('Next').press('Enter');
  await step(page, 'shift');
  const live = new Live(page);
  await live.until(({ source }) => source.scenario === 'shift', 'the traffic is switched');
  await button('Back').press('Enter');
  await step(page, 'calm');
  await live.until(({ source }) => source.scenario === 'calm', 'and back');
  await button('Skip to the end').press('Enter');
  await step(page, 'end');
  await expect(panel(page).getByRole('heading')).toBeFocused();
  await button('Watch again').press('Enter');
  await step(page, 'welcome');
  await expect(panel(page).getByRole('status')).toContainText('transactions a second');
  await page.keyboard.press('Escape');
  await expect(panel(page)).toBeHidden();
  await expect(page.locator('main')).toBeFocused();
});

test('what runs already is not ended without a word', async ({ app, page }) => {
  await app.goto('#view=live&scenario=calm&rate=500');
  const live = new Live(page);
  await live.start.click();
  const { total } = await live.rows(300);
  await page.evaluate(() => (location.hash = '#demo'));
  await expect(panel(page)).toContainText('It stops the stream');
  await live.rows(total + 200);
  await panel(page).getByRole('button', { name: 'Start the story' }).click();
  await step(page, 'welcome');
  await live.until(({ source, overall }) => source.rate === 1000 && overall.rows < 3000, 'it counts from zero');
});
