// @ts-check
// The numbers that go into the drawings of a stream: axes, points, stacks, steps.

import assert from 'node:assert/strict';
import test from 'node:test';

import { binsContent, scoresContent } from '../../web/js/charts/compare.js';
import { lineContent, mixContent, timeTicks, upTo } from '../../web/js/charts/series.js';
import { chartsAfter } from './fake_monitor.mjs';

const tokens = { ink: 'ink', soft: 'soft', line: 'line', accent: 'accent', ground: 'ground', risk: ['r0', 'r1', 'r2', 'r3', 'r4'], font: 'f' };

test('axes end above the largest value, at a round step, four to six steps up', () => {
  let state = 1;
  for (let i = 0; i < 2000; ++i) {
    state = (state * 48271) % 2147483647;
    const largest = 10 ** (-6 * (state / 2147483647));
    const { top, step, digits } = upTo(largest, 1);
    assert.ok(top >= largest * 1.05 - 1e-12, `${largest} ${top}`);
    const steps = top / step;
    assert.ok(Math.abs(steps - Math.round(steps)) < 1e-9);
    assert.ok(steps > 1.5 && steps < 5.5, `${largest}: ${steps}`);
    assert.equal(Number(step.toFixed(digits)), Number(step.toPrecision(6)));
  }
  assert.deepEqual(upTo(0.0034, 1), { top: 0.004, step: 0.001, digits: 3 });
  assert.ok(upTo(0, 0.01).top > 0.01);
});

test('times of day are round, within the range, and not more than asked for', () => {
  const from = Date.UTC(2026, 0, 2, 3, 4, 5);
  for (const span of [900, 7000, 59_000, 600_000, 7_200_000, 86_400_000, 30 * 86_400_000]) {
    for (const most of [2, 4, 6]) {
      const ticks = timeTicks(from, from + span, most);
      assert.ok(ticks.length <= most + 1, `${span}: ${ticks.length}`);
      assert.ok(ticks.every((at) => at >= from && at <= from + span && at % 1000 === 0));
      const gaps = new Set(ticks.slice(1).map((at, i) => at - ticks[i]));
      assert.ok(gaps.size <= 1);
    }
  }
  assert.deepEqual(timeTicks(0, 60_000, 6), [0, 10_000, 20_000, 30_000, 40_000, 50_000, 60_000]);
});

test('a line has one point for each point of the series; nothing was scored: a gap', () => {
  const { series } = chartsAfter(1000);
  series.scored[3] = 0;
  const { draw, table } = lineContent({ series, what: 'fraud_rate', marks: () => [], finding: '' });
  const [{ data }] = draw(tokens).data.datasets;
  assert.equal(data.length, series.begin_ms.length);
  assert.equal(data[3].y, null);
  assert.deepEqual(data[4], { x: series.begin_ms[4] + 250, y: series.fraud_rate[4] });
  assert.equal(table.rows.length, 10);
  assert.equal(table.rows[3][2], '–');
});

test('the risk mix is stacked from CRITICAL up and ends where the axis does', () => {
  const { series } = chartsAfter(5000);
  const { draw } = mixContent({ series, finding: '' });
  const { data, options } = draw(tokens);
  assert.deepEqual(data.datasets.map((/** @type {any} */ set) => set.label), ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'MINIMAL']);
  for (let i = 0; i < series.begin_ms.length; ++i) {
    const heights = data.datasets.map((/** @type {any} */ set) => set.data[i].y);
    let sum = 0;
    for (const [k, level] of [4, 3, 2, 1].entries()) {
      sum += series.levels[level][i];
      assert.ok(Math.abs(heights[k] - sum) < 1e-12);
    }
    assert.equal(heights[4], options.scales.y.max);
    assert.ok(heights[3] <= options.scales.y.max);
  }
});

test('histograms step around their bins; no reference, no line', () => {
  const { histogram } = chartsAfter(5000);
  const shown = scoresContent({ histogram, cuts: [0.05, 0.2, 0.5, 0.8], threshold: () => 0.5, finding: '' }).draw(tokens).data.datasets;
  assert.equal(shown[0].data.length, 51);
  assert.deepEqual(shown[0].data[50], { x: 1, y: shown[0].data[49].y });
  assert.equal(shown[1].data.length, 50);
  assert.equal(scoresContent({ histogram: { ...histogram, reference: null }, cuts: [0.05, 0.2, 0.5, 0.8], threshold: () => 0.5, finding: '' }).draw(tokens).data.datasets.length, 1);
  const bins = [
    { low: null, high: 0, reference: 0.4, current: 0.1, contribution: 0.4 },
    { low: 0, high: null, reference: 0.6, current: 0.9, contribution: 0.1 },
  ].map((bin) => ({ ...bin, category: null, missing: false }));
  const column = /** @type {const} */ ({ name: 'V1', kind: 'numeric', score: 'psi', bins });
  const { draw, table } = binsContent({ column, chosen: 1, held: (_, share) => String(share), words: ({ low }) => String(low), finding: '' });
  assert.deepEqual(draw(tokens).data.datasets[0].data, [{ x: 0, y: 0.4 }, { x: 1, y: 0.6 }, { x: 2, y: 0.6 }]);
  assert.deepEqual(draw(tokens).data.datasets[1].backgroundColor, ['r1', 'accent']);
  assert.deepEqual(table.rows, [['null', '0.4', '0.1', '0.4000'], ['0', '0.6', '0.9', '0.1000']]);
});
