// @ts-check
// A WebSocket of the page's own origin: each text message is a message, binary ones are read as UTF-8 text.

/** @type {import('./connection.js').Connect} */
export function connectSocket({ WebSocket }, url, _lastId, { open, message, refuse, lost }) {
  const address = new URL(url);
  address.protocol = address.protocol.replace(/^http/, 'ws');
  const socket = new WebSocket(address);
  socket.binaryType = 'arraybuffer';
  socket.onopen = open;
  socket.onmessage = (event) => {
    if (typeof event.data === 'string') return message(event.data, '');
    try {
      message(new TextDecoder('utf-8', { fatal: true }).decode(event.data), '');
    } catch {
      refuse('is not text', `${event.data.byteLength} bytes`);
    }
  };
  socket.onclose = (event) => {
    const why = event.reason === '' ? '' : `: ${event.reason}`;
    lost(event.code === 1000 || event.code === 1001 ? `the server closed the connection${why}` : `the connection is interrupted${why}`);
  };
  return () => {
    socket.onclose = null;
    socket.onmessage = null;
    socket.onopen = null;
    socket.close();
  };
}
