// @ts-check
import assert from 'node:assert/strict';
import test from 'node:test';

import { createSource } from '../../web/js/engine/live/sources/index.js';
import { STREAM_ROWS } from '../../web/js/engine/live/sources/demo.js';
import { fakeReader, rowsIn, testModel } from './live_fakes.mjs';

const START = 1_790_000_000_000;

/** @param {object} options @param {unknown} [restore] @param {ReturnType<typeof fakeReader>} [reader] */
function demo(options, restore = null, reader = fakeReader()) {
  const source = createSource(/** @type {any} */ ({ kind: 'demo', ...options }), { reader, restore });
  source.start(START, () => {});
  return source;
}

/**
 * Rows that a source gives at a time, taken in pieces of at most `most`.
 * @param {import('../../web/js/engine/live/source.js').Source} source
 * @param {number} now
 * @param {number} [most]
 */
function all(source, now, most = 1000) {
  /** @type {ReturnType<typeof rowsIn>} */
  const rows = [];
  for (;;) {
    const batch = /** @type {any} */ (source.take(most, now));
    if (batch === null) return rows;
    assert.ok(batch.rows <= most);
    assert.ok(batch.arrived <= now);
    rows.push(...rowsIn(batch));
  }
}

test('rows come at the rate, numbered from 0, in order', () => {
  const source = demo({ rate: 1000, seed: 3 });
  assert.equal(source.due(START), 1);
  const rows = all(source, START + 2500, 7);
  assert.equal(rows.length, 2500);
  rows.forEach(({ row, inputs, time }, index) => {
    assert.equal(row, index);
    assert.equal(inputs[1], 3 + Math.floor(index / STREAM_ROWS) + (index % STREAM_ROWS) / 1e4);
    assert.ok(Math.abs(Number(time) - (index * 172800) / STREAM_ROWS) < 1e-6);
  });
  assert.equal(rows[10].label, 1);
  const { offered, taken, waiting, state, kind, name } = source.state(START + 3000);
  assert.deepEqual({ offered, taken, waiting, state, kind, name }, { offered: 3000, taken: 2500, waiting: 500, state: 'running', kind: 'demo', name: 'demo' });
});

test('it never ends: the next stream has the next seed, and the data’s clock goes on', () => {
  const source = demo({ rate: 1000, seed: 1 });
  const rows = all(source, START + 12_000);
  assert.equal(rows.length, 12_000);
  const base = (/** @type {number} */ row) => Math.floor(row / STREAM_ROWS);
  rows.forEach(({ row, inputs, time }, index) => {
    assert.equal(row, index);
    assert.equal(inputs[1], 1 + base(index) + (index % STREAM_ROWS) / 1e4);
    // The model's Time stays within the days it was trained on; the clock does not.
    assert.equal(inputs[0], ((index % STREAM_ROWS) * 172800) / STREAM_ROWS);
    assert.equal(time, base(index) * 172800 + inputs[0]);
  });
});

test('rows do not depend on when and in which pieces they are taken', () => {
  const once = all(demo({ rate: 1000 }), START + 9000, 4096);
  const source = demo({ rate: 1000 });
  const pieces = [];
  for (let now = START; now <= START + 9000; now += 37) pieces.push(...all(source, now, 13));
  pieces.push(...all(source, START + 9000, 13));
  assert.deepEqual(pieces, once);
});

test('a scenario begins with the next row', () => {
  const source = demo({ rate: 1000 });
  const before = all(source, START + 100);
  source.adjust({ scenario: 'shift' }, START + 100);
  assert.equal(source.state(START + 100).scenario, 'shift');
  const after = all(source, START + 300);
  assert.ok(before.every(({ inputs }) => inputs[2] === 0.002));
  assert.deepEqual(after.map(({ inputs }) => inputs[2]), Array.from({ length: 200 }, (_, row) => 1e6 + row));
  source.adjust({ scenario: 'calm' }, START + 300);
  assert.ok(all(source, START + 400).every(({ inputs }) => inputs[2] === 0.002));
});

test('a fraud wave has rows of the higher rate at once; the clock goes on', () => {
  const source = demo({ rate: 1000 });
  const before = all(source, START + 4700);
  source.adjust({ scenario: 'fraud_wave' }, START + 4700);
  const wave = all(source, START + 5700);
  assert.ok(wave.every(({ inputs }) => inputs[2] === 0.04));
  source.adjust({ scenario: 'calm' }, START + 5700);
  const after = all(source, START + 6000);
  assert.ok(after.every(({ inputs }) => inputs[2] === 0.002));
  const rows = [...before, ...wave, ...after];
  rows.forEach(({ row, time }, index) => {
    assert.equal(row, index);
    assert.ok(Math.abs(Number(time) - (index * 172800) / STREAM_ROWS) < 1e-6);
  });
});

