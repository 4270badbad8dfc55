// @ts-check
// The story without a page: a clock that the test turns, and ticks as a monitor sends them.

import assert from 'node:assert/strict';
import test from 'node:test';

import { createStory, STEPS, worstBin } from '../../web/js/state/story.js';
import { chartsAfter, episode, tickAfter } from './fake_monitor.mjs';

/** @typedef {import('../../web/js/state/story.js').Facts} Facts */

function telling() {
  /** @type {import('../../web/js/state/story.js').Scene[]} */
  const scenes = [];
  const clock = { now: 1_000_000 };
  const story = createStory({ show: (scene) => scenes.push(scene), now: clock.now });
  return {
    story,
    scenes,
    clock,
    /**
     * Time passes, in steps of 100 ms, with the same things to see.
     * @param {number} seconds
     * @param {Facts} facts
     */
    pass(seconds, facts) {
      for (let i = 0; i < Math.round(10 * seconds); ++i) {
        clock.now += 100;
        story.see(facts, clock.now);
      }
    },
    /**
     * Time passes until the step is over; REQUIRES: it ends by itself.
     * @param {Facts} facts
     * @returns {number} seconds
     */
    toNext(facts) {
      const from = story.state().index;
      for (let tenths = 1; tenths < 3000; ++tenths) {
        clock.now += 100;
        story.see(facts, clock.now);
        if (story.state().index !== from) return tenths / 10;
      }
      throw new Error(`step ${story.state().step.id} does not end`);
    },
    id: () => story.state().step.id,
  };
}

/** @type {Facts} */
const nothing = { tick: null, columns: null, column: null, binRows: null };

/**
 * @param {number} rows
 * @param {Partial<import('../../web/js/engine/live/types.js').LiveTick>} [more]
 * @returns {Facts}
 */
function seen(rows, more) {
  const stable = chartsAfter(rows).columns.map((column) => ({ ...column, verdict: /** @type {const} */ ('stable') }));
  return { ...nothing, tick: tickAfter(rows, more), columns: stable };
}

/** @param {Facts} facts @param {string} statistic @param {number} value */
function withAlert(facts, statistic, value) {
  const tick = /** @type {import('../../web/js/engine/live/types.js').LiveTick} */ (facts.tick);
  const episodes = [episode(tick.alerts.episodes.length + 1, { statistic, name: `rule on ${statistic}`, first_value: value, last_value: value }), ...tick.alerts.episodes];
  return { ...facts, tick: { ...tick, alerts: { ...tick.alerts, firing: episodes.length, episodes } } };
}

test('told to its end by what happens: every step waits for the real thing, two minutes at most', () => {
  const { story, scenes, clock, pass, toNext, id } = telling();
  const began = clock.now;
  assert.equal(id(), 'welcome');
  assert.deepEqual(scenes, [{ scenario: 'calm', column: null, rows: false, look: 'figures' }]);
  pass(2, nothing);
  assert.equal(story.state().phase, 'waiting');
  let facts = seen(2000, { window_state: { complete: false, late: 0, restarts: 0 } });
  toNext(facts);
  assert.equal(id(), 'calm');
  pass(6, facts);
  assert.equal(story.state().phase, 'waiting');
  assert.match(story.state().outcome, /^The monitor fills/);
  facts = seen(20_000);
  pass(0.1, facts);
  assert.match(story.state().outcome, /^Learnt: 0\.13\s% of the rows are flagged/);
  toNext(facts);
  assert.equal(id(), 'shift');
  assert.equal(scenes.at(-1)?.scenario, 'shift');
  assert.ok(toNext(facts) >= 9, 'time to read');
  assert.equal(id(), 'drift');
  pass(5, facts);
  assert.equal(id(), 'drift');
  const columns = [{ ...chartsAfter(100).columns[0], name: 'V14', verdict: /** @type {const} */ ('drifted'), psi: 0.6234, psi_noise: 0.0041 }];
  facts = { ...facts, columns };
  pass(0.1, facts);
  assert.equal(story.state().outcome, 'V14 has drifted: its PSI is 0.62, where chance alone gives 0.004.');
  toNext(facts);
  assert.equal(id(), 'alert');
  pass(3, facts);
  assert.equal(story.state().phase, 'waiting');
  facts = withAlert(facts, 'drifted_columns', 1);
  toNext(facts);
  assert.equal(id(), 'column');
  assert.deepEqual(scenes.at(-1), { scenario: 'shift', column: 'V14', rows: false, look: 'column' });
  facts = { ...facts, column: { name: 'V14', edges: [0, 1, 2], reference: [0.5, 0.5], current: [0.1, 0.9], contribution: [0.3, 0.4], drift: columns[0] } };
  toNext(facts);
  assert.equal(id(), 'rows');
  assert.deepEqual(scenes.at(-1), { scenario: 'shift', column: 'V14', rows: true, look: 'column' });
  facts = { ...facts, binRows: [{ row: 1, reference: '', time: 1, timestamp: 1, probability: 0.1, risk_level: 'LOW', value: 1, inputs: [1] }] };
  toNext(facts);
  assert.equal(id(), 'wave');
  assert.deepEqual(scenes.at(-1), { scenario: 'fraud_wave', column: null, rows: false, look: 'figures' });
  pass(8, facts);
  assert.equal(story.state().phase, 'waiting', 'an alarm from before does not count');
  facts = { ...facts, tick: { .../** @type {any} */ (facts.tick), detector: { rate: 0.002, sum: 0, threshold: 5, alarms: 1, learning: 0 } } };
  toNext(facts);
  assert.equal(id(), 'rate');
  pass(1, facts);
  facts = withAlert(facts, 'fraud_rate', 0.0123);
  pass(0.1, facts);
  assert.equal(story.state().outcome, 'Firing: rule on fraud_rate. It fired at 1.23\u00a0%.');
  toNext(facts);
  assert.equal(id(), 'end');
  assert.equal(story.state().last, true);
  assert.equal(scenes.at(-1)?.scenario, 'calm');
  assert.ok((clock.now - began) / 1000 < 130, `${(clock.now - began) / 1000} s`);
  pass(600, facts);
  assert.equal(id(), 'end');
});

