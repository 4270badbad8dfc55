"""All columns together beside numpy, scipy and scikit-learn: PCA, Hotelling, MMD, domain classifier.

The native build directory is build/native, or what FIRETOWER_BUILD says.
"""

import functools
import io
import json
import os
import pathlib
import subprocess
import unittest

import numpy as np
from scipy import stats
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("FIRETOWER_BUILD", "build/native")
TOOL = BUILD / "tests" / "golden" / "multivariate_tool"
SEED = 1


def correlated(source, rows, columns, shift=0.0):
    """Rows of columns that depend on one another, some skewed, of sizes far apart."""
    mix = np.random.default_rng(99).normal(size=(columns, columns))
    values = source.standard_t(5, size=(rows, columns)) @ mix + shift
    values[:, 0] = np.exp(values[:, 0] / 4)
    return values * 10.0 ** (np.arange(columns) % 5 - 2)


def samples():
    """(name, values, reference rows)"""
    source = np.random.default_rng(5)
    out = [
        ("same", correlated(source, 340, 6), 200),
        ("moved", np.vstack([correlated(source, 150, 8), correlated(source, 90, 8, 0.3)]), 150),
        ("few", correlated(source, 50, 12), 25),
        ("one column", correlated(source, 120, 1), 50),
    ]
    collinear = np.vstack([correlated(source, 130, 5), correlated(source, 80, 5, 0.2)])
    collinear[:, 3] = 2 * collinear[:, 0] - 5 * collinear[:, 1]
    collinear[:, 4] = 7
    out.append(("collinear and constant", collinear, 130))
    holes = correlated(source, 260, 5)
    holes[source.random(holes.shape) < 0.1] = np.nan
    out.append(("missing", holes, 140))
    return out


