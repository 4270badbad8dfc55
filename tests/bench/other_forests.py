#!/usr/bin/env python3
"""Trains forests of other shapes than the benchmark's and writes each as Firetower model and as ONNX graph.

    other_forests.py BENCH

BENCH/data holds the benchmark table (../shared/bench/prepare.py). Writes to BENCH/other, for each of

    boosted   1,000 gradient-boosted trees of 64 leaves, logistic link: 127,000 nodes
    stumps    5,000 gradient-boosted trees of one split, logistic link: 15,000 nodes
    extra     200 extra trees grown to pure leaves: 2 million nodes, up to 40 levels

trained on 20,000 rows, of whose labels 10 % are flipped so that there is enough to split,
NAME.safetensors, NAME.onnx (TreeEnsembleRegressor, one target per leaf) and NAME.f64, scikit-learn's probability of each
of the table's first 20,000 rows. Needs numpy and scikit-learn. The same seed gives the same forests; what is there already
is left alone.
"""

import os
import pathlib
import struct
import sys
import types

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import export_sklearn

# Leaves hold what they add, be it a probability or not.
export_sklearn.leaf_probabilities = lambda tree, _: tree.value

INPUTS = ["Time", *(f"V{i}" for i in range(1, 29)), "Amount"]
CHECKED_ROWS = 20_000
TRAINING_ROWS = 20_000
SEED = 11


# ---- forests: a list of trees (arrays as scikit-learn's Tree has them) and what is made of their sum


class Ensemble:
    def __init__(self, estimator, trees, link, base_score):
        self.estimator = estimator
        self.trees = trees
        self.link = link
        self.base_score = base_score


def boosted_trees(estimator):
    trees = []
    for (predictor,) in estimator._predictors:
        nodes = predictor.nodes
        leaf = nodes["is_leaf"].astype(bool)
        trees.append(
            types.SimpleNamespace(
                children_left=np.where(leaf, -1, nodes["left"].astype(np.int64)),
                children_right=np.where(leaf, -1, nodes["right"].astype(np.int64)),
                feature=np.where(leaf, -1, nodes["feature_idx"].astype(np.int64)),
                threshold=nodes["num_threshold"].astype(np.float64),
                value=nodes["value"].astype(np.float64),
            )
        )
    return Ensemble(estimator, trees, "logistic", float(np.ravel(estimator._baseline_prediction)[0]))


def boosted(x, y):
    estimator = HistGradientBoostingClassifier(
        max_iter=1000,
        max_leaf_nodes=64,
        min_samples_leaf=1,
        learning_rate=0.02,
        early_stopping=False,
        random_state=SEED,
    )
    return boosted_trees(estimator.fit(x, y))


def stumps(x, y):
    estimator = HistGradientBoostingClassifier(
        max_iter=5000, max_leaf_nodes=2, learning_rate=0.1, early_stopping=False, random_state=SEED
    )
    return boosted_trees(estimator.fit(x, y))


def extra(x, y):
    estimator = ExtraTreesClassifier(n_estimators=200, max_features=5, n_jobs=2, random_state=SEED)
    estimator.fit(x, y)
    estimator.n_jobs = 1  # Its sums are in tree order only then.
    trees = []
    for member in estimator.estimators_:
        tree = member.tree_
        trees.append(
            types.SimpleNamespace(
                children_left=tree.children_left,
                children_right=tree.children_right,
                feature=tree.feature,
                threshold=tree.threshold,
                value=tree.value[:, 0, 1] / tree.value[:, 0, :].sum(axis=1),
            )
        )
    return Ensemble(estimator, trees, "identity", 0.0)


FORESTS = {"boosted": boosted, "stumps": stumps, "extra": extra}


# ---- ONNX


def varints(values):
    """Protocol buffers' encoding of whole numbers from 0 on."""
    rest = np.asarray(values, dtype=np.uint64)
    used = np.ones(len(rest), dtype=np.int64)
    for size in range(1, 10):
        used += rest >= np.uint64(1) << np.uint64(7 * size) if 7 * size < 64 else 0
    out = np.zeros(int(used.sum()), dtype=np.uint8)
    start = np.concatenate([[0], np.cumsum(used)[:-1]])
    for byte in range(int(used.max())):
        has = used > byte
        more = (used[has] > byte + 1).astype(np.uint8) << 7
        out[start[has] + byte] = (rest[has] & np.uint64(127)).astype(np.uint8) | more
        rest = rest >> np.uint64(7)
    return out.tobytes()


def number(field, value):
    return varints([field << 3]) + varints([value])


def block(field, payload):
    if isinstance(payload, str):
        payload = payload.encode()
    return varints([field << 3 | 2]) + varints([len(payload)]) + payload


