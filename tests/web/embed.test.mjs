// @ts-check
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';

import { decodeMessages } from '../../web/js/engine/live/sources/messages.js';
import { createEmbedding, originAsked, originOf, readOrigins, writeOrigins } from '../../web/js/state/embed.js';

const BANK = 'https://bank.example';
const MODEL = /** @type {any} */ ({ name: 'm', version: '1.0', label_column: 'Class', inputs: [{ name: 'V1' }, { name: 'Amount' }] });

/** @param {{allowed?: string[], model?: () => any}} [options] */
function embedded({ allowed = [BANK], model = () => MODEL } = {}) {
  /** @type {Set<(event: any) => void>} */
  const listeners = new Set();
  const page = {
    origin: 'https://firetower.example',
    addEventListener: (/** @type {string} */ _type, /** @type {any} */ listener) => void listeners.add(listener),
    removeEventListener: (/** @type {string} */ _type, /** @type {any} */ listener) => void listeners.delete(listener),
  };
  /** @type {{messages: any[], answer: (result: any) => void, fail: (error: any) => void}[]} pushes not answered */
  const pushes = [];
  let changes = 0;
  const embedding = createEmbedding({
    window: page,
    model,
    allowed,
    onChange: () => ++changes,
    push: (messages) => new Promise((answer, fail) => pushes.push({ messages, answer, fail })),
  });
  /** Another window. */
  const other = (/** @type {string} */ origin) => {
    /** @type {any[]} */
    const heard = [];
    const window = {
      postMessage(/** @type {any} */ message, /** @type {string} */ target) {
        assert.equal(target, origin, 'never to whoever may be there');
        heard.push(message);
      },
    };
    return {
      heard,
      window,
      say: (/** @type {any} */ data) => listeners.forEach((listener) => listener({ data, origin, source: window })),
    };
  };
  return { embedding, page, pushes, other, listeners, changes: () => changes };
}

const HELLO = { type: 'firetower:hello', protocol: 1 };
const rows = (/** @type {number} */ seq, count = 2) => ({ type: 'firetower:rows', seq, rows: Array.from({ length: count }, () => ({ V1: seq })) });
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('hello, ready, rows, ack', async () => {
  const { embedding, pushes, other } = embedded();
  const bank = other(BANK);
  bank.say(HELLO);
  assert.deepEqual(bank.heard, [
    { type: 'firetower:ready', protocol: 1, model: { name: 'm', version: '1.0' }, inputs: ['V1', 'Amount'], label: 'Class' },
  ]);
  bank.say(rows(7));
  assert.deepEqual(pushes[0].messages, [rows(7)]);
  pushes[0].answer({ accepted: 2, malformed: 0 });
  await settled();
  assert.deepEqual(bank.heard[1], { type: 'firetower:ack', seq: 7, messages: 1, accepted: 2, malformed: 0 });
  assert.deepEqual(embedding.state().embedders, [{ origin: BANK, accepted: 2, malformed: 0 }]);
});

test('messages that come while a push is under way go together; one ack covers them', async () => {
  const { pushes, other } = embedded();
  const bank = other(BANK);
  bank.say(HELLO);
  for (let seq = 1; seq <= 5; ++seq) bank.say(rows(seq));
  assert.deepEqual(pushes.map(({ messages }) => messages.length), [1]);
  pushes[0].answer({ accepted: 2, malformed: 0 });
  await settled();
  assert.deepEqual(pushes.map(({ messages }) => messages.length), [1, 4]);
  bank.say(rows(6));
  pushes[1].answer({ accepted: 7, malformed: 1 });
  await settled();
  pushes[2].answer({ accepted: 2, malformed: 0 });
  await settled();
  assert.deepEqual(bank.heard.slice(1), [
    { type: 'firetower:ack', seq: 1, messages: 1, accepted: 2, malformed: 0 },
    { type: 'firetower:ack', seq: 5, messages: 4, accepted: 7, malformed: 1 },
    { type: 'firetower:ack', seq: 6, messages: 1, accepted: 2, malformed: 0 },
  ]);
});

test('every rows message is covered by exactly one answer, in order', async () => {
  const { pushes, other } = embedded();
  const bank = other(BANK);
  bank.say(HELLO);
  let answered = 0;
  for (let seq = 1; seq <= 500; ++seq) {
    bank.say(rows(seq, 1 + (seq % 7)));
    if (seq % 3 === 0) {
      const push = pushes[answered++];
      if (seq % 4 === 0) push.fail(Object.assign(new Error('full'), { code: 'BUSY' }));
      else push.answer({ accepted: push.messages.length, malformed: 0 });
      await settled();
    }
  }
  while (answered < pushes.length) {
    pushes[answered++].answer({ accepted: 0, malformed: 0 });
    await settled();
  }
  let covered = 0;
  for (const { seq, messages } of bank.heard.slice(1)) {
    covered += messages;
    assert.equal(seq, covered);
  }
  assert.equal(covered, 500);
});

