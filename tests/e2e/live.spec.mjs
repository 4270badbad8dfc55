// @ts-check
// The Live view with the real engine: what it shows of a stream is what the command line says of the same rows; nothing is
// lost by pausing, stepping, switching; alerts, rules, log and summaries do what they say.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { csv, firetower, INPUTS, scratch, synthesize } from './data.mjs';
import { expect, test } from './fixtures.mjs';
import { demoTraffic, Live, scoreText } from './live.mjs';

const LEVELS = ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL'];
const THRESHOLD = 0.5;

/** @param {ReturnType<typeof scoreText>} scored @param {number} [begin] @param {number} [end] */
function counts({ probabilities, levels }, begin = 0, end = probabilities.length) {
  const good = probabilities.slice(begin, end).filter((p) => p !== '');
  return {
    rows: good.length,
    aside: end - begin - good.length,
    flagged: good.filter((p) => Number(p) >= THRESHOLD).length,
    high_risk_count: levels.slice(begin, end).filter((level) => level === 'HIGH' || level === 'CRITICAL').length,
    levels: LEVELS.map((name) => levels.slice(begin, end).filter((level) => level === name).length),
  };
}

/**
 * @param {import('../../web/js/engine/live/types.js').ScopeStats} stats
 * @param {ReturnType<typeof scoreText>} scored
 * @param {number} [begin]
 */
function same(stats, scored, begin = 0) {
  const { rows, aside, flagged, high_risk_count, levels } = stats;
  const expected = counts(scored, begin);
  expect({ rows, aside, flagged, high_risk_count, levels }).toEqual(expected);
  const good = scored.probabilities.slice(begin).filter((p) => p !== '').map(Number);
  // Sums are of multiples of 2^-32.
  expect(Math.abs(Number(stats.average_probability) - good.reduce((a, b) => a + b, 0) / good.length)).toBeLessThan(2 ** -32);
  expect(stats.fraud_rate.value).toBeCloseTo(flagged / rows, 12);
  // Wilson's interval, by its formula.
  const z = 1.959963984540054;
  const p = flagged / rows;
  const centre = (p + (z * z) / (2 * rows)) / (1 + (z * z) / rows);
  const half = (z / (1 + (z * z) / rows)) * Math.sqrt((p * (1 - p)) / rows + (z * z) / (4 * rows * rows));
  expect(stats.fraud_rate.low).toBeCloseTo(Math.max(0, centre - half), 9);
  expect(stats.fraud_rate.high).toBeCloseTo(centre + half, 9);
}

/** @param {import('@playwright/test').Page} page @param {string} button */
async function saved(page, button) {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: button }).click()]);
  return readFileSync(await download.path());
}

test('demo traffic: every figure is what the command line says of the same rows; pause and step lose none', async ({ app, page }) => {
  const live = new Live(page);
  await app.goto('#view=live&scenario=calm&rate=4000');
  await live.start.click();
  await live.rows(6000);
  const { total } = await live.pause();
  const traffic = demoTraffic(total);
  same((await live.tick()).overall, traffic);

  // Paused: rows that are due wait; each step takes so many.
  await page.waitForTimeout(500);
  expect((await live.tick()).total).toBe(total);
  await page.getByRole('button', { name: 'Step 1 row' }).click();
  await page.getByRole('button', { name: 'Step 10 rows' }).click();
  await live.rows(total + 11);
  const stepped = await live.tick();
  expect(stepped.total).toBe(total + 11);
  expect(stepped.recent.slice(0, 11).map(({ row }) => row)).toEqual(Array.from({ length: 11 }, (_, i) => total + 10 - i));

  // On again: what follows are the very next rows.
  await live.resumeButton.click();
  await live.rows(total + 3000);
  const { total: end } = await live.pause();
  const all = demoTraffic(end);
  same((await live.tick()).overall, all);
  const { recent } = await live.tick();
  expect(recent.length).toBeGreaterThan(20);
  expect(recent.map(({ probability, risk_level }) => [probability, risk_level])).toEqual(
    recent.map(({ row }) => [Number(all.probabilities[Number(row)]), all.levels[Number(row)]]),
  );

  // And as a person reads it.
  await expect(page.locator('.live-strip .big').first()).toHaveText(end.toLocaleString('en-US'));
});

