#!/usr/bin/python3
"""Trains the same random forest with scikit-learn and with firetower: how good, how fast.

Usage: tests/bench/train_compare.py [--runs 5] [--trees 500] [--cv-trees 500] [--data CSV]

Needs Debian's python3-sklearn and python3-pandas and the native command line (build/native, or
--firetower). Cross-validation: 5 folds, the same for both, stratified, exact duplicates of a row in
one fold; scaling fitted inside each fold; weighted AUC and average precision. Time: fitting on all
rows, both with two jobs, in turns in the same run; firetower's is that of the whole command
(reading the CSV file, fitting, writing the model), scikit-learn's that of fit() alone. The exit
code is 0 when both means are within one standard error of scikit-learn's (or above) and firetower
is at least 6 times as fast.
"""

import argparse
import json
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import numpy
import pandas
import sklearn
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.preprocessing import StandardScaler

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLAIN = [f"V{i}" for i in range(1, 29)]
FOREST = {"max_depth": 15, "max_features": "sqrt", "class_weight": "balanced_subsample"}
FOLDS = 5
JOBS = 2
WANTED_SPEEDUP = 6.0


def features(data, training):
    """V1..V28, Amount_scaled, Time_scaled, Time_hour, float32; scaling fitted on training rows."""
    columns = [data[PLAIN].to_numpy()]
    weight = data["Weight"].to_numpy()[training]
    for name in ("Amount", "Time"):
        values = data[[name]].to_numpy(dtype=float)
        scaler = StandardScaler().fit(values[training], sample_weight=weight)
        columns.append(scaler.transform(values))
    columns.append(((data[["Time"]].to_numpy(dtype=float) / 3600) % 24))
    return numpy.hstack(columns).astype(numpy.float32)


def config(trees):
    made = [
        {"name": "Amount_scaled", "op": "standard_scale", "input": "Amount"},
        {"name": "Time_scaled", "op": "standard_scale", "input": "Time"},
        {"name": "Time_hour", "op": "hour_of_day", "input": "Time"},
    ]
    forest = {"n_estimators": trees, **FOREST}
    return {"name": "compare", "features": PLAIN + made, "forest": forest}


def scikit_forest(trees, seed):
    return RandomForestClassifier(trees, n_jobs=JOBS, random_state=seed, **FOREST)


def make_folds(data):
    """The fold of every row."""
    inputs = PLAIN + ["Time", "Amount"]
    groups = data.groupby(inputs, sort=False).ngroup()
    splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    folds = numpy.zeros(len(data), dtype=int)
    for fold, (_, held_out) in enumerate(splitter.split(data, data["Class"], groups)):
        folds[held_out] = fold
    return folds


def scikit_figures(data, folds, trees):
    """Per fold: (AUC, average precision)."""
    label = data["Class"].to_numpy()
    weight = data["Weight"].to_numpy()
    figures = []
    for fold in range(FOLDS):
        training = folds != fold
        held_out = ~training
        x = features(data, training)
        forest = scikit_forest(trees, fold)
        forest.fit(x[training], label[training], sample_weight=weight[training])
        score = forest.predict_proba(x[held_out])[:, 1]
        options = {"sample_weight": weight[held_out]}
        figures.append(
            (
                roc_auc_score(label[held_out], score, **options),
                average_precision_score(label[held_out], score, **options),
            )
        )
    return figures


def firetower_train(binary, folder, trees, data_file, extra):
    """Runs `firetower train`; returns its report and the seconds the command took."""
    config_file = folder / "config.json"
    config_file.write_text(json.dumps(config(trees)))
    command = [binary, "train", "--data", data_file, "--label", "Class", "--weight", "Weight"]
    command += ["--config", config_file, "--threads", JOBS, "--json"]
    command += ["--out", folder / "model.safetensors", *extra]
    start = time.perf_counter()
    done = subprocess.run([*map(str, command)], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout), time.perf_counter() - start


