// @ts-check
import assert from 'node:assert/strict';
import test from 'node:test';

import { createSource } from '../../web/js/engine/live/sources/index.js';
import { fakeReader, randomNumbers, rowsIn, testModel } from './live_fakes.mjs';

const START = 1_790_000_000_000;

/** @typedef {import('../../web/js/engine/live/source.js').Source} Source */

/** @param {(number | string)[]} times */
function csv(times) {
  return `Time,V1,Amount,Class\n${times.map((time, row) => `${time},${row},${row / 4},${row % 2}\n`).join('')}`;
}

/** @param {number} rows one a second */
const everySecond = (rows) => csv(Array.from({ length: rows }, (_, row) => 100 + row));

/**
 * @param {string | Blob} file
 * @param {object} [options]
 * @param {{restore?: unknown, reader?: ReturnType<typeof fakeReader>}} [more]
 */
async function replay(file, options = {}, { restore = null, reader = fakeReader() } = {}) {
  const blob = typeof file === 'string' ? new Blob([file]) : file;
  const source = createSource(/** @type {any} */ ({ kind: 'replay', file: blob, name: 'a.csv', ...options }), { reader, restore });
  await new Promise((resolve) => source.start(START, () => resolve(undefined)));
  // The file's time begins when the first row is looked at.
  await source.take(0, START);
  return source;
}

/** @param {Source} source @param {number} now @param {number} [most] */
async function all(source, now, most = 1000) {
  /** @type {ReturnType<typeof rowsIn>} */
  const rows = [];
  // A batch may be less than what is due: due() says whether more is.
  for (let batch = await source.take(most, now); batch !== null || source.due(now) === 0; batch = await source.take(most, now)) {
    assert.ok(batch === null || (batch.rows > 0 && batch.rows <= most && batch.arrived <= now));
    rows.push(...rowsIn(batch));
  }
  return rows;
}

test('at a rate: all rows once, in order, from row 0, and then it has ended', async () => {
  const source = await replay(everySecond(2500), { rate: 1000 });
  assert.equal(source.state(START).state, 'running');
  assert.equal((await all(source, START)).length, 0);
  const rows = await all(source, START + 1500, 64);
  assert.equal(rows.length, 1500);
  assert.ok(Math.abs(Number(source.state(START + 1500).position) - 0.6) < 0.05);
  rows.push(...(await all(source, START + 60_000, 64)));
  assert.deepEqual(rows.map(({ row }) => row), Array.from({ length: 2500 }, (_, row) => row));
  assert.deepEqual(rows.map(({ inputs }) => inputs[1]), Array.from({ length: 2500 }, (_, row) => row));
  assert.deepEqual(rows[7], { inputs: [107, 7, 1.75], label: 1, time: 107, row: 7, reference: null, status: 0, statusInput: -1 });
  const { state, offered, taken, waiting, position, name } = source.state(START + 60_000);
  assert.deepEqual({ state, offered, taken, waiting, position, name }, { state: 'ended', offered: 2500, taken: 2500, waiting: 0, position: 1, name: 'replay: a.csv' });
  assert.equal(source.due(START + 60_000), Infinity);
});

test('a file of several slices gives the same rows as one of one', async () => {
  const text = everySecond(150_000);
  assert.ok(text.length > 2.5 * 2 ** 20);
  const source = await replay(text, { rate: 1_000_000 });
  const rows = await all(source, START + 1000, 4096);
  assert.equal(rows.length, 150_000);
  rows.forEach(({ inputs, row }, index) => {
    assert.equal(row, index);
    assert.equal(inputs[1], index);
  });
});

test('rows that the reader sets aside keep their place', async () => {
  const source = await replay('Time,V1,Amount,Class\n1,2,3,0\n1,2\n2,,4,1\n', { rate: 1000 });
  const rows = await all(source, START + 1000);
  assert.deepEqual(rows.map(({ status, row }) => [status, row]), [[0, 0], [1, 1], [0, 2]]);
  assert.ok(Number.isNaN(rows[2].inputs[1]));
});

test('by the file’s time, and so many times as fast', async () => {
  for (const speed of [1, 60, 0.5]) {
    const times = [1000, 1000, 1000.5, 1003, 1010, 1600];
    const source = await replay(csv(times), { pace: 'time', speed });
    for (let tenths = 0; tenths <= 7000; tenths += 7) {
      const now = START + (tenths * 100) / speed;
      await all(source, now);
      const expected = times.filter((time) => time <= 1000 + tenths / 10 + 1e-9).length;
      assert.equal(source.state(now).taken, expected, `${tenths / 10} s at ${speed}`);
    }
    assert.equal(source.state(START + 1e7).state, 'ended');
  }
});

