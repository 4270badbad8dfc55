#!/usr/bin/env node
// @ts-check
// Draws the PNG icons of the web manifest from web/icons/icon.svg with Chromium: node tools/make_icons.mjs
// A maskable icon may be cut to a circle of 80 % of its width, so there the drawing is smaller and the ground opaque.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

const folder = new URL('../web/icons/', import.meta.url);
const svg = await readFile(new URL('icon.svg', folder), 'utf8');
const browser = await chromium.launch({
  executablePath: process.env.FIRETOWER_CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
const page = await browser.newPage({ deviceScaleFactor: 1 });
for (const { name, size, share, ground } of [
  { name: 'icon-192.png', size: 192, share: 0.92, ground: 'transparent' },
  { name: 'icon-512.png', size: 512, share: 0.92, ground: 'transparent' },
  { name: 'maskable-512.png', size: 512, share: 0.56, ground: '#ffffff' },
]) {
  const drawn = Math.round(size * share);
  const place = (size - drawn) / 2;
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(
    `<body style="margin:0;background:${ground}"><img style="position:absolute;left:${place}px;top:${place}px" width="${drawn}" src="data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}">`,
  );
  await page.locator('img').evaluate((image) => /** @type {HTMLImageElement} */ (image).decode());
  await page.screenshot({ path: fileURLToPath(new URL(name, folder)), omitBackground: true });
}
await browser.close();
