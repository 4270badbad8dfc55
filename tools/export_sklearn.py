#!/usr/bin/env python3
"""Turns a fitted scikit-learn forest or tree into a Firetower model file (models/FORMAT.md).

    export_sklearn.py MODEL.joblib OUT.safetensors --features Time,V1,Amount --label Class

Takes RandomForestClassifier, ExtraTreesClassifier, DecisionTreeClassifier and ExtraTreeClassifier with two
classes, alone or as the last step of a Pipeline after a StandardScaler or a ColumnTransformer of
StandardScaler, passthrough and drop. Anything else is refused by name. --features names the columns of the X that
the model was fitted on, in order.

The exported model's probabilities equal predict_proba with n_jobs=1 bit for bit on the same float32 features (with more
jobs trees are added up in the order the threads finish); before a scaler X must be float64 (a scaler fed with float32
computes in float32). Needs Python 3.9, numpy, joblib and the
scikit-learn the model was saved with; compared bit for bit with 1.2.1 and 1.9.1. From 1.3 on scikit-learn keeps
fractions in its leaves and learns where missing values go; both are carried over.

A .joblib file can run code when it is loaded: open only files you trust.
"""

import argparse
import contextlib
import json
import os
import struct
import sys

import joblib
import numpy as np
import sklearn

FORMAT_VERSION = "2.0"
EXIT_USAGE = 2
EXIT_BAD_INPUT = 3
FORESTS = ("RandomForestClassifier", "ExtraTreesClassifier")
TREES = ("DecisionTreeClassifier", "ExtraTreeClassifier")
MAX_FEATURES = 4096
MAX_TREES = 65536
MAX_NODES = 1 << 26
LEAF = -1


class Unsupported(Exception):
    """The model cannot be expressed in a model file; the message says why."""


# ---- what scikit-learn holds


def kind_of(thing):
    """The class name of a scikit-learn object; "module.Class" of anything else."""
    cls = type(thing)
    return cls.__name__ if cls.__module__.startswith("sklearn.") else f"{cls.__module__}.{cls.__name__}"


def split_pipeline(model):
    """(preprocessing step or None, classifier)."""
    if kind_of(model) != "Pipeline":
        return None, model
    steps = [step for _, step in model.steps if step is not None and not isinstance(step, str)]
    if not steps:
        raise Unsupported("the Pipeline has no steps")
    if len(steps) > 2:
        raise Unsupported(
            "a Pipeline may have one step before the classifier; this one has "
            + ", ".join(kind_of(step) for step in steps)
        )
    return (steps[0] if len(steps) == 2 else None), steps[-1]


def check_classifier(model):
    kind = kind_of(model)
    if kind not in FORESTS + TREES:
        raise Unsupported(f"{kind} is not supported; supported are {', '.join(FORESTS + TREES)}")
    if not hasattr(model, "classes_"):
        raise Unsupported(f"the {kind} is not fitted")
    if model.n_outputs_ != 1:
        raise Unsupported(f"the {kind} predicts {model.n_outputs_} outputs; one is supported")
    if len(model.classes_) != 2:
        raise Unsupported(f"the {kind} has {len(model.classes_)} classes; two are supported")


def class_text(value):
    """A class label as it would stand in a CSV file: 1.0 and True are 1."""
    if isinstance(value, (bool, np.bool_)) or (
        isinstance(value, (float, np.floating)) and float(value).is_integer()
    ):
        return str(int(value))
    return str(value)


def positive_index(classes, wanted):
    texts = [class_text(value) for value in classes]
    if wanted is None:
        return 1
    if wanted not in texts:
        raise Unsupported(f"--positive-class {wanted} is not among the classes {', '.join(texts)}")
    return texts.index(wanted)


def leaf_probabilities(tree, positive):
    """Per node what predict_proba makes of it, in the same operations."""
    value = tree.value[:, 0, :2].astype(np.float64)
    if tuple(int(part) for part in sklearn.__version__.split(".")[:2]) < (1, 3):
        normalizer = value.sum(axis=1)[:, np.newaxis]
        normalizer[normalizer == 0.0] = 1.0
        value = value / normalizer
    return value[:, positive]


