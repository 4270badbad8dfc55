// @ts-check
// Copies of the built site that a test may change, and what tests ask of the offline copy.

import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT, scratch } from './data.mjs';

export const WEB = path.join(ROOT, 'web');

/** Waits until the page's offline copy is complete and serves it. @param {import('@playwright/test').Page} page */
export async function copyKept(page) {
  await page.waitForFunction(() => navigator.serviceWorker.controller?.state === 'activated');
}

/** A copy of the site in a folder of its own, the offline list included. */
export function siteCopy() {
  const folder = path.join(scratch(), 'site');
  cpSync(WEB, folder, { recursive: true });
  list(folder);
  return folder;
}

/** Makes the list of the offline copy anew, as the build does. @param {string} folder */
function list(folder) {
  const script = 'import pathlib, sys; sys.path.insert(0, "tools"); from setup import build; web = pathlib.Path(sys.argv[1]); [(web / name).write_text(text) for name, text in build.precache_files(web).items()]';
  execFileSync('python3', ['-c', script, folder], { cwd: ROOT });
}

/**
 * Another version of the site: the document and its script say which, so that a mixture would show.
 * @param {string} folder
 * @param {string} name
 */
export function publish(folder, name) {
  const html = path.join(folder, 'index.html');
  const script = path.join(folder, 'js/app.js');
  writeFileSync(html, readFileSync(html, 'utf8').replace(/<title>.*<\/title>/, `<title>Firetower ${name}</title>`));
  const wiring = readFileSync(script, 'utf8').replace(/\ndocument\.body\.dataset\.built = .*\n/, '\n');
  writeFileSync(script, `${wiring}\ndocument.body.dataset.built = '${name}';\n`);
  list(folder);
}

/** What a page says it is: the document, its script. @param {import('@playwright/test').Page} page */
export async function shown(page) {
  await page.waitForFunction(() => document.body.dataset.built !== undefined);
  return [await page.title(), await page.evaluate(() => document.body.dataset.built)];
}

/** The origin's service workers and caches. @param {import('@playwright/test').Page} page */
export function kept(page) {
  return page.evaluate(async () => ({
    workers: (await navigator.serviceWorker.getRegistrations()).map(({ scope }) => new URL(scope).pathname),
    caches: (await caches.keys()).map((name) => name.replace(location.origin, '')),
  }));
}
