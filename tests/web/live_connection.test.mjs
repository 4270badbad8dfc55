// @ts-check
import assert from 'node:assert/strict';
import test from 'node:test';

import { MAX_WAITING } from '../../web/js/engine/live/sources/arrivals.js';
import { FIRST_RETRY, GOOD_AFTER, LAST_RETRY } from '../../web/js/engine/live/sources/connection.js';
import { createSource } from '../../web/js/engine/live/sources/index.js';
import { fakeReader, rowsIn } from './live_fakes.mjs';

const START = 1_790_000_000_000;
const SITE = 'https://bank.example/tools/firetower/';

/** A browser with servers that do what the test says, and a clock that it moves. */
function fakeBrowser() {
  const browser = {
    site: SITE,
    time: START,
    /** @type {any[]} connections in the order they were made */
    connections: [],
    /** @type {{at: number, call: () => void}[]} */
    timers: [],
    randomNumber: 0,
    now: () => browser.time,
    random: () => browser.randomNumber,
    later: (/** @type {() => void} */ call, /** @type {number} */ ms) => {
      const timer = { at: browser.time + ms, call };
      browser.timers.push(timer);
      return timer;
    },
    cancel: (/** @type {any} */ timer) => {
      browser.timers = browser.timers.filter((other) => other !== timer);
    },
    /** Moves the clock; timers ring in order. @param {number} ms */
    pass(ms) {
      const end = browser.time + ms;
      for (;;) {
        const next = browser.timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        browser.cancel(next);
        browser.time = next.at;
        next.call();
      }
      browser.time = end;
    },
    /** The connection that is open or opening. */
    get last() {
      return browser.connections.at(-1);
    },
    EventSource: class {
      readyState = 0;
      closed = false;
      /** @type {any} */ onopen;
      /** @type {any} */ onmessage;
      /** @type {any} */ onerror;
      /** @param {URL} url */
      constructor(url) {
        this.url = String(url);
        browser.connections.push(this);
      }
      open() {
        this.readyState = 1;
        this.onopen?.();
      }
      /** @param {string} data */
      send(data, lastEventId = '') {
        this.onmessage?.({ data, lastEventId });
      }
      /** @param {boolean} [forGood] the server's answer was no stream */
      fail(forGood) {
        this.readyState = forGood ? 2 : 0;
        this.onerror?.();
      }
      close() {
        this.closed = true;
        this.readyState = 2;
      }
    },
    WebSocket: class {
      closed = false;
      binaryType = 'blob';
      /** @type {any} */ onopen;
      /** @type {any} */ onmessage;
      /** @type {any} */ onclose;
      /** @param {URL} url */
      constructor(url) {
        this.url = String(url);
        browser.connections.push(this);
      }
      open() {
        this.onopen?.();
      }
      /** @param {string | ArrayBuffer} data */
      send(data) {
        this.onmessage?.({ data });
      }
      fail() {
        this.onclose?.({ code: 1006, reason: '' });
      }
      close() {
        this.closed = true;
        queueMicrotask(() => this.onclose?.({ code: 1005, reason: '' }));
      }
    },
  };
  return browser;
}

/**
 * @param {'events' | 'socket'} kind
 * @param {{url?: string, restore?: unknown, browser?: ReturnType<typeof fakeBrowser>}} [options]
 */
function connected(kind, { url = 'stream', restore = null, browser = fakeBrowser() } = {}) {
  let woken = 0;
  const environment = /** @type {any} */ (browser);
  const source = createSource({ kind, url }, { reader: fakeReader(), restore, environment });
  source.start(START, () => ++woken);
  return { source, browser, woken: () => woken };
}

/** @param {import('../../web/js/engine/live/source.js').Source} source @param {number} [most] */
const take = (source, most = 1e6) => rowsIn(/** @type {any} */ (source.take(most, START)));

