// @ts-check
// Where an engine runs: in a worker of the page, or in this very thread (Node, tests). Both look the same to the
// pool.

import { Dispatcher } from './dispatcher.js';

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
 */

/** @typedef {(handlers: TransportHandlers) => Transport} CreateTransport */

/**
 * A module worker whose whole script is one dynamic import of worker.js: only a worker made from a blob is bound
 * by the policy in the page's <meta>.
 * @param {string} workerUrl absolute
 * @returns {CreateTransport}
 */
export function workerTransport(workerUrl) {
  return ({ onMessage, onDeath, name = 'engine' }) => {
    const script =
      `import(${JSON.stringify(workerUrl)}).catch((error) => ` +
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

/**
 * An engine in this thread: the same dispatcher and the same messages, uncopied.
 * @param {() => Promise<import('./module.js').ModuleFactory>} factory
 * @returns {CreateTransport}
 */
export function localTransport(factory) {
  return ({ onMessage }) => {
    let alive = true;
    const dispatcher = new Dispatcher(factory, (message) => {
      queueMicrotask(() => {
        if (alive) onMessage(message);
      });
    });
    queueMicrotask(() => dispatcher.hello());
    return {
      post: (message) => {
        if (alive) dispatcher.receive(message);
      },
      terminate: () => {
        alive = false;
        dispatcher.end();
      },
    };
  };
}
