// @ts-check
import assert from 'node:assert/strict';
import test from 'node:test';

import { checkRate, DataClock, RateClock } from '../../web/js/engine/live/sources/paced.js';
import { randomNumbers } from './live_fakes.mjs';

const START = 1_790_000_000_000;

test('rows due by a rate: the whole part of what time has brought', () => {
  const clock = new RateClock(3);
  clock.run(START);
  assert.equal(clock.available(START), 0);
  assert.equal(clock.available(START + 333), 0);
  assert.equal(clock.available(START + 334), 1);
  assert.equal(clock.available(START + 1000), 3);
  clock.took(3);
  assert.equal(clock.available(START + 1000), 0);
  assert.equal(Math.ceil(clock.wait(START + 1000)), 334);
});

test('asked after an hour it has all of the hour', () => {
  const clock = new RateClock(20_000);
  clock.run(START);
  assert.equal(clock.available(START + 3_600_000), 72_000_000);
});

test('a clock that goes back brings nothing and takes nothing', () => {
  const clock = new RateClock(10);
  clock.run(START);
  assert.equal(clock.available(START + 1000), 10);
  assert.equal(clock.available(START - 50_000), 10);
  assert.equal(clock.available(START + 1500), 15);
});

test('the time until the next row is when there is one, and not before', () => {
  const random = randomNumbers(4);
  for (let round = 0; round < 200; ++round) {
    const clock = new RateClock(1 + Math.floor(random() * 50));
    clock.run(START);
    const now = START + Math.floor(random() * 10_000) / 4;
    clock.took(clock.available(now));
    const wait = clock.wait(now);
    assert.ok(wait > 0 && wait <= 1000 / clock.rate);
    assert.equal(clock.available(now + wait * 0.99), 0);
    assert.equal(clock.available(now + wait + 0.01), 1);
  }
});

// The oracle adds up every quarter of a millisecond in whole numbers.
test('pauses, steps, changes of rate and calls at any time lose and gain nothing', () => {
  for (let seed = 1; seed <= 200; ++seed) {
    const random = randomNumbers(seed);
    const pick = (/** @type {number} */ below) => Math.floor(random() * below);
    let rate = 1 + pick(20_000);
    const clock = new RateClock(rate);
    clock.run(START);
    let quarters = 0n;
    let steps = 0;
    let running = true;
    let now = START;
    let taken = 0;
    for (let action = 0; action < 60; ++action) {
      const elapsed = pick(10) === 0 ? pick(40_000_000) : pick(500);
      now += elapsed / 4;
      if (running) quarters += BigInt(elapsed) * BigInt(rate);
      switch (pick(6)) {
        case 0:
          clock.pause(now);
          running = false;
          break;
        case 1:
          clock.run(now);
          running = true;
          break;
        case 2:
          rate = 1 + pick(20_000);
          clock.setRate(rate, now);
          break;
        case 3:
          clock.step(7);
          steps += 7;
          break;
        default: {
          const rows = Math.min(clock.available(now), pick(5000));
          clock.took(rows);
          taken += rows;
        }
      }
      const expected = Number(quarters / 4000n) + steps;
      clock.available(now);
      assert.equal(clock.due, expected, `seed ${seed}, action ${action}`);
      assert.equal(clock.taken, taken);
      if (running) assert.equal(clock.available(now), expected - taken);
      else assert.ok(clock.available(now) <= steps);
    }
  }
});

test('while paused only what was stepped may be taken', () => {
  const clock = new RateClock(100);
  clock.run(START);
  clock.pause(START + 1000);
  assert.equal(clock.available(START + 5000), 0);
  clock.step(2);
  assert.equal(clock.available(START + 6000), 2);
  clock.took(2);
  assert.equal(clock.available(START + 7000), 0);
  clock.run(START + 8000);
  assert.equal(clock.available(START + 8000), 100);
});

test('when the oldest row not taken was due', () => {
  const clock = new RateClock(1000);
  clock.run(START);
  assert.equal(clock.available(START + 500), 500);
  clock.took(100);
  // Row 100 (from 0) was due after 101 ms.
  assert.equal(clock.oldest(START + 500), START + 101);
});

test('rates outside their range are refused', () => {
  for (const rate of [0, -1, NaN, Infinity, 1_000_001, '5', null]) {
    assert.throws(() => checkRate(rate, 'rate'), /rate must be a number over 0/);
  }
  assert.equal(checkRate(0.5, 'rate'), 0.5);
});

test('the data’s clock: speed, pause and set', () => {
  const clock = new DataClock(60);
  clock.run(START);
  assert.ok(Number.isNaN(clock.time(START)));
  clock.set(1000, START);
  assert.equal(clock.time(START + 1000), 1060);
  assert.equal(clock.wait(1120, START + 1000), 1000);
  clock.setSpeed(1, START + 1000);
  assert.equal(clock.time(START + 2000), 1061);
  clock.pause(START + 2000);
  assert.equal(clock.time(START + 9000), 1061);
  assert.equal(clock.wait(1062, START + 9000), Infinity);
  clock.run(START + 10_000);
  assert.equal(clock.time(START + 11_000), 1062);
});
