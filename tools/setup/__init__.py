"""What serve.py and tests/run share: finding and installing what is missing, and building the page.

Python standard library only, Python 3.9 or newer. Every step does nothing when its result is already there.
"""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


class SetupError(Exception):
    """The set-up cannot go on. The message says what is wrong and what to do about it."""


def say(text):
    """Prints one line of progress at once, so that it stands before the output of the command it announces."""
    print(text, flush=True)


def run(command, quiet=False, env=None):
    """Runs a command in the repository's root; raises SetupError naming it if it fails.

    quiet keeps its output back unless it fails.
    """
    printable = " ".join(str(part) for part in command)
    environment = dict(os.environ, **env) if env else None
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True} if quiet else {}
    try:
        done = subprocess.run(command, cwd=ROOT, env=environment, **pipe)
    except OSError as error:
        raise SetupError(f"cannot run {command[0]}: {error.strerror}") from error
    if done.returncode != 0:
        if quiet:
            sys.stderr.write(done.stdout)
        raise SetupError(f"failed with exit code {done.returncode}: {printable}")
