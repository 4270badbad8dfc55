"""Finds what this machine lacks and installs it with apt, after showing the list and asking.

A requirement is met when its file or command is there, wherever it came from. Where there is no apt, the
message names what to install and what Homebrew and dnf call it.
"""

import glob
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from . import ROOT, SetupError, run, say

INCLUDES = ("/usr/include", "/usr/local/include", "/opt/homebrew/include")
BOOST_UNPACKED = ROOT / "build" / "deps" / "boost"


def _output(*command):
    """The command's standard output, or nothing where it cannot be run or fails."""
    try:
        return subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""


def _command(name, at_least=None):
    """Whether a command is on the PATH and, if asked for, prints a version that is new enough."""

    def probe():
        if not shutil.which(name):
            return False
        if at_least is None:
            return True
        version = re.search(r"(\d+)\.(\d+)", _output(name, "--version"))
        return bool(version) and (int(version[1]), int(version[2])) >= at_least

    return probe


def _file(*patterns):
    return lambda: any(glob.glob(pattern) for pattern in patterns)


def _header(path, *more):
    return _file(*(f"{folder}/{path}" for folder in INCLUDES + more))


def find_python(*modules):
    """An interpreter that has the modules: a package may belong to another one than the PATH's python3."""
    for name in dict.fromkeys((shutil.which("python3"), "/usr/bin/python3")):
        if name and _output(name, "-c", f"import {', '.join(modules)}; print('yes')"):
            return name
    return None


