"""Distances, tests of categories and corrections, from counts, beside numpy and scipy 1.10.1.

Statistics agree to 1e-12 relative, p-values to 1e-9. R's p.adjust is written out from its definition. The native build
directory is build/native, or what FIRETOWER_BUILD says.
"""

import decimal
import json
import math
import os
import pathlib
import subprocess
import unittest
import warnings

import numpy as np
from scipy import special, stats
from scipy.spatial import distance

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("FIRETOWER_BUILD", "build/native")
TOOL = BUILD / "tests" / "golden" / "drift_counts_tool"
ORACLE = ROOT / ".." / "shared" / "drift" / "oracle_scipy.json"
STATISTIC = 1e-12
P_VALUE = 1e-9


def count_cases(source):
    cases = [
        ([11, 9, 8, 2, 7, 7, 5, 8, 3, 0], [2, 7, 8, 12, 5, 8, 13, 10, 6, 9]),
        ([50, 30, 20], [40, 45, 30]),
        ([8, 2], [3, 7]),
        ([99830, 170], [49830, 170]),
        ([60, 40, 0], [50, 40, 10]),
        ([5, 0, 0], [0, 0, 7]),
        ([10, 0, 3], [4, 0, 1]),
        ([1], [1]),
        ([1, 0], [0, 1]),
        ([7, 0, 0], [9, 0, 0]),
        ([100, 100], [100, 100]),
        ([0, 0, 0], [3, 4, 5]),
        ([3, 4, 5], [0, 0, 0]),
        ([1, 1, 1, 1], [100000, 100000, 100000, 100001]),
        ([10**9, 10**9 + 50000], [10**9 + 20000, 10**9]),
        ([284315, 492], [28000, 90]),
    ]
    for _ in range(60):
        bins = int(source.integers(2, 40))
        weights = source.dirichlet(np.full(bins, source.choice([0.2, 1, 20])))
        moved = weights * np.exp(source.normal(0, source.choice([0, 0.05, 0.5]), bins))
        rows = 10 ** source.uniform(1, 5.5, 2)
        sides = (
            source.multinomial(int(rows[0]), weights),
            source.multinomial(int(rows[1]), moved / moved.sum()),
        )
        cases.append(tuple([int(count) for count in side] for side in sides))
    return cases


def tables(source):
    out = [
        [8, 2, 3, 7],
        [99830, 170, 49830, 170],
        [0, 5, 0, 7],
        [5, 0, 7, 0],
        [0, 0, 3, 4],
        [3, 4, 0, 0],
        [0, 6, 6, 0],
        [1, 0, 0, 1],
        [10, 10, 10, 10],
        [7, 3, 3, 7],
        [50, 50, 40, 60],
        [1, 99999, 12, 99988],
    ]
    for _ in range(150):
        n, m = (10 ** source.uniform(0.5, 4.5, 2)).astype(int)
        share = source.choice([0.002, 0.05, 0.5])
        a, c = source.binomial(n, share), source.binomial(m, min(1, share * source.choice([1, 1.2, 2])))
        out.append([int(a), int(n - a), int(c), int(m - c)])
    return out


def samples(source):
    i = np.arange(60)
    a = ((i * i * 7 + i * 3) % 101) / 10
    i = np.arange(80)
    b = ((i * i * 5 + 11 * i + 17) % 113) / 10 + 0.8
    out = [
        (a, b, 10),
        (source.normal(size=500), source.normal(0.3, 1, 300), 10),
        (source.exponential(size=1000), source.exponential(size=64), 20),
        (np.round(source.normal(size=4096), 1), np.round(source.normal(size=4096), 1), 7),
        (source.lognormal(0, 2, 5000), source.lognormal(0, 2, 100), 50),
        (np.arange(3.0), np.arange(5.0), 10),
        (np.array([2.0, 2.0]), np.array([2.0]), 10),
        (np.append(source.normal(size=30), [np.nan, np.nan]), np.append(source.normal(size=20), np.nan), 4),
    ]
    return [
        (
            [None if math.isnan(x) else float(x) for x in reference],
            [None if math.isnan(x) else float(x) for x in current],
            bins,
        )
        for reference, current, bins in out
    ]


