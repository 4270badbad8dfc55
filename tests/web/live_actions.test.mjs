// @ts-check
// What a person can do in the Live view, with a monitor without an engine: what it is asked, what the store says afterwards.

import assert from 'node:assert/strict';
import test from 'node:test';

import { createLiveActions } from '../../web/js/state/live_actions.js';
import { hasBegun, initialLiveState, readLiveSettings } from '../../web/js/state/live_state.js';
import { createStore } from '../../web/js/state/store.js';
import { chartsAfter, createFakeMonitor, DEFAULT_RULES, episode } from './fake_monitor.mjs';

/**
 * @param {Parameters<typeof createFakeMonitor>[1] & {failOpen?: Error, settings?: object, notifier?: import('../../web/js/state/live_actions.js').Notifier, now?: () => number}} [options]
 */
function page(options = {}) {
  const store = createStore(initialLiveState());
  if (options.settings) store.set({ settings: readLiveSettings(options.settings) });
  /** @type {ReturnType<typeof createFakeMonitor>[]} */
  const monitors = [];
  const actions = createLiveActions({
    store,
    createMonitor: async (given) => {
      if (options.failOpen) throw options.failOpen;
      const fake = createFakeMonitor(given, options);
      monitors.push(fake);
      return fake.monitor;
    },
    notifier: options.notifier,
    now: options.now,
  });
  const fake = () => /** @type {ReturnType<typeof createFakeMonitor>} */ (monitors.at(-1));
  return { store, actions, fake, monitors };
}

/** @param {string} code @param {string} message */
const engineError = (code, message) => Object.assign(new Error(message), { code });

test('the demo starts with one request; its source is remembered, a file is not', async () => {
  const { store, actions, fake } = page();
  assert.equal(hasBegun(store.get()), false);
  await actions.start({ kind: 'demo', rate: 500, scenario: 'shift' });
  assert.deepEqual(fake().of('start'), [[{ kind: 'demo', rate: 500, scenario: 'shift' }]]);
  assert.equal(store.get().tick?.source.state, 'running');
  assert.deepEqual(store.get().settings.source, { kind: 'demo', rate: 500, scenario: 'shift' });
  assert.equal(store.get().monitor, 'ready');
  assert.deepEqual(store.get().rules, DEFAULT_RULES);
  assert.equal(hasBegun(store.get()), true);
  const file = new Blob(['a']);
  await actions.replay(file, 'a.csv');
  assert.equal(store.get().settings.source, null);
  assert.equal(store.get().source?.kind, 'replay');
  assert.ok(actions.idle());
});

test('pause, step, resume, rate and scenario reach the monitor', async () => {
  const { store, actions, fake } = page();
  await actions.start({ kind: 'demo', rate: 200, scenario: 'calm' });
  await actions.pause();
  assert.equal(store.get().tick?.source.waiting, 123);
  await actions.step(10);
  await actions.resume();
  await actions.adjust({ rate: 50 });
  await actions.adjust({ scenario: 'cents' });
  await actions.stop();
  assert.deepEqual(
    fake().calls.map(([name]) => name).filter((name) => name !== 'rules'),
    ['start', 'pause', 'step', 'resume', 'adjust', 'adjust', 'stop'],
  );
  assert.deepEqual(store.get().settings.source, { kind: 'demo', rate: 50, scenario: 'cents' });
});

test('a refused adjustment leaves source and settings as they were', async () => {
  const { store, actions } = page({ fail: { adjust: engineError('BAD_ARGUMENT', 'rate: at most 50000') } });
  await actions.start({ kind: 'demo', rate: 200, scenario: 'calm' });
  await actions.adjust({ rate: 1e9 });
  assert.equal(store.get().problem?.cause, 'rate: at most 50000');
  assert.deepEqual(store.get().settings.source, { kind: 'demo', rate: 200, scenario: 'calm' });
  actions.dismiss();
  assert.equal(store.get().problem, null);
});

test('charts stay until the next ones come; ticks without them do not clear them', async () => {
  const { store, actions, fake } = page();
  await actions.start({ kind: 'demo' });
  fake().run(5000);
  fake().tick(chartsAfter(5000));
  const { series, columns, histogram } = store.get();
  assert.equal(series?.begin_ms.length, 50);
  fake().tick();
  assert.equal(store.get().series, series);
  assert.equal(store.get().columns, columns);
  assert.equal(store.get().histogram, histogram);
});