test('a scenario changes the rows from where it was chosen, and only those', async ({ app, page }) => {
  const live = new Live(page);
  await app.goto('#view=live&scenario=calm&rate=2000');
  await live.start.click();
  await live.rows(1500);
  const { total: calm } = await live.pause();
  await page.getByLabel('Scenario').selectOption('shift');
  await live.until(({ source }) => source.scenario === 'shift', 'the scenario is chosen');
  await live.resumeButton.click();
  await live.rows(calm + 1500);
  const { total: shifted } = await live.pause();
  await page.getByLabel('Scenario').selectOption('missing_column');
  await live.until(({ source }) => source.scenario === 'missing_column', 'the scenario is chosen');
  await live.resumeButton.click();
  await live.rows(shifted + 1500);
  const { total } = await live.pause();
  let row = 0;
  const [v14, v10] = [INPUTS.indexOf('V14'), INPUTS.indexOf('V10')];
  const traffic = demoTraffic(total, {
    change(cells) {
      const changed = [...cells];
      if (row >= shifted) changed[v10] = '';
      else if (row >= calm) changed[v14] = String(Number(cells[v14]) + 2);
      row += 1;
      return changed;
    },
  });
  same((await live.tick()).overall, traffic);
});

test('a window holds the last rows and nothing else', async ({ app, page }) => {
  const live = new Live(page);
  await app.goto('#view=live&scenario=calm&rate=4000&window=rows:1000');
  await live.start.click();
  await live.rows(5000);
  const { total } = await live.pause();
  const { window, overall, window_state } = await live.tick();
  expect(window_state.complete).toBe(true);
  const held = window.rows + window.aside;
  expect(held).toBeGreaterThanOrEqual(1000);
  expect(held).toBeLessThanOrEqual(1020);
  const traffic = demoTraffic(total);
  same(window, traffic, total - held);
  same(overall, traffic);
  await page.getByLabel('Window', { exact: true }).selectOption({ label: 'since the start' });
  const since = await live.until(({ window: all }) => all.rows === overall.rows, 'the window is everything');
  same(since.window, traffic);
});

test('a replayed file: to its end, paused on the way; figures, rows set aside and summary equal those of the command line', async ({ app, page }) => {
  const file = path.join(scratch(), 'replayed.csv');
  synthesize(file, 12_000, 3);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  // Some rows that cannot be scored.
  for (const i of [5, 700, 11_999]) lines[i] = lines[i].replace(/^[^,]*,[^,]*/, '1,abc');
  const text = `${lines.join('\n')}\n`;
  writeFileSync(file, text);
  const live = new Live(page);
  await app.goto('#view=live');
  await page.getByLabel('CSV file to replay').setInputFiles(file);
  await page.getByLabel('Rows a second').fill('6000');
  await page.getByLabel('Rows a second').press('Enter');
  await live.rows(2000);
  await live.pause();
  await page.waitForTimeout(300);
  await live.resumeButton.click();
  const done = await live.until(({ source }) => source.state === 'ended', 'the file is at its end');
  const scored = scoreText(text);
  expect(done.total).toBe(12_000);
  expect(done.source.position).toBe(1);
  same(done.overall, scored);
  expect(done.overall.aside).toBe(3);

  // Labels: counted at the threshold, from the file's own column.
  const labels = lines.slice(1).map((line) => line.split(',').at(-1)?.replaceAll('"', ''));
  const count = (/** @type {boolean} */ flagged, /** @type {string} */ label) =>
    scored.probabilities.filter((p, i) => p !== '' && Number(p) >= THRESHOLD === flagged && labels[i] === label).length;
  expect(done.overall.labelled).toMatchObject({
    true_positive: count(true, '1'),
    false_positive: count(true, '0'),
    true_negative: count(false, '0'),
    false_negative: count(false, '1'),
  });

  const summary = await saved(page, 'Save all since the start');
  expect(summary.equals(scored.summary), 'the same bytes').toBe(true);

  // The page merges as the command line does.
  const folder = scratch();
  const [one, both] = [path.join(folder, 'one.json'), path.join(folder, 'both.json')];
  writeFileSync(one, summary);
  firetower('merge', one, one, '--out', both);
  await page.getByLabel('Summary file').setInputFiles(one);
  await live.until(({ overall }) => overall.rows + overall.aside === 24_000, 'the summary is added');
  expect((await saved(page, 'Save all since the start')).equals(readFileSync(both))).toBe(true);
  await page.getByLabel('Summary file').setInputFiles({ name: 'no.json', mimeType: 'application/json', buffer: Buffer.from('{"format":"other"}') });
  await expect(page.getByText('no.json was not added')).toBeVisible();
});

