"""The layout and its rules: what must be there, who may use whom, which words and calls have no place."""

import json
import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from setup import build  # noqa: E402  (the path above comes first)

# The C++ folders and what each may include besides itself (wasm/README.md has the picture).
CORE = "wasm/core/"
MAY_INCLUDE = {
    "base": set(),
    "csv": {"base"},
    "features": {"base"},
    "forest": {"base", "features"},
    "metrics": {"base"},
    "drift": {"base"},
    "stream": {"base"},
    "monitor": {"base", "csv", "drift", "stream", "metrics"},
    "synth": {"base", "csv"},
    "synth_fit": {"base", "synth"},
    "train": {"base", "csv", "features", "forest", "metrics", "synth"},
    "domain": {"base", "forest", "metrics", "train"},
    "session": {
        "base",
        "csv",
        "features",
        "forest",
        "metrics",
        "drift",
        "stream",
        "monitor",
        "synth",
    },
    "analysis": {
        "base",
        "csv",
        "features",
        "forest",
        "metrics",
        "drift",
        "stream",
        "monitor",
        "domain",
        "session",
    },
    "bindings": {"base", "session", "analysis"},
}
# The JavaScript folders under web/js by height: a folder imports from those that are not higher.
LAYERS = {"engine": 0, "service": 1, "state": 1, "export": 2, "charts": 3, "views": 3}


def tracked(*patterns):
    """Paths that git knows, and new ones that it does not ignore."""
    out = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=True,
    ).stdout
    return [path for path in out.splitlines() if (ROOT / path).is_file()]


def text_of(path):
    return (ROOT / path).read_text(encoding="utf-8")


def without_comments(code):
    """C++ or JavaScript without its comments, lines kept. Good enough for looking for names."""
    return re.sub(
        r"/\*.*?\*/|(?<![:\"'])//[^\n]*",
        lambda found: "\n" * found[0].count("\n"),
        code,
        flags=re.DOTALL,
    )


class Layout(unittest.TestCase):
    def test_the_files_that_everybody_looks_for(self):
        for name in (
            "README.md",
            "CHANGELOG.md",
            "CONTRIBUTING.md",
            "LICENSE",
            "CMakeLists.txt",
            "CMakePresets.json",
            "package.json",
            "package-lock.json",
            ".clang-format",
            ".editorconfig",
            "serve.py",
            "tests/run",
            ".ci/run",
            "wasm/README.md",
            "wasm/bindings/embind.cc",
            "wasm/session/session.h",
            "web/index.html",
            "web/js/app.js",
            "models/FORMAT.md",
            "models/creditcard/CARD.md",
            "models/creditcard/creditcard-rf.safetensors",
            "models/creditcard/golden.csv",
            "models/creditcard/generator.json",
            "tools/export_sklearn.py",
            "tests/data/manifest.json",
        ):
            self.assertTrue((ROOT / name).is_file(), name)
        self.assertIn("Apache License", text_of("LICENSE"))

    def test_presets(self):
        presets = json.loads(text_of("CMakePresets.json"))
        names = {preset["name"] for preset in presets["configurePresets"]}
        self.assertLessEqual({"native", "asan", "wasm", "wasm-debug", "fuzz", "bench"}, names)
        for flag in (
            "-Wall",
            "-Wextra",
            "-Wconversion",
            "-Wsign-conversion",
            "-Wshadow",
            "-Werror",
            "-ffp-contract=off",
        ):
            self.assertIn(flag, text_of("cmake/targets.cmake"))
        self.assertNotIn("-ffast-math", text_of("cmake/targets.cmake"))

    def test_npm_versions_are_exact_and_the_lock_names_no_host(self):
        package = json.loads(text_of("package.json"))
        for name, version in {**package["dependencies"], **package["devDependencies"]}.items():
            self.assertRegex(version, r"^\d+\.\d+\.\d+$", name)
        self.assertNotIn("://", text_of("package-lock.json"))

    def test_every_folder_of_more_than_three_files_lists_them(self):
        folders = {}
        for path in tracked():
            folder, _, name = path.rpartition("/")
            # Data files are listed by their manifest; the root's README is for people who come new.
            if folder and not re.match(
                r"tests/(data/|fuzz/corpus/|golden/.+/)|docs/screenshots|\.github", folder + "/"
            ):
                folders.setdefault(folder, set()).add(name)
        for folder, names in sorted(folders.items()):
            if len(names) > 3:
                with self.subTest(folder=folder):
                    self.assertIn("README.md", names)
                    readme = text_of(f"{folder}/README.md")
                    # x.h and x.cc may share a line as x.{h,cc} or x.*; a test is listed by its stem.
                    left = [
                        name
                        for name in sorted(names - {"README.md", "CMakeLists.txt"})
                        if name not in readme
                        and not re.search(rf"(?<![\w]){re.escape(name.split('.')[0])}\b", readme)
                    ]
                    self.assertEqual(left, [])


