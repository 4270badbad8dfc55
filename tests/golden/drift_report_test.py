"""firetower drift from outside: its figures beside scipy's, its report as XML, what must not be in either, its errors.

The native build directory is build/native, or what FIRETOWER_BUILD says.
"""

import hashlib
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

import numpy as np
from scipy import stats

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("FIRETOWER_BUILD", "build/native")
FIRETOWER = BUILD / "tools" / "firetower" / "firetower"


def made_up(rows, moved, seed):
    """Columns as lists: skewed amounts with gaps, small whole numbers, delays without ties, kinds, a name per row."""
    source = np.random.default_rng(seed)
    amounts = np.round(np.exp(source.normal(3 + moved, 1, rows)), 2)
    return {
        "amount": [None if gap else amount for amount, gap in zip(amounts, source.random(rows) < 0.03)],
        "grade": list(source.poisson(3 + moved, rows)),
        "delay": list(source.normal(moved / 4, 1, rows)),
        "kind": list(source.choice(["food", "fuel", "<b>toys</b>"], rows, p=[0.5, 0.3 - moved / 4, 0.2 + moved / 4])),
        "payee": [f"Person-{seed}-{i:05d} O'Hara" for i in range(rows)],
    }


def csv_of(table):
    lines = [",".join(table)]
    for row in zip(*table.values()):
        lines.append(",".join("" if cell is None else str(cell) for cell in row))
    return "\n".join(lines) + "\n"


