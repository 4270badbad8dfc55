"""Builds what the page is made of: npm packages, the WebAssembly engine, and the files copied into web/.

After page(), the folder web/ is the complete static site: any web server can serve it.
"""

import base64
import hashlib
import json
import os
import pathlib
import shutil

from . import ROOT, SetupError, run, say

WEB = ROOT / "web"
JOBS = str(os.cpu_count() or 2)

# Copied into web/ from elsewhere: (from, to), each a file or a folder of files.
_COPIES = [
    ("build/wasm/engine", "engine"),
    ("node_modules/chart.js/dist/chart.umd.js", "vendor/chart.umd.js"),
    ("node_modules/chart.js/LICENSE.md", "vendor/chart.LICENSE.md"),
    ("node_modules/@kurkle/color/LICENSE.md", "vendor/color.LICENSE.md"),
    ("models/creditcard", "models/creditcard"),
]

# What the page needs, by the end of its name, and which of these it does not: those of the service worker itself and
# of its switch, which a copy must not hold back, and those that no page loads.
_OFFLINE = {
    ".css",
    ".html",
    ".js",
    ".json",
    ".mjs",
    ".png",
    ".safetensors",
    ".svg",
    ".wasm",
    ".webmanifest",
}
_ONLINE_ONLY = {
    "js/engine/node.js",
    "models/creditcard/grid.json",
    "models/creditcard/report.json",
    "models/creditcard/train.json",
    "offline.json",
    "precache.js",
    "sw.js",
    "sw_entry.js",
}
_EXAMPLES = "js/engine/examples/"


def npm():
    """Runs npm ci when node_modules was not made from the present package-lock.json."""
    digest = hashlib.sha256()
    for name in ("package.json", "package-lock.json"):
        digest.update((ROOT / name).read_bytes())
    stamp = ROOT / "node_modules" / ".made-from"
    if stamp.exists() and stamp.read_text() == digest.hexdigest():
        return
    say("npm ci")
    run(["npm", "ci", "--no-audit", "--no-fund"], env={"PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1"})
    stamp.write_text(digest.hexdigest())


def _cache(build, name):
    """The value of a CMake cache entry, or nothing."""
    path = build / "CMakeCache.txt"
    if path.exists():
        for line in path.read_text().splitlines():
            if line.startswith(name + ":"):
                return line.split("=", 1)[1]
    return None


def cmake(preset, targets=(), tests=True, quiet=True):
    """Configures build/PRESET if that was not done yet and brings its targets (default: all) up to date."""
    build = ROOT / "build" / preset
    configured = (build / "build.ninja").exists() and _cache(build, "FIRETOWER_TESTS") is not None
    if not configured or (tests and _cache(build, "FIRETOWER_TESTS") != "ON"):
        say(f"configuring build/{preset}")
        run(
            ["cmake", "--preset", preset, f"-DFIRETOWER_TESTS={'ON' if tests else 'OFF'}"],
            quiet=quiet,
        )
    # By preset, not by folder: only then does the preset's environment hold.
    command = ["cmake", "--build", "--preset", preset, "--parallel", JOBS]
    run(command + [part for target in targets for part in ("--target", target)], quiet=quiet)


def _copy(source, target):
    """Copies a file, or a folder's files, unless the target has the same bytes; nothing else stays in a target folder."""
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        names = {entry.name for entry in source.iterdir() if entry.is_file()}
        for entry in target.iterdir():
            if entry.name not in names:
                entry.unlink()
        for name in names:
            _copy(source / name, target / name)
        return
    if _write(target, source.read_bytes()):
        shutil.copymode(source, target)


def _write(target, data):
    """Writes a file of the site unless it has the same bytes already; says whether it did."""
    if target.exists() and target.read_bytes() == data:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    say(f"making {target.relative_to(ROOT) if target.is_relative_to(ROOT) else target}")
    # Written beside and renamed: a page being served never sees half a file.
    scratch = target.with_name(target.name + ".part")
    scratch.write_bytes(data)
    scratch.replace(target)
    return True


def offline_files(web):
    """Paths below web/ of what the offline copy holds, sorted."""
    names = (path.relative_to(web).as_posix() for path in web.rglob("*") if path.is_file())
    return sorted(
        name
        for name in names
        if pathlib.PurePosixPath(name).suffix in _OFFLINE
        and name not in _ONLINE_ONLY
        and not name.startswith(_EXAMPLES)
        and not any(part.startswith(".") for part in name.split("/"))
    )


def precache_files(web):
    """The contents of precache.js (the files of the offline copy with their hashes, their policy, a version made of
    all) and of sw_entry.js, which is what the browser looks at for a new version."""
    files, total = {}, 0
    for name in offline_files(web):
        data = (web / name).read_bytes()
        total += len(data)
        files["./" if name == "index.html" else name] = _integrity(data)
    policy = (web / "csp.txt").read_text(encoding="utf-8").strip()
    everything = [policy, files, _integrity((web / "sw.js").read_bytes())]
    version = hashlib.sha256(json.dumps(everything).encode()).hexdigest()[:12]
    made = "// Made by tools/setup/build.py, see js/service/README.md."
    lines = [
        made,
        f"export const VERSION = {json.dumps(version)};",
        f"export const POLICY = {json.dumps(policy)};",
        f"export const BYTES = {total};",
        f"export const FILES = {json.dumps(files, indent=2)};",
    ]
    entry = [made, f"// Version {version}.", "import './sw.js';"]
    return {"precache.js": "\n".join(lines) + "\n", "sw_entry.js": "\n".join(entry) + "\n"}


def _integrity(data):
    return f"sha256-{base64.b64encode(hashlib.sha256(data).digest()).decode()}"


def precache(web=None):
    """Brings the list of the offline copy up to date with the files beside it."""
    web = WEB if web is None else web
    for name, text in precache_files(web).items():
        _write(web / name, text.encode())


def page():
    """Makes web/ the complete site. Quick when nothing changed."""
    npm()
    cmake("wasm", targets=["engine", "live", "analysis"], tests=False)
    for source, target in _COPIES:
        if not (ROOT / source).exists():
            raise SetupError(f"{source} is missing")
        _copy(ROOT / source, WEB / target)
    precache()