test('origins that are not allowed are neither heard nor answered, and are counted', () => {
  const { embedding, pushes, other, changes } = embedded();
  const evil = other('https://evil.example');
  evil.say(HELLO);
  evil.say(rows(1));
  evil.say('anything');
  const file = other('null');
  file.say(HELLO);
  for (const origin of ['http://bank.example', 'https://bank.example:444', 'https://bank.example.evil.example', 'https://www.bank.example']) {
    other(origin).say(HELLO);
  }
  assert.equal(pushes.length, 0);
  assert.deepEqual(evil.heard, []);
  const { refused, embedders } = embedding.state();
  assert.deepEqual(refused.slice(0, 2), [{ origin: 'https://evil.example', count: 3 }, { origin: 'null', count: 1 }]);
  assert.equal(refused.length, 6);
  assert.deepEqual(embedders, []);
  assert.ok(changes() >= 8);
  for (let number = 0; number < 100; ++number) other(`https://${number}.example`).say(HELLO);
  assert.equal(embedding.state().refused.length, 20);
  assert.equal(embedding.state().refusedElsewhere, 86);
});

test('an origin that cannot be named cannot be allowed', () => {
  const { embedding, other } = embedded({ allowed: ['null'] });
  const file = other('null');
  file.say(HELLO);
  assert.deepEqual(file.heard, []);
  assert.equal(embedding.state().refused[0].origin, 'null');
});

test('the page’s own origin is always allowed, its own messages to itself are nobody’s', () => {
  const { embedding, page, other, listeners } = embedded({ allowed: [] });
  const own = other(page.origin);
  own.say(HELLO);
  assert.equal(own.heard.length, 1);
  for (const source of [page, null]) {
    for (const listener of listeners) listener({ data: HELLO, origin: page.origin, source });
    for (const listener of listeners) listener({ data: { from: 'an extension' }, origin: 'https://x.example', source });
  }
  assert.equal(embedding.state().embedders.length, 1);
  assert.deepEqual(embedding.state().refused, []);
});

test('an origin can be allowed and taken off the list while it speaks', async () => {
  const { embedding, pushes, other } = embedded({ allowed: [] });
  const bank = other(BANK);
  bank.say(HELLO);
  assert.deepEqual(bank.heard, []);
  embedding.allow([BANK]);
  assert.deepEqual(embedding.state().refused, []);
  bank.say(HELLO);
  bank.say(rows(1));
  assert.equal(pushes.length, 1);
  embedding.allow([]);
  bank.say(rows(2));
  assert.equal(pushes.length, 1);
  assert.deepEqual(embedding.state().refused, [{ origin: BANK, count: 1 }]);
  assert.deepEqual(embedding.state().embedders, []);
});

test('what is out of the protocol is counted, and harms nothing', async () => {
  const { embedding, pushes, other } = embedded();
  const bank = other(BANK);
  bank.say(HELLO);
  const odd = [undefined, null, 5, 'text', {}, { type: 'firetower:other' }, { type: 'firetower:rows' }, { type: 'firetower:rows', seq: 'x', rows: [] },
    { type: 'firetower:rows', seq: NaN, rows: [] }, new Map()];
  for (const data of odd) bank.say(data);
  assert.equal(embedding.state().embedders[0].malformed, odd.length);
  bank.say(rows(1));
  // Shapes inside a rows message are the decoder's to judge.
  for (const data of [{ rows: 5 }, { columns: null }, { columns: {} }, { columns: { V1: 5 } }, {}]) bank.say({ type: 'firetower:rows', seq: 2, ...data });
  assert.equal(pushes.length, 1);
  pushes[0].answer({ accepted: 2, malformed: 0 });
  await settled();
  assert.equal(pushes[1].messages.length, 5);
});

test('another protocol, and rows before hello, are answered with what to do', () => {
  const { pushes, other } = embedded();
  const bank = other(BANK);
  bank.say(rows(3));
  bank.say({ type: 'firetower:hello', protocol: 2 });
  bank.say({ type: 'firetower:hello' });
  assert.deepEqual(bank.heard, [
    { type: 'firetower:error', seq: 3, message: 'say firetower:hello first' },
    { type: 'firetower:error', protocol: 1, message: 'this page speaks protocol 1 only' },
    { type: 'firetower:error', protocol: 1, message: 'this page speaks protocol 1 only' },
  ]);
  assert.equal(pushes.length, 0);
});

test('a hello before the page is ready is not answered; a repeated one is', () => {
  let model = /** @type {any} */ (null);
  const { other, embedding } = embedded({ model: () => model });
  const bank = other(BANK);
  bank.say(HELLO);
  assert.deepEqual(bank.heard, []);
  model = MODEL;
  bank.say(HELLO);
  bank.say(HELLO);
  assert.equal(bank.heard.length, 2);
  assert.equal(embedding.state().embedders.length, 1);
});

