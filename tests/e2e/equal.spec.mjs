// @ts-check
// The page and the command line say the same: downloads byte for byte, figures digit for digit (those that pass
// through exp or log to 1e-12), whatever the number of workers.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { csv, firetower, INPUTS, MODEL, ROOT, scratch, swap, synthesize } from './data.mjs';
import { expect, test } from './fixtures.mjs';

/**
 * @param {string} left
 * @param {string} right
 */
function expectSameBytes(left, right) {
  const [a, b] = [readFileSync(left), readFileSync(right)];
  if (a.equals(b)) return;
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  const around = (/** @type {Buffer} */ bytes) => bytes.subarray(Math.max(0, at - 60), at + 60).toString();
  expect({ bytes: a.length, at, text: around(a) }).toEqual({ bytes: b.length, at, text: around(b) });
}

/**
 * Both downloads of the file on the page equal the command line's.
 * @param {import('./fixtures.mjs').App} app
 * @param {string} file
 * @param {string[]} [options] of the command line
 */
async function expectSameDownloads(app, file, options = []) {
  const folder = scratch();
  for (const what of /** @type {const} */ (['Scored file', 'Scores only'])) {
    const out = path.join(folder, `${what}.csv`);
    const withInput = what === 'Scored file' ? ['--with-input'] : [];
    firetower('score', '--model', MODEL, '--data', file, '--out', out, ...withInput, ...options);
    const { path: saved } = await app.download(what);
    expectSameBytes(saved, out);
  }
}

/**
 * What the page says equals what `firetower score` and `firetower evaluate` say.
 * @param {import('./fixtures.mjs').App} app
 * @param {string} file
 * @param {string} [weight]
 */
async function expectSameFigures(app, file, weight) {
  const score = JSON.parse(firetower('score', '--model', MODEL, '--data', file, '--out', path.join(scratch(), 'x.csv'), '--json'));
  const rows = await app.figures('Rows');
  expect(rows.Scored).toBe(score.scored.toLocaleString('en-US'));
  expect(rows['Set aside']).toBe(score.set_aside.toLocaleString('en-US'));
  await expect(app.flagged).toHaveText(score.flagged.toLocaleString('en-US'));
  expect(await app.levels()).toEqual(score.risk_levels);

  const weights = weight === undefined ? [] : ['--weight', weight];
  const measured = JSON.parse(firetower('evaluate', '--model', MODEL, '--data', file, '--label', 'Class', ...weights, '--json'));
  const near = (/** @type {string | null | undefined} */ shown, /** @type {number | null} */ wanted) => {
    if (wanted === null) expect(shown).toBe('–');
    else expect(Math.abs(Number(shown) - wanted)).toBeLessThanOrEqual(1e-12 * Math.abs(wanted));
  };
  const figures = await app.figures('Measured');
  near(figures.AUC, measured.auc.value);
  near(figures['Avg. precision'], measured.average_precision.value);
  near(figures.Precision, measured.precision.value);
  near(figures.Recall, measured.recall.value);
  near(figures.Specificity, measured.specificity.value);
  const range = await app.page.getByRole('region', { name: 'Measured' }).locator('dd').first().locator('.range').textContent();
  const [low, high] = (/^\[(\d\.\d{3}), (\d\.\d{3})\]$/.exec(range ?? '') ?? []).slice(1).map(Number);
  // Rounded, outwards where the figure would be outside.
  const { auc } = measured;
  expect(Math.abs(low - auc.low)).toBeLessThanOrEqual(Math.round(1000 * auc.low) / 1000 > auc.value ? 0.001 : 0.0005);
  expect(Math.abs(high - auc.high)).toBeLessThanOrEqual(Math.round(1000 * auc.high) / 1000 < auc.value ? 0.001 : 0.0005);
  expect(low).toBeLessThanOrEqual(auc.value);
  expect(high).toBeGreaterThanOrEqual(auc.value);
  const [f1, brier, logLoss] = await app.page
    .getByRole('region', { name: 'Confusion at the threshold' })
    .locator('data')
    .evaluateAll((found) => found.map((element) => /** @type {HTMLDataElement} */ (element).value));
  near(f1, measured.f1);
  near(brier, measured.brier_score);
  near(logLoss, measured.log_loss);
  const cells = await app.page.locator('.matrix td.num').allTextContents();
  const { true_positive, false_negative, false_positive, true_negative } = measured.confusion;
  expect(cells).toEqual(
    [true_positive, false_negative, false_positive, true_negative].map((n) => n.toLocaleString('en-US', { maximumFractionDigits: 1 })),
  );
}