test('each alert is told once, however many ticks and firings follow; silenced ones are not', async () => {
  /** @type {string[]} */
  const shown = [];
  const notifier = { permission: () => /** @type {const} */ ('granted'), ask: async () => /** @type {const} */ ('granted'), show: (/** @type {string} */ text) => shown.push(text) };
  const { store, actions, fake } = page({ settings: { notify: true }, notifier });
  await actions.start({ kind: 'demo' });
  /** @type {string[]} */
  const told = [];
  store.watch(['announced'], ({ announced }) => told.push(announced.text));
  const alerts = { firing: 1, pending: 0, acknowledged: 0, rules: [], forgotten: 0 };
  fake().tick({ alerts: { ...alerts, episodes: [episode(1)], began: [1] } });
  for (let count = 2; count <= 10_000; ++count) fake().tick({ alerts: { ...alerts, episodes: [episode(1, { count })], began: [] } });
  fake().tick({ alerts: { ...alerts, episodes: [episode(1)], began: [1] } });
  fake().tick({ alerts: { ...alerts, episodes: [episode(2, { silenced: true }), episode(1)], began: [2] } });
  assert.deepEqual(told, ['', 'Alert: fraud rate > 1 %, fraud rate is 2.10\u00a0%.']);
  assert.deepEqual(shown, [told[1]]);
  const many = Array.from({ length: 500 }, (_, i) => episode(10 + i, { severity: i === 7 ? 'alert' : 'info' }));
  fake().tick({ alerts: { ...alerts, episodes: many, began: many.map(({ number }) => number) } });
  assert.equal(told.length, 3);
  assert.match(told[2], /^Alert: .* 499 more\.$/);
});

test('a sentence is spoken when the state changes and every 30 seconds, not more often', async () => {
  let now = 0;
  const { store, actions, fake } = page({ now: () => now });
  /** @type {string[]} */
  const spoken = [];
  store.watch(['spoken'], (state) => spoken.push(state.spoken));
  await actions.start({ kind: 'demo' });
  for (; now < 100_000; now += 100) {
    fake().run(20);
    fake().tick();
  }
  assert.equal(spoken.length, 1 + 4);
  await actions.pause();
  assert.equal(spoken.length, 6);
  assert.match(/** @type {string} */ (spoken.at(-1)), /^Paused: 20,000 transactions/);
});

test('rules: refused ones change nothing, the change before can be taken back, defaults come back', async () => {
  /** @type {Record<string, Error>} */
  const fail = {};
  const { store, actions, fake } = page({ fail });
  await actions.enter();
  const own = [{ ...DEFAULT_RULES[0], above: 0.05 }];
  assert.equal(await actions.setRules(own), true);
  assert.deepEqual(store.get().rules, own);
  assert.deepEqual(store.get().settings.rules, own);
  assert.deepEqual(store.get().rulesBefore, DEFAULT_RULES);
  fail.configure = engineError('BAD_ARGUMENT', 'rules[0].above: not a number');
  assert.equal(await actions.setRules([{ ...own[0], above: NaN }]), false);
  assert.deepEqual(store.get().rules, own);
  assert.equal(store.get().rulesProblem, 'rules[0].above: not a number');
  await actions.setSettings({ rules: [{ ...own[0], above: NaN }] });
  assert.deepEqual(store.get().settings.rules, own);
  delete fail.configure;
  assert.equal(await actions.setRules(null), true);
  assert.deepEqual(store.get().rules, DEFAULT_RULES);
  assert.equal(store.get().settings.rules, null);
  assert.equal(store.get().rulesProblem, '');
  assert.deepEqual(fake().of('configure').at(-1), [{ rules: { version: 1, rules: DEFAULT_RULES } }]);
});

test('rules: what is exported can be imported; other files are refused with a reason', async () => {
  const { store, actions } = page();
  await actions.enter();
  const own = [{ ...DEFAULT_RULES[1], name: 'x" <b>' }];
  await actions.setRules(own);
  const text = actions.exportRules();
  await actions.setRules(null);
  assert.equal(await actions.importRules(new Blob([text])), true);
  assert.deepEqual(store.get().rules, own);
  for (const [bad, words] of /** @type {[string, RegExp][]} */ ([
    ['{', /not JSON/],
    ['[]', /no list of rules/],
    ['{"version": 2, "rules": []}', /version 1/],
    ['null', /no list of rules/],
    [' '.repeat(2 ** 20 + 1), /larger/],
  ])) {
    assert.equal(await actions.importRules(new Blob([bad])), false);
    assert.match(store.get().rulesProblem, words);
    assert.deepEqual(store.get().rules, own);
  }
});

