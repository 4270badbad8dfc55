#!/usr/bin/env python3
"""Sets the machine up, builds what is stale, and serves the page on this computer.

Python standard library only. The page needs no server code: what is sent are the files of web/, with the
headers a production host should send (docs: README.md, "Hosting it").
"""

import argparse
import errno
import http.server
import os
import pathlib
import signal
import socket
import sys
import threading
import webbrowser

ROOT = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "tools"))

from demo_stream import EVENTS, SOCKET, DemoStream  # noqa: E402  (the path above comes first)
from setup import SetupError, build, packages, say  # noqa: E402

PORTS_TO_TRY = 50


class Handler(http.server.SimpleHTTPRequestHandler):
    """Sends the files of web/ and nothing else: no folder listings, no hidden files, nothing outside."""

    protocol_version = "HTTP/1.1"
    server_version = "firetower"
    sys_version = ""
    # The head of an answer and its body are two packets: the second must not wait for the first one's receipt (40 ms).
    disable_nagle_algorithm = True
    extensions_map = {
        "": "application/octet-stream",
        ".css": "text/css; charset=utf-8",
        ".csv": "text/csv; charset=utf-8",
        ".html": "text/html; charset=utf-8",
        ".ico": "image/x-icon",
        ".js": "text/javascript; charset=utf-8",
        ".json": "application/json",
        ".md": "text/markdown; charset=utf-8",
        ".mjs": "text/javascript; charset=utf-8",
        ".png": "image/png",
        ".safetensors": "application/octet-stream",
        ".svg": "image/svg+xml",
        ".txt": "text/plain; charset=utf-8",
        ".wasm": "application/wasm",
        ".webmanifest": "application/manifest+json",
    }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, directory=str(build.WEB), **kwargs)

    def do_GET(self):
        if self.server.demo_stream is None or not self.server.demo_stream.answer(self):
            super().do_GET()

    def translate_path(self, path):
        """The file for a URL path; a path that is not inside web/, or hidden, becomes one that does not exist."""
        nowhere = str(build.WEB / "no such file")
        if "\0" in path or "%00" in path:
            return nowhere
        translated = pathlib.Path(super().translate_path(path)).resolve()
        try:
            inside = translated.relative_to(build.WEB)
        except ValueError:
            return nowhere
        if any(part.startswith(".") for part in inside.parts):
            return nowhere
        # A file asked for as a folder must stay missing; resolve() dropped the slash.
        return str(translated) + ("/" if path.split("?")[0].split("#")[0].endswith("/") else "")

    def send_head(self):
        # A file that was changed while this runs makes another version: the browser's offline copy must not go stale.
        if self.path.split("?")[0] in ("/precache.js", "/sw_entry.js"):
            with self.server.writing:
                build.precache()
        return super().send_head()

    def list_directory(self, path):
        self.send_error(404, "File not found")
        return None

    def end_headers(self):
        self.send_header("Content-Security-Policy", self.server.policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format, *args):
        """Silent: a request is only worth a line when it failed."""

    def log_error(self, format, *args):
        sys.stderr.write(f"{self.command or '?'} {getattr(self, 'path', '?')!r}: {format % args}\n")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, host, port, demo_stream=None):
        self.demo_stream = demo_stream
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.policy = (build.WEB / "csp.txt").read_text().strip()
        self.writing = threading.Lock()
        super().__init__((host, port), Handler)

    def handle_error(self, request, client_address):
        """A browser that closes a connection early is no news; anything else is."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    @property
    def url(self):
        host, port = self.server_address[:2]
        if host in ("0.0.0.0", "::"):
            host = "localhost"
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def listen(host, port, demo_stream=None):
    """A server on the port, or on the next one that is free."""
    for candidate in range(port, min(port + PORTS_TO_TRY, 65536)):
        try:
            return Server(host, candidate, demo_stream)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise SetupError(
                    f"cannot listen on {host}:{candidate}: {error.strerror}"
                ) from error
    raise SetupError(f"no free port from {port} on: choose another with --port")


def has_display():
    return sys.platform == "darwin" or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(
        description="Sets up, builds what is stale, and serves Firetower's page."
    )
    parser.add_argument("--yes", action="store_true", help="install what is missing without asking")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: %(default)s)"
    )
    parser.add_argument(
        "--port", type=int, default=8000, help="first port to try (default: %(default)s)"
    )
    parser.add_argument(
        "--no-build", action="store_true", help="serve what is there: no set-up, no build"
    )
    parser.add_argument("--setup-only", action="store_true", help="stop after set-up and build")
    parser.add_argument(
        "--demo-stream",
        action="store_true",
        help=f"also send made-up transactions at {EVENTS} and {SOCKET}, to try the live view with",
    )
    parser.add_argument(
        "--stream-rate",
        type=float,
        default=5,
        metavar="N",
        help="rows a second of --demo-stream, 0.1..20000 (default: %(default)s)",
    )
    options = parser.parse_args(arguments)
    if options.no_build and options.setup_only:
        parser.error("--no-build and --setup-only exclude each other")
    if not 0 <= options.port <= 65535:
        parser.error("--port must be 0..65535")
    if not 0.1 <= options.stream_rate <= 20000:
        parser.error("--stream-rate must be 0.1..20000")
    return options


def main(arguments):
    options = parse_arguments(arguments)
    try:
        if not options.no_build:
            packages.install(packages.PAGE, options.yes)
            build.page()
        if options.setup_only:
            say("The page is ready in web/.")
            return 0
        stream = None
        if options.demo_stream:
            generator = build.WEB / "models" / "creditcard" / "generator.json"
            if not generator.is_file():
                raise SetupError(f"--demo-stream needs {generator}: run ./serve.py --setup-only")
            stream = DemoStream(generator, options.stream_rate)
        server = listen(options.host, options.port, stream)
    except SetupError as error:
        print(f"serve.py: {error}", file=sys.stderr)
        return 1
    say(f"Firetower is at {server.url} (Ctrl-C stops it)")
    if stream is not None:
        say(f"Demo transactions: events at {EVENTS}, WebSocket at {SOCKET}")
    if has_display() and sys.stdout.isatty():
        threading.Thread(target=webbrowser.open, args=(server.url,), daemon=True).start()
    try:
        server.serve_forever()
    finally:
        server.server_close()
    return 0


def stop(signum, frame):
    raise KeyboardInterrupt


if __name__ == "__main__":
    # SIGINT too: a shell starts a program in the background with it ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        print()
        sys.exit(0)
