#!/usr/bin/env python3
"""Fits five kinds of scikit-learn models, exports them, and compares Firetower's probabilities with scikit-learn's bit
for bit, on rows full of exact thresholds, their neighbours, zeros, subnormals and infinities; then a preprocessing
Pipeline from CSV through `firetower score`. One line per kind; exit code 1 on any difference.

    compare_sklearn.py [--build build/native] [--rows 20000]

Needs Debian's python3-sklearn (scikit-learn 1.2.1) and a native build of predict_raw and firetower.
"""

import argparse
import csv
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "golden"))

try:
    import joblib
    import numpy as np
    import sklearn
    import sklearn_models as models
except ImportError as error:
    sys.exit(f"compare_sklearn.py: {error}; on Debian: apt-get install python3-sklearn python3-pandas, then use /usr/bin/python3")

EXPORTER = ROOT / "tools" / "export_sklearn.py"
SEED = 1956
TRAINING_ROWS = 12000
TREES = 60


class Comparison:
    """How many rows of one kind were compared, and how many differ in any bit."""

    def __init__(self, kind, expected, found):
        self.kind = kind
        self.rows = len(expected)
        self.mismatches = int((expected.view(np.uint64) != found.view(np.uint64)).sum())
        self.distinct = len(np.unique(expected))

    def __str__(self):
        return (
            f"{self.kind}: {self.rows} rows compared bit for bit, {self.mismatches} mismatches "
            f"({self.distinct} distinct probabilities)"
        )


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr.strip()}")


def export(model, folder, features):
    joblib.dump(model, folder / "model.joblib")
    run(sys.executable, EXPORTER, folder / "model.joblib", folder / "model.safetensors", "--features", ",".join(features))
    return folder / "model.safetensors"


def compare_kind(kind, build, rows):
    """One of models.KINDS on float32 rows, by the native engine."""
    x, y = models.training_data(TRAINING_ROWS, SEED)
    model = models.classifier(kind, TREES, SEED).fit(x, y)
    special = models.special_rows(model, rows, x, SEED + 1)
    models.check_judge(model, special)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        exported = export(model, folder, models.FEATURES)
        (folder / "rows").write_bytes(special.tobytes(order="F"))
        run(build / "tests" / "golden" / "predict_raw", exported, folder / "rows", folder / "out")
        found = np.fromfile(folder / "out", dtype=np.float64)
    return Comparison(kind, models.judge(model, special), found)


def compare_score(build, rows):
    """A Pipeline with a ColumnTransformer: float64 columns in a CSV file, `firetower score`, probabilities read back."""
    table, y = models.transaction_table(TRAINING_ROWS, SEED)
    model = models.preprocessed_forest(TREES, SEED).fit(table, y)
    other, _ = models.transaction_table(rows, SEED + 1)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        exported = export(model, folder, models.INPUTS)
        with open(folder / "rows.csv", "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(other.columns)
            writer.writerows([repr(float(value)) for value in row] for row in other.to_numpy())
        run(
            build / "tools" / "firetower" / "firetower", "score",
            "--model", exported, "--data", folder / "rows.csv", "--out", folder / "scores.csv",
        )  # fmt: skip
        with open(folder / "scores.csv", newline="", encoding="utf-8") as file:
            found = np.array([float(row["probability"]) for row in csv.DictReader(file)])
    return Comparison("preprocessed, from CSV", model.predict_proba(other)[:, 1], found)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "native")
    parser.add_argument("--rows", type=int, default=20000)
    options = parser.parse_args()
    print(f"scikit-learn {sklearn.__version__}, {TREES} trees, {TRAINING_ROWS} training rows")
    failed = False
    for kind in models.KINDS:
        comparison = compare_kind(kind, options.build, options.rows)
        print(comparison, flush=True)
        failed |= comparison.mismatches > 0
    comparison = compare_score(options.build, options.rows)
    print(comparison)
    return 1 if failed or comparison.mismatches > 0 else 0


if __name__ == "__main__":
    sys.exit(main())