def round_threshold(threshold):
    """The largest float32 <= threshold: x <= threshold decides alike for every float32 x."""
    with np.errstate(over="ignore"):
        nearest = threshold.astype(np.float32)
    above = nearest.astype(np.float64) > threshold
    return np.where(above, np.nextafter(nearest, np.float32(-np.inf)), nearest)


def preorder(left, right):
    """Node indexes in preorder; scikit-learn's own order differs from it when max_leaf_nodes is set."""
    order = []
    pending = [0]
    while pending:
        node = pending.pop()
        order.append(node)
        if left[node] != LEAF:
            pending.append(right[node])
            pending.append(left[node])
    return np.array(order)


class Nodes:
    """The node arrays of the file."""

    def __init__(self, trees, positive):
        sizes, feature, threshold, default_left, value = [], [], [], [], []
        for tree in trees:
            order = preorder(tree.children_left.tolist(), tree.children_right.tolist())
            split = tree.children_left[order] != LEAF
            sizes.append(len(order))
            feature.append(np.where(split, tree.feature[order], LEAF))
            threshold.append(round_threshold(tree.threshold[order][split]))
            missing_left = getattr(tree, "missing_go_to_left", np.zeros(len(order)))
            default_left.append(np.asarray(missing_left)[order][split].astype(np.uint8))
            value.append(leaf_probabilities(tree, positive)[order][~split])
        self.sizes = np.array(sizes, dtype=np.int32)
        self.feature = np.concatenate(feature)
        # By feature, those of one feature in preorder.
        by_feature = np.argsort(self.feature[self.feature != LEAF], kind="stable")
        self.threshold = np.concatenate(threshold).astype(np.float32)[by_feature]
        self.default_left = np.concatenate(default_left)
        self.leaf_value, self.leaf_index = np.unique(np.concatenate(value), return_inverse=True)
        self.leaf_index = self.leaf_index.reshape(-1)


# ---- preprocessing


class Feature:
    def __init__(self, name, column, mean=None, scale=None):
        self.name = name
        self.column = column  # Index into the columns of X.
        self.mean = mean  # None: as it is.
        self.scale = scale


def scaled(scaler, columns, names):
    if not hasattr(scaler, "n_features_in_"):
        raise Unsupported("the StandardScaler is not fitted")
    mean = scaler.mean_ if scaler.with_mean else np.zeros(len(columns))
    scale = scaler.scale_ if scaler.with_std else np.ones(len(columns))
    return [
        Feature(f"{names[column]}_scaled", column, float(mean[i]), float(scale[i]))
        for i, column in enumerate(columns)
    ]


def unchanged(columns, names):
    return [Feature(names[column], column) for column in columns]


def column_indexes(columns, names):
    """What a ColumnTransformer calls its columns, as indexes."""
    if isinstance(columns, str):
        columns = [columns]
    if isinstance(columns, slice) and isinstance(columns.start or columns.stop, str):
        first = names.index(columns.start) if columns.start is not None else 0
        last = names.index(columns.stop) + 1 if columns.stop is not None else len(names)
        return list(range(first, last))
    if isinstance(columns, slice):
        return list(range(len(names)))[columns]
    columns = np.atleast_1d(columns)
    if columns.dtype == bool:
        return [int(i) for i in np.flatnonzero(columns)]
    if columns.dtype.kind in "iu":
        return [int(i) % len(names) for i in columns]
    for column in columns:
        if column not in names:
            raise Unsupported(f"the ColumnTransformer's column {column} is not among --features")
    return [names.index(column) for column in columns]


def make_features(step, names):
    """The features in the order in which the classifier sees them."""
    everything = list(range(len(names)))
    if step is None:
        return unchanged(everything, names)
    if kind_of(step) == "StandardScaler":
        return scaled(step, everything, names)
    if kind_of(step) != "ColumnTransformer":
        raise Unsupported(
            f"{kind_of(step)} before the classifier is not supported; "
            "supported are StandardScaler and ColumnTransformer"
        )
    if not hasattr(step, "transformers_"):
        raise Unsupported("the ColumnTransformer is not fitted")
    if step.transformer_weights:
        raise Unsupported("a ColumnTransformer with transformer_weights is not supported")
    features = []
    for label, transformer, columns in step.transformers_:
        indexes = column_indexes(columns, names)
        if isinstance(transformer, str) and transformer == "drop":
            continue
        is_identity = kind_of(transformer) == "FunctionTransformer" and transformer.func is None
        if is_identity or (isinstance(transformer, str) and transformer == "passthrough"):
            features += unchanged(indexes, names)
        elif kind_of(transformer) == "StandardScaler":
            if indexes:
                features += scaled(transformer, indexes, names)
        else:
            raise Unsupported(
                f"{kind_of(transformer)} ({label}) in the ColumnTransformer is not supported; "
                "supported are StandardScaler, passthrough and drop"
            )
    return features


