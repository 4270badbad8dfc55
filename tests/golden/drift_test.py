"""Two-sample tests and distances of numbers beside scipy 1.10.1 and numpy, on hundreds of made-up pairs of samples.

Distances and statistics agree to 1e-12 relative, p-values to 1e-9. Where scipy itself is not as accurate, an
independent calculation stands in its place:
- exact KS where scipy's sum comes out as 1.0000000000000002 and it falls back on the asymptotic law: lattice paths
  counted in whole numbers;
- the Cramer-von Mises statistic, which scipy takes as the difference of two large float64 numbers: fractions;
- its limit law, of which scipy leaves out terms below 1e-7: the whole series, and for its tail Smirnov's integral.
The native build directory is build/native, or what FIRETOWER_BUILD says.
"""

import fractions
import json
import math
import os
import pathlib
import subprocess
import unittest
import warnings

import numpy as np
from scipy import integrate, special, stats

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("FIRETOWER_BUILD", "build/native")
TOOL = BUILD / "tests" / "golden" / "two_sample_tool"
ORACLE = ROOT / ".." / "shared" / "drift" / "oracle_scipy.json"
STATISTIC = 1e-12
P_VALUE = 1e-9
SMALLEST = 1e-290  # p-values below are compared absolutely.


def made_up(source, rows, kind, shift):
    if kind == "normal":
        return source.normal(shift, 1, rows)
    if kind == "heavy":
        return np.exp(source.normal(shift, 3, rows)) * source.choice([-1, 1], rows)
    if kind == "rounded":
        return np.round(source.normal(shift, 1, rows), 1)
    if kind == "few":
        return source.integers(0, 4, rows) + (source.random(rows) < shift / 2) * 1.0
    return np.full(rows, 4.0 + (shift > 0.5))


def cases():
    source = np.random.default_rng(20)
    sizes = [1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 20, 21, 30, 60, 140, 141, 200, 300, 500, 1200, 2500, 5000]
    kinds = ["normal", "normal", "heavy", "rounded", "few", "constant"]
    for _ in range(300):
        n, m = source.choice(sizes, 2)
        if source.random() < 0.25:
            m = n
        kind = source.choice(kinds)
        shift = source.choice([0, 0, 0.05, 0.2, 0.5, 1, 2, 6])
        yield made_up(source, n, kind, 0), made_up(source, m, kind, shift)
    # Beyond 10,000 rows 'auto' is asymptotic; distances from none to large.
    for n, m, shift in [(10001, 3, 1), (10001, 300, 0), (12000, 11000, 0.05), (20000, 20000, 0), (15000, 9000, 2)]:
        yield made_up(source, n, "normal", 0), made_up(source, m, "normal", shift)
    yield np.round(source.normal(0, 1, 60000), 3), np.round(source.normal(0.01, 1, 40000), 3)
    # Nearly the same sample twice: distances as small as they get.
    for rows in (11000, 30000):
        same = source.normal(0, 1, rows)
        yield same, same + 1e-9
    # Missing values.
    for share in (0.1, 0.9, 1.0):
        pair = [source.normal(0, 1, 40), source.normal(0, 1, 25)]
        for side in pair:
            side[source.random(side.size) < share] = source.choice([np.nan, np.inf, -np.inf])
        yield tuple(pair)
    # Most of the reference is one value: its quartiles are equal.
    yield np.r_[np.full(90, 2.5), source.normal(0, 1, 10)], source.normal(0, 1, 60)
    # Large numbers close together, and small beside large.
    yield 1e9 + source.normal(0, 1, 50), 1e9 + source.normal(0.2, 1, 70)
    yield np.r_[source.normal(0, 1, 50), 1e12], source.normal(0, 1, 70)


def answers(pairs):
    lines = []
    for reference, current in pairs:
        numbers = np.concatenate([reference, current]).tolist()
        lines.append(f"{len(reference)} {len(current)} " + " ".join(map(repr, numbers)))
    output = subprocess.run(
        [str(TOOL)], input="\n".join(lines), capture_output=True, text=True, check=True
    ).stdout
    return [json.loads(line) for line in output.splitlines()]


