// @ts-check
// An engine in this very thread: Node, the service worker, tests.

import { Dispatcher } from './dispatcher.js';
import { LiveDispatcher } from './live/dispatcher.js';

/** @typedef {import('./module.js').ModuleFactory} ModuleFactory */

/**
 * The same dispatchers and the same messages, uncopied.
 * @param {{engine: () => Promise<ModuleFactory>, monitor: () => Promise<ModuleFactory>}} factories
 * @returns {import('./transport.js').CreateTransport}
 */
export function localTransport(factories) {
  return ({ onMessage, kind = 'engine' }) => {
    let alive = true;
    const dispatcher = new (kind === 'engine' ? Dispatcher : LiveDispatcher)(factories[kind], (message) => {
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
