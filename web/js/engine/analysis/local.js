// @ts-check
// Analysis in this very thread (Node, tests): the same dispatcher and the same messages as in a worker, uncopied.

import { AnalysisDispatcher } from './dispatcher.js';

/**
 * @param {() => Promise<import('./module.js').AnalysisFactory>} factory
 * @returns {import('../transport.js').CreateTransport}
 */
export function localAnalysis(factory) {
  return ({ onMessage }) => {
    let alive = true;
    const dispatcher = new AnalysisDispatcher(factory, (message) => {
      queueMicrotask(() => {
        if (alive) onMessage(message);
      });
    });
    queueMicrotask(() => dispatcher.hello());
    return {
      post: (message) => {
        if (alive) dispatcher.receive(/** @type {any} */ (message));
      },
      terminate: () => {
        alive = false;
      },
    };
  };
}
