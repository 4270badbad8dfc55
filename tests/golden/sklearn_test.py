"""Firetower against scikit-learn itself: bit for bit on 10,000 rows and more, and what the exporter takes or refuses.

The native build directory is build/native, or what FIRETOWER_BUILD says.
"""

import contextlib
import io
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "golden"), str(ROOT / "tools")]

import compare_sklearn
import export_sklearn
import joblib
import numpy as np
import sklearn_models as models
from sklearn import calibration, ensemble, linear_model, pipeline, preprocessing, tree
from sklearn.compose import ColumnTransformer

BUILD = ROOT / os.environ.get("FIRETOWER_BUILD", "build/native")
ROWS = 12000


def setUpModule():
    subprocess.run(
        ["cmake", "--build", str(BUILD), "--target", "predict_raw", "firetower"], check=True, stdout=subprocess.DEVNULL
    )


class EqualsScikitLearn(unittest.TestCase):
    def check(self, comparison):
        print(comparison)
        self.assertGreaterEqual(comparison.rows, 10000)
        self.assertEqual(comparison.mismatches, 0)

    def test_random_forest_balanced_subsample_depth_15(self):
        self.check(compare_sklearn.compare_kind("random_forest_balanced", BUILD, ROWS))

    def test_fully_grown_random_forest(self):
        self.check(compare_sklearn.compare_kind("random_forest_full", BUILD, ROWS))

    def test_extra_trees(self):
        self.check(compare_sklearn.compare_kind("extra_trees", BUILD, ROWS))

    def test_one_decision_tree(self):
        self.check(compare_sklearn.compare_kind("decision_tree", BUILD, ROWS))

    def test_single_leaves(self):
        self.check(compare_sklearn.compare_kind("single_leaves", BUILD, ROWS))

    def test_pipeline_from_csv_through_the_command_line(self):
        self.check(compare_sklearn.compare_score(BUILD, ROWS))


def run_exporter(model, *arguments):
    """(exit code, standard error, JSON document of the written file or None)."""
    with tempfile.TemporaryDirectory() as name:
        saved, out = os.path.join(name, "model.joblib"), os.path.join(name, "out.safetensors")
        joblib.dump(model, saved)
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(io.StringIO()):
            code = export_sklearn.main([saved, out, *arguments])
        if not os.path.exists(out):
            return code, errors.getvalue().strip(), None
        with open(out, "rb") as file:
            size = struct.unpack("<Q", file.read(8))[0]
            header = json.loads(file.read(size))
    return code, errors.getvalue().strip(), json.loads(header["__metadata__"]["firetower"])


X, Y = models.training_data(200, 1)
X = X[:, [0, 5, 6]]
NAMES = ["--features", "a,b,c"]


class ExporterTakes(unittest.TestCase):
    def document(self, model, *arguments):
        code, errors, document = run_exporter(model, *arguments)
        self.assertEqual((code, errors), (0, ""))
        return document

    def test_options(self):
        document = self.document(
            tree.ExtraTreeClassifier(max_depth=2).fit(X, np.where(Y == 1, "fraud", "ok")),
            *NAMES,
            *("--name", "n", "--version", "2.0", "--positive-class", "fraud", "--threshold", "0.25"),
            *("--label", "Class", "--units", "a=EUR,c=s", "--description", "Some."),
        )
        self.assertEqual(document["name"], "n")
        self.assertEqual(document["version"], "2.0")
        self.assertEqual(document["positive_class"], "fraud")
        self.assertEqual(document["threshold"], 0.25)
        self.assertEqual(document["label_column"], "Class")
        self.assertEqual(document["description"], "Some.")
        self.assertEqual([entry["unit"] for entry in document["inputs"]], ["EUR", "", "s"])
        self.assertEqual(document["training"]["parameters"]["max_depth"], 2)

    def test_classes_are_written_as_in_a_csv_file(self):
        document = self.document(tree.DecisionTreeClassifier(max_depth=1).fit(X, Y.astype(float)), *NAMES)
        self.assertEqual(document["positive_class"], "1")

    def test_standard_scaler_before_the_forest(self):
        model = pipeline.make_pipeline(
            preprocessing.StandardScaler(), ensemble.RandomForestClassifier(2, max_depth=2)
        ).fit(X.astype(float), Y)
        document = self.document(model, *NAMES)
        self.assertEqual([entry["name"] for entry in document["features"]], ["a_scaled", "b_scaled", "c_scaled"])
        self.assertEqual({entry["op"] for entry in document["features"]}, {"standard_scale"})

    def test_column_transformer_by_name_index_slice_and_mask(self):
        table, y = models.transaction_table(200, 1)
        for columns in (["Amount"], [3], slice(3, 4), [False, False, False, True, False], slice("Amount", "Amount")):
            model = pipeline.make_pipeline(
                ColumnTransformer(
                    [("pass", "passthrough", ["V2", "V1"]), ("scale", preprocessing.StandardScaler(), columns)]
                ),
                tree.DecisionTreeClassifier(max_depth=2),
            ).fit(table, y)
            document = self.document(model)
            self.assertEqual([entry["name"] for entry in document["inputs"]], ["V1", "V2", "Amount"])
            self.assertEqual([entry["name"] for entry in document["features"]], ["V2", "V1", "Amount_scaled"])

    def test_a_column_used_twice_makes_two_features(self):
        table, y = models.transaction_table(200, 1)
        model = pipeline.make_pipeline(
            ColumnTransformer([("one", "passthrough", ["V1"]), ("two", "passthrough", ["V1", "V2"])]),
            tree.DecisionTreeClassifier(max_depth=2),
        ).fit(table, y)
        self.assertEqual([entry["name"] for entry in self.document(model)["features"]], ["V1", "V1_2", "V2"])


