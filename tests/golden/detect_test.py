"""firetower detect beside detectors restated in Python from their definitions, on random streams.

The restatement looks at the whole stream since the last alarm where it can, in numpy and SciPy, and
draws KSWIN's samples with CPython's own random.sample; river's semantics (an alarm forgets
everything). The native build directory is build/native, or what FIRETOWER_BUILD says.
"""

import json
import math
import os
import pathlib
import random
import subprocess
import tempfile
import unittest

import numpy as np
from scipy import stats

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("FIRETOWER_BUILD", "build/native")
FIRETOWER = BUILD / "tools" / "firetower" / "firetower"


def setUpModule():
    subprocess.run(["cmake", "--build", str(BUILD), "--target", "firetower"], check=True, stdout=subprocess.DEVNULL)


def firetower(*options, text=None):
    return subprocess.run([FIRETOWER, "detect", *map(str, options)], input=text, capture_output=True, text=True)


def csv(values, name="x"):
    return f"row,{name}\n" + "".join(f"{i},{value!r}\n" for i, value in enumerate(values))


def detect(detector, values, **settings):
    """Alarms and warnings with river's semantics."""
    options = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    found = firetower(
        "--detector", detector, "--set", "semantics=river", *options, "--column", "x", "--json", "-", text=csv(values)
    )
    assert found.returncode == 0, found.stderr
    document = json.loads(found.stdout)
    assert document["values"] == len(values)
    return document["alarms"], document["warnings"]


def watched(rule, values):
    """Alarms and warnings of a rule: it is given the values since the last alarm, one more each time."""
    alarms, warnings = [], []
    say = rule()
    for i, value in enumerate(values):
        said = say(value)
        if said == "drift":
            alarms.append(i)
            say = rule()
        elif said == "warning":
            warnings.append(i)
    return alarms, warnings


def adwin(delta=0.002, clock=32, max_buckets=5, min_window_length=5, grace_period=10):
    def rule():
        window = []  # Bucket sizes and values; oldest first.
        seen = 0

        def say(x):
            nonlocal window, seen
            seen += 1
            window.append([x])
            size = 1
            while sum(len(bucket) == size for bucket in window) > max_buckets:
                first = next(i for i, bucket in enumerate(window) if len(bucket) == size)
                window[first : first + 2] = [window[first] + window[first + 1]]
                size *= 2
            if seen % clock or sum(map(len, window)) <= grace_period:
                return None
            drift = False
            cut = True
            while cut:
                cut = False
                values = np.concatenate(window)
                n = len(values)
                d = math.log(2 * math.log(n) / delta)
                for end in np.cumsum([len(bucket) for bucket in window])[:-1]:
                    if min(end, n - end) < min_window_length:
                        continue
                    m = 1 / (end - min_window_length + 1) + 1 / (n - end - min_window_length + 1)
                    bound = math.sqrt(2 * m * values.var() * d) + 2 / 3 * d * m
                    if abs(values[:end].mean() - values[end:].mean()) > bound:
                        window = window[1:]
                        cut = drift = True
                        break
            return "drift" if drift else None

        return say

    return rule


def page_hinkley(min_instances=30, delta=0.005, threshold=50.0, alpha=0.9999, mode="both"):
    def rule():
        values, up, down = [], [0.0], [0.0]

        def say(x):
            values.append(x)
            off = x - sum(values) / len(values)
            up.append(alpha * up[-1] + off - delta)
            down.append(alpha * down[-1] + off + delta)
            if len(values) < min_instances:
                return None
            rise = up[-1] - min(up[1:]) > threshold and mode != "down"
            fall = max(down[1:]) - down[-1] > threshold and mode != "up"
            return "drift" if rise or fall else None

        return say

    return rule


def chart(judge, min_instances=30):
    """A control chart: judge makes a rule of the first values' mean and deviation."""

    def rule():
        values = []
        judged = None

        def say(x):
            nonlocal judged
            values.append(x)
            if len(values) == min_instances:
                judged = judge(np.mean(values), np.std(values, ddof=1) if len(values) > 1 else 0.0)
            return "drift" if judged and judged(x) else None

        return say

    return rule


def shewhart(k=3.0, min_instances=30, mode="both"):
    def judge(mean, deviation):
        return lambda x: (x - mean > k * deviation and mode != "down") or (mean - x > k * deviation and mode != "up")

    return chart(judge, min_instances)


def cusum(slack=0.5, threshold=5.0, min_instances=30, mode="both"):
    def judge(mean, deviation):
        sums = [0.0, 0.0]

        def judged(x):
            for side, sign in ((0, 1), (1, -1)):
                sums[side] = max(0.0, sums[side] + sign * (x - mean) - slack * deviation)
            return (sums[0] > threshold * deviation and mode != "down") or (
                sums[1] > threshold * deviation and mode != "up"
            )

        return judged

    return chart(judge, min_instances)


