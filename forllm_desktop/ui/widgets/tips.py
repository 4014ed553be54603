"""Tooltips of foreign texts: Qt takes what looks like markup for markup, and would read files it names."""

import html


def plain_tip(text: str) -> str:
    """Return a text so that a tooltip shows it as it is."""
    if "<" not in text:
        return text
    return f"<p>{html.escape(text).replace(chr(10), '<br>')}</p>"