def compare_quality(binary, folder, data, trees):
    """Prints both sides fold by fold. True: nothing is lost."""
    folds = make_folds(data)
    with_folds = folder / "folds.csv"
    data.assign(fold=folds).to_csv(with_folds, index=False, float_format="%.17g")
    theirs = scikit_figures(data, folds, trees)
    report, _ = firetower_train(binary, folder, trees, with_folds, ["--folds-column", "fold"])
    ours = [
        (fold["auc"]["value"], fold["average_precision"]["value"])
        for fold in report["cross_validation"]["folds"]
    ]
    print(f"{FOLDS}-fold cross-validation, {trees} trees, {FOREST}")
    print(f"{'':<22}{'AUC':^20}{'average precision':^20}")
    print(f"{'fold':<22}{'sklearn':>10}{'firetower':>10}{'sklearn':>10}{'firetower':>10}")
    for fold, (their, our) in enumerate(zip(theirs, ours)):
        print(f"{fold:<22}{their[0]:>10.4f}{our[0]:>10.4f}{their[1]:>10.4f}{our[1]:>10.4f}")
    good = True
    for figure, name in enumerate(("AUC", "average precision")):
        their = [fold[figure] for fold in theirs]
        our = [fold[figure] for fold in ours]
        error = statistics.stdev(their) / FOLDS**0.5
        our_error = statistics.stdev(our) / FOLDS**0.5
        kept = statistics.mean(our) >= statistics.mean(their) - error
        good = good and kept
        print(
            f"{name}: sklearn {statistics.mean(their):.4f} +- {error:.4f}, "
            f"firetower {statistics.mean(our):.4f} +- {our_error:.4f}: "
            f"{'within' if kept else 'NOT within'} one standard error"
        )
    return good


def compare_speed(binary, folder, data, data_file, trees, runs):
    """Prints both medians. True: firetower is fast enough."""
    label = data["Class"].to_numpy()
    weight = data["Weight"].to_numpy()
    x = features(data, numpy.ones(len(data), dtype=bool))
    their = []
    our = []
    our_fit = []
    for run in range(runs):
        forest = scikit_forest(trees, run)
        start = time.perf_counter()
        forest.fit(x, label, sample_weight=weight)
        their.append(time.perf_counter() - start)
        report, seconds = firetower_train(binary, folder, trees, data_file, ["--seed", str(run)])
        our.append(seconds)
        our_fit.append(report["fit_seconds"])
    ratio = statistics.median(their) / statistics.median(our)
    print(f"\nfitting {trees} trees on {len(data)} rows x {x.shape[1]} features, {JOBS} jobs")
    print(f"{runs} runs of each, in turns")
    for name, seconds in (
        ("sklearn fit()", their),
        ("firetower train, whole command", our),
        ("firetower train, fitting alone", our_fit),
    ):
        print(f"{name:<32}median {statistics.median(seconds):8.2f} s, best {min(seconds):8.2f} s")
    print(f"firetower is {ratio:.1f} times as fast (wanted: {WANTED_SPEEDUP:.0f})")
    return ratio >= WANTED_SPEEDUP


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default=ROOT.parent / "shared/data/creditcard_sample.csv.gz")
    parser.add_argument("--firetower", default=ROOT / "build/native/tools/firetower/firetower")
    parser.add_argument("--runs", type=int, default=5, help="of the timing; 0: none")
    parser.add_argument("--trees", type=int, default=500, help="for the timing")
    parser.add_argument("--cv-trees", type=int, default=500, help="for cross-validation; 0: none")
    arguments = parser.parse_args()
    data = pandas.read_csv(arguments.data, float_precision="round_trip")
    if "Weight" not in data:
        data["Weight"] = 1.0
    print(f"scikit-learn {sklearn.__version__}, Python {platform.python_version()}")
    good = True
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        data_file = folder / "data.csv"
        data.to_csv(data_file, index=False, float_format="%.17g")
        if arguments.cv_trees > 0:
            good = compare_quality(arguments.firetower, folder, data, arguments.cv_trees) and good
        if arguments.runs > 0:
            speed = (arguments.firetower, folder, data, data_file, arguments.trees, arguments.runs)
            good = compare_speed(*speed) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
