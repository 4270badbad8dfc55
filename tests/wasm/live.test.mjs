// @ts-check
// The monitor in Node, over the module that the page runs: what it counts against what the engine says of the same
// rows elsewhere, and that nothing is lost or counted twice, whatever dies when.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';

import { createEngine } from '../../web/js/engine/client/index.js';
import { clock } from '../../web/js/engine/live/clock.js';
import { collect, engineOver, failure, local, modelBytes, monitorBinary, repository, tampered, testCsv, testEngine, wasmBinary } from './helper.mjs';

/** @typedef {import('../../web/js/engine/live/types.js').LiveTick} LiveTick */
/** @typedef {import('../../web/js/engine/live/types.js').Monitor} Monitor */
/** @typedef {import('../../web/js/engine/live/types.js').MonitorEvent} MonitorEvent */
/** @typedef {import('../../web/js/engine/live/types.js').MonitorOptions} MonitorOptions */

const shippedModel = new Uint8Array(await readFile(new URL('models/creditcard/creditcard-rf.safetensors', repository)));
const generator = await readFile(new URL('models/creditcard/generator.json', repository), 'utf8');

/** @param {import('../../web/js/engine/transport.js').CreateTransport} [createTransport] */
function shippedEngine(createTransport = local) {
  return createEngine({ wasmBinary, monitorBinary, model: shippedModel, generator, workers: 1, createTransport });
}

/** @param {number} ms */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * A monitor, and a way to wait for a tick.
 * @param {import('../../web/js/engine/types.js').Engine} engine
 * @param {MonitorOptions} [options]
 */