def attribute(name, value):
    if isinstance(value, int):
        return block(5, block(1, name) + number(3, value) + number(20, 2))
    if isinstance(value, str):
        return block(5, block(1, name) + block(4, value) + number(20, 3))
    if isinstance(value, list):
        encoded = {text: block(9, text) for text in set(value)}
        return block(5, block(1, name) + b"".join(encoded[text] for text in value) + number(20, 8))
    if value.dtype.kind == "f":
        return block(5, block(1, name) + block(7, value.astype("<f4").tobytes()) + number(20, 6))
    return block(5, block(1, name) + block(8, varints(value)) + number(20, 7))


def tensor_info(name, shape):
    dimensions = b"".join(block(1, block(2, d) if isinstance(d, str) else number(1, d)) for d in shape)
    return block(1, name) + block(2, block(1, number(1, 1) + block(2, dimensions)))


def onnx_graph(ensemble):
    """One TreeEnsembleRegressor, as ../shared/bench's forest_reg.onnx, and the logistic function where there is one."""
    trees, scale = ensemble.trees, 1.0 if ensemble.link == "logistic" else 1.0 / len(ensemble.trees)
    sizes = [len(tree.feature) for tree in trees]
    tree_ids = np.repeat(np.arange(len(trees)), sizes)
    node_ids = np.concatenate([np.arange(size) for size in sizes])
    joined = {key: np.concatenate([getattr(tree, key) for tree in trees]) for key in vars(trees[0])}
    leaf = joined["children_left"] < 0
    attributes = {
        "n_targets": 1,
        "aggregate_function": "SUM",
        "post_transform": "NONE",
        "base_values": np.array([ensemble.base_score]),
        "nodes_treeids": tree_ids,
        "nodes_nodeids": node_ids,
        "nodes_featureids": np.where(leaf, 0, joined["feature"]),
        "nodes_values": np.where(leaf, np.float32(0), export_sklearn.round_threshold(joined["threshold"])),
        "nodes_modes": np.where(leaf, "LEAF", "BRANCH_LEQ").tolist(),
        "nodes_truenodeids": np.where(leaf, 0, joined["children_left"]),
        "nodes_falsenodeids": np.where(leaf, 0, joined["children_right"]),
        "target_treeids": tree_ids[leaf],
        "target_nodeids": node_ids[leaf],
        "target_ids": np.zeros(int(leaf.sum()), dtype=np.int64),
        "target_weights": joined["value"][leaf] * scale,
    }
    logistic = ensemble.link == "logistic"
    node = block(1, "X") + block(2, "sum" if logistic else "p") + block(4, "TreeEnsembleRegressor")
    node += b"".join(attribute(name, value) for name, value in attributes.items())
    node += block(7, "ai.onnx.ml")
    graph = block(1, node)
    if logistic:
        graph += block(1, block(1, "sum") + block(2, "p") + block(4, "Sigmoid"))
    graph += block(2, "forest")
    graph += block(11, tensor_info("X", ["N", len(INPUTS)])) + block(12, tensor_info("p", ["N", 1]))
    opsets = block(8, block(1, "") + number(2, 15)) + block(8, block(1, "ai.onnx.ml") + number(2, 3))
    return number(1, 8) + block(7, graph) + opsets


def train(bench, name):
    x = np.fromfile(bench / "data/X.f32", dtype=np.float32).reshape(-1, len(INPUTS))
    y = np.load(bench / "data/y.npy").astype(np.int64)
    random = np.random.default_rng(SEED)
    rows = np.union1d(random.choice(len(x), TRAINING_ROWS, replace=False), np.flatnonzero(y))
    labels = np.where(random.random(len(rows)) < 0.1, 1 - y[rows], y[rows])
    return x, FORESTS[name](x[rows], labels)


def write_model(path, name, ensemble):
    nodes = export_sklearn.Nodes(ensemble.trees, 1)
    features = export_sklearn.unchanged(range(len(INPUTS)), INPUTS)
    tensors, missing_left = export_sklearn.tensors_of(nodes, features)
    options = types.SimpleNamespace(
        name=name, out=str(path), version="1.0.0", description="", positive=1, label="", units={}, threshold=0.5
    )
    document = export_sklearn.make_document(options, ensemble.estimator, INPUTS, features, missing_left)
    document["link"], document["base_score"] = ensemble.link, ensemble.base_score
    document["aggregation"] = "sum" if ensemble.link == "logistic" else "mean"
    export_sklearn.write_file(str(path), document, tensors)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: other_forests.py BENCH")
    bench = pathlib.Path(sys.argv[1])
    folder = bench / "other"
    folder.mkdir(exist_ok=True)
    for name in FORESTS:
        last = folder / f"{name}.f64"
        if last.exists():
            continue
        x, ensemble = train(bench, name)
        write_model(folder / f"{name}.safetensors", name, ensemble)
        (folder / f"{name}.onnx").write_bytes(onnx_graph(ensemble))
        ensemble.estimator.predict_proba(x[:CHECKED_ROWS])[:, 1].astype(np.float64).tofile(last)
        print(f"{name}: {len(ensemble.trees)} trees, {sum(len(tree.feature) for tree in ensemble.trees)} nodes")


if __name__ == "__main__":
    main()
