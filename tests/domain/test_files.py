"""Names and notes of files, and how a draft keeps them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forllm_desktop.domain.files import (
    FILE_NAME_LIMIT,
    AttachedFile,
    checked_file_name,
    checked_file_note,
    file_name_to_save,
    from_stored_form,
    stored_form,
)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("notes.md", "notes.md"),
        ('my "notes" & more.md', 'my "notes" & more.md'),
        ("two\nlines\t.md", "two lines .md"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\a.txt", "a.txt"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("half\udcff.txt", "half\ufffd.txt"),
        ("", "Unnamed file"),
        ("..", "Unnamed file"),
        ("\u200b\n", "Unnamed file"),
        (".gitignore", ".gitignore"),
    ],
)
def test_a_name_stays_recognisable(name, shown):
    assert checked_file_name(name) == shown


def test_a_long_name_keeps_its_ending():
    name = checked_file_name("x" * 300 + ".json")
    assert len(name) == FILE_NAME_LIMIT
    assert name.endswith("x….json")


@given(st.text(st.characters()))
def test_every_name_becomes_one_visible_line(name):
    shown = checked_file_name(name)
    assert shown == checked_file_name(shown)
    assert 0 < len(shown) <= FILE_NAME_LIMIT
    assert not any(unicodedata.category(ch) in ("Cc", "Cf", "Cs", "Zl", "Zp") for ch in shown)


def test_a_note_is_one_line():
    assert checked_file_note(" what\n it\0is ") == "what it is"


def test_files_of_a_draft_come_back_as_they_were():
    files = (AttachedFile("a" * 64, "a.txt", "note"), AttachedFile("b" * 64, "b.txt", path="/x/b.txt"))
    assert from_stored_form(stored_form(files)) == files


@pytest.mark.parametrize("stored", [None, 5, [5], [None], [{}], [{"digest": 1, "name": 2}], [{"odd": 1}], {}])
def test_what_is_no_file_of_a_draft_is_left_out(stored):
    assert from_stored_form(stored) == ()


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("a.txt", "a.txt"),
        ('what "is": this?.md', "what _is__ this_.md"),
        ("...", "file"),
        ("nul.txt", "_nul.txt"),
    ],
)
def test_a_name_can_be_written_to_any_disk(name, saved):
    assert file_name_to_save(name) == saved


def test_a_long_name_of_wide_characters_can_be_written_too():
    saved = file_name_to_save("漢" * 200 + ".txt")
    assert len(saved.encode()) <= 255
    assert saved.endswith("漢.txt")
