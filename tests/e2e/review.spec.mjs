// @ts-check
// The stories of the review: demo, own file in every way it can come, threshold, sorting, filters, a row opened, download.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { csv, INPUTS, scratch, swap } from './data.mjs';
import { expect, test } from './fixtures.mjs';

test('the first screen says what it does, what it expects, and how to check', async ({ app, page }) => {
  await app.goto();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Score transactions for fraud, in this tab.');
  await expect(page.locator('.expects')).toContainText('Time, V1…V28, Amount');
  await expect(page.locator('.expects')).toContainText('Class, if present, is used to measure');
  await expect(page.locator('.model-line')).toContainText('trees');
  await expect(page.locator('.model-line')).toContainText(/AUC 0\.\d{4} \[0\.\d{3}, 0\.\d{3}\] \(cross-validated\)/);
  await page.getByText('how to check').click();
  await expect(page.locator('.privacy code')).toHaveText(/^default-src 'none'; script-src 'self' 'wasm-unsafe-eval';/);
});

test('the demo is scored, ranked and measured', async ({ app, page }) => {
  await app.goto();
  await app.demo();
  await expect(page.locator('.file-facts')).toContainText('50,000 rows');
  await expect(page.locator('.file-facts')).toContainText('generated, no real data');
  const rows = await app.table();
  expect(rows.length).toBeGreaterThan(10);
  for (let i = 1; i < rows.length; ++i) expect(rows[i].score).toBeLessThanOrEqual(rows[i - 1].score);
  const measured = await app.figures('Measured');
  expect(Number(measured.AUC)).toBeGreaterThan(0.9);
  await expect(page.getByRole('img')).toHaveCount(4);
  for (const chart of await page.getByRole('img').all()) {
    expect(await chart.getAttribute('aria-label')).toMatch(/\. .*\d/);
    const box = await chart.boundingBox();
    expect(box?.height).toBeGreaterThan(100);
  }
  const figure = page.getByRole('figure', { name: 'Scores' });
  await figure.getByText('Numbers').click();
  await expect(figure.locator('tbody tr')).not.toHaveCount(0);
  const counts = await figure.locator('tbody td:nth-child(3)').allTextContents();
  expect(counts.map((text) => Number(text.replaceAll(',', ''))).reduce((a, b) => a + b)).toBe(50000);
});

test('a file comes by button, drop, paste, or as text typed in', async ({ app, page }) => {
  await app.goto();
  const text = csv({ rows: 50 });
  const facts = page.locator('.file-facts');
  await app.give('chosen.csv', text);
  await app.results();
  await expect(page.getByRole('heading', { level: 1, name: 'chosen.csv' })).toBeVisible();
  await expect(facts).toContainText('50 rows');

  await app.drop('dropped.csv', csv({ rows: 51 }));
  await expect(facts).toContainText('51 rows');
  await expect(page.getByRole('heading', { level: 1, name: 'dropped.csv' })).toBeVisible();

  await app.idle();
  await page.evaluate((pasted) => {
    const data = new DataTransfer();
    data.setData('text/plain', pasted);
    document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  }, csv({ rows: 52 }));
  await expect(facts).toContainText('52 rows');

  await app.goto();
  await page.getByText('Paste rows as text').click();
  await page.getByLabel('Rows as CSV text').fill(csv({ rows: 53 }));
  await page.getByRole('button', { name: 'Score this text' }).click();
  await expect(facts).toContainText('53 rows');
});

