// @ts-check
// Where an engine runs: in a worker of the page. local.js has the other way, which looks the same to the pool.

/**
 * @typedef {object} Transport
 * @property {(message: import('./protocol.js').ToWorker, transfer?: Transferable[]) => void} post
 * @property {() => void} terminate nothing is received afterwards
 */

/**
 * @typedef {object} TransportHandlers
 * @property {(message: import('./protocol.js').FromWorker) => void} onMessage
 * @property {(message: string) => void} onDeath the engine is gone: nothing more will come
 * @property {string} [name] of the worker, for people who look at the page's workers
 * @property {'engine' | 'monitor'} [kind] which of the modules is wanted. Default: the engine.
 */

/** @typedef {(handlers: TransportHandlers) => Transport} CreateTransport */

/**
 * A module worker whose whole script is one dynamic import of the script: only a worker made from a blob is bound by the
 * policy in the page's <meta>. What it says before anybody listens is kept.
 * @param {string} script its absolute address
 * @param {string} name
 */
function spawn(script, name) {
  const source =
    `import(${JSON.stringify(script)}).catch((error) => ` +
    `postMessage({ type: 'failed', message: String(error) }));`;
  const blobUrl = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const worker = new Worker(blobUrl, { type: 'module', name });
  /** @type {((handlers: TransportHandlers) => void)[]} */
  const kept = [];
  /** @param {(handlers: TransportHandlers) => void} told */
  const keep = (told) => void kept.push(told);
  /** @param {(told: (handlers: TransportHandlers) => void) => void} tell */
  const listen = (tell) => {
    worker.onmessage = ({ data }) => tell(({ onMessage }) => onMessage(data));
    worker.onerror = (event) => {
      event.preventDefault();
      tell(({ onDeath }) => onDeath(event.message || 'the worker failed'));
    };
    worker.onmessageerror = () => tell(({ onDeath }) => onDeath('a message could not be read'));
  };
  listen(keep);
  return {
    /** @param {TransportHandlers} handlers @returns {Transport} */
    connect(handlers) {
      listen((told) => told(handlers));
      // Later: the other side has its transport by then.
      queueMicrotask(() => kept.forEach((told) => told(handlers)));
      return {
        post: (message, transfer = []) => worker.postMessage(message, transfer),
        terminate: () => {
          worker.terminate();
          URL.revokeObjectURL(blobUrl);
        },
      };
    },
  };
}

/**
 * @param {{engine: string, monitor?: string}} scripts their absolute addresses
 * @param {{ahead?: boolean}} [options] ahead: the first engine's worker is started now, not when it is first wanted
 * @returns {CreateTransport}
 */
export function workerTransport(scripts, { ahead = false } = {}) {
  let first = ahead ? spawn(scripts.engine, 'engine') : null;
  return (handlers) => {
    const { name = 'engine', kind = 'engine' } = handlers;
    const taken = kind === 'engine' ? first : null;
    if (taken !== null) first = null;
    return (taken ?? spawn(/** @type {string} */ (scripts[kind]), name)).connect(handlers);
  };
}
