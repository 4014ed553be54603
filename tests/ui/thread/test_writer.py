"""The writer: the document is always what the specs say, however it came to be."""

import random

import pytest
from PySide6.QtGui import QTextDocument, QTextFormat

from forllm_desktop.ui.theme import Look, theme
from forllm_desktop.ui.thread.markdown import blocks_of
from forllm_desktop.ui.thread.specs import Block, Kind, Run
from forllm_desktop.ui.thread.specs import Style as Bits
from forllm_desktop.ui.thread.style import Style
from forllm_desktop.ui.thread.typeset import Head
from forllm_desktop.ui.thread.writer import Writer


class Nobody:
    """Watches nothing."""

    def before(self, start: int, end: int) -> None:
        pass

    def after(self) -> None:
        pass


def a_writer() -> Writer:
    document = QTextDocument()
    document.setUndoRedoEnabled(False)
    document.documentLayout()
    writer = Writer(document, Style(theme()), Nobody())
    writer.clear()
    writer.set_title("Title", "Physics")
    return writer


def written(document: QTextDocument) -> list[tuple]:
    """Return every block with its text, formats and properties."""
    result = []
    block = document.begin()
    while block.isValid():
        fragments = []
        iterator = block.begin()
        while not iterator.atEnd():
            fragment = iterator.fragment()
            fragments.append((fragment.text(), known(fragment.charFormat())))
            iterator += 1
        result.append((block.text(), known(block.blockFormat()), joined(fragments)))
        block = block.next()
    return result


def known(form: QTextFormat) -> QTextFormat:
    """Return a format that can be compared: the number of a table differs between documents."""
    same = QTextFormat(form)
    same.setObjectIndex(-1)
    return same


def joined(fragments: list[tuple[str, QTextFormat]]) -> list[tuple[str, QTextFormat]]:
    result: list[tuple[str, QTextFormat]] = []
    for text, form in fragments:
        if result and result[-1][1] == form:
            result[-1] = (result[-1][0] + text, form)
        else:
            result.append((text, form))
    return result


def some_runs(chance: random.Random) -> tuple[Run, ...]:
    return tuple(
        Run(
            chance.choice(["a", "word ", "two words", "😀", "x" * 30]),
            chance.choice([Bits.PLAIN, Bits.BOLD, Bits.CODE, Bits.MUTED]),
            chance.choice(["", "", "https://example.org"]),
        )
        for _ in range(chance.randint(0, 3))
    )


def a_block(chance: random.Random) -> Block:
    runs = some_runs(chance)
    match chance.randint(0, 5):
        case 0:
            width = chance.randint(1, 2)
            rows = tuple(tuple(some_runs(chance) for _ in range(width)) for _ in range(chance.randint(1, 3)))
            return Block(Kind.TABLE, rows=rows, align="lr")
        case 1:
            return Block(Kind.CODE, runs, place=chance.choice(["first", "middle", "last", "only"]))
        case 2:
            return Block(Kind.TEXT, runs, indent=1, marker=chance.choice(["•", "[x]"]))
        case 3:
            return Block(Kind.TEXT, runs, quote=chance.randint(1, 2))
        case 4:
            return Block(Kind.RULE)
        case _:
            return Block(chance.choice([Kind.TEXT, Kind.NOTE, Kind.HEADING]), runs, level=1)


def a_body(chance: random.Random) -> list[Block]:
    return [a_block(chance) for _ in range(chance.randint(0, 5))]


def a_later_body(chance: random.Random, body: list[Block]) -> list[Block]:
    """Return a body that begins like another one, or with the same block grown."""
    kept = body[: chance.randint(0, len(body))]
    if kept and kept[-1].kind is not Kind.TABLE and chance.random() < 0.5:
        kept[-1] = kept[-1]._replace(runs=(*kept[-1].runs, Run("more", Bits.PLAIN)))
    return kept + a_body(chance)