test('due() says exactly when the next row’s time comes', async () => {
  const source = await replay(csv([50, 60, 90]), { pace: 'time', speed: 10 });
  assert.equal((await all(source, START)).length, 1);
  assert.equal(source.due(START), 1000);
  assert.equal(source.due(START + 400), 600);
  assert.equal((await all(source, START + 999)).length, 0);
  assert.equal((await all(source, START + 1000)).length, 1);
  assert.equal(source.due(START + 1000), 3000);
});

test('a row whose time is missing or before the one ahead of it is due at once', async () => {
  const source = await replay(csv(['', 10, 5, '', 12, 11, 10]), { pace: 'time' });
  const first = await all(source, START);
  assert.deepEqual(first.map(({ row }) => row), [0, 1, 2, 3]);
  assert.deepEqual(first.map(({ time }) => time), [NaN, 10, 5, NaN]);
  assert.equal((await all(source, START + 1999)).length, 0);
  assert.deepEqual((await all(source, START + 2000)).map(({ row }) => row), [4, 5, 6]);
});

test('pause, resume, steps and changes of speed lose and repeat nothing (by time)', async () => {
  for (let seed = 1; seed <= 60; ++seed) {
    const random = randomNumbers(seed);
    let time = 0;
    const times = Array.from({ length: 80 }, () => (time += Math.floor(random() * 8)));
    let speed = 1;
    const source = await replay(csv(times), { pace: 'time', speed });
    // The oracle: where the data's clock stands, moved by hand.
    let clock = times[0];
    let paused = false;
    let expected = 0;
    let now = START;
    const seen = [];
    for (let action = 0; action < 80; ++action) {
      const elapsed = Math.floor(random() * 4000);
      now += elapsed;
      if (!paused) clock += (elapsed * speed) / 1000;
      const choice = Math.floor(random() * 5);
      if (choice === 0) {
        source.pause(now);
        paused = true;
      } else if (choice === 1) {
        source.resume(now);
        paused = false;
      } else if (choice === 2) {
        speed = 0.5 + Math.floor(random() * 4);
        source.adjust({ speed }, now);
      } else if (choice === 3 && paused && expected < times.length) {
        source.step(1);
        clock = Math.max(clock, times[expected]);
        ++expected;
      }
      if (!paused) while (expected < times.length && times[expected] <= clock + 1e-9) ++expected;
      seen.push(...(await all(source, now, 5)));
      assert.ok(Math.abs(seen.length - expected) <= 0, `seed ${seed}, action ${action}: ${seen.length} rows, ${expected} expected`);
    }
    assert.deepEqual(seen.map(({ row }) => row), Array.from({ length: seen.length }, (_, row) => row));
  }
});

test('steps while paused, at a rate', async () => {
  const source = await replay(everySecond(100), { rate: 10 });
  source.pause(START);
  assert.equal(source.due(START + 5000), Infinity);
  source.step(3);
  assert.equal(source.due(START + 5000), 0);
  assert.equal((await all(source, START + 5000)).length, 3);
  source.resume(START + 9000);
  assert.equal((await all(source, START + 10_000)).length, 10);
});

test('from a rate to the file’s time and back', async () => {
  const source = await replay(everySecond(1000), { rate: 100 });
  assert.equal((await all(source, START + 1000)).length, 100);
  source.adjust({ pace: 'time', speed: 10 }, START + 1000);
  assert.equal((await all(source, START + 2000)).length, 11, 'the next row at once, then ten a second');
  source.adjust({ pace: 'rate' }, START + 2000);
  assert.equal((await all(source, START + 3000)).length, 100);
});

test('in a loop the rows come again, the data’s clock goes on', async () => {
  const source = await replay(csv([10, 11, 13]), { rate: 1000, loop: true });
  const rows = await all(source, START + 8);
  assert.deepEqual(rows.map(({ row }) => row), [0, 1, 2, 0, 1, 2, 0, 1]);
  assert.deepEqual(rows.map(({ inputs }) => inputs[0]), [10, 11, 13, 10, 11, 13, 10, 11]);
  assert.deepEqual(rows.map(({ time }) => time), [10, 11, 13, 14.5, 15.5, 17.5, 19, 20]);
  assert.equal(source.state(START + 8).state, 'running');
});

test('in a loop by the file’s time', async () => {
  const source = await replay(csv([10, 11, 13]), { pace: 'time', loop: true });
  for (let tenths = 0; tenths < 200; ++tenths) {
    await all(source, START + tenths * 100);
    const due = [0, 10, 30].map((begin) => (tenths < begin ? 0 : Math.floor((tenths - begin) / 45) + 1));
    assert.equal(source.state(START + tenths * 100).taken, due[0] + due[1] + due[2], `${tenths / 10} s`);
  }
});

