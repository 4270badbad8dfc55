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
 * A module worker whose whole script is one dynamic import of worker.js: only a worker made from a blob is bound
 * by the policy in the page's <meta>.
 * @param {{engine: string, monitor?: string}} scripts their absolute addresses
 * @returns {CreateTransport}
 */
export function workerTransport(scripts) {
  return ({ onMessage, onDeath, name = 'engine', kind = 'engine' }) => {
    const script =
      `import(${JSON.stringify(scripts[kind])}).catch((error) => ` +
      `postMessage({ type: 'failed', message: String(error) }));`;
    const blobUrl = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
    const worker = new Worker(blobUrl, { type: 'module', name });
    worker.onmessage = (event) => onMessage(event.data);
    worker.onerror = (event) => {
      event.preventDefault();
      onDeath(event.message || 'the worker failed');
    };
    worker.onmessageerror = () => onDeath('a message could not be read');
    return {
      post: (message, transfer = []) => worker.postMessage(message, transfer),
      terminate: () => {
        worker.terminate();
        URL.revokeObjectURL(blobUrl);
      },
    };
  };
}
