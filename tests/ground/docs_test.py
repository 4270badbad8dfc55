"""What the documents say is true: links lead somewhere, named files and commands exist."""

import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def documents():
    out = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", "*.md"],
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=True,
    ).stdout
    return [path for path in out.splitlines() if (ROOT / path).is_file()]


def anchors(text):
    """The anchors that GitHub makes of headings."""
    names = set()
    for heading in re.findall(
        r"^#+ +(.*)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE
    ):
        names.add(re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-"))
    return names


def shell_lines(path):
    """Commands in the sh blocks of a document, a line continued with a backslash as one."""
    text = (ROOT / path).read_text(encoding="utf-8").replace("\\\n", " ")
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            line = line.split(" #")[0].strip()
            if line and not line.startswith("#"):
                yield line


class Links(unittest.TestCase):
    def test_links_between_files_lead_somewhere(self):
        seen = 0
        for path in documents():
            text = re.sub(
                r"```.*?```", "", (ROOT / path).read_text(encoding="utf-8"), flags=re.DOTALL
            )
            for target in re.findall(r"\]\(([^)\s]+)\)", text):
                if re.match(r"[a-z]+:", target):
                    continue
                name, _, anchor = target.partition("#")
                file = ((ROOT / path).parent / name).resolve() if name else ROOT / path
                self.assertTrue(file.exists(), f"{path}: {target}")
                if anchor and file.suffix == ".md":
                    self.assertIn(
                        anchor, anchors(file.read_text(encoding="utf-8")), f"{path}: {target}"
                    )
                seen += 1
        self.assertGreater(seen, 5)


class Commands(unittest.TestCase):
    """Every command of README.md and CONTRIBUTING.md names programs and options that exist."""

    def test_the_readme_gives_the_two_commands(self):
        lines = list(shell_lines("README.md"))
        self.assertIn("./serve.py", lines)
        self.assertIn("tests/run", lines)

    def test_own_programs_know_the_options_that_are_used(self):
        helps = {}
        seen = 0
        for document in ("README.md", "CONTRIBUTING.md"):
            for line in shell_lines(document):
                words = line.split()
                if words[0] not in ("./serve.py", "serve.py", "tests/run", ".ci/run"):
                    continue
                program = words[0].lstrip("./") if words[0] != ".ci/run" else "tests/run"
                if program not in helps:
                    helps[program] = subprocess.run(
                        [sys.executable, str(ROOT / program), "--help"],
                        text=True,
                        capture_output=True,
                        check=True,
                    ).stdout
                for word in words[1:]:
                    self.assertIn(
                        word.split("=")[0], helps[program] + " 8000 0.0.0.0", f"{document}: {line}"
                    )
                seen += 1
        self.assertGreaterEqual(seen, 2)

    def test_files_named_in_commands_exist(self):
        for document in ("README.md", "CONTRIBUTING.md"):
            for line in shell_lines(document):
                for word in line.split():
                    if (
                        re.match(r"(tests|tools|models|wasm|cmake|web)/[\w./-]+$", word)
                        and "build/" not in word
                    ):
                        self.assertTrue((ROOT / word).exists(), f"{document}: {line}")


if __name__ == "__main__":
    unittest.main()