test('moving the threshold re-flags at once and asks for no new scores', async ({ app, page }) => {
  await app.goto();
  await app.demo();
  /** @type {string[]} */
  const requests = [];
  page.on('request', (request) => requests.push(request.url()));
  const before = Number((await app.flagged.innerText()).replaceAll(',', ''));
  await app.slider.fill('0.05');
  const { MINIMAL, ...above } = await app.levels();
  const expected = Object.values(above).reduce((a, b) => a + b);
  expect(expected).toBeGreaterThan(before);
  expect(MINIMAL + expected).toBe(50000);
  await expect(app.flagged).toHaveText(expected.toLocaleString('en-US'));
  await expect(page).toHaveURL(/#threshold=0\.05$/);
  await expect(app.threshold).toHaveValue('0.05');
  await app.threshold.fill('1');
  await expect(app.flagged).toHaveText(/^\d+$/);
  await app.idle();
  await app.threshold.fill('0.9999');
  await app.idle();
  await page.getByRole('button', { name: /Back to the model’s own/ }).click();
  await expect(app.flagged).toHaveText(String(before));
  await app.idle();
  // The figures at the threshold agree with the table's count.
  const matrix = (await page.locator('.matrix td.num').allTextContents()).map((text) => Number(text.replaceAll(',', '')));
  expect(matrix[0] + matrix[2]).toBe(before);
  expect(requests).toEqual([]);
});

test('an address carries threshold, view and theme', async ({ app, page }) => {
  await app.goto('#view=model&threshold=0.25&theme=dark');
  await expect(page.getByRole('heading', { level: 1 })).toContainText('creditcard');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.getByRole('link', { name: 'Review' }).click();
  await app.demo();
  await expect(app.threshold).toHaveValue('0.25');
  await page.goBack();
  await expect(page.locator('#model')).toBeVisible();
});

test('going back to an address without a threshold goes back to the model’s own', async ({ app, page }) => {
  await app.goto();
  await app.give('back.csv', csv({ rows: 30 }));
  await app.results();
  const own = await app.threshold.inputValue();
  await page.evaluate(() => (location.hash = 'threshold=0.123'));
  await expect(app.threshold).toHaveValue('0.123');
  await page.goBack();
  await expect(app.threshold).toHaveValue(own);
  await page.goForward();
  await expect(app.threshold).toHaveValue('0.123');
});

test('a file dropped while a dialog is open is not taken', async ({ app, page }) => {
  await app.goto();
  await app.give('kept.csv', csv({ rows: 30 }));
  await app.results();
  await page.getByRole('button', { name: 'Download scored CSV' }).click();
  await app.drop('other.csv', csv({ rows: 31 }));
  await app.idle();
  await expect(page.locator('.file-facts')).toContainText('30 rows');
  await page.getByRole('button', { name: 'Close' }).click();
  await app.drop('other.csv', csv({ rows: 31 }));
  await expect(page.locator('.file-facts')).toContainText('31 rows');
});

test('two columns of one name and columns without a name show their own cells', async ({ app, page }) => {
  await app.goto();
  const columns = ['Foo', ...INPUTS, 'Foo', '', ''];
  const own = (/** @type {number} */ row) => [`first ${row}`, `second ${row}`, String(row % 10), `last ${row}`];
  const mend = (/** @type {number} */ row, /** @type {string[]} */ cells) => {
    const [first, ...others] = own(row);
    return [first, ...cells.slice(1, -3), ...others];
  };
  await app.give('twice.csv', csv({ rows: 40, columns, mend }));
  await app.results();
  await app.show.selectOption('all');
  await page.getByRole('button', { name: 'Row', exact: true }).click();
  await page.locator('.columns > summary').click();
  const list = page.locator('.column-list');
  const shown = ['Foo', 'Foo (2)', 'column 33', 'column 34'];
  for (const name of shown) await list.getByRole('checkbox', { name, exact: true }).check();
  for (const name of INPUTS) await list.getByRole('checkbox', { name, exact: true }).uncheck();
  await page.keyboard.press('Escape');
  await app.idle();
  await expect(page.locator('.ranked thead th')).toHaveText(['Row▴', 'Score', 'Level', ...shown]);
  const cells = () => app.rows.evaluateAll((rows) => rows.map((row) => [...row.querySelectorAll('td')].slice(2).map((cell) => cell.textContent)));
  expect(await cells()).toEqual(Array.from({ length: 40 }, (_, row) => own(row)));

  // What the engine cannot tell apart by name is neither sorted nor filtered by.
  await expect(page.locator('#filter-column option')).toHaveText(['any', 'Foo', ...INPUTS, 'column 33']);
  await expect(page.getByRole('button', { name: 'Foo (2)' })).toHaveCount(0);
  await page.getByRole('button', { name: 'column 33' }).click();
  await app.idle();
  expect((await cells()).map((row) => row[2]).slice(0, 5)).toEqual(['9', '9', '9', '9', '8']);

  await app.rows.first().getByRole('button').click();
  await page.getByText('Cells as in the file').click();
  await expect(page.locator('.cells dt')).toHaveText(['Foo', ...INPUTS, 'Foo (2)', 'column 33', 'column 34']);
});

test('sorting by score, row number and any column', async ({ app, page }) => {
  await app.goto();
  await app.give('sort.csv', csv({ rows: 250, columns: ['Note', ...INPUTS, 'Class'] }));
  await app.results();
  await app.show.selectOption('all');
  await app.idle();
  await expect(app.range).toHaveText('Rows 1–100 of 250');
  await page.getByRole('button', { name: 'Row', exact: true }).click();
  await app.idle();
  expect((await app.table()).map(({ row }) => row)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  await page.getByRole('button', { name: 'Row', exact: true }).click();
  await app.idle();
  expect((await app.table())[0].row).toBe(249);
  await expect(page.getByRole('columnheader', { name: 'Row', exact: true })).toHaveAttribute('aria-sort', 'descending');

  await page.locator('.columns > summary').click();
  await page.locator('.column-list').getByRole('checkbox', { name: 'Time' }).check();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Time', exact: true }).click();
  await app.idle();
  const time = page.getByRole('columnheader', { name: 'Time' });
  await expect(time).toHaveAttribute('aria-sort', 'descending');
  expect((await app.table())[0].row).toBe(249);
  await page.getByRole('button', { name: 'Time', exact: true }).click();
  await app.idle();
  await expect(time).toHaveAttribute('aria-sort', 'ascending');
  expect((await app.table()).slice(0, 3).map(({ row }) => row)).toEqual([0, 1, 2]);
  await expect(page.getByRole('button', { name: 'Time', exact: true })).toBeFocused();
});

test('pages', async ({ app, page }) => {
  await app.goto();
  await app.give('pages.csv', csv({ rows: 250 }));
  await app.results();
  await app.show.selectOption('all');
  await page.getByRole('button', { name: 'Row', exact: true }).click();
  await app.idle();
  await expect(page.getByRole('button', { name: 'Previous page' })).toBeDisabled();
  await page.getByRole('button', { name: 'Next page' }).click();
  await page.getByRole('button', { name: 'Next page' }).click();
  await app.idle();
  await expect(app.range).toHaveText('Rows 201–250 of 250');
  await expect(page.getByRole('button', { name: 'Next page' })).toBeDisabled();
  expect((await app.table())[0].row).toBe(200);
  const box = page.getByLabel('Page', { exact: true });
  await box.fill('2');
  await box.press('Enter');
  await app.idle();
  expect((await app.table())[0].row).toBe(100);
  await box.fill('99');
  await box.press('Enter');
  await expect(box).toHaveValue('3');
});

test('filters by level, rows, score, column and text', async ({ app, page }) => {
  await app.goto();
  const text = csv({
    rows: 300,
    columns: [...INPUTS, 'Note'],
    mend: (row, cells) => (row === 7 ? swap(cells, 3, 'x') : row === 8 ? swap(cells, -1, 'Needle 8') : cells),
  });
  await app.give('filters.csv', text);
  await app.results();
  const show = app.show;
  await show.selectOption('all');
  await expect(app.range).toHaveText(/of 300$/);
  await page.getByLabel('Row from').fill('5');
  await page.getByLabel('to', { exact: true }).fill('9');
  await page.getByLabel('to', { exact: true }).press('Enter');
  await app.idle();
  expect((await app.table()).map(({ row }) => row).sort()).toEqual([5, 6, 7, 8, 9]);
  await show.selectOption('set aside');
  await app.idle();
  expect((await app.table()).map(({ row, level }) => [row, level])).toEqual([[7, 'set aside']]);
  await page.getByRole('button', { name: 'Clear' }).click();
  await show.selectOption('all');

  await page.getByLabel('Column', { exact: true }).selectOption('Time');
  await page.getByLabel('Comparison').selectOption('<=');
  await page.getByLabel('Value').fill('14');
  await page.getByLabel('Value').press('Enter');
  await app.idle();
  await expect(app.range).toHaveText('Rows 1–3 of 3 (Time ≤ 14)');
  await page.getByRole('button', { name: 'Clear' }).click();
  await show.selectOption('all');

  await page.getByRole('searchbox', { name: 'Text' }).fill('needle');
  await page.getByRole('searchbox', { name: 'Text' }).press('Enter');
  await app.idle();
  expect((await app.table()).map(({ row }) => row)).toEqual([8]);
  await page.getByRole('searchbox', { name: 'Text' }).fill('nowhere to be found');
  await page.getByRole('searchbox', { name: 'Text' }).press('Enter');
  await app.idle();
  await expect(page.getByText('No row meets all these conditions.')).toBeVisible();
  await page.getByRole('button', { name: 'Show all rows' }).click();
  await app.idle();
  await expect(app.range).toHaveText('Rows 1–100 of 300');

  // A level chosen in the summary is the table's filter.
  await page.getByRole('button', { name: /^MINIMAL: / }).click();
  await expect(show).toHaveValue('MINIMAL');
  await app.idle();
  expect(new Set((await app.table()).map(({ level }) => level))).toEqual(new Set(['MINIMAL']));
});

test('the reader chooses the columns, and the page remembers them', async ({ app, page }) => {
  await app.goto();
  await app.give('a.csv', csv({ rows: 20 }));
  await app.results();
  await app.show.selectOption('all');
  await page.locator('.columns > summary').click();
  const list = page.locator('.column-list');
  await list.getByRole('checkbox', { name: 'V28', exact: true }).check();
  await expect(page.getByRole('columnheader', { name: 'V28' })).toHaveCount(1);
  await page.reload();
  await app.give('a.csv', csv({ rows: 20 }));
  await app.results();
  await app.show.selectOption('all');
  await app.idle();
  await expect(page.getByRole('columnheader', { name: 'V28' })).toBeVisible();
});

test('a row opens to its line, features with percentiles, and cells; markup stays text', async ({ app, page }) => {
  await app.goto();
  const evil = '<img src=x onerror="document.title=1"><b>bold</b>';
  const text = csv({ rows: 30, columns: [...INPUTS, 'Note'], mend: (row, cells) => (row === 3 ? swap(cells, -1, `"${evil.replaceAll('"', '""')}"`) : cells) });
  await app.give('<b>name</b>.csv', text);
  await app.results();
  await app.show.selectOption('all');
  await page.locator('.columns > summary').click();
  await page.locator('.column-list').getByRole('checkbox', { name: 'Note' }).check();
  await app.idle();
  await expect(page.getByRole('cell', { name: evil })).toBeVisible();
  await page.getByRole('button', { name: 'Row 3', exact: true }).click();
  await app.idle();
  const detail = page.locator('.row-detail');
  await expect(detail.getByRole('heading', { level: 2 })).toHaveText('Row 3, line 5 of <b>name</b>.csv');
  await expect(detail.locator('pre')).toHaveText(text.split('\n')[4]);
  expect(await detail.locator('.features > div').count()).toBe(31);
  await expect(detail.locator('.features > div').first()).toContainText('%');
  await detail.getByText('Cells as in the file').click();
  await expect(detail.locator('.cells > div', { hasText: 'Note' }).locator('dd')).toHaveText(evil);
  expect(await page.title()).toBe('Firetower');
  expect(await page.locator('img, main b').count()).toBe(0);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', { name: 'Row 3', exact: true })).toHaveAttribute('aria-expanded', 'false');
});

test('copying from the table gives every digit', async ({ app, page }) => {
  await app.goto();
  await app.give('copy.csv', csv({ rows: 5 }));
  await app.results();
  await app.show.selectOption('all');
  await app.idle();
  const copied = await page.evaluate(() => {
    const row = /** @type {Element} */ (document.querySelector('.ranked tbody tr'));
    document.getSelection()?.selectAllChildren(row);
    const data = new DataTransfer();
    row.dispatchEvent(new ClipboardEvent('copy', { clipboardData: data, bubbles: true, cancelable: true }));
    return data.getData('text/plain');
  });
  const [first] = await app.table();
  const cells = copied.split('\t');
  expect(Number(cells[1])).toBe(first.score);
  expect(cells.length).toBeGreaterThan(10);
  expect(cells.some((text) => /^-?\d\.\d{10,}$/.test(text))).toBe(true);
});

test('how the file was read: rows set aside with line, reason and text; missing cells', async ({ app, page }) => {
  await app.goto();
  const text = csv({
    rows: 40,
    columns: [...INPUTS, 'Class', 'Shop'],
    mend: (row, cells) => (row % 2 === 0 && row < 30 ? swap(cells, 2, 'abc') : row === 31 ? cells.slice(0, 5) : cells),
  });
  await app.give('bad.csv', text);
  await app.results();
  await expect(page.locator('.file-facts')).toContainText('16 rows set aside');
  await page.getByRole('button', { name: 'see', exact: true }).click();
  await expect(app.report).toHaveAttribute('open', '');
  await expect(app.report).toContainText('30 of 30 columns matched');
  await expect(app.report).toContainText('Shop');
  const rows = app.report.getByRole('region', { name: 'Rows set aside' }).locator('tbody tr');
  await expect(rows).toHaveCount(10);
  await expect(rows.first()).toContainText('abc');
  await expect(rows.first().locator('td').first()).toHaveText('2');
  await expect(rows.first()).toContainText('V2');
  await app.report.getByRole('button', { name: /Show 6 more/ }).click();
  await expect(rows).toHaveCount(16);
  await expect(rows.last().locator('td').first()).toHaveText('33');
});

test('overrides in place read the file again', async ({ app, page }) => {
  await app.goto();
  await app.give('semicolon.csv', csv({ rows: 25, delimiter: ';', decimal: ',' }));
  await app.results();
  await expect(app.report).toContainText('semicolon · decimal comma · header');
  await app.report.locator('summary').first().click();
  await app.report.getByLabel('Delimiter').selectOption({ label: 'comma ,' });
  await expect(app.alert).toBeVisible();
  await app.report.getByLabel('Delimiter').selectOption({ label: 'semicolon ;' });
  await app.results();
  await expect(app.alert).toBeHidden();
  await expect(page.locator('.file-facts')).toContainText('25 rows');
  await app.report.getByLabel('Header').selectOption({ label: 'first line' });
  await app.results();
  await expect(page.locator('.file-facts')).toContainText('25 rows');
});

test('without labels: what the threshold would flag, and a word on what labels would bring', async ({ app, page }) => {
  await app.goto();
  await app.give('nolabel.csv', csv({ rows: 60, columns: INPUTS }));
  await app.results();
  await expect(page.getByRole('figure')).toHaveCount(2);
  await expect(page.getByRole('region', { name: 'Measured' })).toContainText('when the file has a Class column');
  await expect(page.getByRole('figure', { name: 'Rows flagged by threshold' })).toContainText('With a Class column (0 or 1) in the file');
  await expect(page.getByRole('region', { name: 'Confusion at the threshold' })).toBeHidden();
});

test('with no usable labels nothing can be measured; in the dark too, the page says so and draws what is flagged', async ({ app, page }) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await app.goto();
  const measured = page.getByRole('region', { name: 'Measured' });
  const figure = page.getByRole('figure', { name: 'Rows flagged by threshold' });
  /** The share of the drawing's inked pixels that are near black: what is drawn without a theme's colours. */
  const black = () =>
    figure.locator('canvas').evaluate((element) => {
      const { width, height } = /** @type {HTMLCanvasElement} */ (element);
      const copy = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
      if (!copy) return NaN;
      copy.drawImage(/** @type {HTMLCanvasElement} */ (element), 0, 0);
      const { data } = copy.getImageData(0, 0, width, height);
      let inked = 0;
      let dark = 0;
      for (let i = 0; i < data.length; i += 4) {
        if (data[i + 3] < 128) continue;
        inked += 1;
        if (data[i] + data[i + 1] + data[i + 2] < 60) dark += 1;
      }
      return inked < 500 ? NaN : dark / inked;
    });
  for (const [label, words] of /** @type {const} */ ([
    ['0', 'Column Class has only one class'],
    ['2', 'Column Class has no usable label'],
    ['', 'Column Class has no usable label'],
  ])) {
    await app.give('labels.csv', csv({ rows: 60, mend: (_, cells) => swap(cells, -1, label) }));
    await app.results();
    await expect(page.getByRole('figure')).toHaveCount(2);
    await expect(measured).toContainText(words);
    await expect(figure.locator('.finding')).toContainText(words);
    await expect(figure.locator('.finding')).not.toContainText('in the file');
    expect(await black()).toBeLessThan(0.01);
  }
});

test('a weight column can be switched off', async ({ app, page }) => {
  await app.goto();
  await app.give('weights.csv', csv({ rows: 200, columns: [...INPUTS, 'Class', 'Weight'], mend: (row, cells) => swap(cells, -1, String(1 + (row % 7))) }));
  await app.results();
  const total = async () => (await page.locator('.matrix td.num').allTextContents()).map((text) => Number(text.replaceAll(',', ''))).reduce((a, b) => a + b);
  expect(await total()).toBe(Array.from({ length: 200 }, (_, row) => 1 + (row % 7)).reduce((a, b) => a + b));
  await page.getByLabel('weighted by Weight').uncheck();
  await app.idle();
  expect(await total()).toBe(200);
});

test('cancel keeps what was scored and marks it partial', async ({ app, page }) => {
  test.slow();
  await app.goto();
  const file = path.join(scratch(), 'big.csv');
  writeFileSync(file, csv({ rows: 500_000 }));
  // As soon as some of its ranges are done: all of them take a second or two.
  await page.evaluate(() => {
    const progress = new MutationObserver(() => {
      const [, done] = /^[1-9][\d,]*\srows.*\s([\d.]+)\sMB\sof\s/.exec(document.querySelector('.progress .figures')?.textContent ?? '') ?? [];
      if (!(Number(done) > 40)) return;
      progress.disconnect();
      [...document.querySelectorAll('button')].find((button) => button.textContent === 'Cancel')?.click();
    });
    progress.observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  await app.givePath(file);
  await app.results();
  await expect(page.locator('.file-facts')).toContainText('partial');
  await expect(page.locator('#review .note').first()).toContainText('marked partial');
  const rows = Number(/([\d,]+) rows/.exec((await page.locator('.file-facts').textContent()) ?? '')?.[1].replaceAll(',', ''));
  expect(rows).toBeGreaterThan(0);
  expect(rows).toBeLessThan(500_000);
  // The scored part can be downloaded.
  const saved = await app.download('Scores only');
  expect(readFileSync(saved.path, 'utf8').trimEnd().split('\n').length).toBe(rows + 1);
});

test('the download goes straight into a file where the browser has a picker', async ({ app, page }) => {
  await page.addInitScript(() => {
    Object.assign(window, {
      showSaveFilePicker: async (/** @type {{suggestedName: string}} */ options) => {
        const folder = await navigator.storage.getDirectory();
        return folder.getFileHandle(options.suggestedName, { create: true });
      },
    });
  });
  await app.goto();
  await app.give('picked.csv', csv({ rows: 300 }));
  await app.results();
  await page.getByRole('button', { name: 'Download scored CSV' }).click();
  await page.getByRole('button', { name: 'Download', exact: true }).click();
  await expect(page.getByText('Done.')).toBeVisible();
  const text = await page.evaluate(async () => {
    const folder = await navigator.storage.getDirectory();
    return (await (await folder.getFileHandle('picked-scored.csv')).getFile()).text();
  });
  expect(text.split('\n')[0]).toMatch(/,Class,probability,prediction,risk_level,confidence\r?$/);
  expect(text.trimEnd().split('\n').length).toBe(301);
});

test('theme: system, light, dark; remembered; charts follow', async ({ app, page }) => {
  await app.goto();
  await app.demo();
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const pixels = () => page.getByRole('img').first().screenshot();
  expect(await ground()).toBe('rgb(255, 255, 255)');
  const light = await pixels();
  await page.getByLabel('Theme').selectOption('dark');
  expect(await ground()).not.toBe('rgb(255, 255, 255)');
  await app.idle();
  expect(light.equals(await pixels())).toBe(false);
  await page.reload();
  await app.idle();
  expect(await ground()).not.toBe('rgb(255, 255, 255)');
  await page.getByLabel('Theme').selectOption('system');
  expect(await ground()).toBe('rgb(255, 255, 255)');
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await ground()).not.toBe('rgb(255, 255, 255)');
});
