"""`python -m tests.frozen [FOLDER]`: builds the one-folder app and checks that it works on its own.

It runs `--self-check` and a question to the built-in engine, in an empty home and outside of the checkout.
Without FOLDER all is made in a temporary one and deleted.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.tiny_gguf import make_tiny_gguf

ROOT = Path(__file__).parent.parent
CHECK_SECONDS = 180


def main(arguments: list[str]) -> int:
    """Build and check; returns the exit code."""
    if arguments:
        return build_and_check(Path(arguments[0]).absolute())
    with tempfile.TemporaryDirectory(prefix="forllm-frozen-") as folder:
        return build_and_check(Path(folder))


def build_and_check(folder: Path) -> int:
    """Build into `folder/dist/forllm`, print time and size, and run the checks."""
    began = time.monotonic()
    build(folder)
    app = folder / "dist" / "forllm"
    size = sum(file.stat().st_size for file in app.rglob("*") if file.is_file() and not file.is_symlink())
    print(f"built in {time.monotonic() - began:.0f} s, {size / 1e6:.0f} MB", flush=True)
    # With a window a program for Windows has no terminal, so there is a second one for commands.
    program = app / ("forllm-cli.exe" if sys.platform == "win32" else "forllm")
    model = make_tiny_gguf(folder / "tiny.gguf", "endless", ctx=512)
    question = ["ask", "What waits in the garden?", "--subforum", "Garden", "--model", str(model), "--wait"]
    steps = [["--self-check"], ["doctor"], question, ["queue", "list"]]
    codes = [run(program, folder, step) for step in steps]
    return max(codes)


def build(folder: Path) -> None:
    """Run PyInstaller."""
    places = ["--distpath", str(folder / "dist"), "--workpath", str(folder / "build"), "--noconfirm"]
    spec = str(ROOT / "forllm.spec")
    command = [sys.executable, "-m", "PyInstaller", spec, *places, "--log-level", "WARN"]
    subprocess.run(command, check=True, cwd=folder)


def run(program: Path, folder: Path, arguments: list[str]) -> int:
    """Run the built app as somebody who has nothing but it."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "SYSTEMROOT", "TEMP") if name in os.environ}
    data = {"HOME": str(home), "USERPROFILE": str(home), "FORLLM_DATA_DIR": str(home / "data")}
    print(f"\n$ forllm {' '.join(arguments)}", flush=True)
    done = subprocess.run([str(program), *arguments], cwd=home, env=kept | data, timeout=CHECK_SECONDS)
    return abs(done.returncode)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
