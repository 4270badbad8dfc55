// @ts-check
// The offline copy as the page sees it: registers the service worker, says when a new version is ready, puts it in
// place when asked to, removes the copy. Everything the browser gives comes in, so that tests can give something else.

import { removeCopies } from '../service/copy.js';
import { createStore } from './store.js';

/**
 * `off`: not kept, by choice or as the host wants it. `unsupported`: the browser cannot. `failed`: it could not be made;
 * the next visit tries again. `keeping`: being made. `kept`. `update`: another version is ready. `replaced`: another tab
 * has put it in place; this page is still of the old one.
 * @typedef {object} OfflineState
 * @property {'off' | 'unsupported' | 'failed' | 'keeping' | 'kept' | 'update' | 'replaced'} state
 * @property {string} version of the copy
 * @property {number} bytes
 * @property {boolean} dismissed the notice of a new version was closed
 */

/** Remembers the choice not to keep a copy. */
const CHOICE_KEY = 'firetower.offline';

/** On coming back to a tab the host is asked for a new version, at most this often. Milliseconds. */
const CHECK_INTERVAL = 60 * 60 * 1000;

/** So often the new version is asked to take over until it has. Milliseconds. */
const APPLY_INTERVAL = 1000;

/**
 * @typedef {object} Browser
 * @property {ServiceWorkerContainer | undefined} container
 * @property {string} site address of the page's folder
 * @property {Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>} storage
 * @property {typeof fetch} fetch
 * @property {() => void} reload
 * @property {() => number} now
 */

/** @returns {Browser} */
function thisBrowser() {
  return {
    // Absent in a frame that may not have one, and where the page does not come over HTTPS.
    container: globalThis.navigator.serviceWorker,
    site: new URL('../../', import.meta.url).href,
    storage: {
      getItem: (key) => guarded(() => localStorage.getItem(key)),
      setItem: (key, value) => void guarded(() => localStorage.setItem(key, value)),
      removeItem: (key) => void guarded(() => localStorage.removeItem(key)),
    },
    fetch: (...request) => fetch(...request),
    reload: () => location.reload(),
    now: () => Date.now(),
  };
}

/** Storage may be switched off. @template T @param {() => T} use @returns {T | null} */
function guarded(use) {
  try {
    return use();
  } catch {
    return null;
  }
}

/**
 * @typedef {object} Offline
 * @property {import('./store.js').Store<OfflineState>} store
 * @property {() => Promise<void>} start
 * @property {() => void} apply puts the new version in place and loads it: what the page holds is gone
 * @property {() => void} dismiss
 * @property {() => Promise<void>} keep
 * @property {() => Promise<void>} remove
 * @property {() => void} seen the person is back at the page
 */

/**
 * @param {Browser} [browser]
 * @returns {Offline}
 */
export function createOffline(browser = thisBrowser()) {
  const { container, site, storage } = browser;
  /** @type {import('./store.js').Store<OfflineState>} */
  const store = createStore(/** @type {OfflineState} */ ({ state: 'off', version: '', bytes: 0, dismissed: false }));
  /** @type {ServiceWorkerRegistration | undefined} */
  let registration;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let applying;
  let checked = browser.now();

  /** Whether the host wants copies to be kept. Where it cannot be asked, nothing changes. */
  async function allowed() {
    try {
      const response = await browser.fetch(new URL('offline.json', site), { cache: 'no-store' });
      return !response.ok || (await response.json()).serviceWorker !== false;
    } catch {
      return true;
    }
  }

  /** @param {ServiceWorker} worker */
  function follow(worker) {
    worker.addEventListener('statechange', () => look(worker));
    look(worker);
  }

  /** @param {ServiceWorker} worker */
  function look(worker) {
    if (worker.state === 'installed' && registration?.active) store.set({ state: 'update', dismissed: false });
    if (worker.state === 'activated' && store.get().state === 'keeping') void kept(worker);
    if (worker.state === 'redundant' && store.get().state === 'keeping') store.set({ state: 'failed' });
  }

  /** @param {ServiceWorker} worker */
  async function kept(worker) {
    const { port1, port2 } = new MessageChannel();
    const about = new Promise((resolve) => {
      port1.onmessage = ({ data }) => resolve(data);
    });
    worker.postMessage({ type: 'about' }, [port2]);
    const { version, bytes } = /** @type {{version: string, bytes: number}} */ (await about);
    port1.close();
    store.set({ version, bytes });
    if (store.get().state === 'keeping') store.set({ state: 'kept' });
  }

  async function register() {
    if (container === undefined) return;
    store.set({ state: 'keeping' });
    const replacing = container.controller !== null;
    try {
      registration = await container.register(new URL('sw_entry.js', site), { type: 'module', updateViaCache: 'none' });
    } catch (error) {
      // A browser without module service workers says TypeError; so does a host that has no sw_entry.js.
      store.set({ state: error instanceof TypeError ? 'unsupported' : 'failed' });
      return;
    }
    if (registration === undefined) return store.set({ state: 'failed' }); // A test's browser that refuses in silence.
    const { active, waiting, installing } = registration;
    registration.addEventListener('updatefound', () => {
      if (registration?.installing) follow(registration.installing);
    });
    if (active) {
      if (active.state === 'activated') await kept(active);
      else follow(active);
    }
    if (waiting) follow(waiting);
    if (installing) follow(installing);
    container.addEventListener('controllerchange', () => {
      if (applying !== undefined) {
        clearTimeout(applying);
        browser.reload();
      } else if (replacing) {
        store.set({ state: 'replaced', dismissed: false });
      }
    });
  }

  async function remove() {
    storage.setItem(CHOICE_KEY, 'no');
    await takeAway();
  }

  async function takeAway() {
    const known = registration ?? (await container?.getRegistration(site).catch(() => undefined));
    registration = undefined;
    // Another page of this origin may have one for a folder above: that is not ours to end.
    if (known?.scope === site) await known.unregister();
    if (container !== undefined) await removeCopies(site);
    store.set({ state: container === undefined ? 'unsupported' : 'off', version: '', bytes: 0 });
  }

  function apply() {
    if (!registration?.waiting) return browser.reload(); // Another tab was quicker.
    registration.waiting.postMessage({ type: 'activate' });
    // Chromium puts it off while the old version is answering, and may then forget about it.
    clearTimeout(applying);
    applying = setTimeout(apply, APPLY_INTERVAL);
  }

  return {
    store,
    async start() {
      if (container === undefined) store.set({ state: 'unsupported' });
      else if (storage.getItem(CHOICE_KEY) === 'no') await takeAway();
      else if (await allowed()) await register();
      else await takeAway();
    },
    apply,
    dismiss: () => store.set({ dismissed: true }),
    async keep() {
      storage.removeItem(CHOICE_KEY);
      await register();
    },
    remove,
    seen() {
      if (registration === undefined || browser.now() - checked < CHECK_INTERVAL) return;
      checked = browser.now();
      registration.update().catch(() => undefined); // Offline: another time.
    },
  };
}