test('generated rows: figures, table and downloads', async ({ app }) => {
  const file = path.join(scratch(), 'small.csv');
  synthesize(file, 5000);
  await app.goto();
  await app.givePath(file);
  await app.results();
  await expectSameFigures(app, file);
  await expectSameDownloads(app, file);

  // The ranked table is the command line's file, sorted.
  const out = path.join(scratch(), 'ranked.csv');
  firetower('score', '--model', MODEL, '--data', file, '--out', out);
  const ranked = readFileSync(out, 'utf8')
    .trimEnd()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.split(','))
    .map(([row, probability, , level]) => ({ row: Number(row), score: Number(probability), level }))
    .sort((a, b) => b.score - a.score || a.row - b.row);
  await app.show.selectOption('all');
  await app.idle();
  expect(await app.table()).toEqual(ranked.slice(0, 100));
});

test('the demo is what the command line generates from the same seed', async ({ app }) => {
  await app.goto();
  await app.demo();
  const file = path.join(scratch(), 'demo.csv');
  synthesize(file, 50_000, 20130901);
  await expectSameFigures(app, file);
  await expectSameDownloads(app, file);
});

test('an awkward file: bad rows, missing cells, formulas, quotes, CRLF, semicolons, another threshold', async ({ app }) => {
  const awkward = ['=1+1', '@cmd', '-5', '"a;b"', '"say ""hi"""', '', "+49 30", '\tx', '<b>'];
  const text = csv({
    rows: 400,
    delimiter: ';',
    decimal: ',',
    lineEnd: '\r\n',
    columns: ['Note', ...INPUTS, 'Class'],
    mend: (row, cells) => {
      if (row % 50 === 3) return cells.slice(0, 7);
      if (row % 50 === 4) return swap(cells, 5, 'abc');
      if (row % 50 === 5) return swap(cells, 9, '');
      return swap(cells, 0, awkward[row % awkward.length]);
    },
  });
  const file = path.join(scratch(), 'awkward.csv');
  writeFileSync(file, text);
  await app.goto();
  await app.givePath(file);
  await app.results();
  await expectSameFigures(app, file);
  await app.threshold.fill('0.01');
  await app.idle();
  await expectSameDownloads(app, file, ['--threshold', '0.01']);
});

test('the number of workers changes nothing', async ({ app, page }) => {
  const file = path.join(scratch(), 'workers.csv');
  synthesize(file, 20_000, 3);
  const out = path.join(scratch(), 'out.csv');
  firetower('score', '--model', MODEL, '--data', file, '--out', out, '--with-input');
  for (const workers of [1, 2, 3]) {
    await page.addInitScript((n) => Object.defineProperty(navigator, 'hardwareConcurrency', { get: () => n, configurable: true }), workers);
    await app.goto();
    await expect.poll(() => page.workers().length).toBe(workers);
    await app.givePath(file);
    await app.results();
    expectSameBytes((await app.download('Scored file')).path, out);
  }
});

test('the real sample, weighted', async ({ app }) => {
  test.setTimeout(240_000);
  const file = path.join(scratch(), 'creditcard_sample.csv');
  writeFileSync(file, gunzipSync(readFileSync(path.join(ROOT, '../shared/data/creditcard_sample.csv.gz'))));
  await app.goto();
  await app.givePath(file);
  await app.results();
  await expectSameFigures(app, file, 'Weight');
  await expectSameDownloads(app, file);
});

test('284,807 generated rows', async ({ app }) => {
  test.setTimeout(480_000);
  const file = path.join(scratch(), 'transactions.csv');
  synthesize(file, 284_807);
  await app.goto();
  await app.givePath(file);
  await expect(app.page.locator('#review .results')).toBeVisible({ timeout: 120_000 });
  await app.idle();
  await expect(app.page.locator('.file-facts')).toContainText('284,807 rows');
  await expectSameFigures(app, file);
  await expectSameDownloads(app, file);
});
