// @ts-check
// Makes the screenshots of the README from the real page: docs/screenshots/*.png.
//
//   node tools/screenshots.mjs
//
// Needs the built page (./serve.py --setup-only) and Chromium (FIRETOWER_CHROMIUM, else /usr/bin/chromium). The
// transactions shown are the demo's: generated, no real data.

import { chromium } from '@playwright/test';
import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const OUT = path.join(ROOT, 'docs/screenshots');

const server = spawn('python3', [path.join(ROOT, 'serve.py'), '--no-build', '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
const address = await new Promise((resolve, reject) => {
  server.on('exit', (code) => reject(new Error(`serve.py ended with exit code ${code}`)));
  server.stdout.on('data', (text) => {
    const found = /http:\/\/[^/\s]+/.exec(String(text));
    if (found) resolve(`${found[0]}/`);
  });
});
const browser = await chromium.launch({
  executablePath: process.env.FIRETOWER_CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox'],
});

/**
 * @param {string} name
 * @param {{width: number, height: number, dark?: boolean}} view
 * @param {(page: import('@playwright/test').Page) => Promise<void>} reach
 */
async function shoot(name, { width, height, dark = false }, reach) {
  const page = await browser.newPage({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    locale: 'en-US',
    timezoneId: 'UTC',
  });
  const idle = () => page.waitForFunction(() => /** @type {any} */ (globalThis).__idle?.());
  await page.goto(address);
  await idle();
  await reach(page);
  await idle();
  await page.screenshot({ path: path.join(OUT, `${name}.png`) });
  console.log(`docs/screenshots/${name}.png`);
  await page.close();
}

/** @param {import('@playwright/test').Page} page */
async function demo(page) {
  await page.getByRole('button', { name: 'Try the demo' }).click();
  await page.locator('.ranked tbody tr').first().waitFor();
}

/** The Live view after a shift of V14. @param {import('@playwright/test').Page} page */
async function live(page) {
  await page.evaluate(() => (location.hash = '#view=live&scenario=calm&rate=1000'));
  await page.getByRole('button', { name: 'Start the demo', exact: true }).click();
  const rows = (/** @type {number} */ least) => page.waitForFunction((n) => /** @type {any} */ (globalThis).__live().tick?.total >= n, least);
  await rows(15_000);
  await page.getByLabel('Scenario').selectOption('shift');
  await page.waitForFunction(() => /** @type {any} */ (globalThis).__live().tick.alerts.firing > 0);
  await rows(25_000);
  await page.getByRole('button', { name: 'Pause', exact: true }).click();
}

/** The Drift view of the demo, a column open. @param {import('@playwright/test').Page} page */
async function drift(page) {
  const idle = () => page.waitForFunction(() => /** @type {any} */ (globalThis).__idle());
  await page.evaluate(() => (location.hash = '#view=drift'));
  await page.getByRole('button', { name: 'Try it with a demo that drifts' }).click();
  await page.locator('.drift-sentence').waitFor();
  await idle();
  await page.getByLabel('Reference', { exact: true }).selectOption('before');
  await idle();
  await page.getByRole('button', { name: 'V14', exact: true }).click();
  await idle();
}

try {
  await mkdir(OUT, { recursive: true });
  const desktop = { width: 1440, height: 900 };
  const phone = { width: 390, height: 844 };
  await shoot('start-light-1440', desktop, async () => {});
  await shoot('review-light-1440', desktop, demo);
  await shoot('review-dark-1440', { ...desktop, dark: true }, demo);
  await shoot('row-light-1440', desktop, async (page) => {
    await demo(page);
    await page.locator('.ranked tbody tr').first().getByRole('button').click();
    await page.locator('.row-detail .features').waitFor();
    await page.locator('.filters').evaluate((element) => element.scrollIntoView());
  });
  await shoot('review-light-390', phone, demo);
  await shoot('live-light-1440', desktop, live);
  await shoot('live-dark-1440', { ...desktop, dark: true }, live);
  await shoot('drift-light-1440', { ...desktop, height: 1200 }, drift);
  await shoot('drift-dark-1440', { ...desktop, height: 1200, dark: true }, drift);
  await shoot('drift-light-390', phone, drift);
} finally {
  await browser.close();
  server.removeAllListeners('exit');
  server.kill('SIGTERM');
}