def paths_outside(n, m, steps):
    """Share of the lattice paths to (n, m) that reach |i m - j n| >= steps gcd, counted in whole numbers."""
    bound = steps * math.gcd(n, m)
    inside = [0] * (m + 1)
    for i in range(n + 1):
        for j in range(m + 1):
            ways = (1 if i + j == 0 else 0) + (inside[j] if i > 0 else 0) + (inside[j - 1] if j > 0 else 0)
            inside[j] = ways if abs(i * m - j * n) < bound else 0
    every = math.comb(n + m, n)
    return float(fractions.Fraction(every - inside[m], every))


def cvm_statistic(reference, current):
    """Mid-ranks against places, in whole numbers: 4 U from twice the ranks."""
    n, m = len(reference), len(current)
    ranks = (2 * stats.rankdata(np.concatenate([np.sort(reference), np.sort(current)]))).astype(int).tolist()
    u = n * sum((rank - 2 * place) ** 2 for place, rank in enumerate(ranks[:n], 1))
    u += m * sum((rank - 2 * place) ** 2 for place, rank in enumerate(ranks[n:], 1))
    k = n * m
    return fractions.Fraction(u, 4 * k * (n + m)) - fractions.Fraction(4 * k - 1, 6 * (n + m))


def cvm_normalised(statistic, n, m):
    k, rows = n * m, n + m
    variance = (rows + 1) * (4 * k * rows - 3 * (n**2 + m**2) - 2 * k) / (45 * rows**2 * 4 * k)
    return 1 / 6 + (float(statistic) - (1 + 1 / rows) / 6) / math.sqrt(45 * variance)


def cvm_limit_tail(w):
    """P(W >= w): where it is not small, one minus the series in Bessel functions (Anderson and Darling 1952)."""
    if w < 0.003:
        return 1.0
    if w < 1.0:
        k = np.arange(60.0)
        y = 4 * k + 1
        q = y * y / (16 * w)
        scale = np.exp(special.gammaln(k + 0.5) - special.gammaln(k + 1)) / (np.pi**1.5 * np.sqrt(w))
        return 1.0 - float(np.sum(scale * np.sqrt(y) * np.exp(-2 * q) * special.kve(0.25, q)))

    # Smirnov's integrals between the zeros of the sine, whose square roots quad takes as weights.
    tail = 0.0
    for k in (1, 2):
        start = (2 * k - 1) * np.pi
        scale = math.exp(-w * start**2 / 2)

        def smooth(phi):
            ends = phi * (np.pi - phi) / math.sin(phi) if 0 < phi < np.pi else np.pi
            s = start + phi
            return 2 * math.sqrt(ends / s) * math.exp(-w * phi * (start + s) / 2)

        # All of it is near the start.
        middle = min(np.pi / 2, 40 / (w * start))
        near = integrate.quad(
            lambda phi: smooth(phi) / math.sqrt(np.pi - phi), 0, middle, weight="alg", wvar=(-0.5, 0),
            epsabs=0, epsrel=1e-12, limit=200,
        )[0]
        far = integrate.quad(
            lambda phi: smooth(phi) / math.sqrt(phi), middle, np.pi, weight="alg", wvar=(0, -0.5),
            epsabs=1e-13 * near, epsrel=1e-12, limit=200,
        )[0]
        tail += (-1) ** (k - 1) * scale * (near + far) / np.pi
    return tail


def setUpModule():
    subprocess.run(
        ["cmake", "--build", str(BUILD), "--target", "two_sample_tool"], check=True, stdout=subprocess.DEVNULL
    )


