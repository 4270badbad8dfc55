// @ts-check
import assert from 'node:assert/strict';
import test from 'node:test';

import { askToPersist, openLogStore, PROBLEMS } from '../../web/js/engine/live/log_store.js';
import { fakeDevice, fakeTab, testBlock, testScan } from './live_devices.mjs';
import { randomNumbers } from './live_fakes.mjs';

/** @typedef {import('../../web/js/engine/live/log_store.js').LogStore} LogStore */

/** @param {ReturnType<typeof fakeTab>} tab @param {number} [cap] */
const open = ({ environment }, cap = 1e9) => openLogStore({ scan: testScan, cap, environment });

/** @param {LogStore} store */
async function contents(store) {
  const rows = [];
  for await (const piece of store.read()) {
    for (let at = 0; at < piece.length; at += new DataView(piece.buffer, piece.byteOffset).getUint32(at)) {
      const { first_sequence: first, rows: count } = testScan(piece.subarray(at, at + new DataView(piece.buffer, piece.byteOffset).getUint32(at)));
      for (let row = 0; row < count; ++row) rows.push(first + row);
    }
  }
  return rows;
}

/** @param {LogStore} store @param {number} blocks @param {number} [rows] of each */
async function fill(store, blocks, rows = 5) {
  for (let block = 0; block < blocks; ++block) {
    const first = store.next;
    assert.equal(await store.append(testBlock(first, rows), { first, rows }), true);
  }
}

const upTo = (/** @type {number} */ end, begin = 0) => Array.from({ length: end - begin }, (_, row) => begin + row);

for (const kind of /** @type {const} */ (['opfs', 'indexeddb'])) {
  /** @param {ReturnType<typeof fakeDevice>} device */
  const tabOn = (device) => fakeTab(device, { opfs: kind === 'opfs' });

  test(`${kind}: what was appended is there after closing, in order`, async () => {
    const device = fakeDevice();
    const store = await open(tabOn(device));
    assert.deepEqual([store.kind, store.problem, store.bytes, store.rows, store.next, store.durable], [kind, '', 0, 0, 0, 0]);
    await fill(store, 25);
    assert.deepEqual([store.bytes, store.rows, store.first, store.next, store.durable], [2500, 125, 0, 125, 125]);
    assert.deepEqual(await contents(store), upTo(125));
    await store.close();
    const again = await open(tabOn(device));
    assert.deepEqual([again.bytes, again.rows, again.first, again.next, again.durable], [2500, 125, 0, 125, 125]);
    await fill(again, 3);
    assert.deepEqual(await contents(again), upTo(140));
  });

  test(`${kind}: nothing acknowledged is lost when the tab is killed at any time`, async () => {
    const random = randomNumbers(5);
    const device = fakeDevice();
    let acknowledged = 0;
    for (let round = 0; round < 50; ++round) {
      const tab = tabOn(device);
      const store = await open(tab);
      assert.equal(store.problem, '');
      const rows = await contents(store);
      assert.deepEqual(rows, upTo(store.next));
      assert.ok(store.next >= acknowledged, `${store.next} of ${acknowledged}`);
      acknowledged = store.next;
      let dead = false;
      let next = store.next;
      const blocks = 1 + Math.floor(random() * 12);
      for (let block = 0; block < blocks; ++block) {
        const count = 1 + Math.floor(random() * 9);
        const first = next;
        next += count;
        void store.append(testBlock(first, count, 20 + Math.floor(random() * 300)), { first, rows: count }).then((kept) => {
          if (kept && !dead) acknowledged = Math.max(acknowledged, first + count);
        });
      }
      if (random() < 0.5) await new Promise((resolve) => setTimeout(resolve, random() * 30));
      for (let wait = Math.floor(random() * 20); wait > 0; --wait) await null;
      dead = true;
      device.kill(tab.tab, random);
    }
    assert.ok(acknowledged > 200);
  });

  test(`${kind}: over the cap the oldest go`, async () => {
    const device = fakeDevice();
    const store = await open(tabOn(device), 5000);
    await fill(store, 200);
    assert.ok(store.bytes <= 5000 && store.bytes > 3900, String(store.bytes));
    assert.equal(store.next, 1000);
    assert.equal(store.problem, '');
    assert.deepEqual(await contents(store), upTo(1000, store.first));
    assert.equal(store.bytes, device.usage());
    await store.setCap(2500);
    assert.ok(store.bytes <= 2500);
    assert.deepEqual(await contents(store), upTo(1000, store.first));
    await store.close();
    const smaller = await open(tabOn(device), 1200);
    assert.ok(smaller.bytes <= 1200);
    assert.equal(smaller.next, 1000);
  });

  test(`${kind}: without room the log gets shorter and says so`, async () => {
    const device = fakeDevice();
    device.quota = 4250;
    const store = await open(tabOn(device));
    await fill(store, 100);
    assert.equal(store.next, 500);
    assert.match(store.problem, /no more room for this page \([\d.]+ MiB of 0\.0 MiB are used\): the log on this device keeps the latest/);
    assert.deepEqual(await contents(store), upTo(500, store.first));
    assert.ok(store.bytes > 2500);
  });

  test(`${kind}: without any room it stops without a gap, and begins anew when cleared`, async () => {
    const device = fakeDevice();
    const store = await open(tabOn(device));
    await fill(store, 4);
    device.quota = device.usage();
    const block = testBlock(20, 5, 800);
    if (kind === 'opfs') {
      assert.equal(await store.append(block, { first: 20, rows: 5 }), false);
      assert.match(store.problem, /The log on this device has stopped; scoring goes on\. Export the log and clear it/);
      device.quota = Infinity;
      assert.equal(await store.append(testBlock(25, 5), { first: 25, rows: 5 }), false, 'there would be a gap');
      assert.deepEqual([store.durable, store.next, device.usage()], [20, 20, 400]);
      assert.deepEqual(await contents(store), upTo(20));
    }
    await store.clear();
    device.quota = Infinity;
    assert.deepEqual([store.problem, store.bytes, store.rows, device.usage()], ['', 0, 0, 0]);
    assert.equal(await store.append(testBlock(30, 5), { first: 30, rows: 5 }), true);
    assert.deepEqual([store.first, store.next, store.durable], [30, 35, 35]);
    assert.deepEqual(await contents(store), upTo(35, 30));
  });

  test(`${kind}: one tab keeps the log; when it has gone another one can`, async () => {
    const device = fakeDevice();
    const first = tabOn(device);
    const store = await open(first);
    await fill(store, 1);
    const second = await open(tabOn(device));
    assert.deepEqual([second.kind, second.problem], ['none', PROBLEMS.otherTab]);
    assert.equal(await second.append(testBlock(5, 5), { first: 5, rows: 5 }), false);
    assert.deepEqual(await contents(second), []);
    await second.clear();
    assert.equal(store.rows, 5);
    await store.close();
    const third = tabOn(device);
    assert.equal((await open(third)).kind, kind);
    // A worker that died holds it no longer; one that is about to is waited for.
    const fourth = open(tabOn(device));
    setTimeout(() => device.kill(third.tab, Math.random), 200);
    assert.equal((await fourth).kind, kind);
  });

  test(`${kind}: while rows are written they can be read`, async () => {
    const store = await open(tabOn(fakeDevice()), 3000);
    await fill(store, 28);
    const reading = store.read();
    const seen = [(await reading.next()).value];
    await fill(store, 40);
    for await (const piece of reading) seen.push(piece);
    assert.ok(seen.length >= 1);
    assert.ok(seen.every((piece) => piece && testScan(piece).whole_bytes === piece.length));
  });
}

