"""Two streams of made-up transactions to try the page's live view with: server-sent events and a WebSocket.

Rows are drawn from the aggregates in models/creditcard/generator.json (class-conditional quantiles, a Gaussian
copula), so they are no real ones. Row i is the same in every connection: an event's id is its row's number, and a
client that comes back with the last id it saw goes on with the very next row. Now and then a message is sent that is
no row, to show that it does no harm.
"""

import base64
import bisect
import hashlib
import json
import random
import select
import time
import urllib.parse

EVENTS = "/demo-stream/events"
SOCKET = "/demo-stream/socket"

# Different rows; then they come again, later in time.
ROWS = 2000
MALFORMED_EVERY = 97
MALFORMED = '{"this is": "no transaction"'
# Seconds between two writes, at most so many a second.
TICK = 0.05
# Seconds that a client may leave what is sent to it unread, or a frame of its own unfinished.
PATIENCE = 30
# A frame that is longer is nothing a client of this has to say.
MAX_FRAME = 1 << 16
PROTOCOL_ERROR = (1002).to_bytes(2, "big")
ACCEPT_KEY = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3.


class Rows:
    """JSON objects by number, without end."""

    def __init__(self, generator):
        components = generator["components"]
        shares = [component["share"] for component in components]
        numbers = [column for column in generator["columns"] if column["kind"] == "number"]
        self.seconds = generator["time_bin"] * generator["time_bins"]
        self.texts = []
        draw = random.Random(1)
        for _ in range(ROWS):
            component = draw.choices(components, shares)[0]
            independent = [draw.gauss(0, 1) for _ in component["cholesky"]]
            values = {}
            for column, quantiles, factors in zip(
                numbers, component["quantiles"], component["cholesky"][1:]
            ):
                score = sum(a * b for a, b in zip(factors, independent)) / 1e5
                value = interpolate(component["z"], quantiles, score * 1e6) / 10 ** column["unit"]
                values[column["name"]] = round(value, min(6, column["decimals"]))
            values[generator["label"]] = component["label"]
            self.texts.append(json.dumps(values)[1:])

    def message(self, number):
        """The message of a number from 1 on: a row's JSON, or something that is none."""
        if number % MALFORMED_EVERY == 0:
            return MALFORMED
        seconds = number * self.seconds / ROWS % self.seconds
        return f'{{"id": "demo-{number}", "Time": {seconds:.1f}, {self.texts[number % ROWS]}'


def interpolate(knots, values, at):
    place = bisect.bisect_right(knots, at)
    if place == 0:
        return values[0]
    if place == len(knots):
        return values[-1]
    share = (at - knots[place - 1]) / (knots[place] - knots[place - 1])
    return values[place - 1] + share * (values[place] - values[place - 1])


class DemoStream:
    """Answers the two paths for a http.server handler."""

    def __init__(self, generator_file, rate):
        self.rows = Rows(json.loads(generator_file.read_text(encoding="utf-8")))
        self.rate = rate

    def answer(self, handler):
        """True if the handler's request was for a stream. Returns when the connection has ended."""
        path, _, query = handler.path.partition("?")
        if path not in (EVENTS, SOCKET):
            return False
        handler.close_connection = True
        handler.connection.settimeout(PATIENCE)
        try:
            if path == EVENTS:
                self.send_events(handler, query)
            else:
                self.send_socket(handler)
        except OSError:
            pass  # The client has gone, or takes nothing any more.
        return True

    def due(self, first, alive):
        """Lists of message numbers as they fall due, from `first` on; `alive` waits and says whether to go on."""
        began = time.monotonic()
        sent = 0
        while alive(max(TICK, (sent + 1) / self.rate - (time.monotonic() - began))):
            count = int((time.monotonic() - began) * self.rate)
            # After a stop of the machine nobody wants all that was missed at once.
            count = min(count, sent + max(1, int(self.rate)))
            yield range(first + sent, first + count)
            sent = count

    def send_events(self, handler, query):
        last = urllib.parse.parse_qs(query).get("lastEventId", [""])[-1]
        last = last or handler.headers.get("Last-Event-ID", "")
        first = int(last) + 1 if last.isascii() and last.isdigit() and len(last) < 16 else 1
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Connection", "close")
        handler.end_headers()

        def alive(seconds):
            # The client says nothing more: what can be read is its going away.
            return not select.select([handler.connection], [], [], seconds)[0]

        handler.wfile.write(b": demo transactions\n\n")
        for numbers in self.due(first, alive):
            text = "".join(f"id: {n}\ndata: {self.rows.message(n)}\n\n" for n in numbers)
            handler.wfile.write(text.encode())

    def send_socket(self, handler):
        headers = handler.headers
        key = headers.get("Sec-WebSocket-Key", "")
        if headers.get("Upgrade", "").lower() != "websocket" or not key:
            handler.send_error(426, "Upgrade Required")
            return
        # A page of another origin has no business here; programs without an origin may look.
        origin = headers.get("Origin")
        if origin is not None and urllib.parse.urlsplit(origin).netloc != headers.get("Host"):
            handler.send_error(403, "Forbidden")
            return
        accept = base64.b64encode(hashlib.sha1(key.encode() + ACCEPT_KEY).digest()).decode()
        handler.wfile.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )

        def alive(seconds):
            deadline = time.monotonic() + seconds
            while True:
                left = max(0, deadline - time.monotonic())
                if not select.select([handler.connection], [], [], left)[0]:
                    return True
                if not read_frame(handler.connection):
                    return False

        for numbers in self.due(1, alive):
            handler.wfile.write(
                b"".join(frame(1, self.rows.message(n).encode()) for n in numbers)
            )


def read_frame(connection):
    """Reads what the client says, answers a ping; False when it has gone or wants to."""
    head = read(connection, 2)
    if len(head) < 2:
        return False
    kind, length = head[0] & 15, head[1] & 127
    if length == 126:
        length = int.from_bytes(read(connection, 2), "big")
    elif length == 127:
        length = MAX_FRAME + 1
    if head[1] < 128 or length > MAX_FRAME:
        connection.sendall(frame(8, PROTOCOL_ERROR))
        return False
    mask = read(connection, 4)
    payload = bytes(byte ^ mask[place % 4] for place, byte in enumerate(read(connection, length)))
    if kind == 8:
        connection.sendall(frame(8, payload[:2]))
        return False
    if kind == 9:
        connection.sendall(frame(10, payload))
    return True


def read(connection, length):
    """So many bytes, fewer where the client has gone."""
    data = b""
    while len(data) < length:
        part = connection.recv(length - len(data))
        if not part:
            break
        data += part
    return data


def frame(kind, payload):
    """One whole, unmasked frame (RFC 6455, section 5.2)."""
    length = len(payload)
    if length < 126:
        head = bytes([128 | kind, length])
    elif length < 1 << 16:
        head = bytes([128 | kind, 126]) + length.to_bytes(2, "big")
    else:
        head = bytes([128 | kind, 127]) + length.to_bytes(8, "big")
    return head + payload
