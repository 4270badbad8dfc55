"""The scikit-learn models that Firetower is compared with, the rows they are compared on, and the judge.

Synthetic data only. The judge is scikit-learn's own code: ForestClassifier.predict_proba refuses infinite values at
the door, so its three lines behind that door (zeros, add each tree's predict_proba in order, divide by their number)
are called here with the trees' input check off.
"""

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

# scikit-learn's search for infinite values adds up columns of numbers near 1e38.
np.seterr(invalid="ignore", over="ignore")

FEATURES = ["Amount", "Sign", "Step", "Tiny", "Huge", "V1", "V2"]
INPUTS = ["Time", "V1", "V2", "Amount", "Comment"]

KINDS = (
    "random_forest_balanced",
    "random_forest_full",
    "extra_trees",
    "decision_tree",
    "single_leaves",
)


def training_data(rows, seed):
    """Features (float32) whose thresholds fall on special places, and noisy labels (20 % positive)."""
    random = np.random.RandomState(seed)
    x = np.empty((rows, len(FEATURES)), dtype=np.float32)
    x[:, 0] = np.round(random.lognormal(3, 1.5, rows), 2)
    x[:, 1] = random.choice([-1, 1], rows)  # thresholds at exactly 0
    x[:, 2] = random.randint(-4, 5, rows)  # thresholds at halves
    x[:, 3] = random.normal(0, 1e-6, rows)
    x[:, 4] = random.uniform(-3.3e38, 3.3e38, rows)
    x[:, 5] = random.standard_t(4, rows)
    x[:, 6] = 0.5 * x[:, 5] + random.standard_t(4, rows)
    score = x[:, 5] + x[:, 1] * x[:, 2] / 3 + np.sign(x[:, 3]) - np.sign(x[:, 4]) + random.normal(0, 1, rows)
    return x, (score > np.quantile(score, 0.8)).astype(int)


def classifier(kind, trees, seed):
    if kind == "random_forest_balanced":
        return RandomForestClassifier(
            trees, max_depth=15, class_weight="balanced_subsample", random_state=seed
        )
    if kind == "random_forest_full":
        return RandomForestClassifier(trees, random_state=seed)
    if kind == "extra_trees":
        return ExtraTreesClassifier(trees, min_samples_leaf=2, class_weight="balanced", random_state=seed)
    if kind == "decision_tree":
        # Best-first growth: the node order is not the preorder of the file.
        return DecisionTreeClassifier(max_leaf_nodes=10 * trees, random_state=seed)
    if kind == "single_leaves":
        return RandomForestClassifier(trees, min_samples_leaf=0.6, random_state=seed)
    raise ValueError(kind)


def members(model):
    return list(getattr(model, "estimators_", [model]))


def odd_values():
    """Zeros, subnormals, the ends of the range, the infinities, and ordinary numbers."""
    tiny = np.nextafter(np.float32(0), np.float32(1))
    info = np.finfo(np.float32)
    positive = [0, tiny, info.tiny, np.nextafter(info.tiny, np.float32(0)), 1e-7, 0.5, 1, 3, info.max, np.inf]
    return np.concatenate([np.float32(positive), -np.float32(positive)])


def special_rows(model, rows, x, seed):
    """Rows (float32) around the model's thresholds: each value is the greatest float32 not above a threshold, the next one
    on either side, an odd value, or one of the training data."""
    random = np.random.RandomState(seed)
    out = x[random.randint(0, len(x), rows)].copy()
    odd = odd_values()
    for feature in range(x.shape[1]):
        thresholds = np.concatenate(
            [tree.tree_.threshold[tree.tree_.feature == feature] for tree in members(model)]
        )
        nearest = thresholds.astype(np.float32)
        around = np.concatenate(
            [nearest, np.nextafter(nearest, np.float32(-np.inf)), np.nextafter(nearest, np.float32(np.inf)), odd]
        )
        pick = random.rand(rows) < 0.7
        out[pick, feature] = around[random.randint(0, len(around), pick.sum())]
    out[: len(odd)] = odd[:, np.newaxis]
    return out


def judge(model, x):
    """predict_proba of the second class, infinite values allowed."""
    total = np.zeros((len(x), 2))
    for tree in members(model):
        total += tree.predict_proba(x, check_input=False)
    if hasattr(model, "estimators_"):
        total /= len(model.estimators_)
    return total[:, 1]


def check_judge(model, x):
    """On finite rows the judge is predict_proba itself, bit for bit."""
    finite = x[np.isfinite(x).all(axis=1)]
    assert len(finite) > 0
    assert np.array_equal(judge(model, finite), model.predict_proba(finite)[:, 1])


def transaction_table(rows, seed):
    """A float64 table with the columns INPUTS, and labels."""
    import pandas

    random = np.random.RandomState(seed)
    table = pandas.DataFrame(
        {
            "Time": np.sort(np.round(random.uniform(0, 172800, rows))),
            "V1": random.standard_t(4, rows),
            "V2": random.standard_t(4, rows),
            "Amount": np.round(random.lognormal(3, 1.5, rows), 2),
            "Comment": np.arange(rows, dtype=float),
        }
    )
    score = table.V1 - table.V2 + np.log(table.Amount) + random.normal(0, 1, rows)
    return table, (score > np.quantile(score, 0.9)).astype(int).to_numpy()


def preprocessed_forest(trees, seed):
    """A Pipeline whose ColumnTransformer scales two columns, drops one and passes the rest."""
    columns = ColumnTransformer(
        [("scaled", StandardScaler(), ["Amount", "Time"]), ("gone", "drop", ["Comment"])], remainder="passthrough"
    )
    forest = RandomForestClassifier(trees, max_depth=15, class_weight="balanced_subsample", random_state=seed)
    return Pipeline([("columns", columns), ("forest", forest)])
