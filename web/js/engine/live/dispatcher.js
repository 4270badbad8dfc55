// @ts-check
// A monitor's worker's side of the protocol: all that an engine's answers, and the requests of the monitor.

import { Dispatcher } from '../dispatcher.js';
import { engineError } from '../errors.js';
import { MonitorHost } from './host.js';
import { LiveInstance } from './module.js';

/** @typedef {import('../dispatcher.js').Request} Request */
/** @typedef {Extract<Request, {type: keyof import('../protocol.js').LiveRequests}>} LiveRequest */

/** @param {{type: string}} request @returns {request is LiveRequest} */
function isLive(request) {
  return request.type.startsWith('live');
}

export class LiveDispatcher extends Dispatcher {
  /** @type {MonitorHost | null} */
  #monitor = null;

  /** @override */
  end() {
    this.#monitor?.end();
  }

  /** @override @param {import('../module.js').ModuleFactory} factory @param {import('../boundary.js').Program} wasmBinary */
  load(factory, wasmBinary) {
    return LiveInstance.load(factory, wasmBinary);
  }

  /** @override @param {import('../protocol.js').ToWorker} message */
  receive(message) {
    if (message.type === 'tickSeen') return this.#monitor?.seen(message.number, message.at);
    // A monitor's requests do not wait for each other: a push is answered when it is counted, and may wait long.
    if (isLive(message)) return void this.answer(message);
    super.receive(message);
  }

  /** @override @param {Request} request @returns {Promise<any>} */
  async handle(request) {
    if (!isLive(request)) return super.handle(request);
    const { engine, card } = this;
    if (request.type === 'liveOpen') {
      if (card === null) throw engineError({ code: 'NOT_READY', message: 'no model is loaded' });
      this.#monitor = new MonitorHost(/** @type {LiveInstance} */ (engine), card, this.post);
    } else if (this.#monitor === null) {
      throw engineError({ code: 'NOT_READY', message: 'no monitor is open' });
    }
    return this.#monitor.handle(request.type, request.payload);
  }
}