for (const kind of /** @type {const} */ (['events', 'socket'])) {
  test(`${kind}: rows come as they are sent, and when they came is known`, () => {
    const { source, browser, woken } = connected(kind);
    assert.equal(source.state(START).state, 'waiting');
    assert.equal(source.due(START), Infinity);
    browser.last.open();
    assert.equal(source.state(START).state, 'running');
    browser.pass(100);
    browser.last.send('{"V1": 1}');
    browser.pass(50);
    browser.last.send('[{"V1": 2}, {"V1": 3}]');
    browser.last.send('what?');
    assert.ok(woken() >= 3);
    assert.equal(source.due(START), 0);
    const batch = /** @type {any} */ (source.take(2, START + 150));
    assert.equal(batch.arrived, START + 100);
    assert.deepEqual(rowsIn(batch).map(({ inputs, row }) => [inputs[1], row]), [[1, 0], [2, 1]]);
    const rest = /** @type {any} */ (source.take(2, START + 150));
    assert.equal(rest.arrived, START + 150);
    assert.deepEqual(rowsIn(rest).map(({ inputs, row }) => [inputs[1], row]), [[3, 2]]);
    assert.equal(source.take(2, START + 150), null);
    assert.equal(source.due(START), Infinity);
    assert.deepEqual(source.takeMalformed(), [{ count: 1, reason: 'is not JSON', sample: 'what?' }]);
    assert.deepEqual(source.takeMalformed(), []);
    const { offered, taken, waiting, malformed, name } = source.state(START);
    assert.deepEqual({ offered, taken, waiting, malformed, name }, { offered: 3, taken: 3, waiting: 0, malformed: 1, name: `${kind}: /tools/firetower/stream` });
  });

  test(`${kind}: another origin is refused before anything is asked of it`, () => {
    const browser = fakeBrowser();
    for (const url of [
      'https://other.example/stream',
      '//other.example/stream',
      'http://bank.example/stream',
      'https://bank.example:8443/stream',
      'https://bank.example.evil.example/',
      'https://bank.example@evil.example/',
      'wss://other.example/socket',
      'ws://bank.example/socket',
      'data:text/event-stream,x',
      'blob:https://bank.example/1',
      'javascript:0',
    ]) {
      assert.throws(() => connected(kind, { url, browser }), /another origin: streams come from https:\/\/bank\.example only/, url);
    }
    assert.throws(() => connected(kind, { url: 'https://', browser }), /is not an address/);
    assert.equal(browser.connections.length, 0);
    connected(kind, { url: '/stream?x=1', browser });
    connected(kind, { url: 'https://bank.example/stream?x=1', browser });
    connected(kind, { url: 'wss://bank.example/stream?x=1', browser });
    assert.equal(browser.connections.length, 3);
  });

  test(`${kind}: it is tried again, later each time, from half a second to half a minute`, () => {
    for (const [random, expected] of /** @type {[number, number[]][]} */ ([
      [0, Array(12).fill(FIRST_RETRY)],
      [1, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]],
      [0.5, [750, 1250, 2250, 4250, 8250, 15_250, 15_250]],
    ])) {
      const { source, browser } = connected(kind);
      browser.randomNumber = random;
      for (const delay of expected) {
        browser.last.fail();
        const { state, retryAt, message } = source.state(browser.time);
        assert.equal(state, 'reconnecting');
        assert.equal(retryAt, browser.time + delay);
        assert.match(message, /interrupted/);
        const before = browser.connections.length;
        browser.pass(delay - 1);
        assert.equal(browser.connections.length, before);
        browser.pass(1);
        assert.equal(browser.connections.length, before + 1);
        assert.equal(source.state(browser.time).retryAt, 0);
      }
      assert.ok(expected.every((delay) => delay >= FIRST_RETRY && delay <= LAST_RETRY));
    }
  });

  test(`${kind}: after a good connection the first attempt is soon; after a short one it is not`, () => {
    const { source, browser } = connected(kind);
    browser.randomNumber = 1;
    const lose = () => {
      browser.last.fail();
      const { retryAt } = source.state(browser.time);
      const delay = retryAt - browser.time;
      browser.pass(delay);
      return delay;
    };
    assert.deepEqual([lose(), lose(), lose()], [1000, 2000, 4000]);
    browser.last.open();
    assert.equal(source.state(browser.time).message, '');
    browser.pass(GOOD_AFTER - 1);
    assert.equal(lose(), 8000);
    browser.last.open();
    browser.pass(GOOD_AFTER);
    assert.equal(lose(), 1000);
  });

  test(`${kind}: while paused messages wait; a step takes some`, () => {
    const { source, browser } = connected(kind);
    browser.last.open();
    source.pause(START);
    for (let row = 0; row < 5; ++row) browser.last.send(`{"V1": ${row}}`);
    assert.equal(source.due(START), Infinity);
    assert.deepEqual(take(source), []);
    assert.deepEqual([source.state(START).state, source.state(START).waiting], ['paused', 5]);
    source.step(2);
    assert.equal(source.due(START), 0);
    assert.equal(take(source).length, 2);
    assert.equal(take(source).length, 0);
    source.resume(START);
    assert.deepEqual(take(source).map(({ inputs }) => inputs[1]), [2, 3, 4]);
  });

  test(`${kind}: a million rows wait at most: then it is closed, and opened again on resume`, () => {
    const { source, browser } = connected(kind);
    browser.last.open();
    source.pause(START);
    const message = JSON.stringify({ columns: { V1: Array.from({ length: 1000 }, (_, row) => row) } });
    let sent = 0;
    while (!browser.last.closed && sent < 2 * MAX_WAITING) {
      browser.last.send(message, String(++sent));
    }
    assert.equal(browser.last.closed, true);
    const { waiting, state } = source.state(START);
    // Undecoded messages count as one row each.
    assert.ok(waiting >= MAX_WAITING && waiting <= MAX_WAITING + 1024 * 1000, String(waiting));
    assert.equal(waiting, sent * 1000);
    assert.equal(state, 'paused');
    assert.match(source.state(START).message, /1000000 rows wait: the connection was closed and is opened again on resume/);
    browser.pass(60_000);
    assert.equal(browser.connections.length, 1);
    source.resume(START);
    assert.equal(browser.connections.length, 1, 'not while there is no room');
    let taken = 0;
    while (browser.connections.length === 1) taken += take(source, 65536).length;
    assert.ok(taken >= MAX_WAITING / 2);
    if (kind === 'events') assert.equal(new URL(browser.last.url).searchParams.get('lastEventId'), String(sent));
    for (let rows = take(source, 65536); rows.length > 0; rows = take(source, 65536)) taken += rows.length;
    assert.equal(taken, sent * 1000);
  });

  test(`${kind}: once stopped it hears and does nothing any more`, async () => {
    const { source, browser, woken } = connected(kind);
    browser.last.open();
    const before = woken();
    source.stop();
    await Promise.resolve();
    assert.equal(browser.last.closed, true);
    browser.last.send('{"V1": 1}');
    browser.last.fail();
    browser.pass(100_000);
    assert.equal(browser.connections.length, 1);
    assert.equal(woken(), before);
    assert.equal(source.state(START).state, 'ended');

    const retrying = connected(kind);
    retrying.browser.last.fail();
    retrying.source.stop();
    retrying.browser.pass(100_000);
    assert.equal(retrying.browser.connections.length, 1);
  });

  test(`${kind}: there is no rate to set`, () => {
    const { source } = connected(kind);
    assert.throws(() => source.adjust({ rate: 5 }, START), /rows come as they are sent: there is no rate to set/);
  });
}

