"""XGBoost's side of the training benchmark, with the settings that come nearest to the benchmark forest's.

    train_side.py BENCH   answers on standard input:
        xgboost TREES     fits an XGBoost random forest (histograms, 2 threads): seconds
        quality CSV       AUC and average precision on the rows after the training rows, as JSON: of the last XGBoost
                          forest and of the probabilities in CSV (scikit-learn's forest has seen some of these rows)

Needs Debian's python3-xgboost beside numpy, pandas and scikit-learn.
"""

import json
import pathlib
import sys
import time

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, roc_auc_score

ROWS = 227_845
THREADS = 2


def figures(label, score):
    return {
        "auc": roc_auc_score(label, score),
        "average_precision": average_precision_score(label, score),
    }


def main():
    bench = pathlib.Path(sys.argv[1])
    try:
        import xgboost
    except ImportError as error:
        print(f"error {error} (Debian: python3-xgboost)")
        return
    table = np.load(bench / "data/X.npy").astype(np.float32)
    label = np.load(bench / "data/y.npy").astype(int)
    training, known = table[:ROWS], label[:ROWS]
    positives = known.sum()
    weight = np.where(known == 1, ROWS / (2 * positives), ROWS / (2 * (ROWS - positives)))
    forest = None
    print("ready", flush=True)
    for line in sys.stdin:
        what, argument = line.split(maxsplit=1)
        if what == "xgboost":
            forest = xgboost.XGBRFClassifier(
                n_estimators=int(argument),
                max_depth=15,
                tree_method="hist",
                max_bin=256,
                subsample=0.632,
                colsample_bynode=5 / 30,
                n_jobs=THREADS,
                reg_lambda=1e-5,
                learning_rate=1.0,
            )
            start = time.perf_counter()
            forest.fit(training, known, sample_weight=weight)
            print(time.perf_counter() - start, flush=True)
        else:
            held_out = label[ROWS:]
            ours = pd.read_csv(argument.strip())["probability"].to_numpy()[ROWS:]
            result = {
                "XGBoost": figures(held_out, forest.predict_proba(table[ROWS:])[:, 1]),
                "Firetower": figures(held_out, ours),
                "xgboost_version": xgboost.__version__,
            }
            print(json.dumps(result), flush=True)


main()