test('the log: what is exported is what was scored, in both formats, and remembered over a reload', async ({ app, page }) => {
  const live = new Live(page);
  await app.goto('#view=live&scenario=calm&rate=3000');
  await live.start.click();
  await live.rows(1);
  const { total: before } = await live.pause();
  await live.log.getByLabel('Remember on this device').check();
  await live.until(({ log }) => log.remembered, 'the log is on the device');
  await live.resumeButton.click();
  await live.rows(before + 4000);
  const { total } = await live.pause();
  await live.until(({ log }) => log.durable === log.next, 'every row is durable');
  const { probabilities, levels } = demoTraffic(total);
  const ndjson = (await live.exported('NDJSON')).trimEnd().split('\n').map((line) => JSON.parse(line));
  expect(ndjson.length).toBe(total - before);
  const expected = probabilities.slice(before).map((text, i) => {
    const probability = Number(text);
    const confidence = Math.max(probability, 1 - probability);
    return { prediction: Number(probability >= THRESHOLD), probability, risk_level: levels[before + i], confidence, source: 'demo', row: before + i };
  });
  expect(ndjson.map(({ prediction, probability, risk_level, confidence, source, row }) => ({ prediction, probability, risk_level, confidence, source, row }))).toEqual(expected);
  expect(ndjson.every(({ timestamp }) => new Date(timestamp).toISOString() === timestamp)).toBe(true);
  const text = (await live.exported('CSV')).trimEnd().split('\n');
  expect(text.length).toBe(total - before + 1);
  const head = text[0].split(',');
  const column = head.indexOf('probability');
  expect(text.slice(1).map((line) => line.split(',')[column])).toEqual(probabilities.slice(before));

  await page.reload();
  await app.idle();
  await live.until(({ log }) => log.remembered && log.rows === total - before, 'the log is there after a reload');
  const after = (await live.exported('NDJSON')).trimEnd().split('\n').map((line) => JSON.parse(line));
  expect(after).toEqual(ndjson);
  await live.log.getByRole('button', { name: 'Clear' }).click();
  await live.log.getByRole('button', { name: 'Delete it' }).click();
  await expect(live.log.getByRole('status')).toHaveText('The log on this device was cleared.');
  await live.until(({ log }) => log.rows === 0, 'the log is empty');
});

