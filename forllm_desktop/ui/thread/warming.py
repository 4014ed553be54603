"""Loads what the first thread page needs, before somebody waits for it: modules, lexers, fonts, the view.

This file is quick to import; what it loads is not.
"""

from PySide6.QtCore import QObject, QThread

_SAMPLE = "# Title\n\nSome *text*, **bold**, `code`.\n\n```python\nx = 1\n```\n\n| a |\n|--|\n| 1 |\n"


class Warming(QThread):
    """Imports and parses in a thread of its own, 250 ms of work; then lays out a post that nobody sees.

    Whoever starts it waits for its end before the application ends.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.finished.connect(self._lay_out)

    def run(self) -> None:
        import forllm_desktop.ui.pages.topic  # noqa: F401
        from forllm_desktop.ui.thread import highlight
        from forllm_desktop.ui.thread.markdown import blocks_of

        highlight.warm_up()
        blocks_of(_SAMPLE)

    def _lay_out(self) -> None:
        # A method of this object and not a plain function, which would be called in the thread.
        warm_up()


def warm_up() -> None:
    """Lay out a small post in a view that nobody sees. Takes 30 to 50 ms; call it after the first frame."""
    from forllm_desktop.ui.thread.grounds import Scene
    from forllm_desktop.ui.thread.markdown import blocks_of
    from forllm_desktop.ui.thread.typeset import Head
    from forllm_desktop.ui.thread.view import ThreadView

    view = ThreadView(Scene(lambda key: None, lambda entry: (None, "")))
    view.writer.set_title("Title", "Subforum")
    view.writer.insert(0, 1, 0, Head("Ada", ("v1",)), blocks_of(_SAMPLE))
    view.document().size()
    view.deleteLater()