def column_names(model, given):
    """The columns of X: --features, checked against what the model remembers."""
    remembered = getattr(model, "feature_names_in_", None)
    remembered = None if remembered is None else [str(name) for name in remembered]
    if given is None and remembered is None:
        raise Unsupported("--features is needed: the model does not know the names of its columns")
    names = given if given is not None else remembered
    if remembered is not None and names != remembered:
        raise Unsupported("--features differs from what the model was fitted on: " + ",".join(remembered))
    if len(names) != model.n_features_in_:
        raise Unsupported(f"--features has {len(names)} names; the model has {model.n_features_in_} columns")
    if len(set(names)) != len(names) or "" in names:
        raise Unsupported("--features has an empty name or one twice")
    return names


# ---- the file


def unique_names(features):
    seen = set()
    for feature in features:
        name, count = feature.name, 1
        while name in seen:
            count += 1
            name = f"{feature.name}_{count}"
        seen.add(name)
        feature.name = name


def parameters_of(classifier):
    """What get_params says, as far as JSON can hold it."""
    plain = (str, int, float, bool, type(None))
    return {
        key: value if isinstance(value, plain) else str(value)
        for key, value in classifier.get_params(deep=False).items()
    }


def make_document(options, classifier, names, features, missing_left):
    used = sorted({feature.column for feature in features})
    missing = "propagate" if missing_left else "reject"
    return {
        "format": FORMAT_VERSION,
        "name": options.name or os.path.splitext(os.path.basename(options.out))[0],
        "version": options.version,
        "description": options.description,
        "task": "binary_classification",
        "positive_class": class_text(classifier.classes_[options.positive]),
        "label_column": options.label,
        "weight_column": "",
        "engine_version": f"export_sklearn.py (scikit-learn {sklearn.__version__})",
        "inputs": [{"name": names[column], "unit": options.units.get(names[column], "")} for column in used],
        "features": [
            {
                "name": feature.name,
                "input": names[feature.column],
                "op": "passthrough" if feature.mean is None else "standard_scale",
                "missing": missing,
            }
            for feature in features
        ],
        "comparison": "<=",
        "missing_direction": "per_node" if missing_left else "right",
        "aggregation": "mean",
        "link": "identity",
        "base_score": 0.0,
        "threshold": options.threshold,
        "risk_cuts": [0.05, 0.2, 0.5, 0.8],
        "training": {
            "trainer": f"scikit-learn {sklearn.__version__}",
            "estimator": kind_of(classifier),
            "parameters": parameters_of(classifier),
        },
    }


def tensors_of(nodes, features):
    """The file's arrays, and whether a missing value goes left somewhere."""
    missing_left = bool(nodes.default_left.any())
    feature_type = np.uint8 if len(features) <= 255 else np.uint16
    index_type = np.uint16 if len(nodes.leaf_value) <= 65536 else np.uint32
    tensors = [
        ("feature_mean", np.array([feature.mean or 0.0 for feature in features])),
        ("feature_scale", np.array([1.0 if feature.scale is None else feature.scale for feature in features])),
        ("feature_fill", np.zeros(len(features))),
        ("leaf_value", nodes.leaf_value),
        ("tree_nodes", nodes.sizes),
        ("threshold", nodes.threshold),
        ("leaf_index", nodes.leaf_index.astype(index_type)),
        ("node_feature", nodes.feature.astype(np.int64).astype(feature_type)),
    ]
    if missing_left:
        tensors.append(("default_left", nodes.default_left))
    return tensors, missing_left


