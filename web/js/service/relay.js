// @ts-check
// Answers api/ requests. An open page is asked first, so that the answer comes from the engine and the statistics that
// it shows. The page is offered the request and takes it within a moment or it goes to the next: a tab that the browser
// has frozen must not hold it up, and no request may be counted twice. Without a page an engine is started here.
//
// Over the MessagePort of an offer: page -> 'ready' or 'no'; then worker -> the request, page -> the answer.

import { handleApi, unavailable } from '../engine/api.js';

/** @typedef {import('../engine/api.js').ApiBackend} ApiBackend */
/** @typedef {import('../engine/api.js').ApiRequest} ApiRequest */
/** @typedef {import('../engine/api.js').ApiResponse} ApiResponse */

export const OFFER = 'firetower-api';

/** A page that has not taken an offer by then is passed over. Milliseconds. */
const OFFER_TIME = 2000;

/** A page that took a request and has not answered by then is not going to. Milliseconds. */
const ANSWER_TIME = 60_000;

/** @typedef {{id: string, url: string, postMessage: (message: unknown, transfer: Transferable[]) => void}} Page */

export class Relay {
  #pages;
  #start;
  /** @type {Promise<ApiBackend> | null} */
  #own = null;

  /**
   * @param {(asker: string) => Promise<Page[]>} pages those that may answer, first choice first
   * @param {() => Promise<ApiBackend>} start an engine in this thread
   */
  constructor(pages, start) {
    this.#pages = pages;
    this.#start = start;
  }

  /**
   * @param {ApiRequest} request
   * @param {string} asker id of the client that asks
   * @returns {Promise<ApiResponse>}
   */
  async answer(request, asker) {
    for (const page of await this.#pages(asker)) {
      const port = await offer(page);
      if (port !== null) return ask(port, request);
    }
    this.#own ??= this.#start();
    try {
      return await handleApi(request, await this.#own);
    } catch (error) {
      this.#own = null;
      return unavailable(`the engine could not be started: ${error instanceof Error ? error.message : error}`);
    }
  }
}

/**
 * @param {MessagePort} port
 * @param {number} time
 * @returns {Promise<any>} the next message; undefined: none came
 */
function next(port, time) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), time);
    port.onmessage = ({ data }) => {
      clearTimeout(timer);
      resolve(data);
    };
  });
}

/**
 * @param {Page} page
 * @returns {Promise<MessagePort | null>} null: it does not take it
 */
async function offer(page) {
  const { port1, port2 } = new MessageChannel();
  page.postMessage({ type: OFFER }, [port2]);
  if ((await next(port1, OFFER_TIME)) === 'ready') return port1;
  port1.close();
  return null;
}

/**
 * @param {MessagePort} port
 * @param {ApiRequest} request
 * @returns {Promise<ApiResponse>}
 */
async function ask(port, request) {
  const answered = next(port, ANSWER_TIME);
  port.postMessage(request);
  const answer = await answered;
  port.close();
  return answer ?? unavailable('the page that took the request was closed or is busy; try again');
}
