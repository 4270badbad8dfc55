// @ts-check
// `firetower score`: what it writes, prints and exits with.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

import { repository } from './helper.mjs';

const firetower =
  process.env.FIRETOWER_BIN ?? fileURLToPath(new URL('build/native/tools/firetower/firetower', repository));
const model = fileURLToPath(new URL('tests/wasm/model.safetensors', repository));
const folder = mkdtempSync(join(tmpdir(), 'firetower-'));
test.after(() => rmSync(folder, { recursive: true }));

/**
 * @param {string} input
 * @param {string[]} options
 */
function score(input, ...options) {
  const result = spawnSync(firetower, ['score', ...options], { input, encoding: 'utf8' });
  return { code: result.status, out: result.stdout, log: result.stderr };
}

const csv = 'Time,V1,V2,Amount\n0,1,1,1\n0,abc,1,1\n0,1,1\n0,0,0,0\n';

test('standard input to standard output, in input order', () => {
  const { code, out, log } = score(csv, '--model', model, '--data', '-', '--out', '-');
  assert.equal(code, 0);
  const lines = out.split('\n');
  assert.equal(lines[0], 'row,probability,prediction,risk_level,confidence');
  assert.match(lines[1], /^0,0\.\d+,[01],[A-Z]+,0\.\d+$/);
  assert.equal(lines[2], '1,,,,');
  assert.equal(lines[3], '2,,,,');
  assert.match(lines[4], /^3,0\.\d+,[01],[A-Z]+,0\.\d+$/);
  assert.equal(lines.length, 6);
  assert.match(log, /4 rows, \d flagged at 0\.4 or more/);
  assert.match(log, /2 rows set aside:\n {2}line 3, column V1: "abc" is not a number\n {2}line 4: 3 fields, 4 expected/);
});

test('the summary as JSON and the list of bad rows', () => {
  const [out, bad] = [join(folder, 'out.csv'), join(folder, 'bad.csv')];
  const files = ['--model', model, '--data', '-', '--out', out];
  const { code, out: text } = score(csv, ...files, '--bad-rows', bad, '--json', '--threshold', '0');
  assert.equal(code, 0);
  const summary = JSON.parse(text);
  const { rows, scored, set_aside: aside, flagged, threshold } = summary;
  assert.deepEqual([rows, scored, aside, flagged, threshold], [4, 2, 2, 2, 0]);
  assert.equal(Object.values(summary.risk_levels).reduce((sum, count) => sum + count, 0), 2);
  assert.deepEqual(readFileSync(bad, 'utf8').split('\n'), [
    'row,line,column,character,message',
    '1,3,V1,3,"line 3, column V1: ""abc"" is not a number"',
    '2,4,,0,"line 4: 3 fields, 4 expected"',
    '',
  ]);
});

test('results go through links and to devices, and leave nothing behind when they fail', () => {
  const place = join(folder, 'places');
  mkdirSync(join(place, 'folder'), { recursive: true });
  symlinkSync('real.csv', join(place, 'link.csv'));
  symlinkSync('/dev/null', join(place, 'null'));
  const to = (/** @type {string} */ out) => score(csv, '--model', model, '--data', '-', '--out', out);
  assert.equal(to(join(place, 'link.csv')).code, 0);
  assert.match(readFileSync(join(place, 'real.csv'), 'utf8'), /^row,probability/);
  assert.equal(to(join(place, 'null')).code, 0);
  assert.ok(lstatSync(join(place, 'link.csv')).isSymbolicLink() && lstatSync(join(place, 'null')).isSymbolicLink());
  for (const out of [join(place, 'folder'), join(place, 'absent', 'out.csv'), '/dev/full']) {
    const { code, log } = to(out);
    assert.equal(code, 2);
    assert.match(log, /^firetower: [^\n]+: cannot write: [^\n]+\n$/);
  }
  assert.deepEqual(readdirSync(place).sort(), ['folder', 'link.csv', 'null', 'real.csv']);
});

test('errors are one line, and the exit code says of which kind', () => {
  const data = join(folder, 'data.csv');
  writeFileSync(data, csv);
  symlinkSync('data.csv', join(folder, 'same.csv'));
  const out = join(folder, 'never.csv');
  const files = (/** @type {string} */ m, /** @type {string} */ d) => ['--model', m, '--data', d, '--out', out];
  const cases = /** @type {[string[], number, RegExp][]} */ ([
    [files(model, join(folder, 'absent.csv')), 2, /absent\.csv/],
    [[...files(model, data), '--delimiter', 'x'], 2, /delimiter/],
    [[...files(model, data), '--threshold', '2'], 2, /threshold/],
    [[...files(model, data), '--threshold', 'nan'], 2, /^firetower: --threshold: "nan" is not/],
    [[...files(model, data), '--treshold', '1'], 2, /^firetower: "--treshold" is not known/],
    [[...files(model, data), '--bad-rows', out], 2, /cannot both/],
    [[...files(model, data), '--bad-rows', join(folder, 'same.csv')], 2, /--bad-rows would replace the file that --data reads/],
    [['--model', model, '--data', data, '--out', data, '--with-input'], 2, /--out would replace the file that --data reads/],
    [['--model', model, '--data', data, '--out', '-', '--json'], 2, /standard output/],
    [files(model, '-'), 3, /empty/],
    [files(model, model), 3, /./],
  ]);
  for (const [options, code, reason] of cases) {
    const result = score('', ...options);
    assert.equal(result.code, code, `${options} | ${result.log}`);
    assert.match(result.log, reason);
  }
  const missing = score('Time,V1\n1,2\n', ...files(model, '-'));
  assert.equal(missing.code, 3);
  assert.match(missing.log, /^firetower: -: .*V2.*Amount.*\n$/);
  const huge = join(folder, 'huge.safetensors');
  writeFileSync(huge, Buffer.from([0, 0, 0, 0, 0, 1, 0, 0, 0x7b, 0x7d]));
  assert.equal(score('', ...files(huge, data)).code, 4);
  const broken = join(folder, 'broken.safetensors');
  writeFileSync(broken, readFileSync(model).subarray(0, 3000));
  const refused = score('', ...files(broken, data));
  assert.equal(refused.code, 4);
  assert.match(refused.log, /^firetower: [^\n]*broken\.safetensors: [^\n]+\n$/);
});