class DriftReport(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.before, cls.after = made_up(3000, 0, 1), made_up(2500, 0.4, 2)
        for name, table in (("before.csv", cls.before), ("after.csv", cls.after)):
            (cls.folder / name).write_text(csv_of(table), encoding="utf-8")
        cls.both = ["--reference", "before.csv", "--data", "after.csv"]
        cls.report = cls.drift(*cls.both, "--tests", "all", "--report", "report.html")
        cls.columns = {column["name"]: column for column in cls.report["columns"]}

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    @classmethod
    def run_firetower(cls, *arguments):
        return subprocess.run(
            [str(FIRETOWER), *arguments], cwd=cls.folder, capture_output=True, text=True, check=False
        )

    @classmethod
    def drift(cls, *arguments):
        run = cls.run_firetower("drift", *arguments, "--json")
        if run.returncode != 0:
            raise AssertionError(run.stderr)
        return json.loads(run.stdout)

    def sides(self, name):
        return tuple(
            np.array([cell for cell in table[name] if cell is not None], float)
            for table in (self.before, self.after)
        )

    def test_figures_are_scipys(self):
        for name in ("amount", "grade", "delay"):
            x, y = self.sides(name)
            expected = {"ks": stats.ks_2samp(x, y), "mwu": stats.mannwhitneyu(x, y)}
            if name == "delay":  # scipy's Cramer-von Mises does not hold with ties, nor t with skewed amounts.
                expected["cvm"] = stats.cramervonmises_2samp(x, y)
                expected["welch"] = stats.ttest_ind(x, y, equal_var=False)
            for test, outcome in expected.items():
                found = self.columns[name]["tests"][test]
                p = found["p_value"]
                if p is None:
                    self.assertLess(outcome.pvalue, found["p_below"], (name, test))
                else:
                    # scipy takes the far tail of Cramer-von Mises' law as 1 - CDF.
                    near = {"rtol": 1e-9, "atol": 1e-8 if test == "cvm" else 0}
                    self.assertTrue(np.isclose(p, outcome.pvalue, **near), (name, test, p, outcome.pvalue))
            distances = self.columns[name]["distances"]
            for distance, value in (
                ("wasserstein", stats.wasserstein_distance(x, y)),
                ("energy", stats.energy_distance(x, y)),
            ):
                self.assertTrue(np.isclose(distances[distance], value, rtol=1e-11), (name, distance))
            reference = self.columns[name]["reference"]
            self.assertTrue(np.isclose(reference["mean"], x.mean(), rtol=1e-11))
            self.assertTrue(np.isclose(reference["median"], np.median(x), rtol=1e-11))
            self.assertEqual(reference["missing"], len(self.before[name]) - len(x))
        kinds = sorted(set(self.before["kind"]))
        table = [[side["kind"].count(kind) for kind in kinds] for side in (self.before, self.after)]
        chi2, p, _, _ = stats.chi2_contingency(table)
        kind = self.columns["kind"]["tests"]["chi_square"]
        self.assertTrue(np.isclose(kind["statistic"], chi2, rtol=1e-11))
        if kind["p_value"] is None:
            self.assertLess(p, kind["p_below"])
        else:
            self.assertTrue(np.isclose(kind["p_value"], p, rtol=1e-9))

    def test_verdicts_are_corrected_and_ordered(self):
        judged = [c for c in self.report["columns"] if c["p_corrected"] is not None]
        p = np.array([c["outcome"]["p_value"] or c["outcome"]["p_below"] for c in judged])
        order = np.argsort(p)
        ranked = p[order] * len(p) / np.arange(1, len(p) + 1)
        corrected = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1)
        for place, value in zip(order, corrected):
            self.assertTrue(np.isclose(judged[place]["p_corrected"], value, rtol=1e-9))
        verdicts = [c["verdict"] for c in self.report["columns"]]
        self.assertEqual(verdicts, sorted(verdicts, key=lambda verdict: verdict != "drifted"))
        self.assertEqual(self.report["overall"]["drifted"], verdicts.count("drifted"))
        self.assertEqual(self.columns["amount"]["verdict"], "drifted")

    def test_inputs_are_named_by_their_hash(self):
        for side, file in (("reference", "before.csv"), ("current", "after.csv")):
            expected = hashlib.sha256((self.folder / file).read_bytes()).hexdigest()
            self.assertEqual(self.report[side]["sha256"], expected)
            self.assertEqual(self.report[side]["name"], file)
            self.assertIn(expected, (self.folder / "report.html").read_text(encoding="utf-8"))

    def test_run_again_with_its_own_settings_gives_the_same_bytes(self):
        first = self.run_firetower("drift", *self.both, "--json").stdout
        settings = json.loads(first)["settings"]
        again = self.run_firetower(
            *("drift", *self.both, "--json", "--test", settings["test"], "--correction", settings["correction"]),
            *("--categorical-test", settings["categorical_test"], "--level", str(settings["level"])),
            *("--bins", str(settings["bins"]), "--min-rows", str(settings["min_rows"])),
            *("--drift-share", str(settings["drift_share"])),
        )
        self.assertEqual(again.stdout, first)
        self.assertEqual(self.run_firetower("drift", *self.both, "--json").stdout, first)

    def test_the_page_is_xml_and_loads_nothing(self):
        text = (self.folder / "report.html").read_text(encoding="utf-8")
        doctype, _, rest = text.partition("\n")
        self.assertEqual(doctype, "<!DOCTYPE html>")
        page = xml.etree.ElementTree.fromstring(rest)
        self.assertLess(len(text.encode()), 1_000_000)
        tags = {element.tag for element in page.iter()}
        self.assertFalse(tags & {"script", "link", "img", "iframe", "object", "a", "form", "base"}, tags)
        for element in page.iter():
            for name, value in element.attrib.items():
                self.assertNotRegex(name, r"^(on|style$|src|href|xlink)", element.tag)
                self.assertNotRegex(value, r"(?i)(https?:|javascript:|url\()")
        self.assertIn("<b>toys</b>", "".join(page.itertext()))  # As text.
        self.assertNotIn("b", tags)
        levels = [int(e.tag[1]) for e in page.iter() if re.fullmatch(r"h[1-6]", e.tag)]
        self.assertEqual(levels[0], 1)
        self.assertTrue(all(b <= a + 1 for a, b in zip(levels, levels[1:])), levels)
        for table in page.iter("table"):
            self.assertEqual(table[0].tag, "caption")
            self.assertTrue(all(head.get("scope") for head in table.iter("th")))
        drawings = list(page.iter("svg"))
        self.assertGreater(len(drawings), 0)
        self.assertTrue(all(d.get("role") == "img" and d.get("aria-label") for d in drawings))

    def test_no_row_of_the_data_is_in_a_report(self):
        page = (self.folder / "report.html").read_text(encoding="utf-8")
        for text in (json.dumps(self.report), page):
            self.assertNotIn("Person-", text)
            self.assertNotIn("Hara", text)

    def test_what_cannot_be_is_one_line_that_says_where(self):
        (self.folder / "empty.csv").write_text("")
        (self.folder / "binary.csv").write_bytes(bytes(range(256)) * 4)
        (self.folder / "header.csv").write_text("amount,grade,delay,kind,payee\n")
        refused = [
            (3, ["--reference", "before.csv", "--data", "empty.csv"], "empty.csv"),
            (3, ["--reference", "binary.csv", "--data", "after.csv"], "binary.csv"),
            (2, ["--reference", "before.csv", "--data", "nowhere.csv"], "nowhere.csv"),
            (3, [*self.both, "--columns", "amout"], "amout"),
            (2, [*self.both, "--correction", "FDR"], "BH"),
            (2, [*self.both, "--test", "t"], "welch"),
            (2, [*self.both, "--level", "2"], "level"),
            (2, [*self.both, "--current-rows", "2000..9000"], "2500"),
        ]
        for code, arguments, said in refused:
            run = self.run_firetower("drift", *arguments, "--json")
            self.assertEqual(run.returncode, code, (arguments, run.stderr))
            self.assertIn(said, run.stderr)
            self.assertTrue(run.stderr.startswith("firetower: "), run.stderr)
            self.assertEqual(run.stderr.count("\n"), 1, run.stderr)
            self.assertEqual(run.stdout, "")

    def test_too_little_is_said_not_guessed(self):
        (self.folder / "one.csv").write_text("amount,grade,delay,kind,payee\n5,1,0.5,food,x\n")
        for reference, data in (("one.csv", "after.csv"), ("before.csv", "one.csv"), ("one.csv", "one.csv")):
            report = self.drift("--reference", reference, "--data", data)
            self.assertEqual(report["overall"]["verdict"], "too few rows")
            self.assertTrue(all(c["verdict"] == "too few rows" for c in report["columns"]))


if __name__ == "__main__":
    unittest.main()
