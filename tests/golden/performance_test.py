"""firetower evaluate's figures, estimates and back-tests beside scikit-learn, scipy and counting by brute force.

The native build directory is build/native, or what FIRETOWER_BUILD says.
"""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import numpy as np
import pandas as pd
from scipy import stats
from sklearn import metrics
from sklearn.calibration import calibration_curve
from sklearn.isotonic import IsotonicRegression

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("FIRETOWER_BUILD", "build/native")
FIRETOWER = BUILD / "tools" / "firetower" / "firetower"
CONFIG = {"name": "test", "inputs": ["a", "b"], "features": ["a", "b"], "forest": {"n_estimators": 40, "max_depth": 6}}
FIGURES = ["auc", "average_precision", "precision", "recall", "specificity", "f1"]
THRESHOLD = 0.3


def setUpModule():
    subprocess.run(["cmake", "--build", str(BUILD), "--target", "firetower"], check=True, stdout=subprocess.DEVNULL)


def made_up(rows, seed):
    source = np.random.default_rng(seed)
    label = (source.random(rows) < 0.2).astype(int)
    return pd.DataFrame(
        {
            "time": np.sort(source.uniform(0, 1000, rows)).round(3),
            "a": source.normal(size=rows) + 1.5 * label,
            "b": 30 * source.normal(size=rows) + 20 * label,
            "amount": source.gamma(2, 50, rows).round(2),
            "label": label,
            "w": source.integers(1, 12, rows).astype(float),
            "fold": 1 + np.arange(rows) % 4,
        }
    )


def brute_figures(label, score, weight, threshold):
    """scikit-learn's figures at a threshold; specificity by counting."""
    flagged = (score >= threshold).astype(int)
    options = {"sample_weight": weight}
    negative = label == 0
    return {
        "auc": metrics.roc_auc_score(label, score, **options),
        "average_precision": metrics.average_precision_score(label, score, **options),
        "precision": metrics.precision_score(label, flagged, **options),
        "recall": metrics.recall_score(label, flagged, **options),
        "specificity": np.average(1 - flagged[negative], weights=weight[negative]),
        "f1": metrics.f1_score(label, flagged, **options),
    }


def placements(label, score, weight):
    """Row by row, the share of the other class that it is ranked right against."""
    positive, negative = label == 1, label == 0
    right = (score[positive][:, None] > score[negative]) + 0.5 * (score[positive][:, None] == score[negative])
    return (
        right @ weight[negative] / weight[negative].sum(),
        weight[positive] @ right / weight[positive].sum(),
    )


def counts_of(p):
    """The distribution of the number of successes, multiplied out."""
    law = np.ones(1)
    for chance in p:
        law = np.convolve(law, [1 - chance, chance])
    return law


def quantile(values, chances, share):
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(chances[order]) >= share
    return values[order][np.argmax(reached)]