test('what does not come is said, and the story goes on; what comes late still counts', () => {
  const { story, pass, id } = telling();
  pass(29, nothing);
  assert.equal(story.state().phase, 'waiting');
  pass(1.5, nothing);
  assert.equal(story.state().phase, 'late');
  assert.match(story.state().outcome, /No transaction has come/);
  pass(3, seen(10));
  assert.equal(story.state().phase, 'seen');
  pass(8, seen(10));
  assert.equal(id(), 'calm');
  // Everything fails: it still ends, each time saying so.
  const late = new Set();
  for (let i = 0; i < 4000 && !story.state().last; ++i) {
    pass(0.1, nothing);
    if (story.state().phase === 'late') late.add(id());
  }
  assert.deepEqual([...late], STEPS.filter(({ until, id: step }) => until && step !== 'welcome').map(({ id: step }) => step));
  assert.equal(id(), 'end');
});

test('pause, next, back, skip', () => {
  const { story, scenes, pass, toNext, id, clock } = telling();
  story.pause(clock.now);
  pass(100, seen(20_000));
  assert.equal(id(), 'welcome');
  assert.equal(story.state().paused, true);
  assert.equal(story.state().phase, 'seen', 'what happens meanwhile is seen');
  story.resume(clock.now);
  assert.ok(toNext(seen(20_000)) >= 9);
  assert.equal(id(), 'calm');
  story.next();
  story.next();
  assert.equal(id(), 'drift');
  story.back();
  assert.equal(id(), 'shift');
  story.back();
  assert.equal(id(), 'calm');
  assert.equal(scenes.at(-1)?.scenario, 'calm');
  story.back();
  story.back();
  story.back();
  assert.equal(id(), 'welcome');
  story.skip();
  assert.equal(id(), 'end');
  story.next();
  assert.equal(id(), 'end');
});

test('a clock that goes backwards or leaps takes no time from a step', () => {
  const { story, pass, id, clock } = telling();
  pass(1, seen(10));
  clock.now -= 3_600_000;
  pass(1, seen(10));
  clock.now += 7_200_000;
  pass(1, seen(10));
  assert.equal(id(), 'welcome');
  assert.equal(story.state().phase, 'seen');
});

test('every step has words for each of its states', () => {
  for (const { id, title, text, until, waiting, limit, late } of STEPS) {
    assert.ok(title.length > 0 && text.length > 0 && text.length < 300, id);
    assert.equal([waiting, limit, late].every((part) => part !== undefined), until !== undefined, id);
  }
});

test('the bin that differs most, of those that have rows', () => {
  const column = /** @type {any} */ ({ contribution: [0.5, 0.1, 0.3], current: [0, 0.4, 0.6] });
  assert.equal(worstBin(column), 2);
  assert.equal(worstBin({ ...column, current: [0.2, 0.4, 0.4] }), 0);
});