def find_chromium():
    """The browser the page's tests run in: FIRETOWER_CHROMIUM, or what the system has."""
    names = (os.environ.get("FIRETOWER_CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    application = "/Applications/Chromium.app/Contents/MacOS/Chromium"
    return next(
        (path for path in (shutil.which(n) for n in names + (application,) if n) if path), None
    )


def _clang_runtime_package():
    """Debian names the runtime of clang by clang's version: libclang-rt-14-dev on Debian 12."""
    version = re.search(r"Depends: clang-(\d+)", _output("apt-cache", "depends", "clang"))
    return f"libclang-rt-{version[1] if version else 14}-dev"


class Requirement:
    """One thing that is needed: what it is called for people, how to see that it is there, and who packages it.

    debian may be a function, called only when the requirement is missing. unpack: the headers of that Debian
    package are unpacked into a folder of their own instead of being installed.
    """

    def __init__(self, what, probe, debian, brew, dnf, unpack=None):
        self.what = what
        self.probe = probe
        self.debian = debian
        self.brew = brew
        self.dnf = dnf
        self.unpack = unpack


def _boost_package():
    """The newest Boost >= 1.75 that apt offers: Debian 12 has 1.74 and 1.81, which refuse to be installed together."""
    found = re.findall(
        r"^libboost1\.(\d+)-dev$", _output("apt-cache", "pkgnames", "libboost1."), re.MULTILINE
    )
    minor = max((int(number) for number in found), default=0)
    return f"libboost1.{minor}-dev" if minor >= 75 else None


_CERTIFICATES = Requirement(
    "CA certificates",
    _file("/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem", "/etc/pki/tls/cert.pem"),
    "ca-certificates",
    "ca-certificates",
    "ca-certificates",
)
_NODE = Requirement("Node.js >= 18", _command("node", (18, 0)), "nodejs", "node", "nodejs")
_NPM = Requirement("npm", _command("npm"), "npm", "node", "nodejs-npm")
_CMAKE = Requirement("CMake >= 3.25", _command("cmake", (3, 25)), "cmake", "cmake", "cmake")
_NINJA = Requirement("Ninja", _command("ninja"), "ninja-build", "ninja", "ninja-build")
_EMSCRIPTEN = Requirement(
    "Emscripten >= 3.1.6", _command("emcc"), "emscripten", "emscripten", "emscripten"
)
_EIGEN = Requirement(
    "Eigen 3.4",
    _header("Eigen/Core", "/usr/include/eigen3", "/opt/homebrew/include/eigen3"),
    "libeigen3-dev",
    "eigen",
    "eigen3-devel",
)
_FAST_FLOAT = Requirement(
    "fast_float",
    _header("fast_float/fast_float.h"),
    "libfast-float-dev",
    "fast_float",
    "fast_float-devel",
)
_FMT = Requirement("{fmt} 9", _header("fmt/format.h"), "libfmt-dev", "fmt", "fmt-devel")
_BOOST = Requirement(
    "Boost >= 1.75 (headers)",
    _header("boost/json/src.hpp", str(BOOST_UNPACKED / "usr/include")),
    _boost_package,
    "boost",
    "boost-devel",
    unpack=BOOST_UNPACKED,
)
_GXX = Requirement("g++ 12", _command("g++"), "g++", "gcc", "gcc-c++")
_CLI11 = Requirement("CLI11", _header("CLI/CLI.hpp"), "libcli11-dev", "cli11", "cli11-devel")
_GTEST = Requirement(
    "GoogleTest", _header("gtest/gtest.h"), "libgtest-dev", "googletest", "gtest-devel"
)
_GTEST_SOURCES = Requirement(
    "GoogleTest's sources",
    _file("/usr/src/googletest/googletest/CMakeLists.txt"),
    "googletest",
    "googletest",
    "gtest-devel",
)
_CLANG = Requirement("clang", _command("clang++"), "clang", "llvm", "clang")
_CLANG_RUNTIME = Requirement(
    "libFuzzer and the sanitizers of clang",
    _file(
        "/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a",
        "/usr/lib*/clang/*/lib/*/libclang_rt.fuzzer*.a",
        "/opt/homebrew/opt/llvm/lib/clang/*/lib/darwin/libclang_rt.fuzzer*.a",
    ),
    _clang_runtime_package,
    "llvm",
    "compiler-rt",
)
_BENCHMARK = Requirement(
    "Google Benchmark",
    _header("benchmark/benchmark.h"),
    "libbenchmark-dev",
    "google-benchmark",
    "google-benchmark-devel",
)
_SKLEARN = Requirement(
    "scikit-learn 1.2",
    lambda: find_python("sklearn") is not None,
    "python3-sklearn",
    "pip: scikit-learn",
    "python3-scikit-learn",
)
_PANDAS = Requirement(
    "pandas",
    lambda: find_python("sklearn", "pandas") is not None,
    "python3-pandas",
    "pip: pandas",
    "python3-pandas",
)
_VALGRIND = Requirement("Valgrind", _command("valgrind"), "valgrind", "valgrind", "valgrind")
_CHROMIUM = Requirement(
    "Chromium", lambda: find_chromium() is not None, "chromium", "chromium", "chromium"
)
_FONTS = Requirement(
    "a font",
    _file("/usr/share/fonts/*/*", "/System/Library/Fonts/*"),
    "fonts-liberation",
    "font-liberation",
    "liberation-fonts",
)

_BUILD = [_CMAKE, _NINJA, _EIGEN, _FAST_FLOAT, _FMT, _BOOST]
PAGE = [_CERTIFICATES, _NODE, _NPM, _EMSCRIPTEN] + _BUILD
NATIVE = [_GXX, _CLI11, _GTEST] + _BUILD
# What each part of tests/run needs; bench is tests/bench/run.
PARTS = {
    "native": NATIVE,
    "asan": NATIVE + [_CLANG, _CLANG_RUNTIME],
    "wasm": PAGE + [_GTEST_SOURCES],
    "js": PAGE + NATIVE + [_CHROMIUM, _FONTS],
    "ground": PAGE,
    "fuzz": NATIVE + [_CLANG, _CLANG_RUNTIME],
    "golden": NATIVE + [_SKLEARN, _PANDAS],
    "guard": PAGE + NATIVE + [_VALGRIND],
    "e2e": PAGE + NATIVE + [_CHROMIUM, _FONTS],
    "bench": PAGE + NATIVE + [_BENCHMARK, _SKLEARN, _PANDAS, _CHROMIUM, _FONTS],
}


def missing(requirements):
    """Those that are not met, each once, in order."""
    return [need for need in dict.fromkeys(requirements) if not need.probe()]


def _hint(needs):
    """The message for machines without apt."""
    lines = [f"{need.what:40} {need.brew:20} {need.dnf}" for need in needs]
    if sys.platform == "darwin":
        names = dict.fromkeys(need.brew for need in needs)
        brew = [name for name in names if not name.startswith("pip: ")]
        pip = [name[len("pip: ") :] for name in names if name.startswith("pip: ")]
        advice = "\n".join(
            [f"With Homebrew: brew install {' '.join(brew)}"] * bool(brew)
            + [f"With pip: python3 -m pip install {' '.join(pip)}"] * bool(pip)
        )
    elif shutil.which("dnf"):
        advice = "With dnf: sudo dnf install " + " ".join(dict.fromkeys(need.dnf for need in needs))
    else:
        advice = "Install these with this system's package manager, then run this again."
    return "\n".join(
        [
            "this machine lacks, and has no apt-get to install:",
            "",
            f"{'what':40} {'Homebrew':20} Fedora (dnf)",
        ]
        + lines
        + ["", advice]
    )


def _apt(*arguments):
    """The command line of apt-get as root; raises SetupError where there is no way to become root."""
    command = ["apt-get", *arguments]
    if os.geteuid() == 0:
        return ["env", "DEBIAN_FRONTEND=noninteractive"] + command
    if shutil.which("sudo"):
        return ["sudo", "env", "DEBIAN_FRONTEND=noninteractive"] + command
    raise SetupError(
        "installing needs root, and there is no sudo. As root, run: " + " ".join(command)
    )


def _known(package):
    return (
        re.search(r"Candidate: (?!\(none\))", _output("apt-cache", "policy", package)) is not None
    )


def _names(needs):
    """(package or None, requirement) of every need, asking apt for those named by version."""
    return [(need.debian() if callable(need.debian) else need.debian, need) for need in needs]


def _unpack(package, folder):
    """Unpacks a package's files into folder. Downloads as the user: nothing is installed."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        # apt drops its privileges to download, so its user must be able to write here.
        os.chmod(scratch, 0o777)
        command = ["apt-get", "download", "-q", package]
        say(f"$ {' '.join(command)}")
        if subprocess.run(command, cwd=scratch).returncode != 0:
            raise SetupError(f"cannot download {package}")
        unpacked = pathlib.Path(scratch) / "files"
        run(["dpkg-deb", "-x", glob.glob(f"{scratch}/*.deb")[0], str(unpacked)])
        shutil.rmtree(folder, ignore_errors=True)
        unpacked.rename(folder)


def install(requirements, yes):
    """Installs what is missing. Shows the list first and asks, unless yes; raises SetupError if that fails or is refused."""
    needs = missing(requirements)
    if not needs:
        return
    if not shutil.which("apt-get"):
        raise SetupError(_hint(needs))
    update = (
        _apt("update", "-q")
        if not all(package and _known(package) for package, _ in _names(needs))
        else None
    )
    if update is None:
        names = _names(needs)
    else:
        # The package lists are not there yet, so versions cannot be named before asking.
        names = [(package or "libboost1.81-dev", need) for package, need in _names(needs)]
    installed = [package for package, need in names if not need.unpack]
    unpacked = [(package, need) for package, need in names if need.unpack]

    say("Missing on this machine:")
    for package, need in names:
        where = f", unpacked into {need.unpack.relative_to(ROOT)}" if need.unpack else ""
        say(f"  {package:22} {need.what}{where}")
    install_options = ["install", "-y", "-q", "--no-install-recommends"]
    commands = [update] if update else []
    if installed:
        commands.append(_apt(*install_options, *installed))
    for command in commands:
        say(f"  $ {' '.join(command)}")
    if not yes:
        if not sys.stdin.isatty():
            raise SetupError(
                "nothing was installed: run again with --yes to install the packages above"
            )
        if input("Install them? [y/N] ").strip().lower() not in ("y", "yes"):
            raise SetupError("nothing was installed")

    if update:
        run(update)
        names = _names(needs)
        unpacked = [(package, need) for package, need in names if need.unpack]
        installed = [package for package, need in names if not need.unpack]
    if installed:
        command = _apt(*install_options, *installed)
        try:
            run(command)
        except SetupError:
            # Package lists that are older than the mirror name files that are gone.
            if update:
                raise
            run(_apt("update", "-q"))
            run(command)
    for package, need in unpacked:
        if package is None:
            raise SetupError(
                f"apt offers no package with {need.what}: install it by hand, then run this again"
            )
        _unpack(package, need.unpack)
    left = missing(needs)
    if left:
        raise SetupError("still missing after installing: " + ", ".join(need.what for need in left))
