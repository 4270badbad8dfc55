"""serve.py, seen from outside: what it sends, what it refuses, how it starts and stops."""

import contextlib
import http.client
import importlib.util
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]


def load_serve():
    spec = importlib.util.spec_from_file_location("serve", ROOT / "serve.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


serve = load_serve()
import demo_stream  # noqa: E402  (serve.py has put tools/ on the path)


class Site(unittest.TestCase):
    """A server in this process, over a small site made here."""

    @classmethod
    def setUpClass(cls):
        cls.outer = pathlib.Path(tempfile.mkdtemp()).resolve()
        cls.web = cls.outer / "web"
        (cls.web / "js").mkdir(parents=True)
        (cls.web / "empty").mkdir()
        (cls.web / ".git").mkdir()
        (cls.outer / "secret.txt").write_text("secret")
        (cls.outer / "web-other").mkdir()
        (cls.outer / "web-other" / "secret.txt").write_text("secret")
        (cls.web / "link.txt").symlink_to(cls.outer / "secret.txt")
        (cls.web / ".git" / "config").write_text("secret")
        (cls.web / ".hidden").write_text("secret")
        (cls.web / "csp.txt").write_text((ROOT / "web" / "csp.txt").read_text())
        (cls.web / "index.html").write_text("<!doctype html><title>Site</title>")
        for name in (
            "a.js",
            "a.mjs",
            "a.wasm",
            "a.css",
            "a.svg",
            "a.png",
            "a.json",
            "a.webmanifest",
            "a.safetensors",
            "a.unknown",
        ):
            (cls.web / "js" / name).write_text("x" * 100)
        with contextlib.ExitStack() as stack:
            stack.enter_context(mock.patch.object(serve.build, "WEB", cls.web))
            stack.enter_context(mock.patch.object(serve.Handler, "log_error", lambda *_: None))
            cls.stack = stack.pop_all()
        cls.server = serve.Server("127.0.0.1", 0)
        cls.thread = threading.Thread(target=cls.server.serve_forever)
        cls.thread.start()

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()
        cls.thread.join()
        cls.server.server_close()
        cls.stack.close()
        shutil.rmtree(cls.outer)

    def ask(self, path, method="GET", headers=None):
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.server.server_address[1], timeout=10
        )
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            connection.endheaders()
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()

    def test_sends_the_page(self):
        for path in ("/", "/index.html", "/?x=1", "/index.html?v=2"):
            response, body = self.ask(path)
            self.assertEqual(
                (response.status, body), (200, b"<!doctype html><title>Site</title>"), path
            )
            self.assertEqual(response.headers["Content-Length"], str(len(body)))

    def test_every_answer_carries_the_headers(self):
        policy = (ROOT / "web" / "csp.txt").read_text().strip()
        for path in ("/", "/js/a.js", "/no-such-file", "/js/"):
            response, _ = self.ask(path)
            self.assertEqual(response.headers.get_all("Content-Security-Policy"), [policy], path)
            self.assertEqual(response.headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(response.headers["Referrer-Policy"], "no-referrer")
            self.assertEqual(response.headers["Cache-Control"], "no-cache")

    def test_types(self):
        expected = {
            "a.js": "text/javascript; charset=utf-8",
            "a.mjs": "text/javascript; charset=utf-8",
            "a.wasm": "application/wasm",
            "a.css": "text/css; charset=utf-8",
            "a.svg": "image/svg+xml",
            "a.png": "image/png",
            "a.json": "application/json",
            "a.webmanifest": "application/manifest+json",
            "a.safetensors": "application/octet-stream",
            "a.unknown": "application/octet-stream",
        }
        for name, kind in expected.items():
            self.assertEqual(self.ask(f"/js/{name}")[0].headers["Content-Type"], kind, name)

    def test_head_has_no_body(self):
        response, body = self.ask("/js/a.js", method="HEAD")
        self.assertEqual(
            (response.status, body, response.headers["Content-Length"]), (200, b"", "100")
        )

    def test_answers_304_for_what_the_browser_has(self):
        first, _ = self.ask("/js/a.js")
        again, body = self.ask(
            "/js/a.js", headers={"If-Modified-Since": first.headers["Last-Modified"]}
        )
        self.assertEqual((again.status, body), (304, b""))

    def test_a_body_does_not_wait_for_the_receipt_of_its_head(self):
        options = []

        def note(handler, *_):
            options.append(handler.connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

        with mock.patch.object(serve.Handler, "log_request", note):
            self.ask("/js/a.js")
        self.assertEqual([bool(option) for option in options], [True])

    def test_sends_nothing_outside_the_folder(self):
        paths = (
            "/../secret.txt",
            "/%2e%2e/secret.txt",
            "/..%2fsecret.txt",
            "/js/../../secret.txt",
            "/js/%2e%2e/%2e%2e/secret.txt",
            "//../secret.txt",
            "/..\\secret.txt",
            "/%5c..%5csecret.txt",
            "/../web-other/secret.txt",
            "/link.txt",
            str(self.outer / "secret.txt"),
            "/" + str(self.outer / "secret.txt"),
            "/secret.txt%00.html",
            "/index.html%00",
        )
        for path in paths:
            response, body = self.ask(path)
            self.assertIn(response.status, (301, 400, 404), path)
            self.assertNotEqual(body, b"secret", path)

    def test_sends_no_listing_and_no_hidden_file(self):
        for path in ("/js/", "/empty/", "/.hidden", "/.git/config", "/.git/", "/js/a.js/"):
            response, body = self.ask(path)
            self.assertEqual(response.status, 404, path)
            self.assertNotIn(b"a.mjs", body)

    def test_accepts_no_uploads(self):
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            self.assertEqual(self.ask("/index.html", method=method)[0].status, 501, method)

    def test_a_slow_client_does_not_hold_up_the_others(self):
        with socket.create_connection(self.server.server_address[:2]) as idle:
            idle.sendall(b"GET / HTTP/1.1\r\n")
            self.assertEqual(self.ask("/")[0].status, 200)


class DemoStream(unittest.TestCase):
    """The streams of --demo-stream, over the site of this checkout's generator."""

    RATE = 500

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp()).resolve()
        (cls.folder / "csp.txt").write_text("default-src 'none'")
        with contextlib.ExitStack() as stack:
            stack.enter_context(mock.patch.object(serve.build, "WEB", cls.folder))
            stack.enter_context(mock.patch.object(serve.Handler, "log_error", lambda *_: None))
            cls.stack = stack.pop_all()
        cls.stream = serve.DemoStream(
            ROOT / "models" / "creditcard" / "generator.json", cls.RATE
        )
        cls.server = serve.Server("127.0.0.1", 0, cls.stream)
        cls.thread = threading.Thread(target=cls.server.serve_forever)
        cls.thread.start()

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()
        cls.thread.join()
        cls.server.server_close()
        cls.stack.close()
        shutil.rmtree(cls.folder)

    def ask(self, path, headers=()):
        """A connection with the answer's head read: (status and headers, the rest as a file)."""
        connection = socket.create_connection(self.server.server_address[:2], timeout=10)
        self.addCleanup(connection.close)
        lines = [f"GET {path} HTTP/1.1", "Host: here:80", *headers, "", ""]
        connection.sendall("\r\n".join(lines).encode())
        file = connection.makefile("rb")
        self.addCleanup(file.close)
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += file.readline()
        return head.decode(), file, connection

    def events(self, file, count):
        events = []
        while len(events) < count:
            line = file.readline().decode().rstrip("\n")
            if line.startswith("id: "):
                number = int(line[4:])
                data = file.readline().decode().rstrip("\n")
                self.assertTrue(data.startswith("data: "), data)
                self.assertEqual(file.readline(), b"\n")
                events.append((number, data[6:]))
        return events

    def open_socket(self, *headers):
        return self.ask(
            serve.SOCKET,
            (
                "Connection: keep-alive, Upgrade",
                "Upgrade: websocket",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                *headers,
            ),
        )

    def read_frame(self, file):
        first, second = file.read(2)
        self.assertLess(second, 128, "a server does not mask")
        length = int.from_bytes(file.read(2), "big") if second == 126 else second
        return first, file.read(length)

    def read_until(self, file, kind):
        while True:
            first, payload = self.read_frame(file)
            self.assertEqual(first & 128, 128)
            if first & 15 == kind:
                return payload

    @staticmethod
    def masked(kind, payload, mask=b"abcd"):
        body = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
        return bytes([128 | kind, 128 | len(payload)]) + mask + body

    def test_events_are_rows_numbered_from_1(self):
        head, file, _ = self.ask(serve.EVENTS)
        self.assertIn("200", head.splitlines()[0])
        self.assertIn("Content-Type: text/event-stream", head)
        self.assertIn("Content-Security-Policy:", head)
        events = self.events(file, 200)
        self.assertEqual([number for number, _ in events], list(range(1, 201)))
        model = {"Time", "Amount", *(f"V{i}" for i in range(1, 29))}
        bad = 0
        for number, data in events:
            try:
                row = json.loads(data)
            except ValueError:
                bad += 1
                continue
            self.assertLessEqual(model, set(row), number)
            self.assertEqual(row["id"], f"demo-{number}")
            self.assertIn(row["Class"], (0, 1))
        self.assertEqual(bad, 2)

    def test_a_client_that_comes_back_goes_on_with_the_next_row(self):
        whole = dict(self.events(self.ask(serve.EVENTS)[1], 150))
        for path, headers in (
            (serve.EVENTS, ["Last-Event-ID: 40"]),
            (serve.EVENTS + "?lastEventId=40", []),
            (serve.EVENTS + "?lastEventId=40", ["Last-Event-ID: 7"]),
        ):
            events = self.events(self.ask(path, headers)[1], 100)
            self.assertEqual(events, [(number, whole[number]) for number in range(41, 141)])

    def test_an_id_that_is_none_begins_anew(self):
        for last in ("x", "-5", "1e3", "\u0664", "9" * 40):
            path = serve.EVENTS + "?" + urllib.parse.urlencode({"lastEventId": last})
            self.assertEqual(self.events(self.ask(path)[1], 1)[0][0], 1, last)

    def test_rows_come_at_the_rate(self):
        _, file, _ = self.ask(serve.EVENTS)
        self.events(file, 1)
        began = time.monotonic()
        self.events(file, self.RATE)
        # Never early, but for what one write holds; late as the machine is busy.
        self.assertGreater(time.monotonic() - began, 0.8)

    def test_the_socket_sends_the_same_rows(self):
        head, file, _ = self.open_socket("Origin: http://here:80")
        self.assertIn("101", head.splitlines()[0])
        # The example of RFC 6455, section 1.3.
        self.assertIn("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", head)
        events = self.events(self.ask(serve.EVENTS)[1], 120)
        for _, data in events:
            first, payload = self.read_frame(file)
            self.assertEqual((first, payload.decode()), (0x81, data))

    def test_the_socket_answers_pings_and_closes(self):
        _, file, connection = self.open_socket()
        # Two at once: the second must not be left lying.
        connection.sendall(self.masked(9, b"one") + self.masked(9, b"two"))
        self.assertEqual(self.read_until(file, 10), b"one")
        self.assertEqual(self.read_until(file, 10), b"two")
        connection.sendall(self.masked(1, b"hello") + self.masked(8, (1000).to_bytes(2, "big")))
        self.assertEqual(self.read_until(file, 8), (1000).to_bytes(2, "big"))
        self.assertEqual(file.read(), b"")

    def test_the_socket_ends_for_a_client_that_does_not_keep_to_the_protocol(self):
        for data in (b"\x81\x02hi", b"\x82\xff" + b"\xff" * 12):
            _, file, connection = self.open_socket()
            connection.sendall(data)
            self.assertEqual(self.read_until(file, 8), (1002).to_bytes(2, "big"))

    def test_the_socket_is_for_pages_of_this_origin(self):
        for origin in ("http://evil.example", "null", "http://here:81", "http://here:80.evil.example"):
            head, _, _ = self.open_socket(f"Origin: {origin}")
            self.assertIn("403", head.splitlines()[0], origin)
        self.assertIn("426", self.ask(serve.SOCKET)[0].splitlines()[0])

    def test_a_client_that_goes_away_ends_its_connection(self):
        before = threading.active_count()
        for _ in range(5):
            for head, file, connection in (self.ask(serve.EVENTS), self.open_socket()):
                file.close()
                connection.close()
        for _ in range(100):
            if threading.active_count() <= before:
                break
            time.sleep(0.05)
        self.assertLessEqual(threading.active_count(), before)

    def test_frames_of_every_length(self):
        for length, head in (
            (0, b"\x81\x00"),
            (125, b"\x81\x7d"),
            (126, b"\x81\x7e\x00\x7e"),
            (65535, b"\x81\x7e\xff\xff"),
            (65536, b"\x81\x7f" + bytes([0, 0, 0, 0, 0, 1, 0, 0])),
        ):
            sent = demo_stream.frame(1, b"x" * length)
            self.assertEqual(sent, head + b"x" * length)

    def test_rows_have_the_shares_and_the_spread_of_the_generator(self):
        generator = json.loads((ROOT / "models/creditcard/generator.json").read_text())
        rows = [json.loads("{" + text) for text in self.stream.rows.texts]
        positives = sum(row["Class"] for row in rows) / len(rows)
        shares = [(part["label"], part["share"]) for part in generator["components"]]
        expected = sum(share for label, share in shares if label) / sum(share for _, share in shares)
        self.assertLess(abs(positives - expected), 4 * (expected / len(rows)) ** 0.5)
        # V1 is the first number column; almost all rows belong to the first component.
        quantiles = [value / 1e5 for value in generator["components"][0]["quantiles"][0]]
        below = sum(row["V1"] <= quantiles[len(quantiles) // 2] for row in rows) / len(rows)
        at = statistics.NormalDist().cdf(
            generator["components"][0]["z"][len(quantiles) // 2] / 1e6
        )
        self.assertLess(abs(below - at), 0.05)

    def test_without_the_flag_there_are_no_streams(self):
        self.server.demo_stream = None
        try:
            for path in (serve.EVENTS, serve.SOCKET):
                self.assertIn("404", self.ask(path)[0].splitlines()[0])
        finally:
            self.server.demo_stream = self.stream


class CommandLine(unittest.TestCase):
    """serve.py as a program, over the site of this checkout."""

    def start(self, *arguments):
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in ("DISPLAY", "WAYLAND_DISPLAY")
        }
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "serve.py"), "--no-build", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        line = process.stdout.readline()
        address = re.search(r"http://([\w.]+|\[[\w:]+\]):(\d+)/", line)
        self.assertIsNotNone(address, line)
        return process, address[1], int(address[2])

    def test_listens_on_the_loopback_address_only(self):
        process, host, port = self.start("--port", "0")
        self.assertEqual(host, "127.0.0.1")
        with contextlib.closing(http.client.HTTPConnection(host, port, timeout=10)) as connection:
            connection.request("GET", "/csp.txt")
            self.assertEqual(
                connection.getresponse().read().decode(), (ROOT / "web" / "csp.txt").read_text()
            )

    def test_takes_the_next_port_when_one_is_taken(self):
        with socket.socket() as taken:
            # A port with a free one after it, found by trying.
            for _ in range(100):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", 0))
                    port = probe.getsockname()[1]
                with contextlib.suppress(OSError, OverflowError), socket.socket() as after:
                    after.bind(("127.0.0.1", port + 1))
                    taken.bind(("127.0.0.1", port))
                    break
            taken.listen()
            self.assertEqual(taken.getsockname()[1], port)
            _, _, served = self.start("--port", str(port))
            self.assertGreater(served, port)
            self.assertLess(served, port + serve.PORTS_TO_TRY)

    def test_ends_cleanly_on_ctrl_c_and_on_sigterm(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            process, host, port = self.start("--port", "0")
            process.send_signal(number)
            output, errors = process.communicate(timeout=10)
            self.assertEqual((process.returncode, output.strip(), errors), (0, "", ""))
            with self.assertRaises(OSError):
                socket.create_connection((host, port), timeout=5)

    def test_refuses_what_it_cannot_do_in_one_line(self):
        done = subprocess.run(
            [sys.executable, str(ROOT / "serve.py"), "--no-build", "--host", "203.0.113.1"],
            capture_output=True,
            text=True,
            timeout=30,
        )
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"^serve\.py: cannot listen on 203\.0\.113\.1:8000: .+\n$")

    def test_names_its_options(self):
        done = subprocess.run(
            [sys.executable, str(ROOT / "serve.py"), "--help"],
            capture_output=True,
            text=True,
            check=True,
        )
        for option in ("--yes", "--host", "--port", "--no-build", "--setup-only"):
            self.assertIn(option, done.stdout)


if __name__ == "__main__":
    unittest.main()