test('rules kept from before are set when the monitor opens; refused ones leave the defaults, with the reason', async () => {
  const own = [{ ...DEFAULT_RULES[0], above: 0.2 }];
  const good = page({ settings: { rules: own } });
  await good.actions.enter();
  assert.deepEqual(good.store.get().rules, own);
  const bad = page({ settings: { rules: own }, fail: { configure: engineError('BAD_ARGUMENT', 'rules[0].statistic: unknown') } });
  await bad.actions.enter();
  assert.deepEqual(bad.store.get().rules, DEFAULT_RULES);
  assert.match(bad.store.get().rulesProblem, /rules\[0\]\.statistic: unknown/);
  assert.equal(bad.store.get().monitor, 'ready');
});

test('settings: only what has changed is sent, and of many changes at once the last', async () => {
  const { store, actions, fake } = page();
  await actions.enter();
  await actions.setSettings({ scope: 'overall' });
  assert.deepEqual(fake().of('configure'), []);
  await actions.setSettings({ window: { kind: 'time', tumbling: true, rows: 10000, seconds: 3600 } });
  assert.deepEqual(fake().of('configure'), [[{ window: { kind: 'time', tumbling: true, rows: 10000, seconds: 3600 } }]]);
  await Promise.all(Array.from({ length: 100 }, (_, i) => actions.setThreshold(i / 100)));
  const sent = fake().of('configure').slice(1);
  assert.ok(sent.length < 5, String(sent.length));
  assert.deepEqual(sent.at(-1), [{ threshold: 0.99 }]);
  actions.setPoints(300);
  actions.setPoints(310);
  await new Promise((done) => setTimeout(done));
  assert.deepEqual(fake().of('configure').at(-1), [{ points: 300 }]);
  assert.equal(store.get().settings.scope, 'overall');
});

test('the log: remember, clear, export; a refusal is told and the switch goes back', async () => {
  const { store, actions, fake } = page();
  await actions.enter();
  await actions.setSettings({ remember: true });
  assert.deepEqual(fake().of('remember'), [[true, 67108864]]);
  assert.equal(store.get().tick?.log.remembered, true);
  let text = '';
  let closed = false;
  const sink = { write: async (/** @type {Uint8Array} */ chunk) => void (text += new TextDecoder().decode(chunk)), close: async () => void (closed = true), abort: async () => undefined };
  assert.equal(await actions.exportLog('ndjson', sink), true);
  assert.equal(text, 'first\nsecond\n');
  assert.ok(closed);
  assert.equal(store.get().exporting, null);
  await actions.clearLog();
  assert.equal(fake().of('clear').length, 1);
  const refused = page({ fail: { remember: new Error('Private windows keep nothing.') } });
  await refused.actions.enter();
  await refused.actions.setSettings({ remember: true });
  assert.equal(refused.store.get().settings.remember, false);
  assert.equal(refused.store.get().logNote, 'Private windows keep nothing.');
});

test('an export that cannot be written is aborted and told', async () => {
  const { store, actions } = page();
  await actions.enter();
  let aborted = false;
  const sink = {
    write: async () => {
      throw new Error('disk full');
    },
    close: async () => undefined,
    abort: async () => void (aborted = true),
  };
  assert.equal(await actions.exportLog('csv', sink), false);
  assert.ok(aborted);
  assert.match(store.get().logNote, /disk full/);
});

test('summaries: saved, added, refused', async () => {
  /** @type {Record<string, Error>} */
  const fail = {};
  const { store, actions, fake } = page({ fail });
  await actions.enter();
  const bytes = await actions.summary('overall');
  assert.ok(bytes && bytes.length > 0);
  assert.equal(await actions.merge(new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (bytes)]), 'monday.json'), true);
  assert.deepEqual(store.get().merged, ['monday.json']);
  assert.deepEqual(fake().of('merge'), [[bytes.length]]);
  fail.merge = engineError('SCHEMA_MISMATCH', 'model_version: 1.0.0 here, 2.0.0 there');
  assert.equal(await actions.merge(new Blob(['{}']), 'other.json'), false);
  assert.equal(store.get().summaryProblem, 'other.json was not added: model_version: 1.0.0 here, 2.0.0 there');
  assert.deepEqual(store.get().merged, ['monday.json']);
  await actions.reset();
  assert.deepEqual(store.get().merged, []);
  assert.equal(store.get().tick?.total, 0);
});

