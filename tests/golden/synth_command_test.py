"""firetower synth --scenario from outside, against pandas arithmetic on the calm rows.

The native build directory is build/native, or what FIRETOWER_BUILD says.
"""

import io
import os
import pathlib
import subprocess
import unittest

import pandas as pd

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("FIRETOWER_BUILD", "build/native")
FIRETOWER = BUILD / "tools" / "firetower" / "firetower"
GENERATOR = ROOT / "models" / "creditcard" / "generator.json"
ROWS = 9000
FROM = 5000  # Not a multiple of the rows that the command makes at once.


def setUpModule():
    subprocess.run(["cmake", "--build", str(BUILD), "--target", "firetower"], check=True, stdout=subprocess.DEVNULL)


def synth(*options):
    return subprocess.run(
        [FIRETOWER, "synth", "--generator", GENERATOR, "--rows", str(ROWS), "--seed", "5", *options],
        capture_output=True,
        text=True,
    )


def table(*options):
    made = synth(*options)
    assert made.returncode == 0, made.stderr
    return made.stdout, pd.read_csv(io.StringIO(made.stdout), float_precision="round_trip")


class Scenarios(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text, cls.calm = table()

    def check(self, scenario, column, change):
        """Only one column differs, only from FROM on, and as `change` says of rows since then and values."""
        text, rows = table("--scenario", scenario, "--from", str(FROM))
        self.assertEqual(text.splitlines()[: FROM + 1], self.text.splitlines()[: FROM + 1])
        self.assertTrue(rows.drop(columns=column).equals(self.calm.drop(columns=column)))
        since = pd.Series(range(ROWS - FROM), index=self.calm.index[FROM:])
        pd.testing.assert_series_equal(
            rows[column][FROM:],
            change(since, self.calm[column][FROM:]),
            check_exact=True,
            check_dtype=False,
            check_names=False,
        )

    def test_calm_is_what_is_made_without_a_scenario(self):
        self.assertEqual(table("--scenario", "calm", "--from", "7")[0], self.text)

    def test_shift(self):
        self.check("shift", "V14", lambda since, value: value + 2.0)

    def test_cents(self):
        self.check("cents", "Amount", lambda since, value: value * 100.0)

    def test_missing_column(self):
        self.check("missing_column", "V10", lambda since, value: value * float("nan"))

    def test_slow_drift(self):
        self.check("slow_drift", "V12", lambda since, value: value + (since / 20000.0).clip(upper=3.0))

    def test_label_flip(self):
        self.check("label_flip", "Class", lambda since, value: value.where(since % 5 != 0, 1 - value))

    def test_fraud_wave(self):
        text, rows = table("--scenario", "fraud_wave", "--from", str(FROM))
        self.assertEqual(text.splitlines()[: FROM + 1], self.text.splitlines()[: FROM + 1])
        self.assertTrue(rows["Time"].is_monotonic_increasing)
        usual, wave = self.calm["Class"].mean(), rows["Class"][FROM:].mean()
        self.assertLess(usual, 0.004)
        self.assertGreater(wave, 0.02)
        self.assertLess(wave, 0.06)

    def test_an_unknown_scenario_is_a_usage_error_that_lists_them(self):
        made = synth("--scenario", "storm")
        self.assertEqual(made.returncode, 2)
        self.assertIn("calm, shift, fraud_wave, cents, missing_column, slow_drift, label_flip", made.stderr)


if __name__ == "__main__":
    unittest.main()