class Dependencies(unittest.TestCase):
    def includes(self):
        for path in tracked("wasm/*.h", "wasm/*.cc"):
            folder = (
                path[len(CORE) :].split("/")[0] if path.startswith(CORE) else path.split("/")[1]
            )
            for name in re.findall(r'^#include "([^"]+)"', text_of(path), re.MULTILINE):
                yield path, folder, name

    def test_includes_go_one_way(self):
        seen = 0
        for path, folder, name in self.includes():
            parts = name.split("/")
            target = parts[1] if parts[0] == "core" else parts[0]
            self.assertIn(target, MAY_INCLUDE[folder] | {folder}, f"{path} includes {name}")
            seen += 1
        self.assertGreater(seen, 30)

    def test_every_core_folder_is_a_library_of_the_same_dependencies(self):
        for folder, allowed in MAY_INCLUDE.items():
            if folder in ("session", "analysis", "bindings"):
                continue
            linked = set(
                re.findall(r"\bfiretower_(\w+)", text_of(f"{CORE}{folder}/CMakeLists.txt"))
            )
            linked = {"base" if name == "json" else name for name in linked} - {
                "core_library",
                "flags",
                "small",
                "core_flags",
                folder,
            }
            self.assertLessEqual(linked, allowed, folder)

    def test_the_pages_engine_does_not_contain_the_trainer(self):
        inputs = subprocess.run(
            ["ninja", "-C", "build/wasm", "-t", "inputs", "engine"],
            cwd=ROOT,
            text=True,
            capture_output=True,
            check=True,
        ).stdout
        self.assertIn("libfiretower_forest.a", inputs)
        self.assertNotIn("live_embind", inputs)
        self.assertNotIn("train", inputs.replace(str(ROOT), ""))
        self.assertNotIn("analysis", inputs.replace(str(ROOT), ""))

    def test_the_readme_lists_every_boundary_call(self):
        section = text_of("wasm/README.md").split("## Boundary calls")[1].split("\n## ")[0]
        sources = ("embind.cc", "live_embind.cc", "analysis_embind.cc")
        for source, part in zip(sources, section.split("\n### "), strict=True):
            exported = set(
                re.findall(r'emscripten::function\("(\w+)"', text_of(f"wasm/bindings/{source}"))
            )
            listed = {
                name
                for row in re.findall(r"^\| (`.*?) \|", part, re.MULTILINE)
                for name in re.findall(r"`(\w+)`", row)
            }
            self.assertGreater(len(exported), 10)
            self.assertEqual(listed, exported, source)

    def test_the_readme_says_who_may_use_whom(self):
        listed = dict(
            re.findall(
                r"^\| `(?:core/)?(\w+)` \|[^|]*\| ([\w, ]+) \|$",
                text_of("wasm/README.md"),
                re.MULTILINE,
            )
        )
        listed = {
            name: set() if uses == "nothing" else set(uses.split(", "))
            for name, uses in listed.items()
        }
        self.assertEqual(listed, MAY_INCLUDE)

    def test_only_the_bindings_know_emscripten(self):
        for path in tracked("wasm/*.h", "wasm/*.cc", "tools/*.h", "tools/*.cc"):
            if "<emscripten" in text_of(path):
                self.assertTrue(path.startswith("wasm/bindings/"), path)

    def test_core_does_no_input_or_output_and_has_no_clock(self):
        forbidden = re.compile(
            r"<(iostream|fstream|cstdio|stdio\.h|chrono|ctime|random|filesystem)>|\b(printf|fopen|std::cout|std::cerr|abort|"
            r"exit|rand|time)\s*\(|\bthrow\b|\bshared_ptr\b(?!<const )|std::\w+_distribution\b|std::(shuffle|hash)\b"
        )
        for path in tracked(
            "wasm/core/*.h", "wasm/core/*.cc", "wasm/session/*.h", "wasm/session/*.cc"
        ):
            found = [
                (number, line.strip())
                for number, line in enumerate(without_comments(text_of(path)).splitlines(), 1)
                if forbidden.search(line)
            ]
            self.assertEqual(found, [], path)


def imported(starts):
    """Paths below web/ of the scripts and of all that they import before they run."""
    found, waiting = set(), [ROOT / "web" / start for start in starts]
    while waiting:
        script = waiting.pop().resolve()
        name = script.relative_to(ROOT / "web").as_posix()
        if name not in found:
            found.add(name)
            pattern = r"^(?:import|export)\b(?:[^;'\"]*?\bfrom)?\s*['\"](\.[^'\"]+)['\"]"
            names = re.findall(pattern, script.read_text(encoding="utf-8"), re.MULTILINE)
            waiting += [script.parent / other for other in names]
    return found


