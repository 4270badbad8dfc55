"""models/creditcard beside an independent evaluator and the real sample.

The native build directory is build/native, or what FIRETOWER_BUILD says; the real data is in ../shared/data.
"""

import csv
import gzip
import io
import json
import os
import pathlib
import subprocess
import unittest

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("FIRETOWER_BUILD", "build/native")
FIRETOWER = BUILD / "tools" / "firetower" / "firetower"
SHIPPED = ROOT / "models" / "creditcard"
DATA = ROOT.parent / "shared" / "data" / "creditcard_sample.csv.gz"
DTYPES = {"F64": "<f8", "F32": "<f4", "I32": "<i4", "U32": "<u4", "U16": "<u2", "U8": "u1"}
INPUTS = ["Time"] + [f"V{i}" for i in range(1, 29)] + ["Amount"]


def setUpModule():
    subprocess.run(["cmake", "--build", str(BUILD), "--target", "firetower"], check=True, stdout=subprocess.DEVNULL)


def read_model(path):
    """The tensors by name and the JSON document of a model file (models/FORMAT.md)."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    document = json.loads(header.pop("__metadata__")["firetower"])
    body = data[8 + size :]
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        tensors[name] = np.frombuffer(body[begin:end], DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors, document


def features_of(rows, tensors, document):
    """float32 features, computed in float64 and rounded once."""
    columns = []
    for f, feature in enumerate(document["features"]):
        x = rows[feature["input"]].to_numpy(np.float64)
        if feature["op"] == "standard_scale":
            x = (x - tensors["feature_mean"][f]) / tensors["feature_scale"][f]
        elif feature["op"] == "hour_of_day":
            x = np.mod(x / 3600.0, 24.0)
        columns.append(x.astype(np.float32))
    return np.column_stack(columns)


def children(is_leaf):
    """Left and right child of every node of one tree whose nodes stand in preorder; -1 in leaves."""
    left, right = np.full(len(is_leaf), -1), np.full(len(is_leaf), -1)
    waiting = []  # Nodes whose right subtree has not begun.
    for node, leaf in enumerate(is_leaf):
        if not leaf:
            left[node] = node + 1
            waiting.append(node)
        elif waiting:
            right[waiting.pop()] = node + 1
    return left, right


def predict(features, tensors):
    """Every row walked down every tree; the leaves summed in tree order."""
    total = np.zeros(len(features))
    every = tensors["node_feature"]
    by_feature = np.argsort(every[every != np.iinfo(every.dtype).max], kind="stable")
    thresholds = np.empty_like(tensors["threshold"])  # In preorder.
    thresholds[by_feature] = tensors["threshold"]
    begin = split = leaf = 0
    for size in tensors["tree_nodes"]:
        feature = tensors["node_feature"][begin : begin + size].astype(int)
        is_leaf = feature == np.iinfo(tensors["node_feature"].dtype).max
        threshold, value = np.zeros(size, np.float32), np.zeros(size)
        splits, leaves = np.count_nonzero(~is_leaf), np.count_nonzero(is_leaf)
        threshold[~is_leaf] = thresholds[split : split + splits]
        value[is_leaf] = tensors["leaf_value"][tensors["leaf_index"][leaf : leaf + leaves]]
        begin, split, leaf = begin + size, split + splits, leaf + leaves
        left, right = children(is_leaf)
        node = np.zeros(len(features), int)
        while True:
            inner = np.flatnonzero(~is_leaf[node])
            if inner.size == 0:
                break
            at = node[inner]
            goes_left = features[inner, feature[at]] <= threshold[at]
            node[inner] = np.where(goes_left, left[at], right[at])
        total += value[node]
    return total / len(tensors["tree_nodes"])


def synth(rows, seed):
    text = subprocess.run(
        [FIRETOWER, "synth", "--generator", SHIPPED / "generator.json", "--rows", str(rows), "--seed", str(seed)],
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
    return text, pd.read_csv(io.BytesIO(text))


def distance(a, b, weights):
    """Kolmogorov-Smirnov distance of a from b, b weighted."""
    a = np.sort(a)
    order = np.argsort(b, kind="stable")
    b, cumulative = b[order], np.concatenate([[0.0], np.cumsum(weights[order])]) / weights.sum()
    at = np.union1d(a, b)
    of_a = np.searchsorted(a, at, "right") / len(a)
    return np.abs(of_a - cumulative[np.searchsorted(b, at, "right")]).max()


class ShippedModel(unittest.TestCase):
    def test_an_independent_evaluator_gives_the_golden_probabilities(self):
        tensors, document = read_model(SHIPPED / "creditcard-rf.safetensors")
        golden = pd.read_csv(SHIPPED / "golden.csv", float_precision="round_trip")
        self.assertEqual(len(golden), 200)
        scores = predict(features_of(golden, tensors, document), tensors)
        np.testing.assert_array_equal(scores, golden["probability"].to_numpy())

    def test_no_golden_row_is_a_real_one(self):
        with gzip.open(DATA, "rt", newline="") as file:
            real = {tuple(round(float(row[name]), 6) for name in INPUTS) for row in csv.DictReader(file)}
        with open(SHIPPED / "golden.csv", newline="") as file:
            for row in csv.DictReader(file):
                self.assertNotIn(tuple(round(float(row[name]), 6) for name in INPUTS), real)

    def test_the_file_is_under_its_limit(self):
        packed = gzip.compress((SHIPPED / "creditcard-rf.safetensors").read_bytes(), 9)
        self.assertLess(len(packed), 1.5e6)


class GeneratedRows(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.real = pd.read_csv(DATA)
        cls.text, cls.rows = synth(284807, 1)

    def test_they_have_the_kaggle_format(self):
        header = ",".join(f'"{name}"' for name in INPUTS + ["Class"])
        lines = self.text.split(b"\n", 2)
        self.assertEqual(lines[0].decode(), header)
        self.assertRegex(lines[1].decode(), r'^0,(-?\d+(\.\d+)?,){29}"[01]"$')
        self.assertEqual(len(self.rows), 284807)
        self.assertTrue((np.diff(self.rows.Time) >= 0).all())
        self.assertLess(self.rows.Time.max(), 172800)
        self.assertAlmostEqual(self.rows.Class.mean(), 392 / 227830.3, delta=4 * np.sqrt(0.00172 / 284807))

    def test_none_equals_a_real_one(self):
        # V1 to V28 to 6 decimals, whatever the time and amount.
        columns = INPUTS[1:-1]
        real = pd.util.hash_pandas_object(self.real[columns].round(6), index=False)
        made = pd.util.hash_pandas_object(self.rows[columns].round(6), index=False)
        self.assertEqual(made.nunique(), 284807)
        self.assertFalse(made.isin(real).any())

    def test_genuine_rows_are_distributed_like_the_real_ones(self):
        real = self.real[self.real.Class == 0]
        made = self.rows[self.rows.Class == 0]
        worst = {name: distance(made[name].to_numpy(), real[name].to_numpy(), real.Weight.to_numpy()) for name in INPUTS}
        name = max(worst, key=worst.get)
        print(f"largest distance: {name} {worst[name]:.4f}")
        self.assertLessEqual(worst[name], 0.03)

    def test_the_model_finds_them_as_hard_as_real_ones(self):
        _, document = read_model(SHIPPED / "creditcard-rf.safetensors")
        scores = self.scores()
        expected = document["training"]["metrics"]["auc"]["value"]
        auc = roc_auc_score(self.rows.Class, scores)
        print(f"AUC on generated rows {auc:.4f}, cross-validated {expected:.4f}")
        self.assertLess(abs(auc - expected), 0.03)

    def scores(self):
        out = subprocess.run(
            [FIRETOWER, "score", "--model", SHIPPED / "creditcard-rf.safetensors", "--data", "-", "--out", "-"],
            input=self.text,
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ).stdout
        return pd.read_csv(io.BytesIO(out)).probability


if __name__ == "__main__":
    unittest.main()
