#!/usr/bin/env python3
"""Instructions of the kernels and of the reader, and gzipped sizes, against those committed in costs.json.

    tests/guard/costs.py                        compares; one line per figure, and how many hold
    tests/guard/costs.py --update --reason WHY  writes the figures that differ, with the reason, to be committed

Instructions are counted by callgrind, one run over generated transactions: no clock is read, and the counts are the
same on every machine that has this compiler. A figure holds within 3 % either way: a gain is committed too, so that
the next loss is seen.
"""

import argparse
import gzip
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from setup import SetupError, build  # noqa: E402  (the path above comes first)

COMMITTED = pathlib.Path(__file__).with_name("costs.json")
TOLERANCE = 0.03
ROWS, SEED = 16384, 20130901
COMMAND = 'tests/guard/costs.py --update --reason "WHY"'

# Function of kernel_costs.cc: what it does. The forests: 100 trees up to 15 deep, 200 of up to 64 leaves, 500 stumps.
WORK = {
    "MeasureReader": f"reader: {ROWS:,} rows x 31 columns",
    "MeasureBlock": f"100 deep trees: {ROWS:,} rows",
    "Measure64Rows": "100 deep trees: 64 rows, 16 times",
    "Measure8Rows": "100 deep trees: 8 rows, 64 times",
    "Measure1Row": "100 deep trees: 1 row, 64 times",
    "MeasureBoosted": f"200 boosted trees: {ROWS:,} rows",
    "MeasureStumps": f"500 stumps: {ROWS:,} rows",
}


