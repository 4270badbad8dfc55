// @ts-check
// From the file to scores, and from the drop to the ranked table: the 162 MB file in Chromium, pandas + scikit-learn
// natively.

import path from 'node:path';

import { PEERS, inTurn, keep, startPython } from './harness.mjs';
import { chooseFile, startBrowser } from './browser.mjs';

const CSV = path.join(PEERS, 'data/cc.csv');

/**
 * The page itself, with the benchmark's forest as its model.
 * @param {import('./browser.mjs').Browser} browser
 */
async function openPage(browser) {
  const page = await browser.page('/site/index.html');
  await page.waitForFunction(() => /** @type {any} */ (globalThis).__idle?.());
  await page.evaluate(async () => {
    const bytes = await (await fetch('/peers/forest.safetensors')).arrayBuffer();
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], 'forest.safetensors'));
    document.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }));
  });
  await page.waitForFunction(() => document.body.textContent?.includes('bench-forest') && /** @type {any} */ (globalThis).__idle());
  return page;
}

/**
 * Seconds from the choice of the file until the ranked table has been painted, and the main thread's longest task.
 * @param {import('./browser.mjs').Browser} browser
 */
async function toRankedTable(browser) {
  const page = await openPage(browser);
  await page.evaluate(() => {
    const seen = /** @type {any} */ (globalThis);
    seen.longest = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) seen.longest = Math.max(seen.longest, entry.duration);
    }).observe({ type: 'longtask' });
    seen.shown = new Promise((resolve) => {
      let start = 0;
      document.addEventListener('change', () => (start ||= performance.now()), { capture: true, once: true });
      const observer = new MutationObserver(() => {
        if (start === 0 || document.querySelector('#review .ranked tbody tr') === null) return;
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(() => resolve((performance.now() - start) / 1e3)));
      });
      observer.observe(document.body, { childList: true, subtree: true });
    });
  });
  await page.getByLabel('CSV file', { exact: true }).setInputFiles(CSV);
  const seconds = await page.evaluate(() => /** @type {any} */ (globalThis).shown);
  await page.waitForFunction(() => /** @type {any} */ (globalThis).__idle());
  const longest = await page.evaluate(() => /** @type {any} */ (globalThis).longest);
  await page.context().close();
  return { seconds, longest };
}

/** @param {{rounds: number}} options */
export async function measure({ rounds }) {
  const python = await startPython();
  const browser = await startBrowser();
  const page = await browser.page();
  const csv = await chooseFile(page, CSV);
  /** @param {number} workers */
  const scorer = async (workers) => {
    const engine = await page.evaluateHandle(async (count) => {
      const { createEngine } = await import(new URL('/site/js/engine/client/index.js', document.baseURI).href);
      const model = new Uint8Array(await (await fetch('/peers/forest.safetensors')).arrayBuffer());
      return createEngine({ model, workers: count, generator: null });
    }, workers);
    return () =>
      page.evaluate(
        async ([api, file]) => {
          const start = performance.now();
          await api.scoreFile(file);
          return (performance.now() - start) / 1e3;
        },
        /** @type {any} */ ([engine, csv]),
      );
  };
  /** @type {number[]} */
  const longest = [];
  const { figures, failed } = await inTurn(
    {
      'pandas + scikit-learn, 2 jobs, native': () => python.ask('file 2'),
      'Firetower, Chromium, 1 worker': await scorer(1),
      'Firetower, Chromium, 2 workers': await scorer(2),
      'Firetower, Chromium, drop to ranked table': async () => {
        const shown = await toRankedTable(browser);
        longest.push(shown.longest);
        return shown.seconds;
      },
    },
    rounds,
  );
  python.close();
  await browser.close();
  await keep('FILE', { rounds, chromium: browser.version, figures, failed, longestTask: longest.slice(1) });
}
