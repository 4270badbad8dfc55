// @ts-check
// Reading the 162 MB CSV file into columns of numbers: the reader alone, from memory, beside other readers.

import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { PEERS, WASM, inTurn, keep, nativeBenchmark, startPeer, startPython } from './harness.mjs';
import { startBrowser } from './browser.mjs';

const CSV = path.join(PEERS, 'data/cc.csv');

const ROWS = 284807;

/**
 * Seconds to read the file that is in the module's memory. Runs in Node and in a page.
 * @param {[any, number]} job module, good rows that there must be
 */
function timeReader([module, wanted]) {
  const start = performance.now();
  const rows = module._ReadFile();
  const seconds = (performance.now() - start) / 1e3;
  if (rows !== wanted) throw new Error(`${rows} good rows`);
  return seconds;
}

/** The page's reader alone (csv_reader.cc) in Node. */
async function startNode() {
  const { default: create } = await import(pathToFileURL(path.join(WASM, 'csv_reader.mjs')).href);
  const module = await create({ wasmBinary: await readFile(path.join(WASM, 'csv_reader.wasm')) });
  const bytes = await readFile(CSV);
  const at = module._FileBuffer(bytes.length) >>> 0;
  module.HEAPU8.set(bytes, at);
  return () => timeReader([module, ROWS]);
}

/** ... and in Chromium. @param {import('@playwright/test').Page} page */
async function startPage(page) {
  const module = await page.evaluateHandle(async () => {
    const { default: create } = await import(new URL('/wasm/csv_reader.mjs', document.baseURI).href);
    /** @param {string} address */
    const bytesOf = async (address) => new Uint8Array(await (await fetch(address)).arrayBuffer());
    const made = await create({ wasmBinary: await bytesOf('/wasm/csv_reader.wasm') });
    const bytes = await bytesOf('/peers/data/cc.csv');
    const at = made._FileBuffer(bytes.length) >>> 0;
    made.HEAPU8.set(bytes, at);
    return made;
  });
  return () => page.evaluate(timeReader, /** @type {any} */ ([module, ROWS]));
}

/** @param {{rounds: number}} options */
export async function measure({ rounds }) {
  const python = await startPython();
  const browser = await startBrowser();
  const sides = {
    'PapaParse, dynamicTyping, step, Node': { side: await startPeer('papaparse'), request: 'read step' },
    'PapaParse, header and dynamicTyping, Node': { side: await startPeer('papaparse'), request: 'read header' },
    'DuckDB-WASM, typed columns, Node': { side: await startPeer('duckdb'), request: 'read typed' },
    'uDSV, typedCols, Node': { side: await startPeer('udsv'), request: 'read typed' },
  };
  /** @type {Record<string, () => Promise<number> | number>} */
  const contenders = { 'pandas, native': () => python.ask('read') };
  for (const [name, { side, request }] of Object.entries(sides)) contenders[name] = () => side.ask(request);
  const bytes = (await stat(CSV)).size;
  contenders['Firetower, native'] = () => bytes / nativeBenchmark('reader_bench', [CSV], '.').bytes_per_second;
  contenders['Firetower, Node'] = await startNode();
  contenders['Firetower, Chromium'] = await startPage(await browser.page());
  const { figures, failed } = await inTurn(contenders, rounds);
  python.close();
  for (const { side } of Object.values(sides)) side.close();
  await browser.close();
  await keep('CSV', { rounds, chromium: browser.version, bytes, figures, failed });
}