def output(*command, **options):
    """A command's standard output; raises SetupError, with what it said, where it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, **options)
    except OSError as error:
        raise SetupError(f"{command[0]}: {error.strerror}") from error
    if done.returncode:
        raise SetupError(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def compiler(folder):
    """The compiler of a native build: counts of another one cannot be compared."""
    text = (folder / "CMakeCache.txt").read_text()
    path = re.search(r"^CMAKE_CXX_COMPILER:\w+=(.*)$", text, re.MULTILINE)[1]
    return f"{output(path, '-dumpmachine').strip()} {output(path, '-dumpfullversion', '-dumpversion').strip()}"


def inclusive(profile):
    """Instructions of every function named Measure..., with all that it calls, in a profile without compression."""
    counts, function = {}, None
    for line in profile.splitlines():
        if line.startswith("fn="):
            function = line[3:]
        elif line[:1].isdigit() and function in WORK:
            # Cost of a line of its own, or, after calls=, of what is called there.
            counts[function] = counts.get(function, 0) + int(line.split()[1])
    return counts


def instructions(folder, scratch):
    """{what: instructions}; leaves the generated forest in scratch/generated.safetensors."""
    data, profile = scratch / "rows.csv", scratch / "profile"
    generator = ROOT / "models" / "creditcard" / "generator.json"
    output(
        str(folder / "tools/firetower/firetower"),
        *("synth", "--generator", generator, "--rows", str(ROWS), "--seed", str(SEED), "--out", data),
    )
    # The C library chooses its string functions by the processor; these are what every x86-64 has.
    hwcaps = "glibc.cpu.hwcaps=-AVX2,-AVX,-BMI1,-BMI2,-ERMS,-FSRM,-SSE4_2"
    output(
        *("valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}"),
        *("--compress-strings=no", "--compress-pos=no", "--toggle-collect=Measure*"),
        *(str(folder / "tests/guard/kernel_costs"), data, scratch / "generated.safetensors"),
        env=dict(os.environ, GLIBC_TUNABLES=hwcaps),
    )
    counts = inclusive(profile.read_text())
    if counts.keys() != WORK.keys():
        raise SetupError(f"callgrind counted {sorted(counts)} instead of {sorted(WORK)}")
    return {what: counts[function] for function, what in WORK.items()}


def gzipped(paths):
    return sum(len(gzip.compress(path.read_bytes(), 9, mtime=0)) for path in paths)


def loaded(starts):
    """The scripts and all that they import before they run."""
    found, waiting = set(), list(starts)
    while waiting:
        script = waiting.pop().resolve()
        if script not in found:
            found.add(script)
            imports = r"^(?:import|export)\b(?:[^;'\"]*?\bfrom)?\s*['\"](\.[^'\"]+)['\"]"
            names = re.findall(imports, script.read_text(encoding="utf-8"), re.MULTILINE)
            waiting += [script.parent / name for name in names]
    return found


def sizes(scratch):
    """{what: bytes after gzip -9}"""
    web = build.WEB
    html = (web / "index.html").read_text(encoding="utf-8")
    names = re.findall(r'(?:href|src)="([^":]+\.\w+)"', html)
    links = [web / name for name in names if not name.startswith("models/")]
    scripts = {path for path in links if path.suffix == ".js"}
    modules = sorted({path.stem for path in (web / "engine").glob("*.wasm")})
    engine = [web / "engine" / f"firetower.{kind}" for kind in ("mjs", "wasm")]
    page = loaded(scripts | {web / "js/engine/worker.js"}) | set(engine) | (set(links) - scripts)
    return {
        **{
            f"engine/{name}, .wasm and .mjs": gzipped((web / "engine").glob(f"{name}.*"))
            for name in modules
        },
        "page with its engine, without the model": gzipped(page | {web / "index.html"}),
        "offline copy without the model": gzipped(
            web / name for name in build.offline_files(web) if not name.startswith("models/")
        ),
        "shipped model": gzipped([ROOT / "models/creditcard/creditcard-rf.safetensors"]),
        "generated forest, 100 deep trees": gzipped([scratch / "generated.safetensors"]),
    }


def measure(folder):
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        counted = {"instructions": instructions(folder, scratch), "gzipped bytes": sizes(scratch)}
    return {
        f"{unit}: {what}": number
        for unit, numbers in counted.items()
        for what, number in numbers.items()
    }


def compare(committed, now):
    """[(what, holds, sentence)] of every figure that is committed or measured."""
    lines = []
    for what in dict.fromkeys([*committed, *now]):
        was = committed.get(what, {}).get("value")
        if what not in now:
            lines.append((what, False, f"{was:,} -> no longer measured"))
        elif was is None:
            lines.append((what, False, f"{now[what]:,}, new"))
        else:
            change = now[what] - was
            holds = abs(change) <= TOLERANCE * was
            lines.append((what, holds, f"{was:,} -> {now[what]:,} ({change / was:+.2%})"))
    return lines


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--update", action="store_true", help="write the figures that differ")
    parser.add_argument("--reason", help="why they differ, for --update")
    parser.add_argument(
        "--build", type=pathlib.Path, help="a native build to count in (default: builds all it needs)"
    )
    options = parser.parse_args(arguments)
    if options.update != bool(options.reason and options.reason.strip()):
        parser.error("--update and --reason WHY come together")
    folder = (options.build or ROOT / "build" / "native").resolve()
    try:
        if options.build is None:
            build.cmake("native", targets=["kernel_costs", "firetower"])
            build.page()
        using = compiler(folder)
        now = measure(folder)
    except SetupError as error:
        print(f"costs.py: {error}", file=sys.stderr)
        return 2
    committed = json.loads(COMMITTED.read_text()) if COMMITTED.exists() else {"figures": {}}
    figures = committed["figures"]
    if not options.update and committed.get("compiler") != using:
        print(
            f"costs.py: counted with {committed.get('compiler')}, this is {using}: not to be compared",
            file=sys.stderr,
        )
        return 2
    lines = compare(figures, now)
    for what, holds, sentence in lines:
        print(f"{'ok     ' if holds else 'CHANGED'} {what}: {sentence}")
    changed = [what for what, holds, _ in lines if not holds]
    if options.update:
        for what in changed if committed.get("compiler") == using else now:
            figures[what] = {"value": now.get(what), "reason": options.reason.strip()}
        figures = {what: figures[what] for what in now}
        COMMITTED.write_text(
            json.dumps({"compiler": using, "figures": figures}, indent=2, ensure_ascii=False) + "\n"
        )
        print(f"{COMMITTED.relative_to(ROOT)} is written: commit it")
        return 0
    if changed:
        print(
            f"A change of more than {TOLERANCE:.0%} is committed with its reason: {COMMAND}", flush=True
        )
    print(f"{len(lines) - len(changed)} passed, {len(changed)} failed")
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
