// @ts-check
// The examples of web/js/engine/README.md run as they stand: in Node, and in Chromium under the page's policy.

import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { chromium } from '@playwright/test';

import { collect, repository, testCsv, testEngine } from './helper.mjs';

const run = promisify(execFile);
const examples = new URL('web/js/engine/examples/', repository);
const nodeExample = new URL('tools/score_csv.mjs', repository);
const watchExample = new URL('tools/watch.mjs', repository);
const modelFile = fileURLToPath(new URL('tests/wasm/model.safetensors', repository));

test('the README shows the examples as they are', async () => {
  const readme = await readFile(new URL('../README.md', examples), 'utf8');
  const blocks = [...readme.matchAll(/```js\n([^]*?)\n```/g)].map((match) => match[1]);
  const files = await Promise.all([new URL('page.js', examples), nodeExample, watchExample].map((url) => readFile(url, 'utf8')));
  assert.deepEqual(blocks, files.map((text) => text.slice(text.indexOf('\n') + 1).trim()));
});

test('the example for Node', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'firetower-'));
  try {
    const path = join(folder, 'transactions.csv');
    await writeFile(path, testCsv(400));
    const { stdout } = await run('node', [fileURLToPath(nodeExample), path, modelFile]);
    const engine = await testEngine();
    const scored = await engine.scoreFile(new Blob([testCsv(400)]));
    const order = await engine.rank(scored.probabilities, { descending: true });
    engine.close();
    const lines = stdout.trim().split('\n');
    assert.equal(lines[0], '400 rows, 0 set aside');
    assert.equal(lines[1], `row ${order[0]}: ${scored.probabilities[order[0]]}`);
    assert.match(lines[4], /^(MINIMAL|LOW|MEDIUM|HIGH|CRITICAL), 1\.2\.3$/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('the example that watches a stream', async () => {
  const { stdout } = await run('node', [fileURLToPath(watchExample), '2', 'fraud_wave']);
  const lines = stdout.trim().split('\n');
  const rows = lines.map((line) => Number(/^(\d+) rows, /.exec(line)?.[1] ?? NaN)).filter((count) => !Number.isNaN(count));
  assert.ok(rows.length > 5, stdout);
  assert.deepEqual(rows, rows.slice().sort((a, b) => a - b));
  assert.equal(lines.at(-2), '1 accepted, 1 malformed: MEDIUM');
  const [, predictions, risky] = /^(\d+) predictions, (\d+) of high risk$/.exec(lines.at(-1) ?? '') ?? [];
  assert.ok(Number(predictions) >= Number(rows.at(-1)), stdout);
  // Twenty times the usual 0.17 %.
  assert.ok(Number(risky) > 0.01 * Number(predictions), stdout);
});

test('the example for Node says in one line what is wrong, and exits as `firetower` does', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'firetower-'));
  try {
    const path = join(folder, 'data.csv');
    const header = 'Time,V1,V2,Amount\n';
    const cases = /** @type {[string, string[], number, RegExp][]} */ ([
      ['', [], 2, /^score_csv: usage: .*\n$/],
      ['', [join(folder, 'absent.csv')], 2, /^score_csv: ENOENT.*\n$/],
      ['{}', [path, modelFile], 3, /^score_csv: .*\n$/],
      ['Time,V1\n', [path, modelFile], 3, /^score_csv: .*V2.*\n$/],
      [header, [path, path], 4, /^score_csv: .*\n$/],
      [header, [path, modelFile], 0, /^0 rows, 0 set aside\n$/],
      [`${header}a,b,c,d\n`, [path, modelFile], 0, /^1 rows, 1 set aside\n$/],
    ]);
    for (const [text, options, code, said] of cases) {
      await writeFile(path, text);
      const { status, stdout, stderr } = spawnSync('node', [fileURLToPath(nodeExample), ...options], { encoding: 'utf8' });
      assert.equal(status, code, stderr);
      assert.match(stdout + stderr, said);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

/** @type {Record<string, string>} */
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm' };

test('the example for a page', async () => {
  const policy = (await readFile(new URL('web/csp.txt', repository), 'utf8')).trim();
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://localhost');
    const place = pathname === '/model' ? modelFile : new URL(`web${pathname}`, repository);
    try {
      const body = await readFile(place);
      const type = TYPES[extname(pathname)] ?? 'application/octet-stream';
      response.writeHead(200, { 'content-type': type, 'content-security-policy': policy }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const executablePath = process.env.FIRETOWER_CHROMIUM || '/usr/bin/chromium';
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${port}/js/engine/examples/page.html?model=/model`);
    const status = page.locator('#status');
    await status.getByText('test-forest is ready').waitFor();
    const text = testCsv(70000);
    await page.locator('#file').setInputFiles({ name: 'a.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
    await status.getByText(/flagged/).waitFor();
    const said = await status.textContent();
    const download = page.waitForEvent('download');
    await page.locator('#download').click();
    const saved = await readFile(await (await download).path());
    const engine = await testEngine();
    const scored = await engine.scoreFile(new Blob([text]));
    const { threshold } = engine.model();
    const flagged = scored.probabilities.filter((probability) => probability >= threshold).length;
    const expected = await collect(engine.exportCsv(scored, { threshold, withInput: true }));
    engine.close();
    assert.equal(said, `70000 rows, ${flagged} flagged, ${scored.rows - scored.scored} set aside`);
    assert.ok(saved.equals(expected), 'Chromium and Node write the same bytes');
  } finally {
    await browser.close();
    server.close();
  }
});
