"""The set-up: what it asks for, when it asks, and that it does nothing when nothing is missing.

apt-get, sudo and dpkg are replaced by small scripts that write down how they were called.
"""

import base64
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from setup import SetupError, build, packages  # noqa: E402  (the path above comes first)


class Machine(unittest.TestCase):
    """A machine where two things are missing: one that apt installs, and headers that it must unpack."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = pathlib.Path(scratch.name)
        self.bin = self.root / "bin"
        self.bin.mkdir()
        self.calls = self.root / "calls"
        self.calls.write_text("")
        self.known = self.root / "known"
        self.lists_are_there()
        self.tool = packages.Requirement(
            "a tool", lambda: (self.root / "tool").exists(), "tool-package", "tool-brew", "tool-dnf"
        )
        folder = self.root / "unpacked"
        self.headers = packages.Requirement(
            "some headers",
            lambda: (folder / "usr/include/x.h").exists(),
            lambda: "headers-package",
            "headers-brew",
            "headers-dnf",
            unpack=folder,
        )
        self.present = packages.Requirement(
            "what is there", lambda: True, "present-package", "present", "present"
        )
        self.needs = [self.present, self.tool, self.headers]
        for patch in (
            mock.patch.dict(os.environ, {"PATH": f"{self.bin}:/usr/bin:/bin"}),
            mock.patch.object(packages, "ROOT", self.root),
            mock.patch.object(packages, "say", self.lines().append),
            mock.patch.object(os, "geteuid", lambda: 0),
        ):
            patch.start()
            self.addCleanup(patch.stop)

    def lines(self):
        self.said = []
        return self.said

    def lists_are_there(self):
        self.known.write_text("")

    def script(self, name, text):
        path = self.bin / name
        path.write_text(f'#!/bin/sh\necho {name} "$@" >> {self.calls}\n' + textwrap.dedent(text))
        path.chmod(0o755)

    def with_apt(self, fails_first=False):
        self.script(
            "apt-cache",
            f"""
            [ -e {self.known} ] && printf 'pkg:\\n  Installed: (none)\\n  Candidate: 1.0\\n'
        """,
        )
        self.script(
            "apt-get",
            f"""
            case "$1" in
              update) touch {self.known} ;;
              install)
                if {'[ ! -e ' + str(self.root / 'again') + ' ]' if fails_first else 'false'}; then touch {self.root}/again; exit 100; fi
                touch {self.root}/tool ;;
              download) touch headers.deb ;;
            esac
        """,
        )
        self.script("dpkg-deb", 'mkdir -p "$3/usr/include" && touch "$3/usr/include/x.h"')

    def called(self):
        return [
            line for line in self.calls.read_text().splitlines() if not line.startswith("apt-cache")
        ]

    def answer(self, text, terminal=True):
        for patch in (
            mock.patch("builtins.input", lambda _: text),
            mock.patch.object(sys.stdin, "isatty", lambda: terminal),
        ):
            patch.start()
            self.addCleanup(patch.stop)

    def test_does_nothing_when_nothing_is_missing(self):
        self.with_apt()
        packages.install([self.present], yes=False)
        self.assertEqual((self.called(), self.said), ([], []))

    def test_shows_the_exact_list_and_installs_after_a_yes(self):
        self.with_apt()
        self.answer("y")
        packages.install(self.needs, yes=False)
        said = "\n".join(self.said)
        self.assertIn("tool-package", said)
        self.assertIn("headers-package", said)
        self.assertNotIn("present-package", said)
        self.assertEqual(
            self.called()[:2],
            [
                "apt-get install -y -q --no-install-recommends tool-package",
                "apt-get download -q headers-package",
            ],
        )
        self.assertTrue((self.root / "unpacked/usr/include/x.h").exists())
        packages.install(self.needs, yes=False)
        self.assertEqual(len(self.called()), 3)

    def test_installs_nothing_after_a_no(self):
        self.with_apt()
        self.answer("")
        with self.assertRaisesRegex(SetupError, "nothing was installed"):
            packages.install(self.needs, yes=False)
        self.assertEqual(self.called(), [])

    def test_does_not_ask_where_nobody_can_answer(self):
        self.with_apt()
        self.answer("y", terminal=False)
        with self.assertRaisesRegex(SetupError, "run again with --yes"):
            packages.install(self.needs, yes=False)
        self.assertEqual(self.called(), [])

    def test_reads_the_package_lists_only_when_they_are_missing(self):
        self.with_apt()
        self.known.unlink()
        packages.install(self.needs, yes=True)
        self.assertEqual(
            self.called()[:2],
            ["apt-get update -q", "apt-get install -y -q --no-install-recommends tool-package"],
        )

    def test_reads_old_package_lists_again_when_a_package_is_gone(self):
        self.with_apt(fails_first=True)
        packages.install([self.tool], yes=True)
        install = "apt-get install -y -q --no-install-recommends tool-package"
        self.assertEqual(self.called(), [install, "apt-get update -q", install])

    def test_uses_sudo_where_it_is_not_root(self):
        self.with_apt()
        self.script("sudo", '"$@"')
        with mock.patch.object(os, "geteuid", lambda: 1000):
            packages.install([self.tool], yes=True)
        self.assertEqual(
            self.called()[0],
            "sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends tool-package",
        )

    def test_says_what_root_must_run_where_there_is_no_sudo(self):
        self.with_apt()
        os.environ["PATH"] = str(self.bin)
        with mock.patch.object(os, "geteuid", lambda: 1000):
            with self.assertRaisesRegex(
                SetupError, "As root, run: apt-get install .* tool-package"
            ):
                packages.install([self.tool], yes=True)

    def test_fails_when_it_is_still_missing_afterwards(self):
        self.with_apt()
        self.script("apt-get", "true")
        with self.assertRaisesRegex(SetupError, "still missing after installing: a tool"):
            packages.install([self.tool], yes=True)

    def test_names_what_to_install_where_there_is_no_apt(self):
        os.environ["PATH"] = str(self.bin)
        with mock.patch.object(sys, "platform", "darwin"), self.assertRaises(SetupError) as caught:
            packages.install(self.needs, yes=True)
        self.assertIn("brew install tool-brew headers-brew", str(caught.exception))
        self.assertNotIn("pip", str(caught.exception))
        module = packages.Requirement("a module", lambda: False, "x", "pip: a-module", "x")
        with mock.patch.object(sys, "platform", "darwin"), self.assertRaises(SetupError) as caught:
            packages.install([self.tool, module], yes=True)
        self.assertIn("brew install tool-brew\n", str(caught.exception))
        self.assertIn("python3 -m pip install a-module", str(caught.exception))
        self.script("dnf", "true")
        with mock.patch.object(sys, "platform", "linux"), self.assertRaises(SetupError) as caught:
            packages.install(self.needs, yes=True)
        self.assertIn("sudo dnf install tool-dnf headers-dnf", str(caught.exception))


class Probes(unittest.TestCase):
    def test_an_old_command_does_not_count(self):
        with tempfile.TemporaryDirectory() as folder:
            node = pathlib.Path(folder) / "node"
            with mock.patch.dict(os.environ, {"PATH": f"{folder}:/usr/bin:/bin"}):
                for version, good in (("v16.20.2", False), ("v18.20.4", True), ("v20.1.0", True)):
                    node.write_text(f"#!/bin/sh\necho {version}\n")
                    node.chmod(0o755)
                    self.assertEqual(packages._NODE.probe(), good, version)

    def test_the_newest_boost_is_chosen_and_an_old_one_refused(self):
        for names, expected in (
            ("libboost1.74-dev\nlibboost1.81-dev\nlibboost1.81-all-dev\n", "libboost1.81-dev"),
            ("libboost1.83-dev\nlibboost1.88-dev\n", "libboost1.88-dev"),
            ("libboost1.74-dev\n", None),
            ("", None),
        ):
            with mock.patch.object(packages, "_output", lambda *_, names=names: names):
                self.assertEqual(packages._boost_package(), expected)


class Copies(unittest.TestCase):
    def test_copies_what_changed_and_removes_what_is_gone(self):
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(
            build, "ROOT", pathlib.Path(folder)
        ), mock.patch.object(build, "say", lambda _: None):
            source, target = pathlib.Path(folder) / "a", pathlib.Path(folder) / "b" / "c"
            source.mkdir()
            (source / "kept").write_text("one")
            (source / "gone").write_text("two")
            build._copy(source, target)
            before = (target / "kept").stat().st_mtime_ns
            (source / "gone").unlink()
            (source / "new").write_text("three")
            build._copy(source, target)
            self.assertEqual(
                {entry.name: entry.read_text() for entry in target.iterdir()},
                {"kept": "one", "new": "three"},
            )
            self.assertEqual((target / "kept").stat().st_mtime_ns, before)
            (source / "kept").write_text("four")
            build._copy(source, target)
            self.assertEqual((target / "kept").read_text(), "four")


class OfflineList(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.web = pathlib.Path(scratch.name)
        for name, text in {
            "index.html": "<!doctype html>",
            "csp.txt": "default-src 'none'\n",
            "sw.js": "",
            "sw_entry.js": "",
            "precache.js": "",
            "offline.json": "{}",
            "css/a.css": "a {}",
            "js/app.js": "1;",
            "js/README.md": "read",
            "js/.hidden.js": "",
            "js/engine/examples/page.html": "",
            "engine/x.wasm": "w",
            "engine/x.wasm.part": "half",
            "models/creditcard/report.json": "{}",
            "models/creditcard/generator.json": "{}",
        }.items():
            (self.web / name).parent.mkdir(parents=True, exist_ok=True)
            (self.web / name).write_text(text)

    def version(self):
        files = build.precache_files(self.web)
        version = re.search(r'VERSION = "([0-9a-f]{12})";', files["precache.js"])[1]
        self.assertIn(f"Version {version}.", files["sw_entry.js"])
        return version

    def test_lists_what_the_page_loads_by_hash(self):
        text = build.precache_files(self.web)["precache.js"]
        files = json.loads(re.search(r"FILES = (\{.*\});", text, re.DOTALL)[1])
        self.assertEqual(
            sorted(files),
            ["./", "css/a.css", "engine/x.wasm", "js/app.js", "models/creditcard/generator.json"],
        )
        digest = base64.b64encode(hashlib.sha256(b"w").digest()).decode()
        self.assertEqual(files["engine/x.wasm"], f"sha256-{digest}")
        self.assertIn("BYTES = 24;", text)
        self.assertIn('POLICY = "default-src \'none\'";', text)

    def test_any_change_is_another_version_and_none_is_not(self):
        seen = {self.version()}
        self.assertEqual({self.version()}, seen)
        for name in ("index.html", "csp.txt", "sw.js", "css/a.css", "engine/x.wasm"):
            with open(self.web / name, "a") as file:
                file.write(";x")
            seen.add(self.version())
        (self.web / "js/app.js").rename(self.web / "js/other.js")
        seen.add(self.version())
        self.assertEqual(len(seen), 7)
        (self.web / "offline.json").write_text('{ "serviceWorker": false }')
        self.assertIn(self.version(), seen)


class CommandLine(unittest.TestCase):
    def test_an_unknown_part_is_a_usage_error(self):
        done = subprocess.run(
            [sys.executable, str(ROOT / "tests" / "run"), "nonsense"],
            capture_output=True,
            text=True,
            timeout=30,
        )
        self.assertEqual(done.returncode, 2)
        self.assertIn("no such part: nonsense", done.stderr)


if __name__ == "__main__":
    unittest.main()
