// @ts-check
// An embedding page on an origin of its own, for the load benchmark and the tests: it shows Firetower in a frame, gives it
// rows by postMessage at an offered rate (js/engine/live/STREAMS.md), and counts what was acknowledged.

import { createServer } from 'node:http';

/**
 * The page's script. `rows`: generated transactions, column after column.
 * Its counters are in globalThis.sent.
 */
function embedder() {
  const scope = /** @type {any} */ (globalThis);
  const frame = /** @type {HTMLIFrameElement} */ (document.querySelector('iframe'));
  const firetower = new URL(String(frame.dataset.src));
  firetower.hash = `view=live&embed=${encodeURIComponent(location.origin)}`;
  frame.src = firetower.href;
  const target = firetower.origin;
  const sent = {
    offered: 0,
    messages: 0,
    accepted: 0,
    malformed: 0,
    acknowledged: 0,
    ready: false,
    busy: 0,
    /** @type {string[]} */
    errors: [],
    running: false,
    held: 0,
    /** [rows offered before, ms since 1970] of each message, for the delay @type {[number, number][]} */
    times: [],
  };
  scope.sent = sent;
  const MOST_UNDER_WAY = 150_000;
  const now = () => performance.timeOrigin + performance.now();
  /** @type {{inputs: string[], rows: number, values: Float64Array}} */
  let table;
  scope.loadRows = async () => {
    const { inputs, rows } = await (await fetch('rows.json')).json();
    table = { inputs, rows, values: new Float64Array(await (await fetch('rows.bin')).arrayBuffer()) };
  };

  const hello = setInterval(() => frame.contentWindow?.postMessage({ type: 'firetower:hello', protocol: 1 }, target), 200);
  addEventListener('message', ({ origin, data }) => {
    if (origin !== target) return;
    if (data.type === 'firetower:ready') {
      clearInterval(hello);
      sent.ready = true;
    } else if (data.type === 'firetower:ack') {
      sent.acknowledged += data.messages;
      sent.accepted += data.accepted;
      sent.malformed += data.malformed;
    } else if (data.type === 'firetower:busy') {
      sent.busy += data.messages;
    } else if (data.type === 'firetower:error') {
      sent.errors.push(data.message);
    }
  });

  /** @param {number} begin @param {number} count */
  const columnar = (begin, count) => {
    const columns = new Float64Array(count * table.inputs.length);
    table.inputs.forEach((_, c) => columns.set(table.values.subarray(c * table.rows + begin, c * table.rows + begin + count), c * count));
    return { inputs: table.inputs, rows: count, columns };
  };
  /** @param {number} begin @param {number} count */
  const objects = (begin, count) => ({
    rows: Array.from({ length: count }, (_, i) =>
      Object.fromEntries(table.inputs.map((name, c) => [name, table.values[c * table.rows + begin + i]])),
    ),
  });

  /** @param {number} count rows, at most @param {'columnar' | 'objects' | 'both'} form */
  scope.offer = (count, form = 'both') => {
    const begin = sent.offered % table.rows;
    const rows = Math.min(count, table.rows - begin);
    const asColumns = form === 'columnar' || (form === 'both' && sent.messages % 2 === 0);
    const body = /** @type {{columns?: Float64Array<ArrayBuffer>}} */ (asColumns ? columnar(begin, rows) : objects(begin, rows));
    sent.times.push([sent.offered, now()]);
    const message = { type: 'firetower:rows', seq: sent.messages + 1, ...body };
    frame.contentWindow?.postMessage(message, target, body.columns ? [body.columns.buffer] : []);
    sent.messages += 1;
    sent.offered += rows;
    return rows;
  };

  /**
   * Offers rows at a rate: what is due is sent, however late a timer comes.
   * @param {{rate: number, seconds: number, form?: 'columnar' | 'objects' | 'both', batch?: number}} options
   */
  scope.stream = async ({ rate, seconds, form = 'both', batch = 250 }) => {
    const total = Math.round(rate * seconds);
    const began = performance.now();
    let given = 0;
    sent.running = true;
    while (given < total) {
      const due = Math.min(total, Math.floor(((performance.now() - began) / 1000) * rate));
      // More under way would be refused; what could not be offered in time shows as a longer run.
      while (given < due && sent.offered - sent.accepted < MOST_UNDER_WAY) given += scope.offer(Math.min(batch, due - given), form);
      if (given < due) sent.held += 1;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    sent.running = false;
    return { seconds: (performance.now() - began) / 1000 };
  };
}

/**
 * @param {object} options
 * @param {string} options.firetower address of the page in the frame
 * @param {string[]} options.inputs
 * @param {number} options.rows
 * @param {Float64Array} options.values values[c * rows + i] = input c of row i
 */
export async function startEmbedder({ firetower, inputs, rows, values }) {
  const page = `<!doctype html><title>Embedding page</title>
<iframe data-src="${firetower}" width="1440" height="1400" title="Firetower"></iframe>
<script src="embedder.js"></script>`;
  const script = `(${embedder})();`;
  const answers = /** @type {Record<string, [string, string | Buffer]>} */ ({
    '/': ['text/html', page],
    '/embedder.js': ['text/javascript', script],
    '/rows.json': ['application/json', JSON.stringify({ inputs, rows })],
    '/rows.bin': ['application/octet-stream', Buffer.from(values.buffer, values.byteOffset, values.byteLength)],
  });
  const server = createServer((request, response) => {
    const found = answers[new URL(request.url ?? '/', 'http://x').pathname];
    response.writeHead(found ? 200 : 404, { 'content-type': found?.[0] ?? 'text/plain' });
    response.end(found?.[1]);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    // Another site than 127.0.0.1, so that the browser gives it a process of its own.
    origin: `http://localhost:${port}`,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
