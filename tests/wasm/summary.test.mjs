// @ts-check
// The summary of a scored file: the same bytes from any number of workers, from the command line and from parts.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

import { failure, repository, testCsv, testEngine } from './helper.mjs';

const firetower =
  process.env.FIRETOWER_BIN ?? fileURLToPath(new URL('build/native/tools/firetower/firetower', repository));
const model = fileURLToPath(new URL('tests/wasm/model.safetensors', repository));
const folder = mkdtempSync(join(tmpdir(), 'firetower-'));
test.after(() => rmSync(folder, { recursive: true }));

/** @param {string[]} options */
function run(...options) {
  const { status, stdout, stderr } = spawnSync(firetower, options, { encoding: 'utf8' });
  return { code: status, out: stdout, log: stderr };
}

/**
 * The summary that the command line writes for a file's text.
 * @param {string} name
 * @param {string} text
 */
function counted(name, text) {
  const [data, summary] = [join(folder, `${name}.csv`), join(folder, `${name}.json`)];
  writeFileSync(data, text);
  const { code, log } = run('score', '--model', model, '--data', data, '--out', '/dev/null', '--summary', summary);
  assert.equal(code, 0, log);
  return summary;
}

/** @param {string} text */
const blobOf = (text) => new Blob([text]);

const csv = testCsv(80000);

test('one to eight workers and the command line give the same bytes', async () => {
  const expected = readFileSync(counted('whole', csv));
  const parsed = JSON.parse(expected.toString());
  assert.equal(parsed.scored + parsed.aside, 80000);
  assert.ok(parsed.aside > 100 && parsed.flagged > 0);
  assert.equal(parsed.format, 'firetower-summary');
  for (let workers = 1; workers <= 8; ++workers) {
    const engine = await testEngine({ workers });
    const scored = await engine.scoreFile(blobOf(csv), { name: 'whole.csv' });
    engine.close();
    assert.equal(scored.rows, 80000);
    assert.equal(scored.scored, parsed.scored);
    assert.ok(Buffer.from(scored.summary).equals(expected), `${workers} workers`);
  }
});

test('the counts are those of the scores', async () => {
  const engine = await testEngine({ workers: 2 });
  const scored = await engine.scoreFile(blobOf(csv));
  const { threshold, risk_cuts: cuts } = engine.model();
  engine.close();
  const summary = JSON.parse(new TextDecoder().decode(scored.summary));
  const levels = [0, 0, 0, 0, 0];
  let [flagged, positives, aside] = [0, 0, 0];
  scored.probabilities.forEach((p, row) => {
    if (Number.isNaN(p)) {
      ++aside;
      return;
    }
    ++levels[cuts.filter((cut) => p >= cut).length];
    flagged += p >= threshold ? 1 : 0;
    positives += scored.labels?.[row] === 1 ? 1 : 0;
  });
  const sum = (/** @type {number[]} */ counts) => counts.reduce((total, count) => total + count, 0);
  assert.deepEqual(summary.levels, levels);
  assert.deepEqual([summary.flagged, summary.aside], [flagged, aside]);
  assert.equal(sum(summary.positives), positives);
  assert.deepEqual(summary.times_ms, [0, 3 * 79999 * 1000]);
  const missing = summary.features.find((/** @type {{name: string}} */ feature) => feature.name === 'V2').missing;
  assert.equal(missing, scored.missing.V2);
});

test('parts of a file add up to the whole, by the command line and by the engine', async () => {
  const [header, ...lines] = testCsv(3000).replaceAll('"two\nlines, and a comma"', 'two').trimEnd().split('\n');
  const parts = [0, 1, 2].map((part) => lines.filter((_, row) => row % 3 === part));
  const files = parts.map((part, i) => counted(`part${i}`, [header, ...part, ''].join('\n')));
  const whole = readFileSync(counted('all', [header, ...lines, ''].join('\n')));
  const [once, twice] = [join(folder, 'once.json'), join(folder, 'twice.json')];
  assert.equal(run('merge', files[2], files[0], '--out', once).code, 0);
  const { code, out } = run('merge', once, files[1], '--out', twice, '--json');
  assert.equal(code, 0);
  assert.ok(readFileSync(twice).equals(whole));
  const said = JSON.parse(out);
  assert.equal(said.rows, 3000);
  assert.equal(said.model.version, '1.2.3');
  assert.equal(said.flagged_share.value, said.flagged / said.scored);
  assert.deepEqual(JSON.parse(run('inspect', twice, '--json').out), said);
  assert.match(run('inspect', twice).out, /^summary of 3000 rows scored with test-forest 1\.2\.3\n/);
});

test('a file that is cancelled with partial has the summary of its rows', async () => {
  const engine = await testEngine({ workers: 2 });
  const controller = new AbortController();
  const long = csv + csv.slice(csv.indexOf('\n') + 1).repeat(4);
  const scored = await engine.scoreFile(blobOf(long), {
    partial: true,
    signal: controller.signal,
    onProgress: ({ rows }) => {
      if (rows > 100000) controller.abort();
    },
  });
  const empty = await engine.scoreFile(blobOf('Time,V1,V2,Amount\n'));
  engine.close();
  assert.ok(scored.partial);
  const summary = JSON.parse(new TextDecoder().decode(scored.summary));
  assert.equal(summary.scored, scored.scored);
  assert.equal(summary.scored + summary.aside, scored.rows);
  const none = JSON.parse(new TextDecoder().decode(empty.summary));
  assert.deepEqual([none.scored, none.aside, none.times_ms], [0, 0, null]);
});

test('errors of merge name the file, and the exit code says of which kind', async () => {
  const good = counted('good', testCsv(20));
  const out = join(folder, 'never.json');
  const broken = join(folder, 'broken.json');
  writeFileSync(broken, readFileSync(good, 'utf8').replace(/"flagged":\d+/, '"flagged":7000'));
  const foreign = join(folder, 'foreign.json');
  writeFileSync(foreign, readFileSync(good, 'utf8').replace('"version":"1.2.3"', '"version":"1.2.4"'));
  const cases = /** @type {[string[], number, RegExp][]} */ ([
    [[good, join(folder, 'absent.json')], 2, /^firetower: [^\n]*absent\.json: cannot open: [^\n]+\n$/],
    [[good, broken], 3, /^firetower: [^\n]*broken\.json: flagged: 7000 [^\n]+\n$/],
    [[good, foreign], 3, /^firetower: [^\n]*foreign\.json: [^\n]*another model: model version 1\.2\.4 is not 1\.2\.3\n$/],
    [[good, model], 3, /^firetower: [^\n]*model\.safetensors: [^\n]+\n$/],
    [[], 2, /summaries/],
    [[good, '--json', '--out', '-'], 2, /standard output/],
  ]);
  for (const [options, code, reason] of cases) {
    const result = run('merge', ...options, ...(options.includes('--out') ? [] : ['--out', out]));
    assert.equal(result.code, code, result.log);
    assert.match(result.log, reason);
  }
  assert.equal(run('inspect', broken).code, 3);
  const engine = await testEngine();
  const error = await failure(engine.scoreFile(blobOf('Time,V1\n1,2\n')));
  engine.close();
  assert.equal(error.code, 'SCHEMA_MISMATCH');
});