test('an empty file in a loop ends', async () => {
  const source = await replay('Time,V1,Amount,Class\n', { rate: 1000, loop: true });
  assert.equal((await all(source, START + 1000)).length, 0);
  assert.equal(source.state(START + 1000).state, 'ended');
});

test('after a restart the very next rows come', async () => {
  const text = csv([100, 101, '', 99, 104, 105, 106]);
  for (const options of [{ rate: 1000 }, { rate: 1000, loop: true }, { pace: 'time', speed: 1000, loop: true }]) {
    const count = 'loop' in options ? 20 : 7;
    const whole = await replay(text, options);
    const expected = (await all(whole, START + 1000)).slice(0, count);
    for (let cut = 0; cut <= count; ++cut) {
      const first = await replay(text, options);
      /** @type {ReturnType<typeof rowsIn>} */
      const head = [];
      while (head.length < cut) head.push(...rowsIn(await first.take(Math.min(2, cut - head.length), START + 1000)));
      const restore = JSON.parse(JSON.stringify(first.position()));
      const second = await replay(text, options, { restore });
      assert.equal(second.state(START).taken, cut);
      const tail = (await all(second, START + 1000)).slice(0, count - cut);
      const plain = (/** @type {typeof head} */ rows) => rows.map((row) => ({ ...row, time: Number(row.time).toFixed(6) }));
      assert.deepEqual(plain([...head, ...tail]), plain(expected), `cut at ${cut}`);
    }
  }
});

test('what is wrong with a file is a sentence', async () => {
  /** @type {[string | Blob, object, RegExp, unknown?][]} */
  const cases = [
    ['Time,Amount\n1,2\n', {}, /the file has no V1, which the model needs/],
    [everySecond(3), { timeColumn: 'When' }, /When is not one of the model's inputs/],
    [everySecond(3), {}, /another file/, { size: 5, offset: 1, row: 1, shift: 0, first: null, latest: null, due: 1, taken: 1 }],
  ];
  for (const [file, options, message, restore] of cases) {
    const source = await replay(file, options, { restore });
    assert.equal(source.state(START).state, 'failed');
    assert.match(source.state(START).message, message);
    assert.equal(await source.take(10, START + 1000), null);
    assert.equal(source.due(START + 1000), Infinity);
  }
  const reader = fakeReader(testModel({ inputs: [{ name: 'V1', unit: '' }] }));
  const timeless = await replay(everySecond(3), { pace: 'time' }, { reader });
  assert.match(timeless.state(START).message, /no input in seconds/);
  const fine = await replay(everySecond(3), { rate: 1 }, { reader });
  assert.throws(() => fine.adjust({ pace: 'time' }, START), /no input in seconds/);
});

test('a file that goes away in the middle fails, and keeps what was counted', async () => {
  const blob = new Blob([everySecond(200_000)]);
  let gone = false;
  const file = /** @type {any} */ ({
    size: blob.size,
    slice: (/** @type {number} */ begin, /** @type {number} */ end) => {
      if (gone) throw new DOMException('gone', 'NotReadableError');
      return blob.slice(begin, end);
    },
  });
  const source = await replay(file, { rate: 1_000_000 });
  const batch = await source.take(100, START + 1000);
  assert.equal(batch?.rows, 100);
  gone = true;
  await all(source, START + 1000);
  const { state, message, offered, taken } = source.state(START + 1000);
  assert.equal(state, 'failed');
  assert.match(message, /can no longer be read: it was changed, moved or removed/);
  assert.equal(offered, taken);
});

test('wrong arguments are refused at once', async () => {
  for (const [options, message] of /** @type {[object, RegExp][]} */ ([
    [{ file: 'a.csv' }, /file must be a File or a Blob/],
    [{ rate: -1 }, /rate must be/],
    [{ speed: 0 }, /speed must be/],
    [{ pace: 'fast' }, /pace must be/],
  ])) {
    await assert.rejects(replay(everySecond(1), options), message);
  }
  const source = await replay(everySecond(1), {});
  assert.throws(() => source.adjust({ scenario: 'calm' }, START), /a replay has no scenario/);
});

test('what the engine dies of is the caller’s to handle', async () => {
  for (const where of /** @type {const} */ (['inspect', 'feed'])) {
    const reader = fakeReader();
    reader[where] = () => {
      throw Object.assign(new Error('stopped'), { name: 'EngineError', code: 'ENGINE_CRASHED' });
    };
    const source = createSource({ kind: 'replay', file: new Blob([everySecond(3)]), name: 'a.csv', rate: 1000 }, { reader, restore: null });
    await new Promise((resolve) => source.start(START, () => resolve(undefined)));
    assert.equal(source.due(START + 1000), 0);
    await assert.rejects(Promise.resolve(source.take(10, START + 1000)), /stopped/);
  }
});