test('after a restart the very next rows come, whatever went before', () => {
  for (const cut of [1, 999, 1000, 1001, 4096, 4999, 5000, 9500]) {
    const options = { rate: 1000, seed: 9 };
    /** @param {import('../../web/js/engine/live/source.js').Source} source @param {number} upTo */
    const upTo = (source, upTo) => {
      const rows = all(source, START + Math.min(upTo, 300));
      if (upTo > 300) source.adjust({ scenario: 'fraud_wave' }, START + 300);
      if (upTo > 300) rows.push(...all(source, START + Math.min(upTo, 4500)));
      if (upTo > 4500) source.adjust({ scenario: 'shift' }, START + 4500);
      if (upTo > 4500) rows.push(...all(source, START + upTo));
      return rows;
    };
    const whole = upTo(demo(options), 11_000);
    const first = demo(options);
    const head = upTo(first, cut);
    const position = JSON.parse(JSON.stringify(first.position()));
    const second = demo({ ...options, seed: 1, scenario: 'calm' }, position);
    assert.equal(second.state(START).taken, cut);
    const tail = [];
    const rest = [[300, 'fraud_wave'], [4500, 'shift'], [11_000, 'shift']].filter(([end]) => Number(end) > cut);
    for (const [end, scenario] of rest) {
      tail.push(...all(second, START + Number(end) - cut));
      second.adjust({ scenario: /** @type {any} */ (scenario) }, START + Number(end) - cut);
    }
    assert.deepEqual([...head, ...tail], whole, `cut at ${cut}`);
  }
});

test('pause, step, resume and another rate', () => {
  const source = demo({ rate: 100 });
  source.pause(START + 1000);
  assert.equal(source.state(START + 1000).state, 'paused');
  assert.equal(source.due(START + 2000), Infinity);
  assert.equal(all(source, START + 2000).length, 0);
  source.step(5);
  assert.equal(source.due(START + 2000), 0);
  assert.equal(all(source, START + 2000).length, 5);
  source.resume(START + 10_000);
  source.adjust({ rate: 10 }, START + 10_000);
  assert.equal(all(source, START + 11_000).length, 110);
  const { offered, taken, rate } = source.state(START + 11_000);
  assert.deepEqual({ offered, taken, rate }, { offered: 115, taken: 115, rate: 10 });
});

test('what it does not have or cannot be is refused, and nothing is changed', () => {
  const source = demo({ rate: 100 });
  assert.throws(() => source.adjust({ speed: 2 }, START), /demo traffic has no speed/);
  assert.throws(() => source.adjust({ rate: 5, scenario: /** @type {any} */ ('storm') }, START), /scenario must be one of calm, shift/);
  assert.equal(source.state(START).rate, 100);
  assert.throws(() => demo({ rate: 0 }), /rate must be/);
  assert.throws(() => demo({ seed: -1 }), /seed must be/);
  assert.throws(() => demo({ scenario: 'x' }), /scenario must be/);
  assert.throws(() => source.step(0.5), /whole number/);
});

test('without a generator, or with another model, it fails with a sentence', () => {
  const reader = fakeReader();
  reader.hasGenerator = false;
  const without = demo({ rate: 100 }, null, reader);
  assert.equal(all(without, START + 1000).length, 0);
  assert.equal(without.state(START).state, 'failed');
  assert.match(without.state(START).message, /generator/);

  const other = demo({ rate: 100 }, null, fakeReader(testModel({ inputs: [{ name: 'income', unit: '' }, { name: 'age', unit: '' }] })));
  assert.equal(all(other, START + 1000).length, 0);
  assert.match(other.state(START).message, /have no income, age/);
  assert.equal(other.state(START).offered, 0);
  assert.equal(other.due(START + 1000), Infinity);
});

test('what the engine dies of is the caller’s to handle', () => {
  const reader = fakeReader();
  reader.takeRows = () => {
    throw Object.assign(new Error('stopped'), { name: 'EngineError', code: 'ENGINE_CRASHED' });
  };
  assert.throws(() => all(demo({ rate: 100 }, null, reader), START + 1000), /stopped/);
});
