// @ts-check
// A device for tests of the log: the origin's private file system and a database that live on when a "tab" dies, with
// a quota, and locks. What was written and not flushed is lost, or torn, when the tab is killed.

/** @param {string} name */
const failure = (name) => new DOMException(name, name);

export function fakeDevice() {
  const device = {
    /** Bytes that fit. */
    quota: Infinity,
    /** Private mode: everything is refused. */
    refuses: false,
    /** @type {Map<string, {durable: Uint8Array, content: Uint8Array, open: object | null}>} */
    files: new Map(),
    /** @type {Map<number, Uint8Array>} */
    records: new Map(),
    nextKey: 1,
    /** @type {{tab: object, release: () => void} | null} */
    held: null,
    /** @type {{tab: object, grant: () => void}[]} */
    waiting: [],
    flushes: 0,
    /** Tabs that were killed: nothing that they began goes on. */
    dead: new WeakSet(),
    usage: () =>
      [...device.files.values()].reduce((sum, { content }) => sum + content.length, 0) +
      [...device.records.values()].reduce((sum, { length }) => sum + length, 0),
    releaseLock() {
      device.held = null;
      device.waiting.shift()?.grant();
    },
    /**
     * The tab ends at once: unflushed bytes survive up to a random place.
     * @param {object} tab
     * @param {() => number} random
     */
    kill(tab, random) {
      device.dead.add(tab);
      for (const file of device.files.values()) {
        if (file.open !== tab) continue;
        file.open = null;
        const { durable, content } = file;
        const kept = durable.length + Math.floor(random() * (content.length - durable.length + 1));
        file.content = content.slice(0, Math.max(durable.length, kept));
        file.durable = file.content;
      }
      if (device.held?.tab === tab) device.releaseLock();
    },
  };
  return device;
}

/**
 * A tab's view of the device.
 * @param {ReturnType<typeof fakeDevice>} device
 * @param {{opfs?: boolean, indexedDb?: boolean, locks?: boolean, segmentBytes?: number}} [has]
 */
export function fakeTab(device, { opfs = true, indexedDb = true, locks = true, segmentBytes = 1000 } = {}) {
  const tab = {};
  const fileHandle = (/** @type {string} */ name) => ({
    async getFile() {
      return new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (device.files.get(name)?.content)]);
    },
    async createSyncAccessHandle() {
      if (device.dead.has(tab)) return new Promise(() => {});
      const file = device.files.get(name);
      if (file === undefined) throw failure('NotFoundError');
      if (file.open !== null) throw failure('NoModificationAllowedError');
      file.open = tab;
      let alive = true;
      const check = () => {
        if (!alive || file.open !== tab) throw failure('InvalidStateError');
      };
      return {
        getSize: () => (check(), file.content.length),
        read(/** @type {Uint8Array} */ into, /** @type {{at: number}} */ { at }) {
          check();
          const part = file.content.subarray(at, at + into.length);
          into.set(part);
          return part.length;
        },
        write(/** @type {Uint8Array} */ bytes, /** @type {{at: number}} */ { at }) {
          check();
          const room = device.quota - (device.usage() - file.content.length) - at;
          if (room <= 0) throw failure('QuotaExceededError');
          const fits = bytes.subarray(0, Math.min(bytes.length, room));
          const content = new Uint8Array(Math.max(file.content.length, at + fits.length));
          content.set(file.content);
          content.set(fits, at);
          file.content = content;
          return fits.length;
        },
        truncate(/** @type {number} */ size) {
          check();
          file.content = file.content.slice(0, size);
          if (file.durable.length > size) file.durable = file.content;
        },
        flush() {
          check();
          ++device.flushes;
          file.durable = file.content;
        },
        close() {
          alive = false;
          if (file.open === tab) file.open = null;
        },
      };
    },
  });
  const folder = {
    async *keys() {
      yield* [...device.files.keys()].reverse();
    },
    async getFileHandle(/** @type {string} */ name, /** @type {{create?: boolean}} */ { create } = {}) {
      if (!device.files.has(name)) {
        if (!create) throw failure('NotFoundError');
        device.files.set(name, { durable: new Uint8Array(0), content: new Uint8Array(0), open: null });
      }
      return fileHandle(name);
    },
    async removeEntry(/** @type {string} */ name) {
      const file = device.files.get(name);
      if (file === undefined) throw failure('NotFoundError');
      if (file.open !== null) throw failure('NoModificationAllowedError');
      device.files.delete(name);
    },
  };
  const storage = {
    estimate: async () => ({ usage: device.usage(), quota: device.quota }),
    ...(opfs && {
      async getDirectory() {
        if (device.refuses) throw failure('SecurityError');
        return { getDirectoryHandle: async () => folder };
      },
    }),
  };
  const lockManager = {
    request(/** @type {string} */ _name, /** @type {{signal: AbortSignal}} */ { signal }, /** @type {() => Promise<unknown>} */ use) {
      if (device.refuses) return Promise.reject(failure('SecurityError'));
      return new Promise((resolve, reject) => {
        const place = { tab, grant: () => {} };
        const give_up = () => {
          device.waiting = device.waiting.filter((other) => other !== place);
          reject(failure('AbortError'));
        };
        place.grant = () => {
          signal.removeEventListener('abort', give_up);
          device.held = { tab, release: () => {} };
          void use().then(() => {
            if (device.held?.tab === tab) device.releaseLock();
            resolve(undefined);
          });
        };
        if (device.held === null) place.grant();
        else {
          device.waiting.push(place);
          signal.addEventListener('abort', give_up);
        }
      });
    },
  };
  return {
    tab,
    environment: /** @type {import('../../web/js/engine/live/log_store.js').Environment} */ (
      /** @type {unknown} */ ({
        storage,
        locks: locks ? lockManager : undefined,
        indexedDB: indexedDb ? fakeIndexedDb(device, tab) : undefined,
        segmentBytes,
      })
    ),
  };
}