class TwoSamples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        given = list(cases())
        cls.found = []
        for (reference, current), answer in zip(given, answers(given), strict=True):
            finite = tuple(side[np.isfinite(side)] for side in (reference, current))
            cls.found.append((*finite, answer, (reference, current)))

    def close(self, ours, theirs, relative, what, absolute=0.0):
        if math.isnan(theirs) or math.isinf(theirs) or math.isnan(ours):
            same = ours == theirs or (math.isnan(ours) and math.isnan(theirs))
            self.assertTrue(same, f"{what}: {ours}, expected {theirs}")
        else:
            self.assertLessEqual(
                abs(ours - theirs), relative * abs(theirs) + absolute, f"{what}: {ours}, expected {theirs}"
            )

    def both_sides(self, least=1):
        for number, (reference, current, answer, _) in enumerate(self.found):
            if min(len(reference), len(current)) >= least:
                yield f"case {number}, {len(reference)} and {len(current)} rows", reference, current, answer

    def test_kolmogorov_smirnov(self):
        for what, reference, current, answer in self.both_sides():
            for method in ("auto", "exact", "asymp"):
                key = {"auto": "ks", "exact": "ks_exact", "asymp": "ks_asymptotic"}[method]
                if f"{key}.p" not in answer:
                    continue
                with warnings.catch_warnings(record=True) as told:
                    warnings.simplefilter("always")
                    theirs = stats.ks_2samp(reference, current, method=method)
                n, m = len(reference), len(current)
                expected = theirs.pvalue
                if any("unsuccessful" in str(warning.message) for warning in told):
                    expected = paths_outside(n, m, round(theirs.statistic * math.lcm(n, m)))
                if n == m == 1 and method == "asymp":
                    expected = math.nan  # kstwo of no rows at all
                self.close(answer[f"{key}.statistic"], theirs.statistic, STATISTIC, f"{what}, {method}", 1e-15)
                self.close(answer[f"{key}.p"], expected, P_VALUE, f"{what}, p of {method}", SMALLEST)
                # Of equal distances scipy's float64 numbers choose any, ours are told apart exactly.
                at = answer[f"{key}.location"]
                gap = np.mean(reference <= at) - np.mean(current <= at)
                self.close(abs(gap), theirs.statistic, STATISTIC, f"{what}, location", 1e-15)
                if gap != 0:
                    self.assertEqual(answer[f"{key}.sign"], math.copysign(1, gap), what)

    def test_exact_kolmogorov_smirnov_by_counting(self):
        tried = 0
        for what, reference, current, answer in self.both_sides():
            n, m = len(reference), len(current)
            if n * m <= 20000:
                steps = round(answer["ks_exact.statistic"] * math.lcm(n, m))
                expected = paths_outside(n, m, steps)
                self.close(answer["ks_exact.p"], expected, 1e-12, what, SMALLEST)
                tried += 1
        self.assertGreater(tried, 100)

    def test_cramer_von_mises(self):
        exact = 0
        for what, reference, current, answer in self.both_sides(least=2):
            n, m = len(reference), len(current)
            statistic = cvm_statistic(reference, current)
            self.close(answer["cvm.statistic"], float(statistic), STATISTIC, what)
            theirs = stats.cramervonmises_2samp(reference, current, method="asymptotic")
            self.close(answer["cvm.statistic"], theirs.statistic, 1e-9, f"{what}, scipy", 1e-9)
            normalised = cvm_normalised(statistic, n, m)
            tail = answer["cvm_asymptotic.p"]
            self.close(tail, cvm_limit_tail(normalised), P_VALUE, f"{what}, limit", max(SMALLEST, 1e-13 * tail))
            if normalised < 2:  # Beyond, what scipy leaves out is more.
                self.close(tail, theirs.pvalue, P_VALUE, f"{what}, scipy's p", P_VALUE)
            if max(n, m) > 20:
                self.assertEqual(answer["cvm.p"], tail, what)
            elif n * m <= 160:  # scipy takes seconds for more.
                theirs = stats.cramervonmises_2samp(reference, current, method="exact")
                self.close(answer["cvm.p"], theirs.pvalue, P_VALUE, f"{what}, exact")
                exact += 1
        self.assertGreater(exact, 30)

    def test_mann_whitney(self):
        exact = 0
        for what, reference, current, answer in self.both_sides():
            n, m = len(reference), len(current)
            theirs = stats.mannwhitneyu(reference, current, method="asymptotic")
            self.assertEqual(answer["mwu.statistic"], theirs.statistic, what)
            self.close(answer["mwu_asymptotic.p"], theirs.pvalue, P_VALUE, what, SMALLEST)
            self.close(answer["auc.value"], 1 - theirs.statistic / (n * m), STATISTIC, what, 1e-15)
            if max(n, m) <= 60:
                for method, key in (("auto", "mwu"), ("exact", "mwu_exact")):
                    theirs = stats.mannwhitneyu(reference, current, method=method)
                    self.close(answer[f"{key}.p"], theirs.pvalue, P_VALUE, f"{what}, {method}", SMALLEST)
                exact += 1
        self.assertGreater(exact, 60)

    def test_anderson_darling(self):
        tried = 0
        for what, reference, current, answer in self.both_sides():
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                if len(reference) + len(current) < 4 or np.ptp(np.concatenate([reference, current])) == 0:
                    self.assertTrue(math.isnan(answer["ad.p"]), what)
                    continue
                theirs = stats.anderson_ksamp([reference, current])
            self.close(answer["ad.statistic"], theirs.statistic, STATISTIC, what, 1e-13)
            self.close(answer["ad.p"], theirs.significance_level, P_VALUE, what)
            clipped = any("p-value" in str(warning.message) for warning in told)
            self.assertEqual(answer["ad.clipped"], float(clipped), what)
            tried += 1
        self.assertGreater(tried, 200)

    def test_welch(self):
        for what, reference, current, answer in self.both_sides():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                theirs = stats.ttest_ind(reference, current, equal_var=False)
            n, m = len(reference), len(current)
            spread = max(np.abs(reference).max(), np.abs(current).max())
            # scipy's own error: a rounding of the means against their difference.
            difference = abs(np.mean(reference) - np.mean(current))
            rounding = 4e-16 * spread / difference if difference > 0 else 0
            self.close(answer["welch.statistic"], theirs.statistic, STATISTIC + rounding, what)
            if min(n, m) < 2:
                self.assertTrue(math.isnan(answer["welch.p"]), what)
                continue
            factor = 1 + abs(theirs.statistic) ** 2 if np.isfinite(theirs.statistic) else 1
            self.close(answer["welch.p"], theirs.pvalue, P_VALUE + rounding * factor, what, SMALLEST)
            variances = np.var(reference, ddof=1) / n, np.var(current, ddof=1) / m
            if sum(variances) > 0:
                degrees = sum(variances) ** 2 / (variances[0] ** 2 / (n - 1) + variances[1] ** 2 / (m - 1))
                # stats.t.isf is right to 1e-9 only; the incomplete beta function's inverse is better.
                share = special.betaincinv(degrees / 2, 0.5, 0.05)
                half = math.sqrt(degrees * (1 / share - 1) * sum(variances))
                middle = np.mean(current) - np.mean(reference)
                error = 1e-10 * half + 1e-15 * spread
                self.close(answer["welch.degrees"], degrees, 1e-9, what)
                self.close(answer["welch.difference.low"], middle - half, 0, what, error)
                self.close(answer["welch.difference.high"], middle + half, 0, what, error)
                if np.std(reference) > 0:
                    unit = np.std(reference)
                    self.close(answer["mean_effect.value"], middle / unit, 0, what, error / unit)
                    self.close(answer["mean_effect.high"], (middle + half) / unit, 0, what, error / unit)

    def test_distances(self):
        units = 0
        for what, reference, current, answer in self.both_sides():
            distance = stats.wasserstein_distance(reference, current)
            self.close(answer["wasserstein"], distance, STATISTIC, what)
            self.close(answer["energy"], stats.energy_distance(reference, current), STATISTIC, what)
            lower, upper = np.quantile(reference, [0.25, 0.75])
            spread = (upper - lower) / 1.349 or np.std(reference)
            if spread > 0:
                self.close(answer["wasserstein.normalised"], distance / spread, STATISTIC, what)
                units += answer["wasserstein.unit"] == 1
            else:
                self.assertTrue(math.isnan(answer["wasserstein.normalised"]), what)
            room = sum(math.sqrt(math.log(80) / (2 * len(side))) for side in (reference, current))
            gap = answer["ks.statistic"]
            self.close(answer["ks_effect.low"], max(0.0, gap - room), STATISTIC, what, 1e-15)
            self.close(answer["ks_effect.high"], min(1.0, gap + room), STATISTIC, what)
        self.assertGreater(units, 0)

    def test_moments(self):
        for what, reference, current, answer in self.both_sides():
            for side, values in (("reference", reference), ("current", current)):
                spread = np.abs(values).max()
                self.close(answer[f"{side}.mean"], math.fsum(values) / len(values), 1e-15, what, 2e-16 * spread)
                self.close(answer[f"{side}.sd"], np.std(values), STATISTIC, what)
                self.assertEqual(answer[f"{side}.min"], values.min(), what)
                self.assertEqual(answer[f"{side}.max"], values.max(), what)
                for name, share in (("q1", 0.25), ("median", 0.5), ("q3", 0.75)):
                    self.close(answer[f"{side}.{name}"], np.quantile(values, share), 1e-14, what)

    def test_missing_rows(self):
        counted = 0
        for reference, current, answer, given in self.found:
            n, m = len(given[0]), len(given[1])
            missing = n - len(reference), m - len(current)
            self.assertEqual((answer["reference.rows"], answer["current.rows"]), (len(reference), len(current)))
            share = sum(missing) / (n + m)
            if 0 < share < 1:
                z = (missing[0] / n - missing[1] / m) / math.sqrt(share * (1 - share) * (1 / n + 1 / m))
                self.close(answer["missing.statistic"], z, STATISTIC, "missing")
                self.close(answer["missing.p"], 2 * stats.norm.sf(abs(z)), P_VALUE, "missing")
                counted += 1
            else:
                self.assertEqual(answer["missing.p"], 1)
            if min(len(reference), len(current)) == 0:
                for key in ("ks.p", "cvm.p", "mwu.p", "ad.p", "welch.p", "wasserstein", "energy", "auc.value"):
                    self.assertTrue(math.isnan(answer[key]), key)
        self.assertGreater(counted, 0)

    def test_the_shared_values(self):
        oracle = json.loads(ORACLE.read_text(encoding="utf-8"))
        samples = {
            "A": [((i * i * 7 + i * 3) % 101) / 10 for i in range(60)],
            "B": [((i * i * 5 + 11 * i + 17) % 113) / 10 + 0.8 for i in range(80)],
            "S": oracle["inputs"]["S"],
            "T": oracle["inputs"]["T"],
            "C": [4.0] * 30,
            "D": [4.0] * 20 + [5.0] * 10,
        }
        pairs = [("A", "B"), ("S", "T"), ("A", "A"), ("C", "D")]
        found = answers([(np.array(samples[a]), np.array(samples[b])) for a, b in pairs])
        names = {
            "ks_stat": "ks.statistic", "ks_p_auto": "ks.p", "ks_p_asymp": "ks_asymptotic.p",
            "cvm_T": "cvm.statistic", "cvm_p_auto": "cvm.p", "ad_k_stat_midrank": "ad.statistic",
            "ad_k_p_clipped": "ad.p", "mwu_U1": "mwu.statistic", "mwu_p_auto": "mwu.p",
            "mwu_p_asymp": "mwu_asymptotic.p", "welch_t": "welch.statistic", "welch_p": "welch.p",
            "wasserstein": "wasserstein", "energy_scipy": "energy",
        }  # fmt: skip
        for (a, b), answer in zip(pairs, found, strict=True):
            expected = oracle[f"{a}_vs_{b}"]
            for name, key in names.items():
                tolerance = P_VALUE if "_p" in name else STATISTIC
                self.close(answer[key], expected[name], tolerance, f"{a} {b} {name}")


if __name__ == "__main__":
    unittest.main()