test('events: a new connection asks for what follows the last event', () => {
  const { source, browser } = connected('events', { url: 'stream?shop=3' });
  assert.equal(browser.last.url, `${SITE}stream?shop=3`);
  browser.last.open();
  browser.last.send('{"V1": 1}', '41');
  browser.last.send('{"V1": 2}', 'a b&c');
  browser.last.fail();
  browser.pass(LAST_RETRY);
  assert.equal(browser.last.url, `${SITE}stream?shop=3&lastEventId=a+b%26c`);
  assert.equal(source.state(START).waiting, 2);
});

test('events: a server that answers with something else says so', () => {
  const { source, browser } = connected('events');
  browser.last.fail(true);
  assert.match(source.state(START).message, /something that is not a stream of events/);
});

test('events: after a restart it goes on after the last row taken, even in the middle of a message', () => {
  const sent = [['1', 2], ['2', 1], ['3', 4], ['4', 0], ['5', 3]];
  /** @param {any} connection @param {string | null} after */
  const serve = (connection, after) => {
    connection.open();
    let row = 0;
    for (const [id, rows] of sent) {
      const list = Array.from({ length: Number(rows) }, () => ({ V1: row++ }));
      if (after === null || Number(id) > Number(after)) connection.send(JSON.stringify(list), id);
    }
  };
  for (let cut = 0; cut <= 10; ++cut) {
    const first = connected('events');
    serve(first.browser.last, null);
    const head = [];
    while (head.length < cut) head.push(...take(first.source, Math.min(3, cut - head.length)));
    const restore = JSON.parse(JSON.stringify(first.source.position()));
    const second = connected('events', { restore });
    serve(second.browser.last, new URL(second.browser.last.url).searchParams.get('lastEventId'));
    const rows = [...head, ...take(second.source)];
    assert.deepEqual(rows.map(({ inputs }) => inputs[1]), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], `cut at ${cut}`);
    assert.deepEqual(rows.map(({ row }) => row), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.equal(second.source.state(START).offered, 10);
  }
});

test('socket: ws: for http:, wss: for https:; binary messages are text in UTF-8', () => {
  const { source, browser } = connected('socket');
  assert.equal(browser.last.url, SITE.replace('https', 'wss') + 'stream');
  const plain = fakeBrowser();
  plain.site = 'http://localhost:8000/';
  connected('socket', { browser: plain });
  assert.equal(plain.last.url, 'ws://localhost:8000/stream');
  assert.equal(browser.last.binaryType, 'arraybuffer');
  browser.last.open();
  browser.last.send(new TextEncoder().encode('{"V1": 4, "id": "ü"}').buffer);
  browser.last.send(Uint8Array.of(0xff, 0xfe).buffer);
  assert.deepEqual(take(source).map(({ inputs, reference }) => [inputs[1], reference]), [[4, 'ü']]);
  assert.deepEqual(source.takeMalformed(), [{ count: 1, reason: 'is not text', sample: '2 bytes' }]);
  assert.equal(source.state(START).malformed, 1);
});

test('a connection that cannot even be made is tried again', () => {
  const browser = fakeBrowser();
  browser.WebSocket = /** @type {any} */ (
    class {
      constructor() {
        throw new DOMException('too many', 'InsufficientResources');
      }
    }
  );
  const { source } = connected('socket', { browser });
  assert.equal(source.state(START).state, 'reconnecting');
  assert.equal(source.state(START).message, 'too many');
});

test('an unknown kind of source is refused', () => {
  for (const source of [{ kind: 'kafka' }, { kind: 'push' }, {}, null]) {
    assert.throws(() => createSource(/** @type {any} */ (source), { reader: fakeReader(), restore: null }), /no kind of source/);
  }
});
