"""What the window may ask of a page that something is read or written on."""

from PySide6.QtWidgets import QWidget


class Page(QWidget):
    """A page of the centre that posts are read or written on; each answers what it can."""

    can_find = False
    """Whether there is something to search within the page."""

    def ask(self, persona_id: int | None = None, version: int | None = None) -> None:
        """Put the keyboard where a question is written; let this persona answer it, at a version if given."""

    def find_in_page(self) -> None:
        """Open the search within the page."""

    def flush(self) -> None:
        """Save what is typed now."""

    def next_unread(self) -> bool:
        """Go to the next unread post; False when there is none further down."""
        return False

    def show_persona(self, persona_id: int, version: int = 0) -> None:
        """Edit a persona, 0: a new one; with a version, show that one beside it."""

    def show_request(self, request_id: int) -> None:
        """Select a request."""

    def show_post(self, post_id: int) -> None:
        """Scroll to a post."""