def write_file(path, document, tensors):
    """A safetensors container: header length, header, little-endian arrays."""
    header = {"__metadata__": {"firetower": json.dumps(document, ensure_ascii=False, separators=(",", ":"))}}
    data = b""
    for name, array in tensors:
        dtype = {"f8": "F64", "f4": "F32", "i4": "I32", "u4": "U32", "u2": "U16", "u1": "U8"}[
            array.dtype.str[1:]
        ]
        raw = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes()
        header[name] = {
            "dtype": dtype,
            "shape": [len(array)],
            "data_offsets": [len(data), len(data) + len(raw)],
        }
        data += raw
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % 8)
    write_whole(path, struct.pack("<Q", len(text)) + text + data)


def write_whole(path, data):
    """A regular file appears under its name only when it is complete; links are followed, devices written as they are."""
    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, "wb") as file:
            file.write(data)
        return
    target = os.path.realpath(path)
    temporary = target + ".part"
    try:
        with open(temporary, "wb") as file:
            file.write(data)
        os.replace(temporary, target)
    except OSError:
        with contextlib.suppress(OSError):
            os.remove(temporary)
        raise


def export(model, options):
    """Writes the model to options.out. Raises Unsupported, OSError."""
    step, classifier = split_pipeline(model)
    check_classifier(classifier)
    names = column_names(step if step is not None else classifier, options.features)
    features = make_features(step, names)
    unique_names(features)
    if len(features) != classifier.n_features_in_:
        raise Unsupported(
            f"the preprocessing makes {len(features)} features; the classifier wants {classifier.n_features_in_}"
        )
    if len(features) > MAX_FEATURES:
        raise Unsupported(f"{len(features)} features are over the limit of {MAX_FEATURES}")
    options.positive = positive_index(classifier.classes_, options.positive_class)
    members = classifier.estimators_ if kind_of(classifier) in FORESTS else [classifier]
    if len(members) > MAX_TREES:
        raise Unsupported(f"{len(members)} trees are over the limit of {MAX_TREES}")
    nodes = Nodes([member.tree_ for member in members], options.positive)
    if len(nodes.feature) > MAX_NODES:
        raise Unsupported(f"{len(nodes.feature)} nodes are over the limit of {MAX_NODES}")

    tensors, missing_left = tensors_of(nodes, features)
    write_file(options.out, make_document(options, classifier, names, features, missing_left), tensors)
    return len(members), len(nodes.feature), len(features)


def parse_units(text):
    units = {}
    for pair in filter(None, text.split(",")):
        name, found, unit = pair.partition("=")
        if not found:
            raise argparse.ArgumentTypeError(f"{pair} is not NAME=UNIT")
        units[name] = unit
    return units


def probability(text):
    value = float(text)
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError("is not within 0..1")
    return value


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", metavar="MODEL.joblib")
    parser.add_argument("out", metavar="OUT.safetensors")
    parser.add_argument(
        "--features",
        type=lambda text: text.split(","),
        metavar="A,B,...",
        help="columns of X in order (default: those the model remembers)",
    )
    parser.add_argument("--name", help="model name (default: that of the file)")
    parser.add_argument("--version", default="1.0.0", help="model version (default: 1.0.0)")
    parser.add_argument("--description", default="", help="one sentence")
    parser.add_argument("--positive-class", help="class whose probability is given (default: the second)")
    parser.add_argument("--threshold", type=probability, default=0.5, help="flag from here (default: 0.5)")
    parser.add_argument("--label", default="", metavar="COLUMN", help="column that holds the class in labelled files")
    parser.add_argument("--units", type=parse_units, default={}, metavar="A=s,B=EUR", help="units of columns")
    return parser.parse_args(arguments)


def main(arguments=None):
    options = parse_arguments(arguments)
    try:
        model = joblib.load(options.model)
    except Exception as error:  # Unpickling raises whatever the file makes it raise.
        print(f"export_sklearn.py: {options.model}: cannot be loaded: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    try:
        trees, nodes, features = export(model, options)
    except Unsupported as error:
        print(f"export_sklearn.py: {options.model}: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    except OSError as error:
        print(f"export_sklearn.py: {options.out}: cannot be written: {error.strerror}", file=sys.stderr)
        return EXIT_USAGE
    print(f"{options.out}: {trees} trees, {nodes} nodes, {features} features, {os.path.getsize(options.out)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