def shares(reference, current, rule):
    """Shares of both sides under a zero rule; bins that both lack are left out."""
    table = np.array([reference, current], dtype=float)
    table = table[:, table.sum(axis=0) > 0]
    if rule == "add_half":
        table = table + 0.5
    table = table / table.sum(axis=1, keepdims=True)
    return np.maximum(table, 1e-4) if rule == "floor" else table


def p_adjust(p, method):
    """R's p.adjust from its definitions, one p-value at a time."""
    p = np.array(p)
    n = len(p)
    order = np.argsort(p, kind="stable")
    rank = np.empty(n, dtype=int)
    rank[order] = np.arange(1, n + 1)
    harmonic = sum(1 / k for k in range(1, n + 1))
    out = []
    for i in range(n):
        if method == "none":
            out.append(p[i])
        elif method == "Bonferroni":
            out.append(min(1, n * p[i]))
        elif method == "Holm":
            out.append(min(1, max((n - rank[j] + 1) * p[j] for j in range(n) if rank[j] <= rank[i])))
        else:
            times = harmonic if method == "BY" else 1
            out.append(min(1, min(times * n / rank[j] * p[j] for j in range(n) if rank[j] >= rank[i])))
    return out


class DriftCountsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        source = np.random.default_rng(20130917)
        cls.counts = count_cases(source)
        cls.tables = tables(source)
        cls.samples = samples(source)
        cls.p_values = [
            [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216],
            [0.5],
            [0.2, 0.2, 0.2, 0.9, 0.9],
            [1.0, 0.0, 1e-300, 0.999],
            [float(p) for p in source.uniform(size=31) ** 3],
        ]
        done = subprocess.run(
            [str(TOOL)],
            input=json.dumps(
                {"counts": cls.counts, "tables": cls.tables, "samples": cls.samples, "p_values": cls.p_values}
            ),
            capture_output=True,
            text=True,
            check=True,
        )
        cls.answers = json.loads(done.stdout)

    def close(self, actual, expected, tolerance, what, absolute=0.0):
        if expected is None or math.isnan(expected):
            self.assertIsNone(actual, what)
        elif math.isinf(expected):
            self.assertEqual(actual, expected, what)
        else:
            self.assertIsNotNone(actual, what)
            allowed = tolerance * abs(expected) + absolute
            self.assertLessEqual(abs(actual - expected), allowed, f"{what}: {actual} {expected}")

    def each_count(self):
        for sides, answer in zip(self.counts, self.answers["counts"]):
            yield np.array(sides[0], dtype=float), np.array(sides[1], dtype=float), answer

    def test_distances(self):
        for reference, current, answer in self.each_count():
            if reference.sum() == 0 or current.sum() == 0:
                for name in ("psi_add_half", "kl_none", "js_2", "hellinger", "tv", "linf"):
                    self.assertIsNone(answer[name])
                continue
            for rule in ("add_half", "floor", "none"):
                p, q = shares(reference, current, rule)
                with np.errstate(all="ignore"):
                    # Near 0 numpy's own sum of terms of both signs has few digits.
                    psi = float(np.sum((q - p) * np.log(q / p)))
                    self.close(answer[f"psi_{rule}"], psi, STATISTIC, f"psi {rule}", 1e-17)
                    self.close(answer[f"kl_{rule}"], float(stats.entropy(q, p)), STATISTIC, f"kl {rule}", 3e-16)
            p, q = shares(reference, current, "none")
            # scipy subtracts: its square has an absolute error of 1e-16.
            for base, name in ((math.e, "js_e"), (2, "js_2")):
                expected = float(distance.jensenshannon(reference, current, base)) if len(p) > 1 else 0.0
                expected = 0.0 if math.isnan(expected) else expected
                self.assertLessEqual(abs(answer[name] ** 2 - expected**2), STATISTIC * expected**2 + 3e-16, name)
            hellinger = float(np.sqrt(np.sum((np.sqrt(p) - np.sqrt(q)) ** 2) / 2))
            self.close(answer["hellinger"], hellinger, STATISTIC, "hellinger", 1e-15)
            self.close(answer["tv"], float(0.5 * np.abs(p - q).sum()), STATISTIC, "tv", 1e-16)
            self.close(answer["linf"], float(np.abs(p - q).max()), STATISTIC, "linf", 1e-16)
            degrees = len(reference) - 1
            scale = 1 / reference.sum() + 1 / current.sum()
            self.close(answer["psi_null"][0], degrees * scale, STATISTIC, "psi expected")
            bound = stats.chi2.ppf(0.95, degrees) * scale if degrees else 0.0
            self.close(answer["psi_null"][1], bound, P_VALUE, "psi bound")

    def test_against_forty_digits(self):
        """Where sums of logarithms cancel, numpy has few digits: the same formulas in decimal arithmetic."""
        with decimal.localcontext() as context:
            context.prec = 40
            for reference, current, answer in self.each_count():
                if reference.sum() == 0 or current.sum() == 0:
                    continue
                half = decimal.Decimal("0.5")
                table = [[decimal.Decimal(int(c)) for c in pair] for pair in zip(reference, current) if sum(pair)]
                n, m = sum(c for c, _ in table), sum(c for _, c in table)
                raw = [(a / n, b / m) for a, b in table]
                more = [((a + half) / (n + half * len(table)), (b + half) / (m + half * len(table))) for a, b in table]
                psi = sum((q - p) * (q / p).ln() for p, q in more)
                js = sum(x * (2 * x / (p + q)).ln() for p, q in raw for x in (p, q) if x) / 2
                g = 2 * sum(
                    x * (x * (n + m) / (side * (a + b))).ln() for a, b in table for x, side in ((a, n), (b, m)) if x
                )
                chi = sum((a * m - b * n) ** 2 / (a + b) for a, b in table) / (n * m)
                for name, actual, expected in (
                    ("psi", answer["psi_add_half"], psi),
                    ("js", answer["js_e"] ** 2, js),
                    ("g", answer["g_plain"][0], g),
                    ("chi-square", answer["chi_square_plain"][0], chi),
                ):
                    # psi and js go by differences of shares, and shares are rounded.
                    absolute = 3e-16 * math.sqrt(expected) if name in ("psi", "js") else 0.0
                    self.close(actual, float(expected), STATISTIC, f"{name} {table}", absolute)

    def test_contingency(self):
        for reference, current, answer in self.each_count():
            table = np.array([reference, current])
            if reference.sum() == 0 or current.sum() == 0:
                self.assertEqual(answer["chi_square"][:2], [None, None])
                self.assertIsNone(answer["cramers_v"])
                continue
            table = table[:, table.sum(axis=0) > 0]
            if table.shape[1] == 1:
                self.assertEqual(answer["chi_square"][:3], [0, 1, 0])
                self.assertEqual(answer["g"][:3], [0, 1, 0])
                self.assertEqual(answer["cramers_v"], 0)
                continue
            total = table.sum()
            for name, method, yates in (
                ("chi_square", None, True),
                ("chi_square_plain", None, False),
                ("g", "log-likelihood", True),
                ("g_plain", "log-likelihood", False),
            ):
                expected = stats.chi2_contingency(table, correction=yates, lambda_=method)
                # scipy's G adds terms of the size of the counts and of both signs, its chi-square takes rounded
                # expected counts from counts.
                apart = np.abs(table - expected.expected_freq).max()
                absolute = 2e-15 * (total if method else 1 + apart)
                self.close(answer[name][0], expected.statistic, STATISTIC, name, absolute)
                rounding = absolute / max(expected.statistic, 1e-300)
                with np.errstate(all="ignore"):
                    slope = expected.statistic * stats.chi2.pdf(expected.statistic, expected.dof)
                    slope = np.nan_to_num(slope / max(expected.pvalue, 1e-300))
                if expected.pvalue > 1e-280:
                    self.close(answer[name][1], expected.pvalue, P_VALUE + rounding * slope, name + " p")
                self.assertEqual(answer[name][2], expected.dof)
                self.close(answer[name][3], expected.expected_freq.min(), STATISTIC, "expected")
            # Bergsma (2013).
            statistic = stats.chi2_contingency(table).statistic
            columns = table.shape[1]
            phi = max(0, statistic / total - (columns - 1) / (total - 1))
            least = min(columns - (columns - 1) ** 2 / (total - 1), 2 - 1 / (total - 1)) - 1
            expected = min(1.0, math.sqrt(phi / least)) if least > 0 else 0.0
            self.assertLessEqual(abs(answer["cramers_v"] ** 2 - expected**2), 1e-12 * expected**2 + 1e-15)

    def test_effects_invert_the_noncentral_chi_square(self):
        checked = 0
        for reference, current, answer in self.each_count():
            table = np.array([reference, current])
            table = table[:, table.sum(axis=0) > 0]
            if reference.sum() == 0 or current.sum() == 0 or table.shape[1] == 1:
                continue
            total = table.sum()
            columns = table.shape[1]
            statistic, _, degrees, _ = stats.chi2_contingency(table, correction=False)
            value, low, high = answer["effect_of_cramers_v"]
            self.assertEqual(value, answer["cramers_v"])
            self.assertTrue(0 <= low <= value <= high <= 1)
            largest = min(columns - (columns - 1) ** 2 / (total - 1), 2 - 1 / (total - 1)) - 1
            if largest <= 0 or statistic > 3000:
                continue
            if 0 < low < value:
                tail = stats.ncx2.sf(statistic, degrees, low**2 * total * largest)
                self.close(tail, 0.025, 1e-6, "low")
                checked += 1
            if value < high < 1:
                tail = stats.ncx2.cdf(statistic, degrees, high**2 * total * largest)
                self.close(tail, 0.025, 1e-6, "high")
                checked += 1
            excess, low, high = answer["effect_of_psi"]
            p, q = shares(reference, current, "add_half")
            scale = reference.sum() * current.sum() / total
            psi = float(np.sum((q - p) * np.log(q / p)))
            self.close(excess, max(0.0, psi - (columns - 1) / scale), 1e-11, "excess", 1e-15)
            self.assertTrue(0 <= low <= excess <= high)
            if excess == 0 and high > 0:
                tail = stats.ncx2.cdf(psi * scale, columns - 1, high * scale)
                self.close(tail, 0.025, 1e-6, "psi high")
        self.assertGreater(checked, 40)

    def test_ks_of_counts_is_ks_of_tied_rows(self):
        for reference, current, answer in self.each_count():
            n, m = reference.sum(), current.sum()
            if n == 0 or m == 0:
                self.assertEqual(answer["ks"], [None] * 4)
                continue
            f, g = np.cumsum(reference) / n, np.cumsum(current) / m
            gap, upper, resolution, p_value = answer["ks"]
            self.close(gap, float(np.abs(f - g).max()), STATISTIC, "distance", 1e-15)
            before_f, before_g = np.append(0, f[:-1]), np.append(0, g[:-1])
            self.close(upper, float(max((f - before_g).max(), (g - before_f).max())), STATISTIC, "upper", 1e-15)
            self.close(resolution, float(max((reference / n).max(), (current / m).max())), STATISTIC, "resolution")
            if n + m <= 20000:
                values = np.arange(len(reference))
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    expected = stats.ks_2samp(
                        np.repeat(values, reference.astype(int)), np.repeat(values, current.astype(int))
                    )
                self.close(p_value, expected.pvalue, 1e-7, "p", 1e-280)

    def test_two_by_two(self):
        for table, answer in zip(self.tables, self.answers["tables"]):
            with self.subTest(table=table):
                a, b, c, d = table
                if a + b == 0 or c + d == 0:
                    self.assertEqual(answer, {"fisher": [None, None], "z": [None, None]})
                    continue
                odds, p_value = stats.fisher_exact([[a, b], [c, d]])
                self.close(answer["fisher"][0], odds, STATISTIC, "odds")
                self.close(answer["fisher"][1], p_value, P_VALUE, "p", 1e-300)
                pooled = (a + c) / (a + b + c + d)
                error = math.sqrt(pooled * (1 - pooled) * (1 / (a + b) + 1 / (c + d)))
                z = (c / (c + d) - a / (a + b)) / error if error > 0 else 0.0
                self.close(answer["z"][0], z, STATISTIC, "z", 1e-14)
                self.close(answer["z"][1], special.erfc(abs(z) / math.sqrt(2)), P_VALUE, "z p")

    def test_edges_and_counts(self):
        for (reference, current, bins), answer in zip(self.samples, self.answers["samples"]):
            x = np.array([v for v in reference if v is not None])
            y = np.array([v for v in current if v is not None])
            pooled = np.concatenate([x, y])
            for name, edges in (
                ("equal", np.histogram_bin_edges(pooled, bins)),
                ("sturges", np.histogram_bin_edges(pooled, "sturges")),
                ("doane", np.histogram_bin_edges(pooled, "doane")),
            ):
                np.testing.assert_allclose(answer[name]["edges"], edges, rtol=1e-15, atol=1e-15)
            quantiles = answer["quantiles"]["edges"]
            self.assertEqual((quantiles[0], quantiles[-1]), (-math.inf, math.inf))
            self.assertLessEqual(len(quantiles) - 1, bins + 2)
            plain = np.quantile(x, np.linspace(0, 1, min(bins, len(x)) + 1))
            for edge in plain[1:-1]:
                self.assertIn(float(edge), quantiles)
            for name in ("quantiles", "equal", "sturges", "doane"):
                edges = np.array(answer[name]["edges"])
                # Open ends for numpy; counted with the edges that were answered.
                inside = np.clip(edges, -1e308, 1e308)
                for side, values in (("reference", x), ("current", y)):
                    missing = len(reference if side == "reference" else current) - len(values)
                    expected = list(np.histogram(values, inside)[0]) + [missing]
                    self.assertEqual(answer[name][side], expected, name)

    def test_corrections(self):
        for p_values, answer in zip(self.p_values, self.answers["p_values"]):
            for method, corrected in answer.items():
                np.testing.assert_allclose(corrected, p_adjust(p_values, method), rtol=1e-14, err_msg=method)

    def test_published_oracle(self):
        oracle = json.loads(ORACLE.read_text(encoding="utf-8"))
        answers = {json.dumps(sides): answer for sides, answer in zip(self.counts, self.answers["counts"])}
        tables = {json.dumps(table): answer for table, answer in zip(self.tables, self.answers["tables"])}
        for name in ("cat3", "cat2_small", "cat2_fraud", "cat_new_category"):
            case = oracle[name]
            answer = answers[json.dumps((case["ref"], case["cur"]))]
            for ours, theirs in (("chi_square", "chi2_cont_corrTrue"), ("chi_square_plain", "chi2_cont_corrFalse")):
                self.close(answer[ours][0], case[theirs][0], STATISTIC, theirs)
                self.close(answer[ours][1], case[theirs][1], P_VALUE, theirs)
            g = answer["g_plain"]
            self.close(g[0], case["G_contingency"][0], 1e-11, "G")
            self.close(answer["cramers_v"], case["cramers_v_bergsma"], STATISTIC, "V")
            if "fisher" in case:
                two = tables[json.dumps(case["ref"] + case["cur"])]
                self.close(two["fisher"][0], case["fisher"][0], STATISTIC, "odds")
                self.close(two["fisher"][1], case["fisher"][1], P_VALUE, "Fisher")
                self.close(two["z"][0], case["z_pooled"][0], STATISTIC, "z")
                self.close(two["z"][1], case["z_pooled"][1], P_VALUE, "z p")
        bins = self.answers["samples"][0]
        for ours, theirs in (
            ("equal", "binned_10_equal_A_B"),
            ("sturges", "binned_sturges_combined_A_B"),
            ("quantiles", "binned_ref_deciles_A_B"),
        ):
            case = oracle[theirs]
            self.assertEqual(bins[ours]["reference"][:-1], case["ref"])
            self.assertEqual(bins[ours]["current"][:-1], case["cur"])
            np.testing.assert_allclose(bins[ours]["edges"][1:-1], case["edges"][1:-1], rtol=1e-15)
        case = oracle["binned_10_equal_A_B"]
        answer = answers[json.dumps((case["ref"], case["cur"]))]
        for ours, theirs in (
            ("js_e", "js_distance_base_e"),
            ("js_2", "js_distance_base2"),
            ("hellinger", "hellinger"),
            ("tv", "tvd"),
            ("linf", "linf"),
            ("psi_floor", "psi_zero_to_1e-4_no_renorm"),
            ("psi_add_half", "psi_add_half"),
        ):
            self.close(answer[ours], case[theirs], STATISTIC, theirs)


if __name__ == "__main__":
    unittest.main()
