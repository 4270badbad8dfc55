// @ts-check
// Shows Firetower in a frame and sends it made-up rows: 1,000 at a time, as fast as they are counted.

const firetower = new URL(new URLSearchParams(location.search).get('firetower') ?? '/', location.href);
firetower.hash = `view=live&embed=${encodeURIComponent(location.origin)}`;
const frame = /** @type {HTMLIFrameElement} */ (document.getElementById('firetower'));
const status = /** @type {HTMLElement} */ (document.getElementById('status'));

/** @param {object} message */
const send = (message) => frame.contentWindow?.postMessage(message, firetower.origin);

/** Rows that were sent and counted. */
const totals = { sent: 0, accepted: 0, malformed: 0 };
/** @type {string[]} */
let inputs = [];
let seq = 0;

function sendRows() {
  const rows = 1000;
  const columns = Float64Array.from({ length: rows * inputs.length }, () => Math.random());
  totals.sent += rows;
  send({ type: 'firetower:rows', seq: ++seq, inputs, rows, columns });
}

addEventListener('message', ({ data, origin, source }) => {
  if (origin !== firetower.origin || source !== frame.contentWindow) return;
  if (data.type === 'firetower:ready' && inputs.length === 0) {
    clearInterval(hello);
    inputs = data.inputs;
    sendRows();
  } else if (data.type === 'firetower:ack') {
    totals.accepted += data.accepted;
    totals.malformed += data.malformed;
    if (totals.sent < 100_000) sendRows();
  }
  status.textContent = `${totals.accepted} of ${totals.sent} rows counted, ${totals.malformed} malformed`;
});

// Until there is an answer: Firetower may still be loading, or the person may not have allowed this page yet.
const hello = setInterval(() => send({ type: 'firetower:hello', protocol: 1 }), 200);
frame.src = firetower.href;
