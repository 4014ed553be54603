"""Unsent texts by place."""

from forllm_desktop.domain.files import AttachedFile
from forllm_desktop.services.drafts import DraftService
from forllm_desktop.storage.database import open_database


def test_a_draft_is_there_after_a_restart(database, database_path, clock):
    DraftService(database, clock).save("topic:5", "Half a thought", "A title")
    database.close()

    reopened = open_database(database_path)
    draft = DraftService(reopened, clock).draft("topic:5")
    reopened.close()

    assert (draft.content, draft.title, draft.updated_at) == ("Half a thought", "A title", clock.now)


def test_each_place_has_its_own_draft(database):
    drafts = DraftService(database)
    drafts.save("topic:5", "One")
    drafts.save("reply:9", "Other")
    drafts.save("topic:5", "One, longer")
    assert drafts.draft("topic:5").content == "One, longer"
    assert drafts.draft("reply:9").content == "Other"


def test_a_blank_text_keeps_no_draft(database):
    drafts = DraftService(database)
    drafts.save("topic:5", "One")
    drafts.save("topic:5", " \n ")
    drafts.discard("topic:7")
    assert drafts.draft("topic:5") is None


def test_half_characters_do_not_keep_a_draft_from_being_kept(database):
    drafts = DraftService(database)
    drafts.save("topic:5", "before \ud83d after", "\udc00")
    draft = drafts.draft("topic:5")
    assert (draft.content, draft.title) == ("before \ufffd after", "\ufffd")


def test_a_draft_keeps_its_files_in_their_order(database):
    drafts = DraftService(database)
    files = (AttachedFile("b" * 64, "b.txt", "the second"), AttachedFile("a" * 64, 'odd "name"\n.txt'))
    drafts.save("topic:5", "Look", files=files)
    assert drafts.files("topic:5") == files
    drafts.save("topic:5", "Look again")
    assert drafts.files("topic:5") == ()
    assert drafts.files("topic:7") == ()


def test_files_alone_are_a_draft(database):
    drafts = DraftService(database)
    drafts.save("topic:5", "", files=[AttachedFile("a" * 64, "a.txt")])
    assert drafts.draft("topic:5").content == ""
    drafts.discard("topic:5")
    assert drafts.draft("topic:5") is None
