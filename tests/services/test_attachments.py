"""Files of posts: stored once, named by each post, checked before, and never lost while needed."""

import hashlib
from dataclasses import replace

import pytest

from forllm_desktop.domain.errors import InvalidInput, NotFound
from forllm_desktop.domain.files import FILES_LIMIT, NOTE_LIMIT, AttachedFile, FileFacts, PostFile, StoredFile
from forllm_desktop.domain.forum import Post
from forllm_desktop.llm.tokens import estimate_text
from forllm_desktop.services.attachments import AttachmentService
from forllm_desktop.services.files import FilesService
from forllm_desktop.services.settings import SettingsService
from tests import pdf_files
from tests.builders import a_topic


@pytest.fixture
def settings(database, events):
    return SettingsService(database, events)


@pytest.fixture
def attachments(database, events, clock, tmp_path):
    return AttachmentService(database, FilesService(database, events, tmp_path), clock)


@pytest.fixture
def post(forum):
    return a_topic(forum)[1]


@pytest.fixture
def give(database, attachments):
    """Return what gives files to a post."""

    def give(post, *files):
        with database.write() as session:
            attachments.attach(session, session.get_one(Post, post.post_id), files)

    return give


def count(database, record):
    with database.read() as session:
        return session.query(record).count()


def test_a_file_is_stored_by_what_it_holds(attachments, tmp_path):
    path = tmp_path / "notes.md"
    path.write_text("Grüße", encoding="utf-8")
    file = attachments.add_path(path, "from the attic")
    assert file == AttachedFile(hashlib.sha256("Grüße".encode()).hexdigest(), "notes.md", "from the attic")
    stored = attachments.texts([file.digest])[file.digest]
    assert (stored.text, stored.size) == ("Grüße", 7)
    assert attachments.content(file.digest) == "Grüße".encode()


def test_one_content_is_stored_once_and_keeps_both_names(database, attachments, give, post):
    one, other = attachments.add_text("a.txt", "same"), attachments.add_text("b.txt", "same")
    give(post, one, other)
    assert count(database, StoredFile) == 1
    assert [file.name for file in attachments.of_post(post.post_id)] == ["a.txt", "b.txt"]


def test_two_files_of_one_name_both_stay(attachments, give, post):
    files = [attachments.add_text("log.txt", "first"), attachments.add_text("log.txt", "second")]
    give(post, *files)
    found = attachments.of_post(post.post_id)
    texts = attachments.texts([file.digest for file in found])
    assert [(file.name, texts[file.digest].text) for file in found] == [
        ("log.txt", "first"),
        ("log.txt", "second"),
    ]


def test_a_post_keeps_order_and_notes_and_can_get_others(database, attachments, give, post):
    a, b, c = (attachments.add_text(f"{name}.txt", name) for name in "abc")
    give(post, c, replace(a, note="  the\nfirst "), b)
    assert [(file.name, file.note) for file in attachments.of_post(post.post_id)] == [
        ("c.txt", ""),
        ("a.txt", "the first"),
        ("b.txt", ""),
    ]
    give(post, b)
    assert attachments.of_post(post.post_id) == [b]
    assert count(database, PostFile) == 1


def test_files_of_many_posts_are_read_at_once(attachments, give, forum):
    topic, first = a_topic(forum)
    second = forum.add_post(topic.topic_id, "More")
    file = attachments.add_text("a.txt", "a")
    give(second, file, replace(file, name="again.txt"))
    assert attachments.of_posts([first.post_id, second.post_id]) == {
        second.post_id: [file, replace(file, name="again.txt")]
    }
    assert attachments.facts([file.digest])[file.digest] == FileFacts(1, 1, "utf-8")


def test_the_content_is_not_read_with_the_text(attachments):
    file = attachments.add_text("a.txt", "a")
    stored = attachments.texts([file.digest, "unknown"])
    assert list(stored) == [file.digest]
    assert "content" not in stored[file.digest].__dict__
    with pytest.raises(NotFound):
        attachments.content("unknown")


def test_a_file_with_too_many_tokens_is_refused_with_the_numbers(attachments, settings):
    settings.change(file_tokens=100)
    with pytest.raises(InvalidInput) as refused:
        attachments.add_text("long.txt", "word " * 200)
    assert "long.txt" in refused.value.title
    assert f"{estimate_text('word ' * 200)} tokens; one file may have 100" in refused.value.message
    attachments.add_text("fits.txt", "word " * 80)


def test_what_is_not_stored_cannot_be_attached(attachments, give, post):
    with pytest.raises(InvalidInput, match=r"gone\.txt"):
        give(post, AttachedFile("0" * 64, "gone.txt"))
    assert attachments.of_post(post.post_id) == []


def test_a_long_note_and_too_many_files_are_refused(attachments, give, post):
    file = attachments.add_text("a.txt", "a")
    with pytest.raises(InvalidInput, match="note"):
        give(post, replace(file, note="x" * (NOTE_LIMIT + 1)))
    with pytest.raises(InvalidInput, match="too many"):
        give(post, *[file] * (FILES_LIMIT + 1))


def test_a_missing_file_says_so(attachments, tmp_path):
    with pytest.raises(InvalidInput, match=r"nowhere\.txt"):
        attachments.add_path(tmp_path / "nowhere.txt")


def test_a_deleted_post_keeps_its_files(attachments, forum, give, post):
    file = attachments.add_text("a.txt", "a")
    give(post, file)
    forum.undo(forum.delete_post(post.post_id))
    assert attachments.of_post(post.post_id) == [file]


def test_a_pdf_is_stored_with_its_text_and_told_as_one(attachments, tmp_path):
    (tmp_path / "report.pdf").write_bytes(pdf_files.pdf(["First", "Second"]))
    file = attachments.add_path(tmp_path / "report.pdf")
    assert attachments.facts([file.digest])[file.digest].encoding == "pdf"
    assert "Second" in attachments.texts([file.digest])[file.digest].text
    assert attachments.content(file.digest).startswith(b"%PDF")


def test_an_encrypted_pdf_and_a_folder_are_refused(attachments, tmp_path):
    (tmp_path / "secret.pdf").write_bytes(pdf_files.encrypted("secret"))
    with pytest.raises(InvalidInput, match="encrypted"):
        attachments.add_path(tmp_path / "secret.pdf")
    with pytest.raises(InvalidInput, match="folder"):
        attachments.add_path(tmp_path)
    assert attachments.texts([]) == {}


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"\xff\xfeG\x00r\x00", "Gr"),
        ("Grüße aus Köln".encode("latin-1"), "Grüße aus Köln"),
        (b"\xef\xbb\xbfwith a mark\r\n", "with a mark\n"),
    ],
)
def test_other_encodings_are_read_and_the_bytes_kept(attachments, content, text):
    file = attachments.add_bytes("a.txt", content)
    assert attachments.texts([file.digest])[file.digest].text == text
    assert attachments.content(file.digest) == content


def test_a_name_on_the_disk_may_hold_anything(attachments, tmp_path):
    path = tmp_path / 'two\nlines "quoted"\t.txt'
    path.write_text("text")
    assert attachments.add_path(path).name == 'two lines "quoted" .txt'
