#!/usr/bin/python3
"""Writes oracle.json: small scored data sets and what scikit-learn 1.2.1 says of them.

Usage: /usr/bin/python3 tests/unit/metrics/make_oracle.py   (Debian's python3-sklearn)
"""

import json
import pathlib
import random

import sklearn
from sklearn import metrics

THRESHOLD = 0.5


def case(name, rows, positive_share, digits, weighted, extremes=False):
    """Random scores, rounded to `digits` so that low numbers give ties across the classes."""
    source = random.Random(name)
    labels = [1 if source.random() < positive_share else 0 for _ in range(rows)]
    labels[0], labels[1] = 0, 1
    scores = [round(min(1.0, max(0.0, source.gauss(0.35 + 0.3 * y, 0.2))), digits) for y in labels]
    if extremes:  # certain and wrong: what log loss clips
        scores[0], scores[1] = 1.0, 0.0
    weights = [source.choice([0.0, 0.25, 1.0, 1.0, 7.5, 11.0]) if weighted else 1.0 for _ in labels]
    flagged = [1 if s >= THRESHOLD else 0 for s in scores]
    options = {"sample_weight": weights}
    (tn, fp), (fn, tp) = metrics.confusion_matrix(labels, flagged, **options)
    return {
        "name": name,
        "scores": scores,
        "labels": labels,
        "weights": weights if weighted else [],
        "expected": {
            "roc_auc": metrics.roc_auc_score(labels, scores, **options),
            "average_precision": metrics.average_precision_score(labels, scores, **options),
            "brier": metrics.brier_score_loss(labels, scores, **options),
            "log_loss": metrics.log_loss(labels, scores, **options),
            "confusion": [tp, fp, tn, fn],
            "precision": metrics.precision_score(labels, flagged, **options),
            "recall": metrics.recall_score(labels, flagged, **options),
            "f1": metrics.f1_score(labels, flagged, **options),
        },
    }


def main():
    cases = [
        case("plain", 80, 0.4, 6, weighted=False),
        case("ties", 80, 0.4, 1, weighted=False),
        case("weighted", 90, 0.3, 6, weighted=True),
        case("weighted ties", 90, 0.3, 1, weighted=True),
        case("rare", 120, 0.04, 2, weighted=True),
        case("certain and wrong", 40, 0.5, 3, weighted=True, extremes=True),
    ]
    document = {"scikit_learn": sklearn.__version__, "threshold": THRESHOLD, "cases": cases}
    out = pathlib.Path(__file__).with_name("oracle.json")
    out.write_text(json.dumps(document, separators=(",", ":")).replace('{"name"', '\n{"name"') + "\n")


if __name__ == "__main__":
    main()