test('a fraud wave: the alert fires with its value, is acknowledged, silenced, ends, and is in the history', async ({ app, page }) => {
  const live = new Live(page);
  await app.goto('#view=live&scenario=calm&rate=4000&window=rows:1000');
  await live.start.click();
  await live.rows(6000);
  expect((await live.tick()).alerts.episodes.filter(({ statistic }) => statistic === 'fraud_rate')).toEqual([]);
  await page.getByLabel('Scenario').selectOption('fraud_wave');
  const fired = await live.until(({ alerts }) => alerts.episodes.some(({ statistic }) => statistic === 'fraud_rate'), 'the rate alert fires');
  const episode = fired.alerts.episodes.find(({ statistic }) => statistic === 'fraud_rate');
  expect(episode?.first_value).toBeGreaterThan(0.01);
  expect(episode?.severity).toBe('alert');
  const line = live.alerts.getByRole('listitem').filter({ hasText: 'More than 1 %' });
  await expect(line).toContainText('alert');
  await expect(page).toHaveTitle(/^\(\d+\) Firetower$/);
  await line.getByRole('button', { name: /^Acknowledge/ }).click();
  await expect(line).toContainText('acknowledged');
  await line.getByRole('button', { name: /^Silence/ }).click();
  await expect(line).toContainText('silenced until');
  await page.getByLabel('Scenario').selectOption('calm');
  await live.until(({ alerts }) => alerts.episodes.every(({ statistic, ended_ms }) => statistic !== 'fraud_rate' || ended_ms >= 0), 'it ends');
  await live.alerts.getByText(/^Earlier \(/).click();
  await expect(page.getByRole('region', { name: 'Earlier alerts' })).toContainText('More than 1 % of the rows are flagged');
});

test('rules: exported, changed, imported, refused with the place, remembered', async ({ app, page }) => {
  const live = new Live(page);
  await app.goto('#view=live&scenario=calm');
  await live.start.click();
  await live.rows(20);
  await live.pause();
  await page.locator('summary', { hasText: /^Rules/ }).click();
  const box = page.getByRole('region', { name: 'Rules' }).locator('xpath=..');
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Export', exact: true }).click()]);
  const rules = JSON.parse(readFileSync(await download.path(), 'utf8'));
  expect(rules.version).toBe(1);
  expect(rules.rules.map((/** @type {any} */ rule) => rule.statistic)).toEqual(expect.arrayContaining(['fraud_rate', 'average_probability', 'drifted_columns', 'detector_alarms']));
  const give = (/** @type {unknown} */ value) =>
    page.getByLabel('Rules file').setInputFiles({ name: 'rules.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(value)) });
  const mine = { version: 1, rules: [{ id: 'mine', name: 'Any row at all', statistic: 'fraud_rate', above: -1, severity: 'info', min_rows: 10 }] };
  await give(mine);
  await expect.poll(async () => (await live.state()).rules.map(({ id }) => id)).toEqual(['mine']);
  await give({ version: 1, rules: [{ id: 'bad', name: 'Bad', statistic: 'fraud_rate', above: 'much' }] });
  await expect(box).toContainText('rules[0]');
  expect((await live.state()).rules.map(({ id }) => id)).toEqual(['mine']);
  await page.reload();
  await app.idle();
  await live.start.click();
  const fired = await live.until(({ alerts }) => alerts.firing > 0, 'the remembered rule fires');
  expect(fired.alerts.episodes[0]).toMatchObject({ rule: 'mine', severity: 'info' });
  await live.pause();
});

test('the threshold of the page is that of the stream', async ({ app, page }) => {
  const live = new Live(page);
  await app.goto('#view=live&scenario=calm&rate=3000&threshold=0.1');
  await live.start.click();
  await live.rows(3000);
  const { total } = await live.pause();
  const { probabilities } = demoTraffic(total);
  const { overall, threshold } = await live.tick();
  expect(threshold).toBe(0.1);
  expect(overall.flagged).toBe(probabilities.filter((p) => Number(p) >= 0.1).length);
});

test('a file that is not the model’s: said, and the way out works', async ({ app, page }) => {
  const live = new Live(page);
  await app.goto('#view=live');
  await page.getByLabel('CSV file to replay').setInputFiles({ name: 'other.csv', mimeType: 'text/csv', buffer: Buffer.from(csv({ rows: 5, columns: ['V1', 'V2'] })) });
  await expect(page.locator('#live').getByRole('alert').filter({ hasText: 'V14' })).toBeVisible();
  await page.getByLabel('CSV file to replay').setInputFiles({ name: 'good.csv', mimeType: 'text/csv', buffer: Buffer.from(csv({ rows: 50 })) });
  await live.until(({ total, source }) => total === 50 && source.state === 'ended', 'the good file is replayed');
});
