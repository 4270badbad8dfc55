// @ts-check
// An EventSource of the page's own origin: each event's data is a message. A connection that is made again says where
// to go on with ?lastEventId=, since a new EventSource cannot send the header of that name.

/** @type {import('./connection.js').Connect} */
export function connectEvents({ EventSource }, url, lastId, { open, message, lost }) {
  const address = new URL(url);
  if (lastId !== '') address.searchParams.set('lastEventId', lastId);
  const events = new EventSource(address);
  events.onopen = open;
  events.onmessage = (event) => message(event.data, event.lastEventId);
  // The browser would try again by itself, without end and without growing intervals.
  events.onerror = () => {
    const never = events.readyState === 2;
    events.close();
    lost(never ? 'the server answers with something that is not a stream of events' : 'the connection is interrupted');
  };
  return () => events.close();
}
