"""`python -m tests.screenshots OUTDIR [NAME ...]`: draws the screens, fails on cut text and collisions.

A NAME is a part of the names of the pictures to draw, such as "queue" or "dark-100"; without any all are.
"""

import asyncio
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_API", "pyside6")
os.environ["TZ"] = "UTC"
if hasattr(time, "tzset"):
    time.tzset()

UNSUPPORTED = "This plugin does not support"
"""What the platform without a screen says about menus."""


def main(arguments: list[str]) -> int:
    """Draw and return the exit code."""
    if not arguments or arguments[0].startswith("-"):
        print(__doc__)
        return 2
    import qasync
    from PySide6.QtCore import qInstallMessageHandler
    from PySide6.QtWidgets import QApplication

    from forllm_desktop.ui.theme import start_look
    from tests.screenshots.drawing import VARIANTS, draw, use_neutral_fonts
    from tests.screenshots.scenes import SCENES

    folder, names = Path(arguments[0]), arguments[1:]
    folder.mkdir(parents=True, exist_ok=True)
    variants = [v for v in VARIANTS if v.name in names] or VARIANTS
    wanted = [name for name in names if name not in [v.name for v in VARIANTS]]
    scenes = [s for s in SCENES if not wanted or any(name in s.name for name in wanted)]
    qInstallMessageHandler(lambda _kind, _context, text: None if UNSUPPORTED in text else print(text))
    app = QApplication(["screenshots"])
    app.setQuitOnLastWindowClosed(False)
    use_neutral_fonts(app)
    start_look(app)
    loop = qasync.QEventLoop(app)
    asyncio.set_event_loop(loop)
    began = time.monotonic()
    problems = draw(loop, folder, scenes, variants, say=lambda name: print(name, flush=True))
    loop.close()
    for problem in problems:
        print(problem)
    count = len(scenes) * len(variants)
    print(f"{count} pictures in {time.monotonic() - began:.0f} s, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