class ExporterRefuses(unittest.TestCase):
    def refused(self, model, message, *arguments):
        code, errors, document = run_exporter(model, *(arguments or NAMES))
        self.assertEqual(code, 3)
        self.assertIn(message, errors)
        self.assertEqual(len(errors.splitlines()), 1)
        self.assertIsNone(document)

    def test_other_models_by_name(self):
        for model in (
            ensemble.GradientBoostingClassifier(n_estimators=2),
            ensemble.RandomForestRegressor(2),
            ensemble.IsolationForest(n_estimators=2),
            ensemble.HistGradientBoostingClassifier(max_iter=2),
            tree.DecisionTreeRegressor(),
            linear_model.LogisticRegression(),
            calibration.CalibratedClassifierCV(tree.DecisionTreeClassifier(max_depth=2), cv=2),
        ):
            self.refused(model.fit(X / np.abs(X).max(), Y), f"{type(model).__name__} is not supported")
        self.refused({"not": "a model"}, "builtins.dict is not supported")

    def test_other_targets(self):
        self.refused(tree.DecisionTreeClassifier().fit(X, np.arange(len(X)) % 3), "has 3 classes; two are supported")
        self.refused(tree.DecisionTreeClassifier().fit(X, np.zeros(len(X))), "has 1 classes; two are supported")
        self.refused(
            ensemble.RandomForestClassifier(2).fit(X, np.stack([Y, 1 - Y], axis=1)), "predicts 2 outputs; one is supported"
        )

    def test_models_that_are_not_fitted(self):
        self.refused(tree.DecisionTreeClassifier(), "the DecisionTreeClassifier is not fitted")

    def test_other_preprocessing_by_name(self):
        forest = ensemble.RandomForestClassifier(2, max_depth=2)
        scaler = preprocessing.StandardScaler()
        for steps, message in (
            ([preprocessing.MinMaxScaler(), forest], "MinMaxScaler before the classifier is not supported"),
            ([scaler, preprocessing.PolynomialFeatures(), forest], "one step before the classifier"),
            (
                [ColumnTransformer([("hot", preprocessing.OneHotEncoder(handle_unknown="ignore"), [0])]), forest],
                "OneHotEncoder (hot) in the ColumnTransformer is not supported",
            ),
            (
                [ColumnTransformer([("s", scaler, [0, 1, 2])], transformer_weights={"s": 2.0}), forest],
                "transformer_weights is not supported",
            ),
        ):
            self.refused(pipeline.make_pipeline(*steps).fit(X.astype(float), Y), message)

    def test_names_that_do_not_fit(self):
        model = tree.DecisionTreeClassifier(max_depth=2).fit(X, Y)
        self.refused(model, "--features has 2 names; the model has 3 columns", "--features", "a,b")
        self.refused(model, "an empty name or one twice", "--features", "a,b,a")
        self.refused(model, "--features is needed", "--label", "y")
        self.refused(model, "--positive-class 7 is not among the classes 0, 1", *NAMES, "--positive-class", "7")
        table, y = models.transaction_table(200, 1)
        self.refused(tree.DecisionTreeClassifier(max_depth=2).fit(table, y), "was fitted on: Time,V1,V2,Amount,Comment")

    def test_places_that_cannot_be_written(self):
        with tempfile.TemporaryDirectory() as folder:
            saved, link = os.path.join(folder, "model.joblib"), os.path.join(folder, "null")
            joblib.dump(tree.DecisionTreeClassifier(max_depth=2).fit(X, Y), saved)
            os.symlink("/dev/null", link)
            for out, code in ((link, 0), (folder, 2), ("/dev/full", 2), (os.path.join(folder, "no", "out"), 2)):
                with contextlib.redirect_stderr(io.StringIO()) as errors:
                    with contextlib.redirect_stdout(io.StringIO()):
                        self.assertEqual(export_sklearn.main([saved, out, *NAMES]), code)
                self.assertEqual("cannot be written" in errors.getvalue(), code == 2)
            self.assertTrue(os.path.islink(link))
            self.assertEqual(sorted(os.listdir(folder)), ["model.joblib", "null"])

    def test_files_that_are_no_models(self):
        with contextlib.redirect_stderr(io.StringIO()) as errors:
            code = export_sklearn.main([__file__, "never-written", *NAMES])
        self.assertEqual(code, 3)
        self.assertIn("cannot be loaded", errors.getvalue())


if __name__ == "__main__":
    unittest.main()
