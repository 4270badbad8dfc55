// @ts-check
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { createEngine } from '../../web/js/engine/node.js';
import { createActions } from '../../web/js/state/actions.js';
import { initialState } from '../../web/js/state/app_state.js';
import { initialDriftState } from '../../web/js/state/drift_state.js';
import { writeLink } from '../../web/js/state/hash.js';
import { initialLiveState, readLiveSettings } from '../../web/js/state/live_state.js';
import { createRestore } from '../../web/js/state/restore.js';
import { defaultSession, writeSession } from '../../web/js/state/session.js';
import { createStore } from '../../web/js/state/store.js';

/** @type {import('../../web/js/engine/types.js').Engine} */
let engine;
before(async () => {
  engine = await createEngine();
});
after(() => engine.close());

async function page() {
  const store = createStore(initialState());
  const actions = createActions({ store, createEngine: async () => engine });
  await actions.start();
  const liveStore = createStore(initialLiveState());
  const live = {
    store: liveStore,
    actions: {
      /** @param {object} patch */
      async setSettings(patch) {
        liveStore.set({ settings: readLiveSettings({ ...liveStore.get().settings, ...patch }) });
      },
    },
  };
  const driftStore = createStore(initialDriftState());
  const drift = {
    store: driftStore,
    actions: {
      /** @param {object} patch */
      set: (patch) => driftStore.set({ settings: { ...driftStore.get().settings, ...patch } }),
    },
  };
  const restore = createRestore({ store, actions, live, drift });
  const idle = async () => {
    do await new Promise((resolve) => setTimeout(resolve, 5));
    while (!actions.idle() || store.get().job);
  };
  return { store, actions, live, restore, idle };
}

/** @param {number} rows */
function csv(rows) {
  const names = engine.model().inputs.map(({ name }) => name);
  const lines = Array.from({ length: rows }, (_, row) => names.map((_name, i) => (i === 0 ? row : ((row * 7 + i) % 11) - 5)).join(','));
  return new Blob([`${names.join(',')}\n${lines.join('\n')}\n`]);
}

function wished() {
  const session = defaultSession();
  session.view = 'live';
  session.theme = 'dark';
  session.threshold = 0.25;
  session.review.filter = { ...session.review.filter, level: 'all', column: 'V14', op: '<=', value: 1, rowTo: 30 };
  session.review.order = { key: 'column', column: 'V14', descending: false };
  session.review.columns = ['V14', 'Amount'];
  session.live.window = { kind: 'rows', tumbling: true, rows: 500, seconds: 60 };
  session.live.rules = [{ id: 'a', name: 'A', statistic: 'fraud_rate', above: 0.02 }];
  session.live.source = { kind: 'demo', rate: 50, scenario: 'cents' };
  session.drift = { ...session.drift, reference: 'before', boundary: 0.3, correction: 'Holm' };
  return session;
}

test('a session file before there is a file: the review waits for it; what is saved is what was restored', async () => {
  const { store, actions, live, restore, idle } = await page();
  assert.equal(restore.fromFile(writeSession(wished()), 'mine.json'), true);
  assert.equal(store.get().sessionNote, 'The session of mine.json is restored.');
  assert.equal(store.get().view, 'live');
  assert.equal(store.get().threshold, 0.25);
  assert.deepEqual(live.store.get().settings.window, wished().live.window);
  assert.deepEqual(restore.session(), wished());
  await actions.openFile(csv(60), 'a.csv');
  await idle();
  const { filter, order, shown } = store.get();
  assert.deepEqual(filter, wished().review.filter);
  assert.deepEqual(order, wished().review.order);
  const value = (/** @type {number} */ row) => ((row * 7 + 14) % 11) - 5;
  const expected = Array.from({ length: 31 }, (_, row) => row).filter((row) => value(row) <= 1);
  assert.deepEqual([...(shown ?? [])].sort((a, b) => a - b), expected);
  assert.deepEqual([...(shown ?? [])].map(value), expected.map(value).sort((a, b) => a - b));
  assert.deepEqual(restore.session(), { ...wished(), view: 'review' });
});

test('with a file there, the session is applied at once; columns it does not have are said', async () => {
  const { store, actions, restore, idle } = await page();
  await actions.openFile(csv(20), 'a.csv');
  await idle();
  const session = wished();
  session.review.filter.column = 'Salary';
  session.review.order.column = 'Salary';
  restore.fromFile(writeSession(session), 'mine.json');
  await idle();
  assert.equal(store.get().sessionNote, 'The session asks for columns that this file does not have: Salary.');
  assert.equal(store.get().filter.level, 'all');
  assert.equal(store.get().filter.column, '');
  assert.equal(store.get().order.key, 'score');
  assert.equal(store.get().shown?.length, 20);
});

test('what is no session changes nothing', async () => {
  const { store, restore } = await page();
  const before = restore.session();
  for (const text of ['{"rules":[]}', 'Time,V1', '']) {
    assert.equal(restore.fromFile(text, 'x.json'), false);
    assert.equal(store.get().sessionNote, 'x.json holds no session: nothing was changed.');
  }
  assert.deepEqual(restore.session(), before);
});

test('a link: the whole session without the data; short ones change only what they name', async () => {
  const first = await page();
  const session = wished();
  session.review.filter.text = 'Mary';
  first.restore.fromFile(writeSession(session), 'mine.json');
  const { hash } = writeLink(first.restore.shared());
  const { store, live, restore } = await page();
  assert.equal(restore.fromLink(hash), false);
  assert.deepEqual(restore.session(), wished());
  assert.equal(restore.fromLink('#view=live&window=start'), false);
  assert.deepEqual(live.store.get().settings.window, { kind: 'start', tumbling: true, rows: 500, seconds: 60 });
  assert.deepEqual(live.store.get().settings.rules, wished().live.rules);
  assert.equal(store.get().settings.theme, 'dark');
  assert.equal(restore.fromLink('#demo'), true);
  restore.fromLink('#session=%%%');
  assert.equal(store.get().sessionNote, 'The link holds no session: nothing was changed.');
});