def ewma(alpha=0.1, threshold=4.0, min_instances=30, mode="both"):
    def rule():
        values = []

        def faded(numbers):
            weights = alpha * (1 - alpha) ** np.arange(len(numbers) - 1, -1, -1)
            weights[0] = (1 - alpha) ** (len(numbers) - 1)
            return float(weights @ numbers)

        def say(x):
            values.append(x)
            n = len(values)
            if n < min_instances:
                return None
            all_of = np.array(values)
            average = faded(all_of)
            deviation = math.sqrt(max(0.0, faded(all_of**2) - average**2))
            bound = threshold * deviation * math.sqrt(alpha / (2 - alpha) * (1 - (1 - alpha) ** (2 * n)))
            off = average - all_of.mean()
            return "drift" if (off > bound and mode != "down") or (-off > bound and mode != "up") else None

        return say

    return rule


def ddm(warm_start=30, warning_threshold=2.0, drift_threshold=3.0):
    def rule():
        errors = n = 0
        best = (math.inf, math.inf)

        def say(x):
            nonlocal errors, n, best
            n, errors = n + 1, errors + x
            if n <= warm_start:
                return None
            p = errors / n
            s = math.sqrt(p * (1 - p) / n)
            if p + s <= sum(best):
                best = (p, s)
            if p + s > best[0] + drift_threshold * best[1]:
                return "drift"
            return "warning" if p + s > best[0] + warning_threshold * best[1] else None

        return say

    return rule


def eddm(warm_start=30, alpha=0.95, beta=0.9):
    def rule():
        n = last = 0
        distances = []
        largest = -1.0
        said = None

        def say(x):
            nonlocal n, last, largest, said
            n += 1
            if not x:
                return said
            distances.append(n - last)
            last = n
            if n <= warm_start:
                return said
            level = np.mean(distances) + 2 * (np.std(distances, ddof=1) if len(distances) > 1 else 0.0)
            if level > largest:
                largest = level
            elif len(distances) > warm_start:
                share = level / largest
                said = "drift" if share < beta else "warning" if share < alpha else None
            return said

        return say

    return rule


def hddm_a(drift_confidence=0.001, warning_confidence=0.005, two_sided=False):
    def rule():
        values = []
        low = high = 0  # Rows up to the cut points.

        def bound(n):
            return math.sqrt(math.log(1 / drift_confidence) / (2 * n))

        def say(x):
            nonlocal low, high
            values.append(x)
            n = len(values)
            mean = sum(values) / n
            if not low or sum(values[:low]) / low + bound(low) >= mean + bound(n):
                low = n
            if not high or sum(values[:high]) / high - bound(high) <= mean - bound(n):
                high = n

            def moved(cut, by, confidence):
                return cut < n and by >= math.sqrt((1 / cut - 1 / n) / 2 * math.log(2 / confidence))

            for said, confidence in (("drift", drift_confidence), ("warning", warning_confidence)):
                if moved(low, mean - sum(values[:low]) / low, confidence):
                    return said
                if two_sided and moved(high, sum(values[:high]) / high - mean, confidence):
                    return said
            return None

        return say

    return rule


def hddm_w(drift_confidence=0.001, warning_confidence=0.005, weight=0.05, two_sided=False):
    def faded(values):
        """Fading mean and its sum of squared weights, counted from 1."""
        mean, squares = values[0], 1.0
        for i, x in enumerate(values):
            mean = x if i == 0 else weight * x + (1 - weight) * mean
            squares = weight**2 + (1 - weight) ** 2 * squares
        return mean, squares

    def rule():
        values = []
        low = high = None  # Bound and rows at the cut points.

        def say(x):
            nonlocal low, high
            values.append(x)
            n = len(values)
            mean, squares = faded(values)
            eps = math.sqrt(squares * math.log(1 / drift_confidence) / 2)
            if low is None or mean + eps < low[0]:
                low = (mean + eps, n)
            if high is None or mean - eps > high[0]:
                high = (mean - eps, n)

            def moved(cut, sign, confidence):
                if cut == n:
                    return False
                (before, a), (after, b) = faded(values[:cut]), faded(values[cut:])
                return sign * (after - before) > math.sqrt((a + b) * math.log(1 / confidence) / 2)

            for said, confidence in (("drift", drift_confidence), ("warning", warning_confidence)):
                if moved(low[1], 1, confidence) or (two_sided and moved(high[1], -1, confidence)):
                    return said
            return None

        return say

    return rule


