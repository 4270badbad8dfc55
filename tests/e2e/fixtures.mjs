// @ts-check
// The page as a test sees it. Every test fails if the page threw, logged an error, or asked another host for anything.

import { expect, test as base } from '@playwright/test';

export { expect };

export class App {
  /** @param {import('@playwright/test').Page} page */
  constructor(page) {
    this.page = page;
    this.rows = page.locator('.ranked tbody tr:not(.detail)');
    this.flagged = page.getByRole('region', { name: 'Flagged' }).locator('.big');
    this.range = page.locator('.range-line');
    this.alert = page.getByRole('alert');
    this.report = page.locator('#import-report');
    this.cancel = page.getByRole('button', { name: 'Cancel', exact: true });
    this.slider = page.getByRole('slider', { name: 'Threshold' });
    this.show = page.getByLabel('Show', { exact: true });
    this.threshold = page.getByRole('spinbutton', { name: 'p ≥' });
  }

  /** @param {string} [hash] */
  async goto(hash = '') {
    await this.page.goto(`/${hash}`);
    await this.idle();
  }

  async idle() {
    await this.page.waitForFunction(() => /** @type {any} */ (globalThis).__idle?.());
  }

  /**
   * Gives a file to the file button.
   * @param {string} name
   * @param {string | Buffer} content
   */
  async give(name, content) {
    await this.page
      .getByLabel('CSV file', { exact: true })
      .setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(content) });
  }

  /** @param {string} path */
  async givePath(path) {
    await this.page.getByLabel('CSV file', { exact: true }).setInputFiles(path);
  }

  /**
   * Drops a file on the page.
   * @param {string} name
   * @param {string} content
   */
  async drop(name, content) {
    const data = await this.page.evaluateHandle(
      ([fileName, text]) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([text], fileName));
        return transfer;
      },
      [name, content],
    );
    await this.page.dispatchEvent('main', 'dragover', { dataTransfer: data });
    await this.page.dispatchEvent('main', 'drop', { dataTransfer: data });
  }

  async results() {
    await expect(this.page.locator('#review .results')).toBeVisible();
    await this.idle();
  }

  async demo() {
    await this.page.getByRole('button', { name: 'Try the demo' }).click();
    await this.results();
  }

  /** Every row of one page of the table: row number, score in full, level. */
  async table() {
    return this.rows.evaluateAll((rows) =>
      rows.map((row) => ({
        row: Number(row.querySelector('button')?.dataset.row),
        score: Number(/** @type {HTMLDataElement | null} */ (row.querySelector('.score data'))?.value ?? NaN),
        level: row.querySelectorAll('td')[1].textContent,
      })),
    );
  }

  /** Rows per risk level, as the summary says. @returns {Promise<Record<string, number>>} */
  async levels() {
    const buttons = await this.page.getByRole('region', { name: 'Risk' }).getByRole('button').all();
    const labels = await Promise.all(buttons.map((button) => button.getAttribute('aria-label')));
    return Object.fromEntries(
      labels.map((label) => {
        const found = /^([A-Z]+): ([\d,]+) rows/.exec(label ?? '');
        return [found?.[1], Number(found?.[2].replaceAll(',', ''))];
      }),
    );
  }

  /** The figures of a list of name and value. @param {string} region */
  async figures(region) {
    const cell = this.page.getByRole('region', { name: region });
    return Object.fromEntries(
      await cell.locator('dt').evaluateAll((names) =>
        names.map((name) => {
          const value = name.nextElementSibling;
          const exact = value?.querySelector('data')?.value;
          return [name.textContent, exact ?? value?.textContent];
        }),
      ),
    );
  }

  /**
   * Downloads through the dialog and gives the file's bytes.
   * @param {'Scored file' | 'Scores only'} what
   */
  async download(what) {
    await this.page.getByRole('button', { name: 'Download scored CSV' }).click();
    const dialog = this.page.getByRole('dialog', { name: 'Download scored CSV' });
    await dialog.getByRole('radio', { name: what }).check();
    const [download] = await Promise.all([
      this.page.waitForEvent('download', { timeout: 120_000 }),
      dialog.getByRole('button', { name: 'Download', exact: true }).click(),
    ]);
    await expect(dialog.getByText('Done.')).toBeVisible();
    await dialog.getByRole('button', { name: 'Close' }).click();
    return { path: await download.path(), name: download.suggestedFilename() };
  }
}

/**
 * @typedef {import('@playwright/test').TestType<
 *   import('@playwright/test').PlaywrightTestArgs & import('@playwright/test').PlaywrightTestOptions & {app: App, complaints: string[]},
 *   import('@playwright/test').PlaywrightWorkerArgs & import('@playwright/test').PlaywrightWorkerOptions>} Test
 */

/** complaints: what the page said or did that it should not; a test that provokes some empties the list. */
export const test = /** @type {Test} */ (
  /** @type {unknown} */ (
    base.extend(
      /** @type {any} */ ({
        /** @type {any} */
        complaints: async (/** @type {{}} */ {}, /** @type {(value: string[]) => Promise<void>} */ use) => {
          /** @type {string[]} */
          const complaints = [];
          await use(complaints);
          expect(complaints).toEqual([]);
        },
        app: async (
          /** @type {{page: import('@playwright/test').Page, baseURL: string | undefined, complaints: string[]}} */ {
            page,
            baseURL,
            complaints,
          },
          /** @type {(value: App) => Promise<void>} */ use,
        ) => {
          page.on('pageerror', (error) => complaints.push(`threw: ${error.stack ?? error}`));
          page.on('console', (message) => {
            // Playwright's own, where a spec has no service worker.
            if (message.text().startsWith('Service Worker registration blocked')) return;
            if (message.type() === 'error' || message.type() === 'warning') complaints.push(`logged: ${message.text()}`);
          });
          page.on('request', (request) => {
            const url = new URL(request.url());
            const own = url.origin === new URL(String(baseURL)).origin;
            if (url.protocol.startsWith('http') && !own) complaints.push(`asked ${url}`);
          });
          // Without a picker the download takes the way that every browser has; the picker has a test of its own.
          await page.addInitScript(() => Reflect.deleteProperty(window, 'showSaveFilePicker'));
          await use(new App(page));
        },
      }),
    )
  )
);
