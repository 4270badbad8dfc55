// @ts-check
// Giving way to messages that have arrived.

/** Resolves in a later task; without the delay of a timer. */
export function nextTask() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve(undefined);
    };
    port2.postMessage(null);
  });
}