def kswin(alpha=0.005, window_size=100, stat_size=30, seed=0):
    def rule():
        values = []
        draw = random.Random(seed)

        def say(x):
            values.append(x)
            if len(values) < window_size:
                return None
            window = values[-window_size:]
            drawn = [window[i] for i in draw.sample(range(window_size - stat_size), stat_size)]
            test = stats.ks_2samp(drawn, window[-stat_size:], method="auto")
            return "drift" if test.pvalue <= alpha and test.statistic > 0.1 else None

        return say

    return rule


def fhddm(window_size=100, confidence=1e-6, short_window_size=0):
    def rule():
        values = []
        highest = [0.0, 0.0]

        def say(x):
            values.append(x)
            if len(values) < window_size:
                return None
            fell = False
            for i, size in enumerate((window_size, short_window_size)):
                if size:
                    share = sum(values[-size:]) / size
                    highest[i] = max(highest[i], share)
                    fell |= highest[i] - share > math.sqrt(math.log(1 / confidence) / (2 * size))
            return "drift" if fell else None

        return say

    return rule


def wstd(recent_window_size=30, older_window_size=120, min_instances=30, alpha_warning=0.05, alpha_drift=0.003):
    def rule():
        values = []

        def say(x):
            values.append(x)
            recent = values[-recent_window_size:]
            older = values[:-recent_window_size][-older_window_size:]
            if len(older) < min_instances:
                return None
            p = stats.ranksums(recent, older).pvalue
            return "drift" if p < alpha_drift else "warning" if p < alpha_warning else None

        return say

    return rule


def bernoulli_cusum(p0, p1, threshold):
    """River has none: the largest log-likelihood ratio of any stretch that ends now."""

    def rule():
        ratios = [0.0]

        def say(x):
            step = math.log(p1 / p0) if x else math.log((1 - p1) / (1 - p0))
            ratios.append(ratios[-1] + step)
            return "drift" if ratios[-1] - min(ratios) >= threshold else None

        return say

    return rule


def binary_stream(seed, rows=1200):
    draw = random.Random(seed)
    values = []
    while len(values) < rows:
        rate = draw.choice([0.02, 0.1, 0.3, 0.5, 0.7, 0.95])
        values += [int(draw.random() < rate) for _ in range(draw.randrange(50, 500))]
    return values[:rows]


def number_stream(seed, rows=1200):
    draw = random.Random(seed)
    values = []
    while len(values) < rows:
        mean, deviation = draw.uniform(-4, 4), draw.choice([0.2, 1.0, 3.0])
        values += [draw.gauss(mean, deviation) for _ in range(draw.randrange(50, 500))]
    return values[:rows]


NUMBERS = {
    "adwin": (adwin, [{}, {"delta": 0.2, "clock": 7, "max_buckets": 2}, {"min_window_length": 20, "grace_period": 90}]),
    "page_hinkley": (
        page_hinkley,
        [{}, {"threshold": 20, "delta": 0.1, "mode": "down"}, {"alpha": 0.9, "threshold": 8, "mode": "up"}],
    ),
    "cusum": (cusum, [{}, {"slack": 1, "threshold": 8, "mode": "up"}, {"min_instances": 2}]),
    "ewma": (ewma, [{}, {"alpha": 0.4, "threshold": 2.5, "min_instances": 10, "mode": "down"}]),
    "shewhart": (shewhart, [{}, {"k": 2, "min_instances": 100}, {"mode": "down"}]),
    "kswin": (
        kswin,
        [
            {},
            {"alpha": 0.0001, "seed": 42, "window_size": 200, "stat_size": 100},
            {"alpha": 0.05, "seed": 1 << 40, "window_size": 300, "stat_size": 20},
        ],
    ),
}
BINARY = {
    "ddm": (ddm, [{}, {"warm_start": 100, "warning_threshold": 1, "drift_threshold": 2}]),
    "eddm": (eddm, [{}, {"alpha": 0.9, "beta": 0.8}, {"warm_start": 5}]),
    "hddm_a": (hddm_a, [{}, {"two_sided": "true"}, {"drift_confidence": 0.05, "warning_confidence": 0.2}]),
    "hddm_w": (hddm_w, [{}, {"two_sided": "true"}, {"lambda": 0.2, "drift_confidence": 0.01}]),
    "fhddm": (fhddm, [{}, {"short_window_size": 20}, {"window_size": 40, "confidence": 0.01}]),
    "wstd": (wstd, [{}, {"recent_window_size": 50, "older_window_size": 60, "alpha_drift": 0.02}]),
}