class Performance(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.config = cls.folder / "config.json"
        cls.config.write_text(json.dumps(CONFIG))
        cls.training = made_up(600, 1)
        cls.data = made_up(1200, 2)
        cls.training_file, cls.file = cls.csv("training.csv", cls.training), cls.csv("data.csv", cls.data)
        cls.model = cls.train("model", "--folds-column", "fold")
        cls.score = cls.scores(cls.model, cls.file)
        cls.label = cls.data["label"].to_numpy()

    @classmethod
    def csv(cls, name, table):
        path = cls.folder / name
        table.to_csv(path, index=False)
        return path

    @classmethod
    def run_firetower(cls, *arguments):
        return subprocess.run([str(FIRETOWER), *map(str, arguments)], capture_output=True, check=False)

    @classmethod
    def done(cls, *arguments):
        result = cls.run_firetower(*arguments)
        if result.returncode != 0:
            raise AssertionError(result.stderr.decode())
        return result.stdout

    @classmethod
    def train(cls, name, *extra, data=None, seed=0):
        out = cls.folder / name
        cls.done("train", "--data", data or cls.training_file, "--label", "label", "--weight", "w", "--config", cls.config,
                 "--seed", seed, "--out", out, *extra)
        return out

    @classmethod
    def scores(cls, model, data):
        out = cls.folder / "scores.csv"
        cls.done("score", "--model", model, "--data", data, "--out", out)
        return pd.read_csv(out, float_precision="round_trip")["probability"].to_numpy()

    def evaluate(self, document, *extra, data=None, weighted=False):
        arguments = ["evaluate", "--model", self.model, "--data", data or self.file, "--label", "label"]
        arguments += ["--weight", "w"] if weighted else []
        return json.loads(self.done(*arguments, "--threshold", THRESHOLD, "--document", document, *extra))

    def weights(self, weighted):
        return self.data["w"].to_numpy() if weighted else np.ones(len(self.data))

    def close(self, found, expected, places=10, name=None):
        if found is None or expected is None:
            self.assertEqual(found, expected, name)
        else:
            self.assertAlmostEqual(found, expected, places, name)

    def test_figures_equal_scikit_learn(self):
        for weighted in (False, True):
            got = self.evaluate("performance", weighted=weighted)
            weight = self.weights(weighted)
            for name, value in brute_figures(self.label, self.score, weight, THRESHOLD).items():
                self.close(got[name]["value"], value, name=name)
                self.assertLess(got[name]["low"], value, name)
                self.assertGreater(got[name]["high"], value, name)
            self.close(got["brier"], metrics.brier_score_loss(self.label, self.score, sample_weight=weight))
            self.close(got["log_loss"], metrics.log_loss(self.label, self.score, sample_weight=weight))
            self.assertEqual(got["undefined"], {})
            self.assertEqual((got["rows"], got["matured"], got["share_matured"]), (1200, 1200, 1))
            self.close(got["weight"], weight.sum())

    def test_intervals_are_wilsons(self):
        flagged = self.score >= THRESHOLD
        shares = {
            "precision": self.label[flagged],
            "recall": flagged[self.label == 1],
            "specificity": ~flagged[self.label == 0],
        }
        got = self.evaluate("performance")
        for name, hits in shares.items():
            interval = stats.binomtest(int(hits.sum()), len(hits)).proportion_ci(0.95, "wilson")
            self.close(got[name]["low"], interval.low, name=name)
            self.close(got[name]["high"], interval.high, name=name)
        # F1 is 2 J / (1 + J) of the share J of true positives among flagged or positive rows.
        either = flagged | (self.label == 1)
        interval = stats.binomtest(int((flagged & (self.label == 1)).sum()), int(either.sum())).proportion_ci(0.95, "wilson")
        self.close(got["f1"]["low"], 2 * interval.low / (1 + interval.low))
        self.close(got["f1"]["high"], 2 * interval.high / (1 + interval.high))

    def test_weights_count_as_many_rows_as_they_are_worth(self):
        weight = self.data["w"].to_numpy()
        flagged = self.score >= THRESHOLD
        worth = weight[flagged].sum() ** 2 / (weight[flagged] ** 2).sum()
        p = np.average(self.label[flagged], weights=weight[flagged])
        z = stats.norm.ppf(0.975)
        center = (p + z * z / (2 * worth)) / (1 + z * z / worth)
        half = z * np.sqrt(p * (1 - p) / worth + (z / (2 * worth)) ** 2) / (1 + z * z / worth)
        got = self.evaluate("performance", weighted=True)["precision"]
        self.close(got["low"], center - half)
        self.close(got["high"], center + half)

    def test_bootstrap_interval_agrees_with_drawing_rows(self):
        source = np.random.default_rng(5)
        values = []
        for _ in range(1500):
            drawn = source.integers(0, len(self.label), len(self.label))
            values.append(metrics.average_precision_score(self.label[drawn], self.score[drawn]))
        value = metrics.average_precision_score(self.label, self.score)
        shift = 2 * stats.norm.ppf(np.mean(np.array(values) < value))
        low, high = np.quantile(values, stats.norm.cdf(shift + stats.norm.ppf([0.025, 0.975])))
        got = self.evaluate("performance", "--bootstrap", "2000")["average_precision"]
        self.assertAlmostEqual(got["low"], low, delta=0.15 * (high - low))
        self.assertAlmostEqual(got["high"], high, delta=0.15 * (high - low))

    def test_calibration_curve_equals_scikit_learn(self):
        true, predicted = calibration_curve(self.label, self.score, n_bins=10, strategy="quantile")
        got = self.evaluate("performance")["calibration"]
        np.testing.assert_allclose([row["predicted"] for row in got["bins"]], predicted, rtol=1e-10)
        np.testing.assert_allclose([row["observed"]["value"] for row in got["bins"]], true, rtol=1e-10, atol=1e-12)
        rows = np.array([row["rows"] for row in got["bins"]])
        self.close(got["ece"], (rows / rows.sum() * np.abs(true - predicted)).sum())
        self.close(got["largest"], np.abs(true - predicted).max())

    def test_costs_and_budget_by_counting(self):
        for weighted in (False, True):
            weight, amount = self.weights(weighted), self.data["amount"].to_numpy()
            extra = ["--amount", "amount", "--cost-fp", "3", "--cost-fn", "amount", "--cost-review", "0.5", "--budget", "150"]
            got = self.evaluate("performance", *extra, weighted=weighted)

            def cost(threshold):
                flagged = self.score >= threshold
                each = 0.5 * flagged + 3.0 * (flagged & (self.label == 0)) + amount * (~flagged & (self.label == 1))
                return (weight * each).sum()

            thresholds = [np.inf, *np.unique(self.score)[::-1]]
            costs = [cost(threshold) for threshold in thresholds]
            self.close(got["cost"]["best"]["cost"], min(costs), 6)
            self.assertEqual(got["cost"]["best"]["threshold"], float(f"{thresholds[int(np.argmin(costs))]:.12g}"))
            self.close(got["cost"]["at_threshold"]["cost"], cost(THRESHOLD), 6)
            self.close(got["cost"]["nothing"], costs[0], 6)
            self.close(got["cost"]["everything"], costs[-1], 6)

            # An even share of the rows that tie at the end of the budget.
            order = np.argsort(-self.score, kind="stable")
            share, room = np.zeros(len(order)), 150.0
            for value in np.unique(self.score)[::-1]:
                tied = self.score == value
                share[tied] = min(1.0, room / weight[tied].sum())
                room -= (share * weight)[tied].sum()
                if room <= 1e-9:
                    break
            caught = weight * share * self.label
            budget = got["budget"]
            self.close(budget["true_positive"], caught.sum())
            self.close(budget["precision"]["value"], caught.sum() / 150)
            self.close(budget["recall"]["value"], caught.sum() / (weight * self.label).sum())
            self.close(budget["lift"], caught.sum() / 150 / np.average(self.label, weights=weight))
            self.close(budget["value"], (caught * amount).sum(), 6)
            self.close(budget["value_share"], (caught * amount).sum() / (weight * self.label * amount).sum())

    def test_windows_and_late_labels(self):
        late = self.data.copy()
        late["label"] = late["label"].astype("Int64")
        late.loc[late.index % 7 == 0, "label"] = pd.NA
        file = self.csv("late.csv", late)
        extra = ["--time", "time", "--windows", "time:250", "--label-delay", "100"]
        got = self.evaluate("performance", *extra, data=file, weighted=True)
        now = late["time"].max()
        matured = (late["label"].notna() & (late["time"] <= now - 100)).to_numpy()
        self.assertEqual(got["matured"], int(matured.sum()))
        self.close(got["share_matured"], matured.mean())
        self.assertEqual(got["settings"]["maturity"], {"delay": 100, "as_of": now})
        weight = self.weights(True)
        self.assertEqual(len(got["windows"]), 4)
        for number, window in enumerate(got["windows"]):
            inside = (late["time"] // 250 == number).to_numpy()
            self.assertEqual((window["first"], window["last"]), (np.flatnonzero(inside)[0], np.flatnonzero(inside)[-1]))
            chosen = inside & matured
            self.assertEqual((window["rows"], window["matured"]), (inside.sum(), chosen.sum()))
            for name, value in brute_figures(self.label[chosen], self.score[chosen], weight[chosen], THRESHOLD).items():
                self.close(window[name]["value"], value, name=name)

    def test_what_cannot_be_known_is_null_with_a_reason(self):
        calm = self.data[self.data["label"] == 0].head(40)
        got = self.evaluate("performance", "--windows", "rows:20", "--budget", "5", data=self.csv("calm.csv", calm))
        self.assertIsNone(got["auc"]["value"])
        self.assertEqual(got["undefined"]["auc"], "no positive row is matured")
        self.assertEqual(got["undefined"]["budget.value"], "no amounts are given")
        for window in got["windows"]:
            self.assertIsNone(window["recall"]["value"])
            self.assertIn("recall", window["undefined"])
            self.assertIsNotNone(window["brier"])

    def test_paired_comparison_equals_placements_of_every_pair(self):
        other = self.train("other", seed=7, data=self.csv("small.csv", self.training.head(150)))
        second = self.scores(other, self.file)
        for weighted in (False, True):
            weight = self.weights(weighted)
            got = self.evaluate("comparison", "--compare", other, weighted=weighted)
            parts = [placements(self.label, score, weight) for score in (self.score, second)]
            covariance = np.zeros((2, 2))
            for own, at in ((weight[self.label == 1], 0), (weight[self.label == 0], 1)):
                worth = own.sum() ** 2 / (own**2).sum()
                off = np.array([part[at] - np.average(part[at], weights=own) for part in parts]) * own / own.sum()
                covariance += off @ off.T * worth / (worth - 1)
            auc = [np.average(part[0], weights=weight[self.label == 1]) for part in parts]
            error = np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
            z = (auc[0] - auc[1]) / error
            self.close(got["z"], z, 8)
            self.close(got["p_value"], 2 * stats.norm.sf(abs(z)), 9)
            self.close(got["difference"]["value"], auc[0] - auc[1])
            self.close(got["difference"]["low"], auc[0] - auc[1] - stats.norm.ppf(0.975) * error)
            self.close(got["auc"][1]["value"], metrics.roc_auc_score(self.label, second, sample_weight=weight))
        same = self.evaluate("comparison", "--compare", self.model)
        self.assertEqual((same["difference"]["value"], same["p_value"], same["z"]), (0, 1, None))

    def calibration_of(self, path):
        data = path.read_bytes()
        size = int.from_bytes(data[:8], "little")
        return json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["firetower"])["calibration"]

    def test_the_model_is_calibrated_on_held_out_scores(self):
        score = np.zeros(len(self.training))
        for fold in range(1, 5):
            out = (self.training["fold"] == fold).to_numpy()
            part = self.train("part", data=self.csv("part.csv", self.training[~out]))
            score[out] = self.scores(part, self.csv("out.csv", self.training[out]))
        regression = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
        regression.fit(score, self.training["label"], sample_weight=self.training["w"])
        found = self.calibration_of(self.model)
        self.assertEqual(found["rows"], 600)
        np.testing.assert_allclose(found["scores"], regression.X_thresholds_, rtol=1e-15)
        np.testing.assert_allclose(found["probabilities"], regression.y_thresholds_, rtol=1e-12, atol=1e-15)

    def expected_figures(self, score, p, weight):
        """CBPE: sums of probabilities; curves through the groups of equal raw scores."""
        flagged = score >= THRESHOLD
        tp, fp = (weight * p)[flagged].sum(), (weight * (1 - p))[flagged].sum()
        fn, tn = (weight * p)[~flagged].sum(), (weight * (1 - p))[~flagged].sum()
        values, group = np.unique(-score, return_inverse=True)
        tps = np.concatenate([[0], np.cumsum(np.bincount(group, weight * p))])
        fps = np.concatenate([[0], np.cumsum(np.bincount(group, weight * (1 - p)))])
        reached = tps[1:] / (tps[1:] + fps[1:])
        return {
            "auc": np.trapz(tps, fps) / tps[-1] / fps[-1],
            "average_precision": (np.diff(tps) * reached).sum() / tps[-1],
            "precision": tp / (tp + fp),
            "recall": tp / (tp + fn),
            "specificity": tn / (tn + fp),
            "f1": tp / (tp + 0.5 * (fp + fn)),
        }

    def test_estimate_from_labelled_reference_rows(self):
        reference = self.csv("reference.csv", made_up(800, 3))
        reference_score = self.scores(self.model, reference)
        past = pd.read_csv(reference)
        for weighted in (False, True):
            weight = self.weights(weighted)
            regression = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
            regression.fit(reference_score, past["label"], sample_weight=past["w"] if weighted else None)
            p = regression.predict(self.score)
            got = self.evaluate("estimate", "--estimate", "--reference", reference, weighted=weighted)
            self.assertIn("P(y|x) is unchanged", got["assumption"])
            self.assertEqual((got["calibration"]["from"], got["calibration"]["rows"]), ("reference rows", 800))
            for name, value in self.expected_figures(self.score, p, weight).items():
                self.close(got[name]["value"], value, name=name)
                self.assertLessEqual(got[name]["low"], value, name)
                self.assertGreaterEqual(got[name]["high"], value, name)
            # What was estimated came about: the same law made reference and current rows.
            self.assertLess(abs(got["auc"]["value"] - metrics.roc_auc_score(self.label, self.score)), 0.05)

    def test_bands_are_the_poisson_binomial_quantiles(self):
        knots = self.calibration_of(self.model)
        p = np.interp(self.score, knots["scores"], knots["probabilities"])
        flagged = self.score >= THRESHOLD
        found, missed = counts_of(p[flagged]), counts_of(p[~flagged])
        tp, fn = np.meshgrid(np.arange(len(found)), np.arange(len(missed)), indexing="ij")
        chances = np.outer(found, missed)
        alerts, rest = flagged.sum(), (~flagged).sum()
        laws = {
            "precision": tp / alerts,
            "recall": tp / np.maximum(tp + fn, 1),
            "specificity": (rest - fn) / np.maximum(alerts - tp + rest - fn, 1),
            "f1": 2 * tp / (alerts + tp + fn),
        }
        got = self.evaluate("estimate", "--estimate")
        self.assertIn("exactly (Poisson-binomial)", got["bands"])
        for name, values in laws.items():
            self.close(got[name]["low"], quantile(values.ravel(), chances.ravel(), 0.025), name=name)
            self.close(got[name]["high"], quantile(values.ravel(), chances.ravel(), 0.975), name=name)

    def test_estimates_need_no_labels(self):
        file = self.csv("bare.csv", self.data.drop(columns=["label", "w"]))
        arguments = ["evaluate", "--model", self.model, "--data", file, "--threshold", THRESHOLD, "--estimate"]
        bare = json.loads(self.done(*arguments, "--document", "estimate"))
        self.assertEqual(bare, self.evaluate("estimate", "--estimate"))
        self.assertIn(bare["assumption"], self.done(*arguments).decode())
        result = self.run_firetower("evaluate", "--model", self.model, "--data", file)
        self.assertEqual((result.returncode, b"--label is required" in result.stderr), (2, True))
        plain = self.train("plain")
        result = self.run_firetower("evaluate", "--model", plain, "--data", file, "--estimate")
        self.assertEqual((result.returncode, b"has no calibration" in result.stderr), (3, True))

    def test_back_test_is_the_estimate_beside_what_was_found(self):
        got = self.evaluate("back_test", "--back-test", "--windows", "count:8", "--calibration", "model")
        knots = self.calibration_of(self.model)
        p = np.interp(self.score, knots["scores"], knots["probabilities"])
        self.assertEqual(len(got["windows"]), 8)
        off = {name: [] for name in FIGURES}
        for number, window in enumerate(got["windows"]):
            part = slice(number * 150, (number + 1) * 150)
            score, label, ones = self.score[part], self.label[part], np.ones(150)
            expected = self.expected_figures(score, p[part], ones)
            for name, value in brute_figures(label, score, ones, THRESHOLD).items():
                self.close(window["estimated"][name]["value"], expected[name], name=name)
                self.close(window["realised"][name], value, name=name)
                band = window["estimated"][name]
                self.assertEqual(window["inside"][name], band["low"] - 1e-10 <= value <= band["high"] + 1e-10)
                off[name].append(expected[name] - value)
        for name in FIGURES:
            self.close(got["error"][name], np.abs(off[name]).mean())
            self.close(got["bias"][name], np.mean(off[name]))
            inside = [window["inside"][name] for window in got["windows"]]
            self.close(got["coverage"][name], np.mean(inside))
            self.assertGreater(got["coverage"][name], 0.5)

    def test_back_test_with_earlier_windows_never_looks_ahead(self):
        extra = ["--back-test", "--windows", "count:6", "--calibration", "earlier"]
        got = self.evaluate("back_test", *extra)
        self.assertEqual(len(got["windows"]), 5)  # Nothing is known before the first.
        changed = self.data.copy()
        changed.loc[changed.index >= 1000, "label"] = 1 - changed["label"]
        other = self.evaluate("back_test", *extra, data=self.csv("changed.csv", changed))
        for one, two in zip(got["windows"], other["windows"], strict=True):
            self.assertEqual(one["estimated"], two["estimated"])
        self.assertFalse(other["windows"][-1]["inside"]["auc"])

    def test_same_bytes_every_time(self):
        arguments = ["evaluate", "--model", self.model, "--data", self.file, "--label", "label", "--document", "performance"]
        self.assertEqual(self.done(*arguments), self.done(*arguments))
        self.assertNotEqual(self.done(*arguments), self.done(*arguments, "--seed", "2"))


if __name__ == "__main__":
    unittest.main()
