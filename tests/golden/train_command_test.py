"""firetower train, tune and evaluate from outside: figures beside scikit-learn's, folds, errors.

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
from sklearn import metrics

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("FIRETOWER_BUILD", "build/native")
FIRETOWER = BUILD / "tools" / "firetower" / "firetower"
CONFIG = {
    "name": "test",
    "features": [
        "a",
        {"name": "b_scaled", "op": "standard_scale", "input": "b"},
        {"name": "hour", "op": "hour_of_day", "input": "time"},
    ],
    "forest": {"n_estimators": 15, "max_depth": 6, "class_weight": "balanced_subsample"},
}


def made_up(rows, seed):
    """a tells the classes apart, b a little; weights and fold numbers 1..4."""
    source = np.random.default_rng(seed)
    label = (source.random(rows) < 0.25).astype(int)
    return pd.DataFrame(
        {
            "time": np.arange(rows) * 977.0,
            "a": source.normal(size=rows) + 1.5 * label,
            "b": 100 + 30 * source.normal(size=rows) + 20 * label,
            "label": label,
            "w": source.integers(1, 12, rows).astype(float),
            "fold": 1 + np.arange(rows) % 4,
        }
    )


class TrainCommand(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.data = made_up(400, 1)
        self.file = self.csv("data.csv", self.data)
        self.config = self.document("config.json", CONFIG)

    def csv(self, name, table):
        path = self.folder / name
        table.to_csv(path, index=False)
        return path

    def document(self, name, value):
        path = self.folder / name
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        return path

    def run_firetower(self, *arguments, **options):
        return subprocess.run([str(FIRETOWER), *map(str, arguments)], capture_output=True, **options)

    def done(self, *arguments, **options):
        """Standard output of a run that must succeed."""
        result = self.run_firetower(*arguments, **options)
        self.assertEqual(result.returncode, 0, result.stderr.decode())
        return result.stdout

    def train(self, out, *extra, data=None, **options):
        arguments = ["--data", data or self.file, "--label", "label", "--weight", "w"]
        arguments += ["--config", self.config, "--out", self.folder / out]
        return json.loads(self.done("train", *arguments, "--json", *extra, **options))

    def scores(self, model, data):
        text = self.folder / "scores.csv"
        self.done("score", "--model", self.folder / model, "--data", data, "--out", text)
        return pd.read_csv(text, float_precision="round_trip")["probability"].to_numpy()

    def refused(self, code, message, *arguments):
        result = self.run_firetower(*arguments)
        self.assertEqual(result.returncode, code, result.stderr.decode())
        self.assertIn(message, result.stderr.decode())

    def test_evaluate_equals_scikit_learn(self):
        self.train("model")
        other = made_up(300, 2)
        file = self.csv("other.csv", other)
        arguments = ["--model", self.folder / "model", "--data", file, "--label", "label"]
        score = self.scores("model", file)
        label = other["label"].to_numpy()
        for weighted in (False, True):
            options = {"sample_weight": other["w"].to_numpy()} if weighted else {}
            extra = ["--weight", "w"] if weighted else []
            got = json.loads(self.done("evaluate", *arguments, *extra, "--threshold", "0.4", "--json"))
            flagged = (score >= 0.4).astype(int)
            (tn, fp), (fn, tp) = metrics.confusion_matrix(label, flagged, **options)
            expected = {
                "auc": metrics.roc_auc_score(label, score, **options),
                "average_precision": metrics.average_precision_score(label, score, **options),
                "precision": metrics.precision_score(label, flagged, **options),
                "recall": metrics.recall_score(label, flagged, **options),
                "brier_score": metrics.brier_score_loss(label, score, **options),
                "log_loss": metrics.log_loss(label, score, **options),
                "f1": metrics.f1_score(label, flagged, **options),
            }
            for name, value in expected.items():
                found = got[name]["value"] if isinstance(got[name], dict) else got[name]
                self.assertAlmostEqual(found, value, 11, name)
            for name in ("auc", "average_precision", "precision", "recall", "specificity"):
                self.assertLess(got[name]["low"], got[name]["value"])
                self.assertGreater(got[name]["high"], got[name]["value"])
            counts = got["confusion"]
            found = [counts[f"{a}_{b}"] for a in ("true", "false") for b in ("positive", "negative")]
            self.assertEqual(found, [tp, tn, fp, fn])
            self.assertFalse(got["seen_in_training"])

    def test_same_bytes_for_any_number_of_threads(self):
        for name, extra in (("one", ["--threads", "1"]), ("three", ["--threads", "3"])):
            self.train(name, *extra)
        self.train("other", "--seed", "1")
        one = (self.folder / "one").read_bytes()
        self.assertEqual(one, (self.folder / "three").read_bytes())
        self.assertNotEqual(one, (self.folder / "other").read_bytes())

    def test_given_folds_are_kept_and_fitted_on_the_rest_only(self):
        report = self.train("model", "--folds-column", "fold")
        self.assertEqual(len(report["cross_validation"]["folds"]), 4)
        for fold, figures in enumerate(report["cross_validation"]["folds"]):
            held_out = self.data["fold"] == fold + 1
            self.train("part", data=self.csv("training.csv", self.data[~held_out]))
            score = self.scores("part", self.csv("held_out.csv", self.data[held_out]))
            label = self.data["label"][held_out]
            weight = self.data["w"][held_out]
            auc = metrics.roc_auc_score(label, score, sample_weight=weight)
            self.assertAlmostEqual(figures["auc"]["value"], auc, 11)
        means = [fold["auc"]["value"] for fold in report["cross_validation"]["folds"]]
        self.assertAlmostEqual(report["cross_validation"]["auc"]["mean"], np.mean(means), 12)

    def test_model_tells_where_it_comes_from(self):
        report = self.train("model", "--cross-validate", "3")
        card = json.loads(self.done("inspect", self.folder / "model", "--json"))
        training = card["training"]
        self.assertEqual(training["rows"], 400)
        self.assertEqual(training["positives"], int(self.data["label"].sum()))
        self.assertEqual(training["weight"], self.data["w"].sum())
        self.assertEqual(training["parameters"]["max_depth"], 6)
        self.assertEqual(training["metrics"]["auc"], report["cross_validation"]["pooled"]["auc"])
        self.assertAlmostEqual(sum(training["importances"].values()), 1.0, 12)
        digest = subprocess.run(["sha256sum", self.file], check=True, capture_output=True).stdout
        self.assertEqual(training["data_sha256"], digest.decode().split()[0])
        self.assertTrue(card["has_profile"])
        evaluate = ["evaluate", "--model", self.folder / "model", "--data", self.file, "--label", "label"]
        self.assertTrue(json.loads(self.done(*evaluate, "--json"))["seen_in_training"])

    def test_tune_picks_the_best_mean_of_the_folds(self):
        grid = {"select_by": "roc_auc", "grid": {"max_depth": [1, 3, None], "min_samples_leaf": [1, 20]}}
        arguments = ["--data", self.file, "--label", "label", "--config", self.config, "--folds", "3"]
        arguments += ["--grid", self.document("grid.json", grid), "--out", self.folder / "model"]
        self.done("tune", *arguments, "--report", self.folder / "report.json")
        report = json.loads((self.folder / "report.json").read_text())
        self.assertEqual(len(report["tried"]), 6)
        means = [one["cross_validation"]["auc"]["mean"] for one in report["tried"]]
        self.assertEqual(report["best"], int(np.argmax(means)))
        best = report["tried"][report["best"]]["parameters"]
        self.assertEqual({key: report["parameters"][key] for key in best}, best)
        self.assertEqual(report["parameters"]["n_estimators"], 15)

    def test_text_classes_and_decimal_comma(self):
        words = self.data.assign(label=self.data["label"].map({0: "fine", 1: "fraud"}))
        words.to_csv(self.folder / "words.csv", index=False, sep=";", decimal=",")
        self.config = self.document("words.json", {**CONFIG, "positive_class": "fraud"})
        report = self.train("words", data=self.folder / "words.csv")
        self.assertEqual(report["positives"], int(self.data["label"].sum()))
        self.config = self.document("config.json", CONFIG)
        self.train("numbers")
        same = self.scores("words", self.file) == self.scores("numbers", self.file)
        self.assertTrue(same.all())

    def test_several_negative_classes_are_named(self):
        labels = self.data["label"].map({0: "fine", 1: "fraud"})
        config = self.document("words.json", {**CONFIG, "positive_class": "fraud"})
        train = ["train", "--label", "label", "--config", config, "--out", self.folder / "model", "--data"]
        result = self.run_firetower(*train, self.csv("two.csv", self.data.assign(label=labels)))
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        labels[(labels == "fraud").idxmax()] = "Fraud"
        several = self.csv("several.csv", self.data.assign(label=labels))
        fine = int((labels == "fine").sum())
        message = f'{several}: label: 2 classes count as negative: "fine" ({fine}), "Fraud" (1)\n'
        evaluate = ["evaluate", "--label", "label", "--model", self.folder / "model", "--data"]
        for command in (train, evaluate):
            result = self.run_firetower(*command, several)
            self.assertEqual(result.returncode, 0)
            self.assertIn(message, result.stderr.decode())

    def test_rows_that_cannot_be_used_are_named_and_left_out(self):
        lines = self.file.read_text().splitlines()
        # a is text, the label 7, a weight missing, another one too large
        for line, cell, text in ((2, 1, "much"), (5, 3, "7"), (9, 4, ""), (10, 4, "1e300")):
            row = lines[line].split(",")
            row[cell] = text
            lines[line] = ",".join(row)
        lines[12] += ",1"
        bad = self.folder / "bad.csv"
        bad.write_text("\n".join(lines) + "\n")
        result = self.run_firetower(
            *("train", "--data", bad, "--label", "label", "--weight", "w", "--config", self.config),
            *("--out", self.folder / "model", "--json"),
        )
        self.assertEqual(result.returncode, 0)
        errors = result.stderr.decode()
        self.assertIn(f"firetower: {bad}: 5 of 400 rows set aside\n", errors)
        self.assertIn(f"firetower: {bad}:3: a is not a number\n", errors)
        self.assertIn(f"firetower: {bad}:6: label is neither 0 nor 1\n", errors)
        self.assertIn(f"firetower: {bad}:10: w is missing\n", errors)
        self.assertIn(f"firetower: {bad}:11: w is neither 0 nor between 1e-100 and 1e100\n", errors)
        self.assertIn(f"firetower: {bad}:13: the row has another number of fields", errors)
        report = json.loads(result.stdout)
        self.assertEqual((report["rows"], report["set_aside"]["rows"]), (395, 5))

    def test_rows_that_the_features_refuse_are_named_too(self):
        file = self.csv("low.csv", self.data.assign(a=self.data["a"].clip(-0.9).where(self.data.index != 6, -1.5)))
        features = {"features": ["b", {"name": "log_a", "op": "log1p", "input": "a"}], "forest": {"n_estimators": 3}}
        self.config = self.document("log.json", features)
        report = self.train("model", data=file)
        row = {"row": 6, "line": 8, "column": "a", "reason": "has no logarithm"}
        self.assertEqual(report["set_aside"], {"rows": 1, "first": [row]})
        arguments = ["--data", file, "--label", "label", "--json"]
        figures = json.loads(self.done("evaluate", "--model", self.folder / "model", *arguments))
        self.assertEqual(figures["set_aside"], report["set_aside"])

    def test_model_on_standard_output_alone(self):
        arguments = ["--data", self.file, "--label", "label", "--config", self.config, "--out", "-"]
        grid = self.document("grid.json", {"grid": {"max_depth": [2, 3]}})
        for command in (["train"], ["tune", "--grid", grid, "--folds", "2"]):
            model = self.done(*command, *arguments)
            card = json.loads(self.done("inspect", "-", "--json", input=model))
            self.assertEqual(card["file_bytes"], len(model))

    def test_full_standard_output_is_an_error(self):
        self.train("model")
        model = self.folder / "model"
        for command in (["inspect", model], ["evaluate", "--model", model, "--data", self.file, "--label", "label"]):
            with open("/dev/full", "w") as full:
                result = subprocess.run([str(FIRETOWER), *map(str, command)], stdout=full, stderr=subprocess.PIPE)
            self.assertEqual((result.returncode, b"cannot write" in result.stderr), (2, True))

    def test_refusals_say_what_and_where(self):
        train = ["train", "--data", self.file, "--label", "label", "--out", self.folder / "model"]
        for text, code, message in (
            ('{"forest": {"max_dept": 3}}', 3, 'forest: unknown key "max_dept"; allowed: n_estim'),
            ('{"forests": {}}', 3, 'unknown key "forests"; allowed: name, version'),
            ('{"forest": {"max_depth": 0}}', 3, "forest.max_depth: must be a whole number"),
            ('{"forest": {"max_features": 1.5}}', 3, 'forest.max_features: must be "sqrt"'),
            ('{"forest": {"criterion": "mse"}}', 3, 'must be one of "gini", "entropy"'),
            ('{"features": [{"name": "x", "op": "cube", "input": "a"}]}', 3, "features[0].op: "),
            ('{"features": ["a", "a"]}', 3, 'features[1]: names "a" again'),
            ('{"inputs": ["b"], "features": ["a"]}', 3, '"a" is not among the inputs'),
            ('{"risk_cuts": [0.5, 0.2, 0.6, 0.8]}', 3, "risk_cuts: must be four rising numbers"),
            ('{\n "name": }', 3, "config.json:2:"),
            ('{"features": ["a", "zzz"]}', 3, "zzz"),
            ('{"features": ["a", ""]}', 3, "config.json: inputs[1].name: is empty"),
            ('{"features": ["a", "label"]}', 3, 'config.json: inputs: "label" is the column'),
            ('{"forest": {"max_features": 99}}', 3, "config.json: forest: max_features as a count"),
            ('{"forest": {"n_estimators": 70000}}', 3, "forest.n_estimators: must be a whole number from 1 to 65536"),
        ):
            self.refused(code, message, *train, "--config", self.document("config.json", text))
        self.refused(2, "cannot both be written to standard output", *train[:-1], "-", "--json")
        self.refused(2, '"-1" is not a whole number', *train, "--seed", "-1")
        self.refused(2, "cannot open", *train, "--config", self.folder / "none.json")
        self.refused(2, "--label is required", "train", "--data", self.file, "--out", "x")
        self.refused(3, "nobody", "train", "--data", self.file, "--label", "nobody", "--out", "x")
        other = ["--label", "label", "--out", self.folder / "model", "--data"]
        self.refused(3, 'column "b" is there twice', "train", *other, self.csv("twice.csv", self.data[["a", "b", "b", "label"]]))
        self.refused(3, "there is no column to learn from", "train", *other, self.csv("alone.csv", self.data[["label"]]))
        one_class = self.csv("one.csv", self.data[self.data["label"] == 0])
        arguments = ["--data", one_class, "--label", "label", "--out", self.folder / "model"]
        self.refused(3, "there is no row of the positive class", "train", *arguments)
        evaluate = ["evaluate", "--data", self.file, "--label", "label", "--model"]
        self.refused(4, "header", *evaluate, self.file)
        self.assertFalse((self.folder / "model").exists())


if __name__ == "__main__":
    unittest.main()
