"""What tests/run shows of a part that failed, and what tests/bench/run refuses before it builds anything."""

import importlib.machinery
import importlib.util
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def load_run():
    loader = importlib.machinery.SourceFileLoader("firetower_run", str(ROOT / "tests" / "run"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("firetower_run", loader))
    loader.exec_module(module)
    return module


PASSED = "".join(f"[ RUN      ] A.Good{i}\n[       OK ] A.Good{i} (0 ms)\n" for i in range(500))
JUNIT = f"""<testsuite>
<testcase name="good_test" status="run"><system-out>{PASSED}</system-out></testcase>
<testcase name="bad_test" status="fail"><system-out>{PASSED}[ RUN      ] A.Bad
bad.cc:7: runtime error: value 256 is outside the range
at a frame
{PASSED}</system-out></testcase>
</testsuite>"""


class FailuresTest(unittest.TestCase):
    def setUp(self):
        self.run_script = load_run()
        (ROOT / "build").mkdir(exist_ok=True)
        folder = tempfile.TemporaryDirectory(dir=self.run_script.ROOT / "build")
        self.addCleanup(folder.cleanup)
        self.run_script.LOGS = pathlib.Path(folder.name)

    def failures(self, part, log, report=None):
        (self.run_script.LOGS / f"{part}.log").write_text(log, encoding="utf-8")
        if report is not None:
            (self.run_script.LOGS / f"{part}.xml").write_text(report, encoding="utf-8")
        return self.run_script.failures(part)

    def test_output_of_a_program_that_failed_without_its_good_cases(self):
        log = "37 - bad_test (Failed)\n" + "1/1 Test #1: good_test ... Passed\n" * 100
        self.assertEqual(
            self.failures("asan", log, JUNIT),
            [
                "--- bad_test: fail",
                "[ RUN      ] A.Bad",
                "bad.cc:7: runtime error: value 256 is outside the range",
                "at a frame",
            ],
        )

    def test_errors_of_the_compiler(self):
        log = "[1/3] Building a\nFAILED: a.o\nc++ a.cc\na.cc:1: error: no\n[2/3] Building b\nfine\n"
        self.assertEqual(
            self.failures("native", log, "<testsuite/>"),
            ["FAILED: a.o", "c++ a.cc", "a.cc:1: error: no"],
        )

    def test_tests_of_node_that_failed(self):
        log = "ok 1 - one\n  ---\n  ...\nnot ok 2 - two\n  ---\n  error: 'why'\n  ...\nok 3 - three\n  ---\n  ...\n# fail 1\n"
        self.assertEqual(
            self.failures("js", log), ["not ok 2 - two", "  ---", "  error: 'why'", "  ..."]
        )

    def test_error_sections_of_playwright(self):
        passed = "  ✓  1 [page] › a.spec.mjs:1:1 › good (1.0s)\n" * 100
        self.assertEqual(
            self.failures("e2e", f"{passed}\n  1) [page] › b.spec.mjs\n\n    \x1b[31mError\x1b[39m: why\n  1 failed\n"),
            ["  1) [page] › b.spec.mjs", "", "    Error: why", "  1 failed"],
        )

    def test_the_end_of_a_log_that_says_nothing_else_and_never_too_much(self):
        lines = [f"line {i}" for i in range(1000)]
        self.assertEqual(self.failures("e2e", "\n".join(lines)), lines[-60:])
        many = self.failures("e2e", "\n".join(["  1) x", *lines]))
        self.assertEqual(len(many), self.run_script.SHOWN_LINES + 1)
        self.assertIn("761 more lines", many[-1])


class BenchmarkArgumentsTest(unittest.TestCase):
    def test_what_cannot_be_measured_is_refused_before_anything_is_built(self):
        for arguments, reason in [
            (["--rounds", "0"], "whole number"),
            (["--rounds", "seven"], "whole number"),
            (["--only", "SIZES,CVS"], "no part CVS"),
            (["--only"], "usage"),
            (["--help"], "usage"),
        ]:
            run = subprocess.run(
                [ROOT / "tests" / "bench" / "run", *arguments], capture_output=True, text=True, timeout=60
            )
            self.assertEqual((run.returncode, run.stdout), (2, ""), arguments)
            self.assertIn(reason, run.stderr)


if __name__ == "__main__":
    unittest.main()