async function watched(engine, options = {}) {
  /** @type {LiveTick[]} */
  const ticks = [];
  /** @type {MonitorEvent[]} */
  const events = [];
  /** @type {Set<() => void>} */
  const waiting = new Set();
  const told = () => [...waiting].forEach((look) => look());
  const monitor = await engine.monitor({
    ...options,
    onTick: (tick) => {
      ticks.push(tick);
      told();
    },
    onEvent: (event) => {
      events.push(event);
      told();
    },
  });
  /** @param {() => unknown} holds @returns {Promise<void>} */
  const until = (holds) =>
    new Promise((resolve) => {
      const look = () => {
        if (!holds()) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  /** @param {(tick: LiveTick) => unknown} holds @returns {Promise<LiveTick>} */
  const tick = async (holds) => {
    await until(() => ticks.length > 0 && holds(ticks[ticks.length - 1]));
    return ticks[ticks.length - 1];
  };
  return { monitor, ticks, events, until, tick };
}

/** @param {number} count @param {number} [from] */
function objects(count, from = 0) {
  return Array.from({ length: count }, (_, i) => ({
    Time: 10 * (from + i),
    V1: 2 * Math.sin(from + i),
    V2: Math.cos(from + i),
    Amount: ((from + i) * 37) % 500,
    Class: (from + i) % 3 === 0 ? 1 : 0,
    id: `A-${from + i}`,
  }));
}

/** A block of columns as one message. @param {number} rows @param {number} [from] */
function table(rows, from = 0) {
  const list = objects(rows, from);
  const inputs = ['Time', 'V1', 'V2', 'Amount'];
  const columns = Float64Array.from({ length: rows * 4 }, (_, i) => /** @type {any} */ (list[i % rows])[inputs[Math.floor(i / rows)]]);
  return { inputs, columns, rows };
}

/** What must not depend on how often the engine died. @param {LiveTick} tick */
const counts = ({ total, overall: { rows, aside, flagged, levels, average_probability, labelled } }) => ({
  total,
  rows,
  aside,
  flagged,
  levels,
  average_probability,
  labelled,
});

/** @param {Uint8Array} bytes */
const text = (bytes) => new TextDecoder().decode(bytes);

test('pushed rows are scored, counted and answered as predict() would', async () => {
  const engine = await testEngine();
  const { monitor, tick } = await watched(engine);
  const rows = objects(500);
  const expected = await engine.predict(rows);
  const plain = await monitor.push(rows);
  assert.deepEqual(plain, { accepted: 500, malformed: 0, predictions: [] });
  const { predictions } = await monitor.push(rows.slice(0, 3), { predictions: true });
  assert.deepEqual(
    predictions.map((prediction) => prediction?.probability),
    expected.slice(0, 3).map(({ probability }) => probability),
  );

  const seen = await tick(({ total }) => total === 503);
  const flagged = [...expected, ...expected.slice(0, 3)].filter(({ prediction }) => prediction === 1).length;
  assert.equal(seen.overall.flagged, flagged);
  assert.equal(seen.recent[0].probability, expected[2].probability);
  assert.equal(seen.recent[0].reference, 'A-2');
  assert.deepEqual(seen.window, seen.overall);
  const positives = [...rows, ...rows.slice(0, 3)].filter((row) => row.Class === 1).length;
  assert.equal(seen.overall.labelled?.positives, positives);

  const stats = await monitor.stats();
  assert.equal(stats.total_predictions, 503);
  assert.equal(stats.fraud_rate, flagged / 503);
  assert.equal(stats.recent_predictions.length, 200);
  assert.deepEqual(Object.keys(stats.recent_predictions[0]).slice(0, 6), Object.keys(expected[0]));
  assert.equal(Object.values(stats.risk_levels).reduce((sum, count) => sum + count), 503);
  assert.deepEqual(await engine.stats(), stats);
  await monitor.close();
  assert.equal((await engine.stats()).total_predictions, 0);
  engine.close();
});

test('what is no row is counted with its reason; NaN, infinite and text values set their row aside or are missing', async () => {
  const engine = await testEngine();
  const { monitor, tick } = await watched(engine);
  const good = objects(1)[0];
  const result = await monitor.push([
    'no JSON',
    7,
    null,
    { unknown: 1 },
    JSON.stringify(good),
    { ...good, V1: Infinity },
    { ...good, V1: 'abc' },
    { ...good, V1: NaN },
    { ...good, V2: NaN },
    { ...good, V1: 1e300 },
  ]);
  assert.deepEqual(result, { accepted: 6, malformed: 4, predictions: [] });
  const seen = await tick(({ total }) => total === 6);
  assert.equal(seen.malformed, 4);
  assert.deepEqual([seen.overall.rows, seen.overall.aside], [2, 4]);
  assert.ok(seen.malformed_last.some(({ sample }) => sample.includes('no JSON')));
  // V1 must be there (the model refuses a row without it); V2 may be missing.
  const messages = seen.recent.map(({ message }) => message).reverse();
  assert.deepEqual(messages.map((message) => message === ''), [true, false, false, false, true, false]);
  assert.match(messages[1], /V1.*infinite/);
  assert.match(messages[2], /V1.*not a number/);
  assert.match(messages[3], /V1/);
  engine.close();
});

test('a replayed file counts what scoring the file counts, to the last byte of the summary', async () => {
  const engine = await testEngine();
  const file = new Blob([testCsv(20000)]);
  const scored = await engine.scoreFile(file, { name: 'made-up.csv' });
  const { monitor, tick } = await watched(engine, { settings: { window: { kind: 'start' } } });
  await monitor.start({ kind: 'replay', file, name: 'made-up.csv', rate: 1e6 });
  const seen = await tick(({ source, total }) => source.state === 'ended' && total === 20000);
  assert.equal(seen.source.offered, 20000);
  assert.equal(seen.source.taken, 20000);
  assert.equal(seen.overall.aside, scored.rows - scored.scored);
  assert.equal(seen.overall.flagged, scored.probabilities.filter((p) => p >= engine.model().threshold).length);
  assert.equal(text(await monitor.summary('overall')), text(/** @type {Uint8Array} */ (scored.summary)));
  engine.close();
});

test('a source that was stopped stays so when it is stopped again; another can begin', async () => {
  const engine = await testEngine();
  const { monitor, tick } = await watched(engine);
  await monitor.start({ kind: 'replay', file: new Blob([testCsv(5000)]), name: 'made-up.csv', rate: 100 });
  await tick(({ total }) => total > 0);
  await Promise.all([monitor.stop(), monitor.stop()]);
  await monitor.stop();
  await monitor.configure({ threshold: 0.3 });
  const later = await tick(({ threshold }) => threshold === 0.3);
  assert.deepEqual([later.source.kind, later.source.state], ['replay', 'stopped']);
  await monitor.start({ kind: 'push' });
  await tick(({ source }) => source.kind === 'push' && source.state === 'running');
  engine.close();
});

test('paused rows wait and none is lost; more than a million are refused', async () => {
  const engine = await testEngine();
  const { monitor, tick } = await watched(engine);
  await monitor.start({ kind: 'push' });
  await monitor.pause();
  const first = objects(10);
  const waits = [monitor.push(first)];
  await tick(({ source }) => source.waiting === 10 && source.state === 'paused');
  await monitor.step(4);
  assert.equal((await tick(({ total }) => total > 0)).total, 4);

  const big = table(250_000);
  for (let i = 0; i < 3; ++i) waits.push(monitor.push([big]));
  const refused = await failure(monitor.push([big]));
  assert.equal(refused.code, 'BUSY');
  assert.match(refused.message, /1,000,000/);
  await monitor.resume();
  const results = await Promise.all(waits);
  const accepted = results.reduce((sum, result) => sum + result.accepted, 0);
  assert.equal(accepted, 10 + 750_000);
  const seen = await tick(({ total }) => total === accepted);
  assert.equal(seen.source.waiting, 0);
  engine.close();
});

test('settings: what is wrong is named and changes nothing', async () => {
  const engine = await testEngine();
  for (const [settings, name] of /** @type {[any, RegExp][]} */ ([
    [{ window: { kind: 'never' } }, /window\.kind/],
    [{ window: { rows: 0 } }, /window\.rows/],
    [{ threshold: 2 }, /threshold/],
    [{ colour: 1 }, /colour/],
    [{ detector: { factor: 1 } }, /detector\.factor/],
    [{ rules: { version: 1, rules: [{ id: 'x' }] } }, /rules/],
  ])) {
    const refused = await failure(engine.monitor({ settings }));
    assert.equal(refused.code, 'BAD_ARGUMENT');
    assert.match(refused.message, name);
  }
  const { monitor, tick } = await watched(engine, { settings: { threshold: 0.3 } });
  assert.match((await failure(monitor.configure({ threshold: -1 }))).message, /threshold/);
  assert.equal((await tick(() => true)).threshold, 0.3);
  await monitor.configure({ threshold: null });
  await tick(({ threshold }) => threshold === engine.model().threshold);
  assert.equal((await failure(monitor.start(/** @type {any} */ ({ kind: 'telepathy' })))).code, 'BAD_ARGUMENT');
  assert.equal((await failure(monitor.push(/** @type {any} */ ('text')))).code, 'BAD_ARGUMENT');
  assert.equal((await failure(monitor.column('V99'))).code, 'BAD_ARGUMENT');
  engine.close();
});

test('an alert fires on the rows, is silenced and acknowledged', async () => {
  const engine = await testEngine();
  const rule = { id: 'many', name: 'Many rows', statistic: 'rows', scope: /** @type {const} */ ('overall'), above: 99 };
  const { monitor, tick, ticks } = await watched(engine, { settings: { rules: { version: 1, rules: [rule] } } });
  await monitor.push(objects(99));
  assert.equal((await tick(({ total }) => total === 99)).alerts.firing, 0);
  await monitor.push(objects(1));
  const fired = await tick(({ alerts }) => alerts.firing === 1);
  assert.equal(fired.alerts.episodes[0].first_value, 100);
  const [number] = ticks.flatMap(({ alerts }) => alerts.began);
  assert.equal(number, fired.alerts.episodes[0].number);
  await monitor.acknowledge(number);
  await tick(({ alerts }) => alerts.acknowledged === 1);
  await monitor.silence('many', Date.now() + 60_000);
  const silenced = await tick(({ alerts }) => alerts.rules[0].silenced_until_ms > 0);
  assert.equal(silenced.alerts.rules[0].id, 'many');
  assert.equal((await failure(monitor.silence('other', 0))).code, 'BAD_ARGUMENT');
  assert.equal((await failure(monitor.acknowledge(77))).code, 'BAD_ARGUMENT');
  assert.equal((await monitor.rules()).rules[0].id, 'many');
  engine.close();
});

test('V14 shifted by 2 is found, named alone, and its rows can be had', async () => {
  const engine = await shippedEngine();
  const { monitor, tick } = await watched(engine, { settings: { window: { kind: 'rows', rows: 10_000 } } });
  await monitor.start({ kind: 'demo', rate: 1e6, scenario: 'shift' });
  const seen = await tick(({ window_state, columns }) => window_state.complete && columns !== undefined);
  await monitor.pause();
  const drifted = (seen.columns ?? []).filter(({ verdict }) => verdict === 'drifted').map(({ name }) => name);
  assert.deepEqual(drifted, ['V14']);
  const detail = await monitor.column('V14');
  assert.equal(detail.drift.verdict, 'drifted');
  assert.equal(detail.edges.length, detail.current.length + 1);
  const sum = detail.contribution.reduce((total, part) => total + part, 0);
  assert.ok(Math.abs(sum - (detail.drift.psi ?? 0)) < 0.01, `${sum} ${detail.drift.psi}`);
  const place = engine.model().inputs.findIndex(({ name }) => name === 'V14');
  const rows = await monitor.rows('V14', { low: 2, high: Infinity, max: 20 });
  assert.ok(rows.length > 0 && rows.length <= 20);
  for (const row of rows) {
    assert.ok(/** @type {number} */ (row.value) >= 2);
    assert.equal(Math.fround(/** @type {number} */ (row.inputs[place])), row.value);
  }
  engine.close();
});

test('a page that does not come to look at ticks is not sent any, and misses none of the alerts', async () => {
  let seen = true;
  let sent = 0;
  const transport = tampered((message) => {
    if (message.type === 'tickSeen') ++sent;
    return message.type !== 'tickSeen' || seen;
  });
  const engine = await engineOver({ createTransport: transport });
  const { monitor, ticks, tick } = await watched(engine, {
    settings: { rules: { version: 1, rules: [{ id: 'any', name: 'Any', statistic: 'rows', scope: 'overall', above: 0 }] } },
  });
  await tick(() => true);
  seen = false;
  await monitor.push(objects(10));
  await pause(2500);
  const before = ticks.length;
  assert.ok(before <= 3, String(before));
  await monitor.push(objects(10));
  await pause(300);
  assert.equal(ticks.length, before);
  assert.ok(sent >= 1);
  assert.equal((await monitor.stats()).total_predictions, 20);
  engine.close();
});

/**
 * Kills the monitor's engine again and again while `run` goes on.
 * @param {number} kills
 * @param {(engine: import('../../web/js/engine/types.js').Engine, control: {enough: () => boolean}) => Promise<any>} run
 */
async function amongKills(kills, run) {
  /** @type {{die: (message: string) => void} | null} */
  let victim = null;
  let killed = 0;
  // Deterministic, and never the same moment of the loop.
  let state = 12345;
  const random = () => (state = (state * 1103515245 + 12345) % 2 ** 31) / 2 ** 31;
  const transport = tampered((message, worker) => {
    if (message.type !== 'liveOpen') return true;
    victim = worker;
    if (killed < kills) {
      setTimeout(
        () => {
          if (victim !== worker) return;
          ++killed;
          worker.die('killed by the test');
        },
        150 + random() * 400,
      );
    }
    return true;
  });
  const engine = await shippedEngine(transport);
  const result = await run(engine, { enough: () => killed >= kills });
  engine.close();
  assert.equal(killed, kills);
  return result;
}

test('demo: however often the engine dies, the statistics are those of an undisturbed run', async () => {
  /** @param {import('../../web/js/engine/types.js').Engine} engine @param {{enough: () => boolean}} control */
  const run = async (engine, { enough }) => {
    const { monitor, tick, events } = await watched(engine);
    await monitor.start({ kind: 'demo', rate: 4000, seed: 7, scenario: 'fraud_wave' });
    await tick(({ total }) => enough() && total > 4000);
    await pause(300);
    await monitor.pause();
    const seen = await tick(({ source }) => source.state === 'paused');
    return { seen: counts(seen), restarted: events.filter(({ type }) => type === 'restarted').length };
  };
  const disturbed = await amongKills(6, run);
  assert.equal(disturbed.restarted, 6);
  // The same rows once more, without a death in between.
  const engine = await shippedEngine();
  const { monitor, tick } = await watched(engine);
  await monitor.start({ kind: 'demo', rate: 1, seed: 7, scenario: 'fraud_wave' });
  await monitor.pause();
  const { total } = await tick(({ source }) => source.state === 'paused');
  await monitor.step(disturbed.seen.total - total);
  const calm = await tick((seen) => seen.total === disturbed.seen.total);
  assert.deepEqual(disturbed.seen, counts(calm));
  engine.close();
});

test('replay: however often the engine dies, every row of the file is counted once', async () => {
  const made = await shippedEngine();
  const file = await made.synthesize({ rows: 9000, seed: 3 });
  const scored = await made.scoreFile(file, { name: 'demo.csv' });
  made.close();
  const summary = await amongKills(6, async (engine) => {
    const { monitor, tick } = await watched(engine, { settings: { window: { kind: 'start' } } });
    await monitor.start({ kind: 'replay', file, name: 'demo.csv', rate: 2500 });
    await tick(({ source, total }) => source.state === 'ended' && total === 9000);
    return text(await monitor.summary('overall'));
  });
  assert.equal(summary, text(/** @type {Uint8Array} */ (scored.summary)));
});

test('push: however often the engine dies, every push is counted once and every promise resolves', async () => {
  const { seen, pushed, malformed } = await amongKills(6, async (engine, { enough }) => {
    const { monitor, tick } = await watched(engine);
    const card = engine.model();
    const row = Object.fromEntries(card.inputs.map(({ name }) => [name, 0.5]));
    /** @type {Promise<import('../../web/js/engine/live/types.js').PushResult>[]} */
    const results = [];
    let rows = 0;
    while (!enough()) {
      const messages = Array.from({ length: 40 }, (_, i) => ({ ...row, V14: -(rows + i) % 17, id: `P${rows + i}` }));
      results.push(monitor.push([...messages, 'no row'], { predictions: results.length % 9 === 0 }));
      rows += messages.length;
      await pause(4);
    }
    const all = await Promise.all(results);
    assert.deepEqual(all.filter(({ accepted, malformed: bad }) => accepted !== 40 || bad !== 1), []);
    const last = await tick(({ total }) => total >= rows);
    return { seen: last, pushed: rows, malformed: all.length };
  });
  assert.equal(seen.total, pushed);
  assert.equal(seen.malformed, malformed);
  const engine = await shippedEngine();
  const row = Object.fromEntries(engine.model().inputs.map(({ name }) => [name, 0.5]));
  const predictions = await engine.predict(Array.from({ length: 17 }, (_, i) => ({ ...row, V14: -i })));
  const flagged = Array.from({ length: pushed }, (_, i) => /** @type {number} */ (predictions[i % 17].prediction));
  assert.equal(seen.overall.flagged, flagged.reduce((sum, one) => sum + one, 0));
  engine.close();
});

test('an engine that dies as soon as it is started again: the monitor says so, and every promise settles', async () => {
  let deadly = false;
  const transport = tampered((message, worker) => {
    if (message.type !== 'livePush' || !deadly) return true;
    queueMicrotask(() =>
      worker.answer({ type: 'crashed', error: { code: 'ENGINE_CRASHED', message: 'the scoring engine ran out of memory', detail: 'OOM' } }),
    );
    return false;
  });
  const engine = await engineOver({ createTransport: transport });
  const { monitor, events, until } = await watched(engine);
  await monitor.push(objects(10));
  deadly = true;
  const pushed = failure(monitor.push(objects(1)));
  await until(() => events.some(({ type }) => type === 'failed'));
  assert.equal((await pushed).code, 'ENGINE_CRASHED');
  const last = /** @type {any} */ (events.at(-1));
  assert.match(last.error.message, /out of memory/);
  assert.equal((await failure(monitor.stats())).code, 'ENGINE_CRASHED');
  assert.equal((await failure(monitor.push([]))).code, 'ENGINE_CRASHED');
  // The engine itself is not harmed, and another monitor can be opened.
  deadly = false;
  assert.equal((await engine.predict(objects(1))).length, 1);
  assert.equal((await (await engine.monitor()).push(objects(2))).accepted, 2);
  engine.close();
});

test('an engine that dies while the stream is paused: it stays paused, and what waits is counted after it', async () => {
  /** @type {{die: (message: string) => void} | null} */
  let victim = null;
  const transport = tampered((message, worker) => {
    if (message.type === 'liveOpen') victim = worker;
    return true;
  });
  const engine = await engineOver({ createTransport: transport });
  const { monitor, events, tick, until } = await watched(engine);
  await monitor.start({ kind: 'push' });
  await monitor.push(objects(10));
  await tick(({ total }) => total === 10);
  await pause(500);
  await monitor.pause();
  const waiting = monitor.push(objects(7));
  await tick(({ source }) => source.waiting === 7);
  /** @type {any} */ (victim).die('killed by the test');
  await until(() => events.some(({ type }) => type === 'restarted'));
  const seen = await tick(({ source, total }) => source.state === 'paused' && source.waiting === 7 && total === 10);
  assert.equal(seen.source.taken, 10);
  await monitor.resume();
  assert.equal((await waiting).accepted, 7);
  assert.equal((await tick(({ total }) => total === 17)).source.taken, 17);
  engine.close();
});

test('another model mid-stream: statistics begin anew, the old ones are handed over, no row is lost', async () => {
  const engine = await testEngine();
  const { monitor, events, tick, until } = await watched(engine, { settings: { window: { kind: 'start' } } });
  await monitor.start({ kind: 'replay', file: new Blob([testCsv(6000)]), name: 'x.csv', rate: 5000 });
  await tick(({ total }) => total > 1000);
  const card = await engine.loadModel(modelBytes);
  await until(() => events.some(({ type }) => type === 'model'));
  const event = /** @type {Extract<MonitorEvent, {type: 'model'}>} */ (events.find(({ type }) => type === 'model'));
  assert.equal(event.version, card.version);
  const before = JSON.parse(text(event.summary));
  const seen = await tick(({ source }) => source.state === 'ended');
  const after = JSON.parse(text(await monitor.summary('overall')));
  assert.ok(before.scored + before.aside >= 1000);
  assert.equal(before.scored + before.aside + after.scored + after.aside, 6000);
  assert.equal(seen.total, after.scored + after.aside);

  // A model that needs columns which the file does not have.
  await monitor.start({ kind: 'replay', file: new Blob([testCsv(5000)]), name: 'x.csv', rate: 1000 });
  await engine.loadModel(shippedModel);
  const failed = await tick(({ source }) => source.state === 'failed');
  assert.match(failed.source.message, /V3/);
  engine.close();
});

test('a saved summary is merged once, also where the engine dies over it', async () => {
  const donor = await testEngine();
  const first = await watched(donor);
  await first.monitor.push(objects(300));
  const saved = await first.monitor.summary('overall');
  donor.close();
  let deaths = 0;
  const transport = tampered((message, worker) => {
    if (message.type === 'liveMerge' && deaths++ === 0) {
      setTimeout(() => worker.die('killed by the test'), 20);
    }
    return true;
  });
  const engine = await engineOver({ createTransport: transport });
  const { monitor, tick } = await watched(engine);
  await monitor.push(objects(100, 300));
  await monitor.merge(saved);
  assert.equal((await tick(({ overall }) => overall.rows >= 400)).overall.rows, 400);
  assert.equal((await monitor.stats()).total_predictions, 400);
  const broken = await failure(monitor.merge(new TextEncoder().encode('{}')));
  assert.equal(broken.code, 'DATA_INVALID');
  await monitor.reset();
  assert.equal((await monitor.stats()).total_predictions, 0);
  engine.close();
});

test('the log of what is in memory, as NDJSON and CSV', async () => {
  const engine = await testEngine();
  const { monitor } = await watched(engine);
  const rows = objects(20);
  const expected = await engine.predict(rows);
  await monitor.push([...rows, { ...rows[0], V1: Infinity, id: '=1+1' }]);
  const lines = (await collect(monitor.log.export('ndjson'))).toString().trim().split('\n').map((line) => JSON.parse(line));
  assert.equal(lines.length, 21);
  assert.deepEqual(
    lines.slice(0, 20).map(({ probability, reference }) => [probability, reference]),
    expected.map(({ probability }, i) => [probability, `A-${i}`]),
  );
  assert.equal(lines[20].probability, null);
  const csv = (await collect(monitor.log.export('csv'))).toString().trim().split('\n');
  assert.equal(csv.length, 22);
  assert.match(csv[0], /^prediction,probability,risk_level,confidence,timestamp,model_version/);
  assert.match(csv[21], /^,,,,/);
  assert.ok(!/(^|,)=1/.test(csv[21]), csv[21]);
  engine.close();
});

test('times that repeat, go back or are missing do no harm', async () => {
  const engine = await testEngine();
  const { monitor, tick } = await watched(engine, { settings: { window: { kind: 'time', seconds: 100 } } });
  const row = objects(1)[0];
  const times = [0, 50, 50, 20, 99, 1e9, 0, 1e9, 5];
  await monitor.push(times.map((Time) => ({ ...row, Time })));
  const seen = await tick(({ total }) => total === times.length);
  assert.equal(seen.overall.rows, times.length);
  assert.deepEqual([seen.overall.first_time, seen.overall.last_time], [0, 1e9]);
  assert.equal(seen.window.rows, 2);
  assert.equal(seen.window_state.late, 2);
  engine.close();
});

test('the clock never falls, whatever the computer\'s does', () => {
  const now = performance.now.bind(performance);
  const before = clock();
  try {
    performance.now = () => now() - 3_600_000;
    assert.ok(clock() >= before);
    assert.equal(clock(), clock());
  } finally {
    performance.now = now;
  }
  assert.ok(clock() >= before);
});

test('a closed monitor settles everything and stops', async () => {
  const engine = await testEngine();
  const { monitor, ticks } = await watched(engine);
  await monitor.start({ kind: 'push' });
  await monitor.pause();
  const waiting = monitor.push(objects(5));
  await monitor.close();
  assert.equal((await waiting).accepted, 5);
  await monitor.close();
  assert.equal((await failure(monitor.push([]))).code, 'ENGINE_CRASHED');
  const before = ticks.length;
  await pause(1300);
  assert.equal(ticks.length, before);
  const other = await engine.monitor();
  const asked = failure(other.summary('overall'));
  engine.close();
  assert.equal((await asked).code, 'ENGINE_CRASHED');
});
