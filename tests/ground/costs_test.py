"""tests/guard/costs.py: what it lets pass, what it refuses, what it says and writes."""

import contextlib
import importlib.util
import io
import json
import pathlib
import tempfile
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]


def load_costs():
    spec = importlib.util.spec_from_file_location("costs", ROOT / "tests" / "guard" / "costs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


costs = load_costs()


class Costs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(dir=ROOT / "build")
        self.addCleanup(folder.cleanup)
        self.committed = pathlib.Path(folder.name) / "costs.json"
        self.committed.write_text(
            json.dumps(
                {
                    "compiler": "g++ 12",
                    "figures": {
                        "a": {"value": 1000, "reason": "first"},
                        "b": {"value": 2000, "reason": "first"},
                    },
                }
            )
        )

    def run_costs(self, now, *arguments, compiler="g++ 12"):
        said = io.StringIO()
        with (
            mock.patch.object(costs, "COMMITTED", self.committed),
            mock.patch.object(costs, "compiler", lambda _: compiler),
            mock.patch.object(costs, "measure", lambda _: now),
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(said),
        ):
            try:
                code = costs.main(["--build", "build", *arguments])
            except SystemExit as end:
                code = end.code
        return code, said.getvalue()

    def test_three_percent_either_way_hold(self):
        code, said = self.run_costs({"a": 1030, "b": 1940})
        self.assertEqual(code, 0, said)
        self.assertIn("2 passed, 0 failed", said)

    def test_more_is_refused_and_the_command_is_named_for_a_gain_too(self):
        for now in ({"a": 1031, "b": 2000}, {"a": 969, "b": 2000}):
            code, said = self.run_costs(now)
            self.assertEqual(code, 1)
            self.assertIn("CHANGED a: 1,000 -> ", said)
            self.assertIn('tests/guard/costs.py --update --reason "WHY"', said)
            self.assertIn("1 passed, 1 failed", said)

    def test_a_figure_that_is_new_or_gone_is_refused(self):
        self.assertIn("2 passed, 1 failed", self.run_costs({"a": 1000, "b": 2000, "c": 1})[1])
        self.assertIn("1 passed, 1 failed", self.run_costs({"a": 1000})[1])

    def test_counts_of_another_compiler_are_not_compared(self):
        code, said = self.run_costs({"a": 1000, "b": 2000}, compiler="g++ 13")
        self.assertEqual(code, 2)
        self.assertNotIn("passed", said)

    def test_an_update_needs_a_reason_and_changes_only_what_differs(self):
        before = self.committed.read_text()
        for arguments in (["--update"], ["--update", "--reason", " "], ["--reason", "why"]):
            self.assertEqual(self.run_costs({"a": 500, "b": 2001}, *arguments)[0], 2)
        self.assertEqual(self.committed.read_text(), before)
        code, said = self.run_costs({"a": 500, "b": 2001}, "--update", "--reason", "halved")
        self.assertEqual(code, 0, said)
        self.assertEqual(
            json.loads(self.committed.read_text())["figures"],
            {"a": {"value": 500, "reason": "halved"}, "b": {"value": 2000, "reason": "first"}},
        )

    def test_what_is_called_counts_for_the_caller(self):
        profile = "fn=Other\n1 5\nfn=MeasureBlock\n10 7\ncfn=Other\ncalls=2 1\n11 100\nfi=x.h\n12 3\nfn=Other\n2 9\n"
        self.assertEqual(costs.inclusive(profile), {"MeasureBlock": 110})

    def test_imports_are_followed_but_not_those_that_wait(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name).resolve()
            (folder / "a.js").write_text(
                "// text\nimport {\n  x,\n} from './b.js';\nimport './c.js';\nconst later = () => import('./d.js');\n"
            )
            (folder / "b.js").write_text("export { y } from './c.js';\nexport const x = 1;\n")
            (folder / "c.js").write_text("import './a.js';\n")
            (folder / "d.js").write_text("")
            found = costs.loaded([folder / "a.js"])
        self.assertEqual({path.name for path in found}, {"a.js", "b.js", "c.js"})


if __name__ == "__main__":
    unittest.main()