class Page(unittest.TestCase):
    def test_the_page_asks_for_all_its_modules_at_once(self):
        html = text_of("web/index.html")
        asked = re.findall(r'<link rel="modulepreload" href="([^"]+)"(?: fetchpriority="low")?>', html)
        scripts = re.findall(r'<script src="([^"]+)" type="module"(?: \w+(?:="low")?)?>', html)
        self.assertEqual(scripts, ["js/start_engine.js", "js/app.js"])
        wanted = imported([*scripts, "js/engine/client/index.js"]) - set(scripts)
        self.assertEqual(sorted(asked), sorted(wanted))

    def test_imports_go_one_way(self):
        for path in tracked("web/js/*.js"):
            inside = path[len("web/js/") :].split("/")
            for name in re.findall(
                r"^\s*(?:import|export)\b[^;]*?from '([^']+)'|\bimport\('([^']+)'\)",
                without_comments(text_of(path)),
                re.MULTILINE,
            ):
                name = name[0] or name[1]
                if path == "web/js/engine/node.js" and name.startswith("node:"):
                    continue  # The one file that is for Node.
                self.assertTrue(
                    name.startswith("."), f"{path} imports {name}: the page has no packages"
                )
                target = ((ROOT / path).parent / name).resolve()
                self.assertTrue(target.is_file() or "engine/" in name, f"{path} imports {name}")
                layer = target.relative_to(ROOT / "web").parts
                if len(inside) > 1 and layer[0] == "js" and len(layer) > 2:
                    self.assertLessEqual(
                        LAYERS[layer[1]], LAYERS[inside[0]], f"{path} imports {name}"
                    )

    def test_every_module_is_type_checked(self):
        for path in tracked("web/js/*.js", "tests/*.mjs", "tools/*.mjs"):
            self.assertTrue(
                text_of(path).lstrip("#!/usr/bin/env node\n").startswith("// @ts-check")
                or "// @ts-check" in text_of(path)[:80],
                path,
            )

    def test_file_content_cannot_become_markup(self):
        forbidden = re.compile(
            r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|alert\(|srcdoc)"
        )
        for path in tracked("web/js/*.js"):
            self.assertIsNone(forbidden.search(without_comments(text_of(path))), path)
        html = text_of("web/index.html")
        self.assertIsNone(re.search(r"\son\w+=|\sstyle=|<style|<script(?![^>]*\ssrc=)", html))

    def test_nothing_comes_from_another_host(self):
        for path in tracked("web/*.html", "web/*.css", "web/*.webmanifest"):
            loads = re.findall(
                r"(?:src|href)=[\"']?(?:https?:)?//[^\"'\s>]*(?=[^>]*)|url\(\s*[\"']?(?:https?:)?//",
                text_of(path),
            )
            links = re.findall(r"<a\b[^>]*href=[\"']?(https?://[^\"'\s>]*)", text_of(path))
            self.assertEqual(len(loads), len(links), f"{path}: {loads}")


class Policy(unittest.TestCase):
    POLICY = text_of("web/csp.txt").strip()

    def test_the_page_carries_it_before_anything_it_governs(self):
        html = text_of("web/index.html")
        meta = re.search(
            r'<meta\s+http-equiv="Content-Security-Policy"\s+content="([^"]*)"\s*/?>', html
        )
        self.assertIsNotNone(meta)
        self.assertEqual(re.sub(r"\s+", " ", meta[1]), self.POLICY)
        before = html[: meta.start()]
        self.assertIsNone(re.search(r"<(script|link|style|img|body)\b", before))

    def test_there_is_no_other_policy(self):
        for path in tracked("web", "tools", "serve.py"):
            if path not in ("web/csp.txt", "web/index.html") and not path.endswith(
                (".png", ".safetensors")
            ):
                self.assertNotIn("default-src 'none'", text_of(path), path)

    def test_the_service_worker_sends_it(self):
        listed = build.precache_files(ROOT / "web")["precache.js"]
        policy = re.search(r"^export const POLICY = (.*);$", listed, re.MULTILINE)
        self.assertEqual(json.loads(policy[1]), self.POLICY)

    def test_it_allows_no_inline_script_no_eval_and_no_other_origin(self):
        self.assertNotIn("unsafe-inline", self.POLICY)
        self.assertNotIn("'unsafe-eval'", self.POLICY)
        self.assertIsNone(re.search(r"https?:|\*", self.POLICY))
        directives = dict(part.strip().split(" ", 1) for part in self.POLICY.split(";"))
        self.assertEqual(directives["default-src"], "'none'")
        self.assertEqual(directives["connect-src"], "'self'")
        self.assertEqual(directives["form-action"], "'none'")
        self.assertEqual(directives["base-uri"], "'none'")


if __name__ == "__main__":
    unittest.main()