def answer(request, *cases):
    text = io.StringIO()
    for values, reference in cases:
        text.write(f"{values.shape[0]} {values.shape[1]} {reference} {SEED}\n")
        text.write(" ".join(repr(float(value)) for value in values.T.ravel()) + "\n")
    done = subprocess.run(
        [str(TOOL), json.dumps({"multivariate": request})],
        input=text.getvalue(),
        text=True,
        capture_output=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


@functools.cache
def answers():
    cases = samples()
    request = {"permutations": 19, "mmd_rows": 500, "mmd_permutations": 999, "seed": SEED}
    found = answer(request, *((values, reference) for _, values, reference in cases))
    return [(*case, one) for case, one in zip(cases, found, strict=True)]


def filled(values, rows):
    """Missing values at the mean of the rows given."""
    return np.where(np.isnan(values), np.nanmean(values[rows], axis=0), values)


class Multivariate(unittest.TestCase):
    def close(self, found, expected, relative, message=None):
        np.testing.assert_allclose(found, expected, rtol=relative, atol=1e-12, err_msg=message)

    def pca_errors(self, values, fit):
        scaler = StandardScaler().fit(values[fit])  # Leaves NaN out of mean and deviation.
        z = np.nan_to_num(scaler.transform(values))
        pca = PCA(0.65, svd_solver="full").fit(z[fit])
        rebuilt = pca.inverse_transform(pca.transform(z))
        return np.linalg.norm(z - rebuilt, axis=1), pca

    def test_reconstruction_errors_are_those_of_sklearn(self):
        for name, values, reference, found in answers():
            with self.subTest(name):
                if np.isnan(values).any():
                    continue  # sklearn centres again, on the imputed cells; see the next test.
                expected, _ = self.pca_errors(values, np.arange(reference))
                self.close(found["pca_errors"], expected, 1e-8)

    def test_reconstruction_errors_by_numpy_with_missing_values(self):
        for name, values, reference, found in answers():
            with self.subTest(name):
                fit = values[:reference]
                deviation = np.nanstd(fit, axis=0)
                deviation[deviation == 0] = 1
                z = np.nan_to_num((values - np.nanmean(fit, axis=0)) / deviation)
                variances, axes = np.linalg.eigh(z[:reference].T @ z[:reference])
                shares = np.cumsum(variances[::-1]) / variances.sum()
                axes = axes[:, ::-1][:, : np.searchsorted(shares, 0.65, side="right") + 1]
                expected = np.linalg.norm(z - z @ axes @ axes.T, axis=1)
                self.close(found["pca_errors"], expected, 1e-8)

    def test_pca_compares_the_half_it_did_not_see(self):
        for name, values, reference, found in answers():
            with self.subTest(name):
                if np.isnan(values).any():
                    continue
                fit = np.array(found["fitted_rows"], dtype=int)
                self.assertEqual(len(set(fit)), reference // 2)
                self.assertLess(fit.max(), reference)
                held = np.setdiff1d(np.arange(reference), fit)
                errors, pca = self.pca_errors(values, fit)
                document = found["document"]["pca"]
                self.assertEqual(document["components"], pca.n_components_)
                self.close(document["explained"], pca.explained_variance_ratio_.sum(), 1e-9)
                self.close(document["reference_error"], errors[held].mean(), 1e-8)
                self.close(document["current_error"], errors[reference:].mean(), 1e-8)
                if values.shape[1] == 1:
                    self.assertIsNone(document["p_value"])
                    continue
                test = stats.mannwhitneyu(errors[held], errors[reference:])
                self.close(document["p_value"], test.pvalue, 1e-8)

    def test_hotelling_is_the_closed_form(self):
        for name, values, reference, found in answers():
            with self.subTest(name):
                values = filled(values, np.arange(len(values)))
                first, second = values[:reference], values[reference:]
                n, m = len(first), len(second)
                pooled = np.atleast_2d(np.cov(first.T)) * (n - 1)
                pooled = (pooled + np.atleast_2d(np.cov(second.T)) * (m - 1)) / (n + m - 2)
                scale = values.std(axis=0)
                keep = scale > 0
                scale = scale[keep]
                pooled = pooled[np.ix_(keep, keep)] / np.outer(scale, scale)
                difference = (second.mean(axis=0) - first.mean(axis=0))[keep] / scale
                rank = np.linalg.matrix_rank(pooled, tol=1e-10, hermitian=True)
                inverse = np.linalg.pinv(pooled, rcond=1e-10, hermitian=True)
                square = difference @ inverse @ difference
                statistic = n * m / (n + m) * square
                f = statistic * (n + m - rank - 1) / (rank * (n + m - 2))
                document = found["document"]["mahalanobis"]
                self.assertEqual(document["rank"], rank)
                self.assertEqual(document["left_out"], (~keep).sum())
                self.close(document["distance"], np.sqrt(square), 1e-8)
                self.close(document["statistic"], statistic, 1e-8)
                self.assertEqual(document["degrees"], [rank, n + m - rank - 1])
                self.close(document["p_value"], stats.f.sf(f, rank, n + m - rank - 1), 1e-7)

    def test_one_column_of_hotelling_is_the_t_test(self):
        for name, values, reference, found in answers():
            if name == "one column":
                t = stats.ttest_ind(values[:reference, 0], values[reference:, 0])
                document = found["document"]["mahalanobis"]
                self.close(document["statistic"], t.statistic**2, 1e-9)
                self.close(document["p_value"], t.pvalue, 1e-9)

    def test_mmd_by_brute_force(self):
        for name, values, reference, found in answers():
            with self.subTest(name):
                values = filled(values, np.arange(len(values)))
                known = ~np.isnan(dict((s[0], s[1]) for s in samples())[name])
                scale = np.array([values[known[:, c], c].std() for c in range(values.shape[1])])
                z = (values - values.mean(axis=0))[:, scale > 0] / scale[scale > 0]
                square = ((z[:, None, :] - z[None, :, :]) ** 2).sum(axis=2)
                pairs = square[np.triu_indices(len(z), 1)]
                sigma = np.sqrt(np.median(pairs) / 2)
                kernel = np.exp(-square / (2 * sigma**2))

                def mmd2(side, kernel=kernel):
                    inside = kernel[np.ix_(side, side)]
                    outside = kernel[np.ix_(~side, ~side)]
                    n, m = side.sum(), (~side).sum()
                    return (
                        (inside.sum() - n) / (n * (n - 1))
                        + (outside.sum() - m) / (m * (m - 1))
                        - 2 * kernel[np.ix_(side, ~side)].mean()
                    )

                side = np.arange(len(z)) < reference
                observed = mmd2(side)
                document = found["document"]["mmd"]
                self.close(document["sigma"], sigma, 1e-9)
                self.assertAlmostEqual(document["mmd2"], observed, delta=1e-11)
                source = np.random.default_rng(3)
                drawn = [mmd2(source.permutation(side)) for _ in range(999)]
                expected = (1 + np.sum(np.array(drawn) >= observed)) / 1000
                # Two estimates of one p-value, each of 999 permutations.
                spread = np.sqrt(2 * max(expected * (1 - expected), 0.001) / 999)
                self.assertAlmostEqual(document["p_value"], expected, delta=5 * spread)
                self.assertAlmostEqual(document["p_value"] * 1000 % 1, 0, delta=1e-6)

    def test_domain_auc_and_delong_from_the_oob_probabilities(self):
        for name, values, reference, found in answers():
            with self.subTest(name):
                oob = np.array(found["oob"])
                first, second = oob[:reference], oob[reference:]
                first, second = first[~np.isnan(first)], second[~np.isnan(second)]
                wins = (second[:, None] > first) + 0.5 * (second[:, None] == first)
                auc = wins.mean()
                labels = np.r_[np.zeros(len(first)), np.ones(len(second))]
                self.assertAlmostEqual(auc, roc_auc_score(labels, np.r_[first, second]), places=12)
                variance = wins.mean(axis=1).var(ddof=1) / len(second)
                variance += wins.mean(axis=0).var(ddof=1) / len(first)
                center = np.log(auc / (1 - auc))
                half = stats.norm.ppf(0.975) * np.sqrt(variance) / (auc * (1 - auc))
                expected = [auc, *(1 / (1 + np.exp(-(center + half * np.array([-1, 1])))))]
                interval = found["document"]["domain"]["auc"]
                self.close([interval[key] for key in ("value", "low", "high")], expected, 1e-9)

    def test_domain_p_values_importances_and_ratios(self):
        for name, values, reference, found in answers():
            with self.subTest(name):
                document = found["document"]["domain"]
                self.assertAlmostEqual(document["p_value"] * 20 % 1, 0, delta=1e-9)
                importances = [entry["value"] for entry in document["importances"]]
                self.assertEqual(importances, sorted(importances, reverse=True))
                self.assertAlmostEqual(sum(importances), 1, places=9)
                rows = len(values)
                p = np.clip(found["oob"], 0.5 / rows, 1 - 0.5 / rows)
                expected = p / (1 - p) * reference / (rows - reference)
                self.close(found["ratios"], expected, 1e-12)

    def test_drift_is_seen_and_its_absence_too(self):
        source = np.random.default_rng(11)

        def normal(rows, columns, correlation):
            common = source.normal(size=(rows, 1)) * np.sqrt(correlation)
            return common + source.normal(size=(rows, columns)) * np.sqrt(1 - correlation)

        # Every column is standard normal on both sides; only how they go together changes.
        found = answer(
            {}, (np.vstack([normal(500, 6, 0.7), normal(500, 6, 0.0)]), 500),
            (normal(1000, 6, 0.7), 500),
        )
        moved, same = (one["document"] for one in found)
        for test in ("pca", "domain", "mmd"):
            self.assertLess(moved[test]["p_value"], 0.05, test)
            self.assertGreater(same[test]["p_value"], 0.01, test)
        self.assertGreater(moved["domain"]["auc"]["low"], 0.6)
        self.assertGreater(moved["mahalanobis"]["p_value"], 0.001)  # It compares means alone.

    def test_what_cannot_be_done_is_null_and_says_why(self):
        (found,) = answer({"seed": SEED}, (np.full((60, 2), 3.0), 30))
        document = found["document"]
        tests = ("pca", "mahalanobis", "domain", "mmd")
        self.assertEqual([document[test] for test in tests], [None] * 4)
        self.assertEqual([note.split(":")[0] for note in document["notes"]], list(tests))

    def test_settings(self):
        values = correlated(np.random.default_rng(2), 100, 3)
        (found,) = answer({"tests": ["mmd"], "mmd_rows": 20, "seed": 4}, (values, 60))
        document = found["document"]
        self.assertEqual(document["mmd"]["rows"], 40)
        self.assertEqual([document[test] for test in ("pca", "mahalanobis", "domain")], [None] * 3)
        self.assertEqual(document["settings"]["seed"], 4)
        for request in ({"tests": ["kmeans"]}, {"trees": 9}, {"explained": 1.5}, {"seed": 0.5}):
            with self.assertRaises(subprocess.CalledProcessError):
                answer(request, (values, 60))


if __name__ == "__main__":
    unittest.main()
