"""serve.py, seen from outside: what it sends, what it refuses, how it starts and stops."""

import contextlib
import http.client
import importlib.util
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]


def load_serve():
    spec = importlib.util.spec_from_file_location("serve", ROOT / "serve.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


serve = load_serve()


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
