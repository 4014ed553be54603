"""Runs of a paragraph: bold, code and links, made from markdown-it's inline tokens."""

import itertools
import re
from collections.abc import Iterable, Iterator

from markdown_it.token import Token

from forllm_desktop.ui.thread.limits import DEFAULT
from forllm_desktop.ui.thread.specs import LINE_BREAK, Run, Style

_OPENS = {"strong_open": Style.BOLD, "em_open": Style.ITALIC, "s_open": Style.STRIKE}
_CLOSES = frozenset({"strong_close", "em_close", "s_close"})
_ADDRESS = re.compile(r"\bhttps?://[^\s<>\"`]+", re.IGNORECASE)
_TAG = re.compile(r"persona:[0-9]{1,18}|folder:[0-9]{1,18}/\S+")
_FOLLOWED = re.compile(r"https?://[^\s/?#]|mailto:[^\s@]+@", re.IGNORECASE)


def runs_of(tokens: Iterable[Token]) -> tuple[Run, ...]:
    """Return the runs of inline tokens; neighbours of one look are one run.

    A soft break is a line break: in chat a single newline is meant, as it is in the composer. An image is a
    link "image: alt". A target nobody should follow is no link, but stands in brackets behind its text. A
    tag, "[@Ada](persona:12)", is one run whatever its name holds.
    """
    runs: list[Run] = []
    styles = [Style.PLAIN]
    target, link, began = "", "", 0
    for token in tokens:
        style = styles[-1]
        match token.type:
            case "code_inline":
                runs.append(Run(token.content, style | Style.CODE, link))
            case "softbreak" | "hardbreak":
                runs.append(Run(LINE_BREAK, style, link))
            case "link_open":
                target, began = str(token.attrs.get("href", "")), len(runs)
                link = followed(target)
            case "link_close":
                tag = _tag(runs[began:], target)
                runs[began:] = [tag] if tag else [*runs[began:], *_target_shown(runs[began:], target, style)]
                target = link = ""
            case "image":
                tag = _tag([Run(token.content)], str(token.attrs.get("src", "")))
                runs += [Run("!", style), tag] if tag else _image(token, style, link)
            case opened if opened in _OPENS:
                styles.append(style | _OPENS[opened])
            case closed if closed in _CLOSES:
                styles.pop()
            case _ if target:
                runs.append(Run(token.content, style, link))
            case _:
                runs += with_addresses(token.content, style)
    return _joined(runs)


def followed(target: str) -> str:
    """Return a link's target if it is an address of the web or of a mailbox, else nothing."""
    return target if len(target) <= DEFAULT.target and _FOLLOWED.match(target) else ""


def is_tag(target: str) -> bool:
    """Say whether a target is what a tag stands for: a persona, or a file."""
    return bool(_TAG.fullmatch(target))


def with_addresses(text: str, style: Style = Style.PLAIN) -> Iterator[Run]:
    """Yield a text as runs in which bare addresses are links; punctuation behind one is not part of it."""
    at = 0
    for found in _ADDRESS.finditer(text):
        address = found[0][: _length_of_address(found[0])]
        if followed(address):
            yield Run(text[at : found.start()], style)
            yield Run(address, style, address)
            at = found.start() + len(address)
    yield Run(text[at:], style)


def _length_of_address(address: str) -> int:
    unopened = address.count(")") - address.count("(")
    end = len(address)
    while end and (address[end - 1] in ".,;:!?'*_~]}|" or (address[end - 1] == ")" and unopened > 0)):
        unopened -= address[end - 1] == ")"
        end -= 1
    return end


def _tag(label: list[Run], target: str) -> Run | None:
    text = "".join(run.text for run in label)
    sign = "@" if target.startswith("persona:") else "#"
    return Run(text, Style.TAG, target) if is_tag(target) and text[:1] == sign and text[1:].strip() else None


def _image(token: Token, style: Style, link: str) -> list[Run]:
    """Return an image as words. In a link it leads where the link does, but its own source is still said."""
    source = str(token.attrs.get("src", ""))
    words = Run(f"image: {token.content}" if token.content else "image", style, link or followed(source))
    return [words] if words.link == source or not source else [words, Run(f" ({source})", style, link)]


def _target_shown(label: list[Run], target: str, style: Style) -> list[Run]:
    """Return what is written behind a link's text so that its target can be seen or followed."""
    text = "".join(run.text for run in label)
    if not text.strip():
        return [Run(target, style, followed(target))]
    is_honest = followed(target) and not (_ADDRESS.match(text) and not target.startswith(text))
    return [] if is_honest or not target or text == target else [Run(f" ({target})", style)]


def _joined(runs: Iterable[Run]) -> tuple[Run, ...]:
    by_look = itertools.groupby((run for run in runs if run.text), key=lambda run: (run.style, run.link))
    return tuple(Run("".join(run.text for run in group), *look) for look, group in by_look)