test('too many rows are answered with busy, and can be sent again', async () => {
  const { pushes, other } = embedded();
  const bank = other(BANK);
  bank.say(HELLO);
  const columns = new Float64Array(250_000);
  bank.say({ type: 'firetower:rows', seq: 1, inputs: ['V1'], rows: 250_000, columns });
  bank.say(rows(2));
  assert.deepEqual(bank.heard[1], { type: 'firetower:busy', seq: 2, messages: 1 });
  pushes[0].answer({ accepted: 250_000, malformed: 0 });
  await settled();
  bank.say(rows(3));
  assert.equal(pushes.length, 2);
  pushes[1].fail(Object.assign(new Error('many rows wait'), { code: 'BUSY' }));
  await settled();
  assert.deepEqual(bank.heard.at(-1), { type: 'firetower:busy', seq: 3, messages: 1 });
  bank.say(rows(3));
  pushes[2].fail(new Error('the engine is gone'));
  await settled();
  assert.deepEqual(bank.heard.at(-1), { type: 'firetower:error', seq: 3, messages: 1, message: 'the engine is gone' });
});

test('a window that has gone does not stop the others', async () => {
  const { pushes, other } = embedded();
  const bank = other(BANK);
  bank.say(HELLO);
  bank.window.postMessage = () => {
    throw new Error('gone');
  };
  bank.say(rows(1));
  pushes[0].answer({ accepted: 2, malformed: 0 });
  await settled();
  const second = other(BANK);
  second.say(HELLO);
  assert.equal(second.heard.length, 1);
});

test('closed, it hears nothing', () => {
  const { embedding, listeners } = embedded();
  embedding.close();
  assert.equal(listeners.size, 0);
});

test('what a person types as an origin', () => {
  /** @type {[string, string | null][]} */
  const cases = [
    ['https://bank.example', BANK],
    [' https://Bank.Example/path?x=1#y ', BANK],
    ['bank.example', BANK],
    ['bank.example:8443', 'https://bank.example:8443'],
    ['https://bank.example:443', BANK],
    ['https://user:secret@bank.example/', BANK],
    ['http://bank.example', null],
    ['http://localhost:9000', 'http://localhost:9000'],
    ['http://127.0.0.1:9000/', 'http://127.0.0.1:9000'],
    ['http://[::1]:9000', 'http://[::1]:9000'],
    ['http://127.0.0.1.evil.example', null],
    ['http://localhost.evil.example', null],
    ['', null],
    ['*', null],
    ['https://*.bank.example', null],
    ['null', 'https://null'],
    ['file:///etc/passwd', null],
    ['javascript:alert(1)', null],
    ['data:text/html,x', null],
    ['https://', null],
    ['two words', null],
  ];
  for (const [text, origin] of cases) assert.equal(originOf(text), origin, text);
  assert.equal(originOf('http://bank.example', 'http://intranet'), 'http://bank.example');
});

test('the list is remembered; what is unusable in it is left out', () => {
  const page = 'https://firetower.example';
  assert.deepEqual(readOrigins(writeOrigins([BANK, 'http://localhost:9000']), page), [BANK, 'http://localhost:9000']);
  for (const text of [null, '', 'x', '[]', '{}', 'null', '{"origins": 5}', '{"origins": null}']) assert.deepEqual(readOrigins(text, page), []);
  const odd = ['*', 'null', BANK, BANK, 5, 'https://bank.example/path', 'bank.example', 'http://bank.example'];
  assert.deepEqual(readOrigins(JSON.stringify({ origins: odd }), page), [BANK]);
  assert.equal(readOrigins(writeOrigins(Array.from({ length: 500 }, (_, number) => `https://${number}.example`)), page).length, 100);
});

test('a link asks for one origin, never for the page’s own', () => {
  const page = 'https://firetower.example';
  assert.equal(originAsked('#view=live&embed=https%3A%2F%2Fbank.example', page), BANK);
  assert.equal(originAsked('#embed=bank.example/path', page), BANK);
  for (const hash of ['', '#', '#demo', '#embed=', '#embed=*', '#embed=http://bank.example', `#embed=${page}`, '#embed=javascript:alert(1)']) {
    assert.equal(originAsked(hash, page), null, hash);
  }
});

test('STREAMS.md shows the example as it is, and messages that are rows', async () => {
  const engine = new URL('../../web/js/engine/', import.meta.url);
  const streams = await readFile(new URL('live/STREAMS.md', engine), 'utf8');
  const [code] = [...streams.matchAll(/```js\n([^]*?)\n```/g)].map((match) => match[1]);
  const example = await readFile(new URL('examples/embed.js', engine), 'utf8');
  assert.equal(`// @ts-check\n${code}\n`, example);
  const messages = [...streams.matchAll(/```json\n([^]*?)\n```/g)][0][1].split('\n');
  assert.equal(messages.length, 5);
  const { rows, malformed } = decodeMessages(messages, MODEL);
  assert.deepEqual([rows, malformed], [9, []]);
});
