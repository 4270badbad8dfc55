#!/usr/bin/env python3
"""Writes forests of many sizes for scaling.mjs: extra trees on made-up rows with labels by chance.

    scaling_forests.py FOLDER

Inputs are uniform over [0, 1) and labels random, so trees grow to the depth they are allowed. One series varies the
number of trees (depth 15, 30 features), one the depth (100 trees, 30 features), one the features (100 trees, depth 15).
Writes NAME.safetensors and forests.json: per forest its series, trees, depth, features, nodes, and the mean number of
splits a row meets. What is there already is left alone.
"""

import json
import pathlib
import subprocess
import sys

import joblib
import numpy as np
from sklearn.ensemble import ExtraTreesClassifier

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROWS = 20_000
TREES = (10, 30, 100, 300, 1000, 5000)
DEPTHS = (4, 6, 8, 10, 12, 15, 20, 30)
FEATURES = (5, 15, 50, 150, 500)
DEPTH_15_ROWS = 450  # Of these rows a tree of depth 15 is as large as the benchmark forest's: about 550 nodes.


def mean_path(forest):
    """Splits met by a training row, which is distributed as the rows that are timed."""
    total = 0.0
    for tree in (estimator.tree_ for estimator in forest.estimators_):
        inner = tree.children_left >= 0
        total += tree.n_node_samples[inner].sum() / tree.n_node_samples[0]
    return total / len(forest.estimators_)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    known = folder / "forests.json"
    done = json.loads(known.read_text()) if known.exists() else {}
    wanted = [("trees", trees, 15, 30, DEPTH_15_ROWS) for trees in TREES]
    wanted += [("depth", 100, depth, 30, ROWS) for depth in DEPTHS]
    wanted += [("features", 100, 15, features, DEPTH_15_ROWS) for features in FEATURES]
    for series, trees, depth, features, rows in wanted:
        name = f"{series}-{trees}-{depth}-{features}"
        file = folder / f"{name}.safetensors"
        if file.exists() and name in done:
            continue
        random = np.random.default_rng(7)
        x = random.random((rows, features), dtype=np.float32)
        y = random.integers(0, 2, rows)
        forest = ExtraTreesClassifier(trees, max_depth=depth, max_features=1, random_state=7, n_jobs=2)
        forest.fit(x, y)
        joblib_file = folder / "forest.joblib"
        joblib.dump(forest, joblib_file)
        names = ",".join(f"x{i}" for i in range(features))
        exporter = [sys.executable, ROOT / "tools/export_sklearn.py", joblib_file, file]
        subprocess.run([*exporter, "--features", names, "--name", name], check=True, stdout=2)
        joblib_file.unlink()
        done[name] = {
            "series": series,
            "trees": trees,
            "depth": depth,
            "features": features,
            "nodes": sum(estimator.tree_.node_count for estimator in forest.estimators_),
            "mean_path": mean_path(forest),
        }
        known.write_text(json.dumps(done, indent=1))


main()
