"""scikit-learn's and pandas' side of the benchmark.

    sklearn_side.py BENCH                        answers a line "evaluate ROWS JOBS", "read" or "file JOBS" on
                                                 standard input with the seconds it took
    sklearn_side.py BENCH --write-expected FILE  probabilities of all rows, one job, float64
"""

import pathlib
import sys
import time

import joblib
import numpy as np
import pandas as pd

bench = pathlib.Path(sys.argv[1])
data = bench / "data"


def table():
    return np.fromfile(data / "X.f32", np.float32).reshape(-1, 30)


def main():
    forest = joblib.load(data / "rf.joblib")
    forest.n_jobs = 1
    if "--write-expected" in sys.argv:
        forest.predict_proba(table())[:, 1].astype(np.float64).tofile(sys.argv[3])
        return
    rows = table()
    print("ready", flush=True)
    for line in sys.stdin:
        what, *numbers = line.split()
        start = time.perf_counter()
        if what == "evaluate":
            forest.n_jobs = int(numbers[1])
            forest.predict_proba(rows[: int(numbers[0])])
        elif what == "read":
            pd.read_csv(data / "cc.csv")
        elif what == "file":
            forest.n_jobs = int(numbers[0])
            frame = pd.read_csv(data / "cc.csv")
            forest.predict_proba(frame.drop(columns="Class").to_numpy())
        print(time.perf_counter() - start, flush=True)


main()