test('a column opened, a bin of it, and an answer that comes too late', async () => {
  const { store, actions, fake } = page();
  await actions.start({ kind: 'demo' });
  await actions.openColumn('V14');
  assert.equal(store.get().column?.name, 'V14');
  await actions.openBin(3);
  assert.deepEqual(fake().of('rows').at(-1), ['V14', { low: -3.5, high: -3, max: 50 }]);
  assert.equal(store.get().binRows?.length, 1);
  await actions.openBin(0);
  assert.deepEqual(fake().of('rows').at(-1), ['V14', { low: -Number.MAX_VALUE, high: -4.5, max: 50 }]);
  await actions.openBin(19);
  assert.deepEqual(fake().of('rows').at(-1), ['V14', { low: 4.5, high: Number.MAX_VALUE, max: 50 }]);
  const first = actions.openColumn('V1');
  const second = actions.openColumn('V2');
  await Promise.all([first, second]);
  assert.equal(store.get().column?.name, 'V2');
  assert.equal(store.get().openBin, null);
  await actions.openColumn(null);
  assert.equal(store.get().column, null);
});

test('an open column follows the stream, at most every two seconds', async () => {
  let now = 0;
  const { actions, fake } = page({ now: () => now });
  await actions.start({ kind: 'demo' });
  await actions.openColumn('V14');
  for (; now < 10_000; now += 100) {
    fake().tick(chartsAfter(1000));
    await new Promise(setImmediate);
  }
  assert.equal(fake().of('column').length, 1 + 4);
});

test('a model switched: counting begins anew, what was counted can be saved', async () => {
  const { store, actions, fake } = page();
  await actions.start({ kind: 'demo' });
  fake().run(500);
  fake().tick(chartsAfter(500));
  fake().event({ type: 'model', version: '2.0.0', summary: new Uint8Array([1, 2]) });
  assert.equal(store.get().series, null);
  assert.deepEqual(store.get().switched, { version: '2.0.0', summary: new Uint8Array([1, 2]) });
  assert.match(store.get().note, /2\.0\.0/);
  actions.dismissNote();
  assert.equal(store.get().switched, null);
});

test('an engine that was started again is a calm note, one that stays down a problem with a way on', async () => {
  const { store, actions, fake, monitors } = page();
  await actions.start({ kind: 'demo', rate: 7 });
  fake().event({ type: 'restarted', message: 'the worker stopped.' });
  assert.match(store.get().note, /goes on: the worker stopped\. Figures since the start are complete/);
  assert.equal(store.get().problem, null);
  fake().event({ type: 'failed', error: /** @type {any} */ (engineError('ENGINE_CRASHED', 'three times in a minute')) });
  assert.equal(store.get().monitor, 'failed');
  assert.equal(store.get().problem?.restart, true);
  const dead = fake();
  await actions.restart();
  assert.equal(monitors.length, 2);
  assert.equal(dead.of('close').length, 1);
  assert.equal(store.get().problem, null);
  assert.deepEqual(fake().of('start'), [[{ kind: 'demo', rate: 7 }]]);
  dead.tick({ total: 12345 });
  assert.notEqual(store.get().tick?.total, 12345);
});

test('an engine that does not open is a problem, and can be tried again', async () => {
  const options = /** @type {{failOpen?: Error}} */ ({ failOpen: engineError('LOAD_FAILED', 'no wasm') });
  const { store, actions } = page(options);
  await actions.start({ kind: 'demo' });
  assert.equal(store.get().problem?.code, 'LOAD_FAILED');
  assert.equal(store.get().monitor, 'failed');
  delete options.failOpen;
  await actions.again();
  assert.equal(store.get().problem, null);
  assert.equal(store.get().tick?.source.state, 'running');
});

test('notifications are asked for on a press only, and not again once denied', async () => {
  let permission = /** @type {'default' | 'denied'} */ ('default');
  let asked = 0;
  const notifier = {
    permission: () => permission,
    ask: async () => {
      asked += 1;
      permission = 'denied';
      return permission;
    },
    show: () => undefined,
  };
  const { store, actions } = page({ notifier });
  await actions.enter();
  assert.equal(asked, 0);
  await actions.setNotify(true);
  await actions.setNotify(true);
  assert.equal(asked, 1);
  assert.equal(store.get().permission, 'denied');
  assert.equal(store.get().settings.notify, false);
});
