"""Which lines of a text open a section: each line by itself first, then by what the others look like."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from forllm_desktop.domain.generation import NAME_HEADING, OWN_TEXT, SECTION_HINTS
from forllm_desktop.prompting.heading_match import Fit, WantedHeadings, plain

_READ = 300
"""How many characters of a line are looked at; no heading is longer."""
_MOST = 1_000
"""How many lines of one text are looked at as headings."""
_ITEM = re.compile(r"(?P<mark>[-*+•‣◦–]|\(?\d{1,2}[.)]|[a-h][.)])\s+")
_HASHES = re.compile(r"(?:(?:[-*+•]|\(?\d{1,2}[.)])\s+)?[*_]{0,3}(?P<hashes>[#＃]{1,6})(?P<title>.*)")
_BOLD = re.compile(
    r"(?P<mark>\*\*\*|\*\*|__)(?P<title>[^*\n]{1,90}?)(?P=mark)(?P<colon>\s{0,3}[:：\-–—]?)\s*"
)
_SEPARATOR = re.compile(r"\s{0,3}[:：](?!\S*//)|\s[-–—]{1,2}\s|\s?—")
_WRAPPERS = " \t*_`[]【】<>«»“”\"'=~|-–—:："
_PAIRED = {"*": "*", "_": "_", "=": "=", "~": "~", "[": "]", "【": "】"}
"""What stands around a line that is a heading, and closes behind its text."""
_UNDERLINE = re.compile(r"\s*(?:={2,}|-{3,})\s*")
_RULE = re.compile(r"\s*(?:[-=*_~#|:]\s?){3,}\s*")
_SKELETON = frozenset(
    text.casefold().rstrip(".")
    for text in (
        *SECTION_HINTS.values(),
        OWN_TEXT,
        "your text here",
        "insert text here",
        "insert your text here",
    )
)

_STRONG = ("#1", "#2", "#3", "#4", "#5", "#6", "underlined", "bold", "table", "bracketed")
_FORMS = (*_STRONG, "plain", "bare", "bold item", "item")


@dataclass(frozen=True)
class HeadingLine:
    """A line that may open a section: `form` says what marks it, `rest` is the text behind the title."""

    form: str
    title: str
    rest: str
    heading: str | None
    fit: Fit

    @property
    def is_strong(self) -> bool:
        return self.form in _STRONG

    @property
    def is_marked(self) -> bool:
        return self.form[0] == "#" or self.form == "underlined"

    @property
    def is_item(self) -> bool:
        return self.form.endswith("item")


def heading_lines(lines: Sequence[str], verbatim: set[int], wanted: WantedHeadings) -> dict[int, HeadingLine]:
    """Return the lines that open sections, by number; those without a `heading` have one of their own.

    `verbatim` lines are code.
    """
    found: dict[int, HeadingLine] = {}
    for index, line in enumerate(lines):
        if index in verbatim or not line.strip():
            continue
        candidate = _read(line, lines[index + 1] if index + 1 < len(lines) else "", wanted)
        if candidate is not None:
            found[index] = candidate
            if len(found) >= _MOST:
                break
    return _accepted(found, _with_text(found, lines))


def _read(line: str, below: str, wanted: WantedHeadings) -> HeadingLine | None:
    head, tail = line[:_READ], line[_READ:]
    bare = _bare(head)
    if not bare:
        return None
    hashes = _HASHES.match(bare)
    if hashes:
        return _hashed(hashes, tail, wanted)
    if bare[0] == "|":
        return _row(line, wanted)
    if not tail and _UNDERLINE.fullmatch(below[:_READ]) and len(bare) <= 90:
        title, rest, heading, fit = _parted(bare, wanted, is_marked=True)
        if heading is not None or "=" in below:
            return HeadingLine("underlined", title, rest, heading, fit)
    item = _ITEM.match(bare)
    is_bullet = item is not None and not item["mark"].strip("(.)").isdigit()
    return (
        _bold(bare[item.end() :] if item else bare, tail, item is not None, wanted)
        or _bare_title(bare[item.end() :] if item else bare, tail, is_bullet, wanted)
        or _plain(bare[item.end() :] if item else bare, tail, is_bullet, wanted)
    )


def _bare(head: str) -> str:
    """Return a line without what may stand before a heading: spaces, invisible characters, quote marks."""
    start = 0
    while start < len(head) and (
        head[start].isspace() or head[start] in ">\ufeff" or unicodedata.category(head[start]) == "Cf"
    ):
        start += 1
    return head[start:].rstrip()


def _hashed(match: re.Match[str], tail: str, wanted: WantedHeadings) -> HeadingLine | None:
    title = match["title"].strip()
    if title.endswith("#"):
        shorter = title.rstrip("#")
        title = shorter.rstrip() if not shorter or shorter[-1].isspace() else title
    title, rest, heading, fit = _parted(title, wanted, is_marked=True)
    if heading is None and (not match["title"][:1].isspace() or len(title) > 90 or tail):
        return None  # "#tag", or a sentence behind a stray mark
    return HeadingLine(f"#{len(match['hashes'])}", title, rest + tail, heading, fit)


def _row(line: str, wanted: WantedHeadings) -> HeadingLine | None:
    cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
    title = cells[0].strip(_WRAPPERS)
    heading, fit = wanted.named(title)
    if heading is None or len(cells) < 2:
        return None
    rest = " | ".join(cell for cell in cells[1:] if cell)
    return HeadingLine("table", title, re.sub(r"<br\s?/?>", "\n", rest), heading, fit)


def _bold(bare: str, tail: str, is_item: bool, wanted: WantedHeadings) -> HeadingLine | None:
    match = _BOLD.match(bare)
    if not match:
        return None
    rest = bare[match.end() :]
    title, inner, heading, fit = _parted(match["title"].strip(), wanted, is_marked=not is_item)
    has_colon = match["title"].rstrip().endswith((":", "：")) or ":" in match["colon"]
    if heading is None and (is_item or tail or (rest and not has_colon) or not plain(title)):
        return None
    return HeadingLine(
        "bold item" if is_item else "bold", title, " ".join(filter(None, [inner, rest])) + tail, heading, fit
    )


def _bare_title(bare: str, tail: str, is_item: bool, wanted: WantedHeadings) -> HeadingLine | None:
    """Read a line that is nothing but a heading, between brackets or not."""
    if tail or len(bare) > 90:
        return None
    title = bare.strip(_WRAPPERS)
    heading, fit = wanted.named(title)
    if heading is None:
        return None
    form = "plain" if bare.rstrip("*_ ")[-1:] in (":", "：") else "bare"
    form = "item" if is_item else "bracketed" if bare[0] in "[【<=~" else form
    return HeadingLine(form, title, "", heading, fit)


def _plain(bare: str, tail: str, is_item: bool, wanted: WantedHeadings) -> HeadingLine | None:
    for match in _separators(bare):
        title = bare[: match.start()]
        if len(title) > 90:
            return None
        heading, fit = wanted.named(title)
        if heading is None and not is_item and ":" in match.group() and len(title.split()) > 1:
            heading, fit = wanted.meant(title, is_marked=False)
        is_dash = ":" not in match.group() and "：" not in match.group()
        if heading is not None and (not is_dash or fit is Fit.FULL):
            rest = bare[match.end() :].strip()
            mark = title.lstrip()[:1]
            if mark in _PAIRED:
                rest = rest.lstrip("*_ ") if mark in "*_" else rest.rstrip(f"{_PAIRED[mark]} ")
            if title.lstrip()[:1] == '"' or rest in ("|", ">", "|-", ">-"):
                rest = rest.strip('", |>-')
            return HeadingLine(
                "item" if is_item else "plain", title.strip(_WRAPPERS), rest + tail, heading, fit
            )
    return None


def _separators(text: str) -> Iterator[re.Match[str]]:
    for number, match in enumerate(_SEPARATOR.finditer(text)):
        if number == 4:
            return
        yield match


def _parted(text: str, wanted: WantedHeadings, *, is_marked: bool) -> tuple[str, str, str | None, Fit]:
    """Part "Persona Name: Ada" into title, rest, heading and fit; a heading may hold a colon itself."""
    whole = text.strip().strip("*_`").rstrip(":： ")
    heading, fit = wanted.named(whole)
    if heading is not None:
        return whole, "", heading, fit
    places = list(_separators(text))
    for match in places:
        heading, fit = wanted.named(text[: match.start()].strip("*_` "))
        if heading is not None:
            return text[: match.start()].strip("*_` "), _rest(text[match.end() :]), heading, fit
    heading, fit = wanted.meant(whole, is_marked=is_marked)
    if heading is None and places:
        title = text[: places[0].start()].strip("*_` ")
        heading, fit = wanted.meant(title, is_marked=is_marked)
        if heading is not None:
            return title, _rest(text[places[0].end() :]), heading, fit
    return whole, "", heading, fit


def _rest(text: str) -> str:
    """Return the text behind a title, without the half of a bold mark that belongs to it."""
    text = text.strip()
    if text.count("**") % 2:
        return text.removeprefix("**").strip() if text.startswith("**") else text.removesuffix("**").strip()
    return text


def _with_text(found: dict[int, HeadingLine], lines: Sequence[str]) -> set[int]:
    """Return the numbers of the lines that have a text of their own, before the next of them."""
    having = set()
    places = [*found, len(lines)]
    for start, end in pairwise(places):
        after = found.get(end)
        if after is not None and not after.is_marked and after.form != found[start].form:
            having.add(start)  # such as "**Tone:** dry" below "## Speaking Style"
            continue
        first = start + 2 if found[start].form == "underlined" else start + 1
        texts = (line for line in (found[start].rest, *lines[first:end]) if not is_blank(line))
        if not is_skeleton("\n".join(islice(texts, 2))):
            having.add(start)
    return having


def is_blank(line: str) -> bool:
    """Say whether a line is empty or nothing but a rule."""
    return not line.strip() or _RULE.fullmatch(line[:200]) is not None


def is_skeleton(text: str) -> bool:
    """Say whether a text is empty, or only what the example in the prompt has in its place."""
    return text.strip(" \n\t()[]<>.:…").casefold() in ("", *_SKELETON)


def _accepted(found: dict[int, HeadingLine], with_text: set[int]) -> dict[int, HeadingLine]:
    """Return the lines that open sections, judged by the form that most headings of the text have."""
    best: dict[str, dict[str, Fit]] = {}
    for index, line in found.items():
        if line.heading is not None and index in with_text:
            fits = best.setdefault(line.form, {})
            fits[line.heading] = max(line.fit, fits.get(line.heading, Fit.NONE))
    weights = {form: sum(fits.values()) / (2 if form.endswith("item") else 1) for form, fits in best.items()}
    main = max(weights, key=lambda form: (weights[form], -_FORMS.index(form)), default=None)
    known = best[main] if main else {}
    accepted: dict[int, HeadingLine] = {}
    has_begun = False
    for index, line in found.items():
        if line.heading is None:
            if line.is_marked or (line.form == "bold" and main in (None, "bold")):
                accepted[index] = line
            continue
        if line.form == main:
            is_opening = _opens_in_form(line, known)
        elif line.heading in known:
            is_opening = line.fit is Fit.FULL and (line.is_strong or _is_telling(line))
        else:
            is_opening = _opens_otherwise(line, has_begun)
        if is_opening:
            accepted[index] = line
            has_begun = has_begun or line.heading != NAME_HEADING
        elif line.is_marked:
            accepted[index] = HeadingLine(line.form, _whole(line), "", None, Fit.NONE)
    return accepted


def _opens_in_form(line: HeadingLine, known: dict[str, Fit]) -> bool:
    best = known.get(line.heading or "", line.fit)
    if line.fit is Fit.OTHER_NAME:
        return best is Fit.OTHER_NAME or line.is_marked
    return line.fit >= best


def _opens_otherwise(line: HeadingLine, has_begun: bool) -> bool:
    """Say whether a line opens a section that no line of the text's own form opens."""
    if line.heading == NAME_HEADING and line.fit < Fit.FULL:
        return not has_begun and not line.is_item
    if line.fit is Fit.FULL:
        return not line.is_item or len(plain(line.title).split()) > 1
    if line.fit is Fit.OTHER_NAME:
        return line.is_strong or (not line.is_item and not line.rest)
    return line.is_marked or (line.form == "bold" and not line.rest)


def _is_telling(line: HeadingLine) -> bool:
    """Say whether a title is too long to begin a line of text by chance."""
    return not line.is_item and len(plain(line.title).split()) > 1


def _whole(line: HeadingLine) -> str:
    return f"{line.title}: {line.rest}" if line.rest else line.title


def common_level(sections: Sequence[HeadingLine]) -> str | None:
    """Return the form that most of these lines have."""
    forms = Counter(line.form for line in sections)
    return forms.most_common(1)[0][0] if forms else None