class River(unittest.TestCase):
    def check(self, detectors, stream):
        for name, (restated, choices) in detectors.items():
            alarms = 0
            for settings in choices:
                for seed in range(2):
                    with self.subTest(detector=name, settings=settings, seed=seed):
                        values = stream(seed)
                        arguments = {
                            {"lambda": "weight"}.get(key, key): value == "true" if key == "two_sided" else value
                            for key, value in settings.items()
                        }
                        expected = watched(restated(**arguments), values)
                        self.assertEqual(detect(name, values, **settings), expected)
                        alarms += len(expected[0])
            self.assertGreaterEqual(alarms, 3, name)  # There was something to agree on.

    def test_detectors_of_numbers(self):
        self.check(NUMBERS, number_stream)

    def test_detectors_of_zeros_and_ones(self):
        self.check(BINARY, binary_stream)

    def test_bernoulli_cusum(self):
        for seed in range(4):
            values = binary_stream(seed)
            settings = {"p0": 0.1, "p1": 0.3, "threshold": 4.5}
            self.assertEqual(detect("bernoulli_cusum", values, **settings), watched(bernoulli_cusum(**settings), values))


class Command(unittest.TestCase):
    def test_alarms_are_printed_one_per_line(self):
        found = firetower("--detector", "adwin", "--column", "x", "-", text=csv([0.0] * 500 + [1.0] * 100))
        self.assertEqual((found.returncode, found.stderr), (0, ""))
        self.assertRegex(found.stdout, r"^(5\d\d\n)+$")

    def test_a_file_gives_what_standard_input_gives(self):
        values = number_stream(1)
        with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
            file.write(csv(values))
            file.flush()
            named = firetower("--detector", "cusum", "--column", "x", file.name)
        piped = firetower("--detector", "cusum", "--column", "x", "-", text=csv(values))
        self.assertEqual(named.stdout, piped.stdout)
        self.assertNotEqual(named.stdout, "")

    def test_one_column_is_enough(self):
        rows = [0] * 300 + [1] * 300
        text = "x\n" + "".join(f"{x}\n" for x in rows)
        found = firetower("--detector", "ddm", "--column", "x", "-", text=text)
        self.assertEqual((found.returncode, found.stderr), (0, ""))
        self.assertNotEqual(found.stdout, "")

    def test_scores_stand_beside_both_dummies(self):
        values = [0.0] * 1000 + [5.0] * 1000 + [0.0] * 1000
        scored = firetower(
            "--detector", "page_hinkley", "--column", "x", "--drifts", "1000,2000", "--horizon", 99, "--json", "-",
            text=csv(values),
        )
        self.assertEqual(scored.returncode, 0, scored.stderr)
        document = json.loads(scored.stdout)
        score = document["score"]
        self.assertEqual(score["detector"]["recall"], 1)
        self.assertEqual(score["detector"]["precision"], 1)
        first = min(alarm for alarm in document["alarms"] if alarm >= 1000)
        second = min(alarm for alarm in document["alarms"] if alarm >= 2000)
        self.assertEqual(score["detector"]["delay"]["mean"], (first - 1000 + second - 2000) / 2)
        self.assertEqual(score["always"]["recall"], 1)
        self.assertAlmostEqual(score["always"]["precision"], 200 / 3000, 11)
        self.assertEqual(score["never"]["recall"], 0)
        self.assertIsNone(score["never"]["precision"])

    def test_drifts_may_be_a_file(self):
        text = csv([0.0] * 100)
        with tempfile.TemporaryDirectory() as folder:
            good = pathlib.Path(folder) / "drifts"
            good.write_text("10\n20\n")
            found = firetower(
                "--detector", "adwin", "--column", "x", "--drifts", good, "--horizon", 5, "--json", "-", text=text
            )
            self.assertEqual(json.loads(found.stdout)["score"]["drifts"], 2)
            bad = pathlib.Path(folder) / "bad"
            bad.write_text("10\n20, x3\n")
            found = firetower("--detector", "adwin", "--column", "x", "--drifts", bad, "--horizon", 5, "-", text=text)
            self.assertEqual(found.returncode, 3)
            self.assertIn(f"{bad}:2:5: is not a row number", found.stderr)

    def test_false_alarms_on_shuffled_rows(self):
        draw = random.Random(5)
        values = [int(draw.random() < 0.01) for _ in range(20000)]
        found = firetower(
            "--detector", "bernoulli_cusum", "--set", "run_length=20000", "--column", "x", "--false-alarms",
            "--shuffles", 400, "--json", "-", text=csv(values),
        )
        self.assertEqual(found.returncode, 0, found.stderr)
        alarms = json.loads(found.stdout)["false_alarms"]
        self.assertEqual(alarms["rows"], 20000 * 400)
        self.assertEqual(alarms["promised_run_length"], 20000)
        self.assertAlmostEqual(alarms["run_length"] / 20000, 1, delta=0.2)
        self.assertAlmostEqual(alarms["set"]["p0"], np.mean(values), 12)
        low, high = stats.chi2.ppf([0.025, 0.975], [2 * alarms["alarms"], 2 * alarms["alarms"] + 2]) / 2
        self.assertAlmostEqual(alarms["per_10000"]["low"], 1e4 * low / alarms["rows"], 9)
        self.assertAlmostEqual(alarms["per_10000"]["high"], 1e4 * high / alarms["rows"], 9)

    def refused(self, code, message, *options, text="row,x\n0,1\n1,2\n"):
        found = firetower(*options, "-", text=text)
        self.assertEqual((found.returncode, found.stdout), (code, ""), found.stderr)
        self.assertEqual(found.stderr.count("\n"), 1)
        self.assertIn(message, found.stderr)

    def test_rows_without_a_value_are_passed_over_and_counted(self):
        values = [0] * 300 + [1] * 300
        gaps = {0, 10, 299, 305}
        text = "x,y\n" + "".join(f"{'' if i in gaps else x},1\n" for i, x in enumerate(values))
        options = ["--detector", "adwin", "--column", "x", "-"]
        found = firetower(*options, text=text)
        self.assertEqual(found.stderr, "firetower: -: 4 of 600 rows have no x: passed over\n")
        kept = [i for i in range(600) if i not in gaps]
        without = firetower(*options, text="x,y\n" + "".join(f"{values[i]},1\n" for i in kept))
        self.assertEqual([int(row) for row in found.stdout.split()], [kept[int(row)] for row in without.stdout.split()])
        self.assertNotEqual(found.stdout, "")
        document = json.loads(firetower(*options, "--json", "--drifts", "300", "--horizon", "250", text=text).stdout)
        self.assertEqual((document["missing"], document["values"], document["score"]["rows"]), (4, 596, 600))
        self.assertEqual(document["score"]["detector"]["recall"], 1)

    def test_what_is_wrong_is_named(self):
        adwin_x = ("--detector", "adwin", "--column", "x")
        self.refused(2, '"adwni" is not a detector; there are adwin, ', "--detector", "adwni", "--column", "x")
        self.refused(2, 'adwin: delta: "5" is not a number between 1e-12 and 1', *adwin_x, "--set", "delta=5")
        self.refused(2, 'adwin: "deta" is not a setting; there are delta, clock, ', *adwin_x, "--set", "deta=5")
        self.refused(2, '--set: "delta" is not of the form key=value', *adwin_x, "--set", "delta")
        self.refused(2, "adwin: delta: is set twice", *adwin_x, "--set", "delta=.1", "--set", "delta=.2")
        self.refused(2, "--drifts and --horizon go together", *adwin_x, "--drifts", "1")
        self.refused(3, "-:3:3: x is not a number", *adwin_x, text="row,x\n0,1\n1,one\n")
        self.refused(3, "-: none of the 2 rows has a value of x", *adwin_x, text="row,x\n0,\n1,\n")
        self.refused(3, "-: the file has no rows", *adwin_x, text="row,x\n")
        self.refused(3, "-:4:7: x is neither 0 nor 1", "--detector", "ddm", "--column", "x", text='row,x\n0,\n1,0\n"a,b",3\n')
        self.refused(3, "-:3:3: x is infinite", *adwin_x, text="row,x\n0,1\n1,inf\n")
        self.refused(3, "-:3:3: x is neither 0 nor 1", "--detector", "ddm", "--column", "x")
        self.refused(3, "Column missing: y. Columns in the file: row, x.", "--detector", "adwin", "--column", "y")
        self.refused(3, "Column missing: y. Columns in the file: x.", "--detector", "adwin", "--column", "y", text="x\n1\n")
        self.refused(3, "detect: drifts: are not rising rows from 0 to 1", *adwin_x, "--drifts", "5", "--horizon", "1")

    def test_every_detector_is_listed(self):
        listed = json.loads(firetower("--list", "--json").stdout)
        self.assertEqual([kind["name"] for kind in listed if kind["binary"]], [*BINARY, "bernoulli_cusum"])
        self.assertEqual({kind["name"] for kind in listed if not kind["binary"]}, set(NUMBERS))
        for kind in listed:
            self.assertIn(f"{kind['name']}: {kind['title']}", firetower("--list").stdout)


if __name__ == "__main__":
    unittest.main()
