// @ts-check
// The offline copy as the page sees it, where a browser cannot or will not; what it does in one that can is tested end
// to end.

import assert from 'node:assert/strict';
import test from 'node:test';

import { createOffline } from '../../web/js/state/offline.js';

const SITE = 'https://host.example/tools/firetower/';

/**
 * @param {Partial<import('../../web/js/state/offline.js').Browser>} [given]
 */
function browser(given = {}) {
  /** @type {Map<string, string>} */
  const remembered = new Map();
  return {
    container: undefined,
    site: SITE,
    storage: {
      getItem: (/** @type {string} */ key) => remembered.get(key) ?? null,
      setItem: (/** @type {string} */ key, /** @type {string} */ value) => void remembered.set(key, value),
      removeItem: (/** @type {string} */ key) => void remembered.delete(key),
    },
    fetch: async () => new Response('{ "serviceWorker": true }'),
    reload: () => assert.fail('it reloaded'),
    now: () => 0,
    ...given,
  };
}

/**
 * A browser's service workers.
 * @param {object} given what is different
 */
function container(given) {
  const asked = /** @type {string[]} */ ([]);
  const workers = {
    asked,
    controller: null,
    register: async (/** @type {URL} */ url, /** @type {object} */ options) => {
      asked.push(`${url} ${JSON.stringify(options)}`);
      throw new TypeError('no modules');
    },
    getRegistration: async () => undefined,
    addEventListener: () => {},
    ...given,
  };
  return /** @type {ServiceWorkerContainer & {asked: string[]}} */ (/** @type {unknown} */ (workers));
}

test('no service workers, as in a page that does not come over HTTPS', async () => {
  const offline = createOffline(browser());
  await offline.start();
  assert.equal(offline.store.get().state, 'unsupported');
  offline.seen();
  await offline.remove();
  assert.equal(offline.store.get().state, 'unsupported');
});

test('a browser without module service workers', async () => {
  const workers = container({});
  const offline = createOffline(browser({ container: workers }));
  await offline.start();
  assert.equal(offline.store.get().state, 'unsupported');
  assert.deepEqual(workers.asked, [`${SITE}sw_entry.js {"type":"module","updateViaCache":"none"}`]);
});

test('a registration that fails otherwise is tried again at the next visit', async () => {
  for (const register of [async () => Promise.reject(new Error('no room')), async () => undefined]) {
    const offline = createOffline(browser({ container: container({ register }) }));
    await offline.start();
    assert.equal(offline.store.get().state, 'failed');
  }
});

test('the host says no: nothing is registered, and what was kept goes', async (t) => {
  const deleted = /** @type {string[]} */ ([]);
  Object.assign(globalThis, {
    caches: {
      keys: async () => [`firetower ${SITE} one`, 'firetower https://host.example/ one', 'neighbour', `firetower ${SITE}sub/ one`],
      delete: async (/** @type {string} */ name) => deleted.push(name),
    },
  });
  t.after(() => Reflect.deleteProperty(globalThis, 'caches'));
  let ended = 0;
  const registration = { scope: SITE, unregister: async () => (ended += 1) };
  const workers = container({ getRegistration: async () => registration });
  const offline = createOffline(browser({ container: workers, fetch: async () => new Response('{ "serviceWorker": false }') }));
  await offline.start();
  assert.equal(offline.store.get().state, 'off');
  assert.deepEqual([workers.asked, ended, deleted], [[], 1, [`firetower ${SITE} one`]]);

  // A service worker of a folder above is another site's.
  registration.scope = 'https://host.example/';
  await offline.start();
  assert.equal(ended, 1);
});

test('a host that cannot be asked, or says nothing of it, changes nothing', async () => {
  for (const answer of [
    async () => Promise.reject(new TypeError('offline')),
    async () => new Response('<html>', { status: 404 }),
    async () => new Response('not JSON'),
    async () => new Response('{}'),
  ]) {
    const workers = container({});
    await createOffline(browser({ container: workers, fetch: answer })).start();
    assert.equal(workers.asked.length, 1);
  }
});
