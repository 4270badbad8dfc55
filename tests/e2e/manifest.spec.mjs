// @ts-check
// Every file of tests/data/manifest.json through the page: what the page says about it, in the page's own words.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { decimalName, delimiterName, lineEndingName } from '../../web/js/state/format.js';
import { shortList } from '../../web/js/views/start.js';
import { ROOT } from './data.mjs';
import { App, expect, test } from './fixtures.mjs';

const FOLDER = path.join(ROOT, 'tests/data');
const manifest = JSON.parse(readFileSync(path.join(FOLDER, 'manifest.json'), 'utf8'));

/** @typedef {{row: number, line: number, column: string, message: string}} Bad */

test.describe('manifest', () => {
  /** @type {App} */
  let app;
  let refuses = false;
  /** @type {string[]} */
  const complaints = [];

  test.beforeAll(async ({ browser }, { project }) => {
    const { baseURL, locale, timezoneId } = project.use;
    const page = await browser.newPage({ baseURL, locale, timezoneId });
    page.on('pageerror', (error) => complaints.push(String(error.stack)));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    app = new App(page);
    await app.goto('#view=model');
    const policies = await page.getByRole('region', { name: 'Features' }).locator('tbody td:last-child').allTextContents();
    expect(new Set(policies).size).toBe(1);
    refuses = policies[0] === 'reject';
    await page.getByRole('link', { name: 'Review' }).click();
  });

  test.afterAll(async () => {
    await app.page.close();
    expect(complaints).toEqual([]);
  });

  for (const { file, expected } of manifest.files) {
    test(file, async () => {
      const { page, report } = app;
      await app.givePath(path.join(FOLDER, 'files', file));
      await expect(page.locator('.results:visible, .problem:visible')).toHaveCount(1);
      await app.idle();

      if (expected.error) {
        await expect(app.alert.locator('.problem-cause')).toHaveText(expected.error.message, { useInnerText: true });
        await app.alert.getByText('Details to copy').click();
        await expect(app.alert.getByLabel('Details')).toContainText(`${expected.error.code}: `);
        await expect(app.alert.locator('.problem-next')).not.toBeEmpty();
        return;
      }

      const aside = /** @type {Bad[]} */ ([...expected.bad, ...(refuses ? expected.missingRows : [])]);
      aside.sort((a, b) => a.row - b.row);
      const scored = expected.rows - aside.length;
      if (scored > 0) {
        await expect(page.locator('.file-facts')).toContainText(`${expected.rows.toLocaleString('en-US')} row${expected.rows === 1 ? '' : 's'} ·`);
        const rows = await app.figures('Rows');
        expect(rows.Scored).toBe(scored.toLocaleString('en-US'));
      } else {
        await expect(app.alert.locator('h2')).toHaveText(
          expected.rows === 0 ? 'There are no rows to score' : 'No row of this file can be scored',
        );
      }

      const summary = report.locator('summary').first();
      if ((await report.getAttribute('open')) === null) await summary.click();
      const head = expected.header ? 'header' : 'no header';
      await expect(summary).toContainText(
        [delimiterName(expected.delimiter), `decimal ${decimalName(expected.decimal)}`, head, lineEndingName(expected.lineEnding)].join(' · '),
      );
      await expect(report).toContainText(expected.bom ? 'UTF-8 with BOM' : 'UTF-8');
      const extra = expected.extra.length === 0 ? 'none' : `${shortList(expected.extra.map((/** @type {string} */ name) => name || '(no name)'))} (kept for the download)`;
      await expect(report.locator('dt:text-is("Extra") + dd')).toHaveText(extra);

      await expect(report.getByRole('heading', { name: /^Rows set aside/ })).toHaveText(`Rows set aside: ${aside.length}`);
      if (aside.length > 0) {
        const more = report.getByRole('button', { name: /^Show / });
        while (await more.isVisible()) await more.click();
        const listed = await report
          .getByRole('region', { name: 'Rows set aside' })
          .locator('tbody tr')
          .evaluateAll((rows) =>
            rows.map((row) => {
              const [line, number, column, message] = [...row.children].map((cell) => cell.textContent);
              return { row: Number(number?.replaceAll(',', '')), line: Number(line?.replaceAll(',', '')), column, message };
            }),
          );
        expect(listed).toEqual(aside.map(({ row, line, column, message }) => ({ row, line, column: column || '–', message })));
      }

      const missing = refuses ? {} : expected.missing;
      const table = await report
        .locator('table.narrow tbody tr')
        .evaluateAll((rows) => rows.map((row) => [row.children[0].textContent, Number(row.children[1].textContent)]));
      expect(Object.fromEntries(table)).toEqual(missing);

      const label = report.locator('dt:text-is("Label") + dd');
      if (expected.labels === null) {
        await expect(label).toContainText('none');
      } else if (!refuses && expected.labels.positive > 0 && expected.labels.negative > 0) {
        const weighted = page.getByLabel(/^weighted by/);
        if ((await weighted.count()) > 0) await weighted.uncheck();
        await app.idle();
        const matrix = (await page.locator('.matrix td.num').allTextContents()).map((text) => Number(text.replaceAll(',', '')));
        expect(matrix[0] + matrix[1]).toBe(expected.labels.positive);
        expect(matrix[2] + matrix[3]).toBe(expected.labels.negative);
      }
    });
  }
});