@pytest.mark.usefixtures("started_look")
class TestDiff:
    """Changing a post gives what writing it anew gives."""

    @pytest.mark.parametrize("seed", range(60))
    def test_diff_equals_fresh_write(self, seed: int) -> None:
        chance = random.Random(seed)
        above, below, versions = a_body(chance), a_body(chance), [a_body(chance)]
        for _ in range(4):
            versions.append(a_later_body(chance, versions[-1]))
        changed, fresh = a_writer(), a_writer()
        for writer, first in ((changed, versions[0]), (fresh, versions[-1])):
            writer.insert(0, 1, 0, Head("Above"), above)
            writer.insert(1, 2, 1, Head("Ada"), first)
            writer.insert(2, 3, 0, Head("Below"), below)
        for version in versions[1:]:
            changed.set_body(changed.by_key[2], version)
        assert written(changed.document) == written(fresh.document)
        assert [slot.key for slot in changed.slots] == [1, 2, 3]

    @pytest.mark.parametrize("seed", range(30))
    def test_removing_a_post_leaves_the_others_as_they_were(self, seed: int) -> None:
        chance = random.Random(seed)
        kept, removed = a_body(chance), a_body(chance)
        changed, fresh = a_writer(), a_writer()
        for writer in (changed, fresh):
            writer.insert(0, 1, 0, Head("Kept"), kept)
        changed.insert(1, 2, 0, Head("Gone"), removed)
        changed.insert(0, 3, 0, Head("Gone too"), removed)
        changed.remove(0, 0)
        changed.remove(1, 1)
        assert written(changed.document) == written(fresh.document)

    def test_growing_text_is_only_appended(self) -> None:
        writer = a_writer()
        slot = writer.insert(0, 1, 0, Head("Ada"), [Block(Kind.TEXT, (Run("It is"),))])
        changes = []
        writer.document.contentsChange.connect(lambda *change: changes.append(change))
        writer.set_body(slot, [Block(Kind.TEXT, (Run("It is blue"),))])
        [(_, removed, added)] = changes
        assert (removed, added) == (0, 5)

    def test_growing_markdown_ends_as_if_written_at_once(self) -> None:
        text = "# Title\n\nSome *text* with `code`.\n\n```python\nx = 1\n\ny = 2\n```\n\n"
        text += "| a | b |\n|--|--|\n| 1 | 2 |\n\n- [x] done"
        changed, fresh = a_writer(), a_writer()
        fresh.insert(0, 1, 0, Head("Ada"), blocks_of(text))
        slot = changed.insert(0, 1, 0, Head("Ada"), [])
        for end in range(len(text) + 1):
            changed.set_body(slot, blocks_of(text[:end]))
        assert written(changed.document) == written(fresh.document)

    def test_settled_post_is_still_compared(self) -> None:
        writer = a_writer()
        body = [Block(Kind.TEXT, (Run("one"),)), Block(Kind.TEXT, (Run("two"),))]
        slot = writer.insert(0, 1, 0, Head("Ada"), body)
        writer.settle(slot)
        assert not writer.set_body(slot, body)
        assert writer.set_body(slot, [*body, Block(Kind.TEXT, (Run("three"),))])
        assert "three" in writer.document.toPlainText()

    def test_posts_find_their_positions_after_many_changes(self, started_look: Look) -> None:
        writer, chance = a_writer(), random.Random(7)
        for key in range(1, 40):
            writer.insert(chance.randint(0, len(writer.slots)), key, 0, Head(f"Post {key}"), [])
        for _ in range(60):
            slot = chance.choice(writer.slots)
            count = chance.randint(0, 3)
            writer.set_body(slot, [Block(Kind.TEXT, (Run(f"text {slot.key}"),))] * count)
            writer.set_head(slot, Head(f"Post {slot.key}", (str(count),)))
        for slot in writer.slots:
            block = writer.document.findBlock(slot.start)
            assert block.text().startswith(f"Post {slot.key}")
            assert writer.slot_at(writer.end(slot)) is slot