test('opfs: a torn end is cut off, and what was torn is written again', async () => {
  const device = fakeDevice();
  const store = await open(fakeTab(device));
  await fill(store, 13);
  await store.close();
  for (let cut = 1; cut < 120; cut += 7) {
    const [name] = [...device.files.keys()].sort().slice(-1);
    const file = /** @type {any} */ (device.files.get(name));
    file.content = file.durable = file.content.slice(0, -cut);
    const again = await open(fakeTab(device));
    assert.deepEqual(await contents(again), upTo(again.next));
    assert.equal(again.bytes % 100, 0);
    assert.equal(again.bytes, device.usage());
    await fill(again, 2);
    assert.deepEqual(await contents(again), upTo(again.next));
    await again.close();
  }
});

test('opfs: files that are not the log’s are left alone', async () => {
  const device = fakeDevice();
  device.files.set('notes.txt', { durable: new Uint8Array(5), content: new Uint8Array(5), open: null });
  device.files.set('0000000001.ftl', { durable: new Uint8Array(50), content: new Uint8Array(50), open: null });
  const store = await open(fakeTab(device));
  assert.deepEqual([...device.files.keys()], ['notes.txt']);
  assert.equal(store.rows, 0);
});

test('without Web Locks the files’ own lock keeps other tabs out', async () => {
  const device = fakeDevice();
  const store = await open(fakeTab(device, { locks: false }));
  await fill(store, 1);
  const second = await open(fakeTab(device, { locks: false }));
  assert.deepEqual([second.kind, second.problem], ['none', PROBLEMS.otherTab]);
});

test('where the browser keeps nothing, it says what to do, and takes blocks without keeping them', async () => {
  const device = fakeDevice();
  device.refuses = true;
  for (const tab of [fakeTab(device), fakeTab(device, { locks: false }), fakeTab(device, { opfs: false, indexedDb: false })]) {
    const store = await open(tab);
    assert.deepEqual([store.kind, store.bytes, store.next], ['none', 0, 0]);
    assert.match(store.problem, /private window.*export them before you close the tab/);
    assert.equal(await store.append(testBlock(0, 5), { first: 0, rows: 5 }), false);
    await store.clear();
    await store.setCap(5);
    await store.close();
  }
});

test('opfs: every block is flushed before it counts', async () => {
  const device = fakeDevice();
  const store = await open(fakeTab(device));
  for (let block = 0; block < 30; ++block) {
    const before = device.flushes;
    await fill(store, 1);
    assert.ok(device.flushes > before);
  }
});

test('asking the browser to keep the log', async () => {
  const storage = (/** @type {boolean} */ already, /** @type {boolean} */ granted) =>
    /** @type {any} */ ({ persisted: async () => already, persist: async () => granted });
  assert.equal(await askToPersist(storage(true, false)), true);
  assert.equal(await askToPersist(storage(false, true)), true);
  assert.equal(await askToPersist(storage(false, false)), false);
  assert.equal(await askToPersist(/** @type {any} */ ({})), false);
  assert.equal(await askToPersist(/** @type {any} */ ({ persist: () => Promise.reject(new Error('no')) })), false);
});