/** One database with one store; a transaction is on the device when it has completed. @param {ReturnType<typeof fakeDevice>} device @param {object} tab */
function fakeIndexedDb(device, tab) {
  const later = (/** @type {() => void} */ call) => setTimeout(call, 0);
  const store = (/** @type {string} */ mode, /** @type {any} */ options) => {
    if (mode === 'readwrite' && options?.durability !== 'strict') throw new Error('not durable');
    /** @type {(() => void)[]} */
    const changes = [];
    const transaction = /** @type {any} */ ({ error: null });
    let added = 0;
    later(() => later(() => {
      if (device.dead.has(tab)) return;
      if (device.usage() + added > device.quota) {
        transaction.error = failure('QuotaExceededError');
        transaction.onabort?.();
        return;
      }
      for (const change of changes) change();
      transaction.oncomplete?.();
    }));
    const request = (/** @type {() => unknown} */ result) => {
      const asked = /** @type {any} */ ({});
      later(() => {
        asked.result = result();
        asked.onsuccess?.();
      });
      return asked;
    };
    return {
      transaction,
      getAllKeys: () => request(() => [...device.records.keys()].sort((a, b) => a - b)),
      get: (/** @type {number} */ key) => request(() => device.records.get(key)),
      add(/** @type {Uint8Array} */ value) {
        const key = device.nextKey++;
        added += value.length;
        changes.push(() => device.records.set(key, value));
        return request(() => key);
      },
      delete: (/** @type {number} */ key) => (changes.push(() => device.records.delete(key)), request(() => undefined)),
      clear: () => (changes.push(() => device.records.clear()), request(() => undefined)),
    };
  };
  return {
    open() {
      const request = /** @type {any} */ ({});
      later(() => {
        if (device.refuses) {
          request.error = failure('InvalidStateError');
          return request.onerror();
        }
        request.result = {
          createObjectStore() {},
          transaction: (/** @type {string} */ _name, /** @type {string} */ mode, /** @type {any} */ options) => {
            const opened = store(mode, options);
            return { objectStore: () => opened };
          },
          close() {},
        };
        request.onupgradeneeded();
        request.onsuccess();
      });
      return request;
    },
  };
}

/**
 * A block of the tests' log: length, first sequence number, rows, filling.
 * @param {number} first
 * @param {number} rows
 * @param {number} [bytes]
 */
export function testBlock(first, rows, bytes = 100) {
  const block = new Uint8Array(bytes).fill(first % 251);
  const view = new DataView(block.buffer);
  view.setUint32(0, bytes);
  view.setUint32(4, first);
  view.setUint32(8, rows);
  view.setUint32(bytes - 4, 0xf12e70e5);
  return block;
}

/** Goes over blocks as the engine's ScanLog does: up to the first that is not whole. @param {Uint8Array} bytes */
export function testScan(bytes) {
  const found = { blocks: 0, rows: 0, first_sequence: 0, next_sequence: 0, whole_bytes: 0 };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 16 <= bytes.length; ) {
    const length = view.getUint32(at);
    if (length < 16 || at + length > bytes.length || view.getUint32(at + length - 4) !== 0xf12e70e5) break;
    if (found.blocks++ === 0) found.first_sequence = view.getUint32(at + 4);
    found.rows += view.getUint32(at + 8);
    found.next_sequence = view.getUint32(at + 4) + view.getUint32(at + 8);
    at += length;
    found.whole_bytes = at;
  }
  return found;
}
