"""Posts handed in whole: text, files and requests together, or nothing of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from forllm_desktop.domain.errors import ForllmError, InvalidInput
from forllm_desktop.domain.files import AttachedFile
from forllm_desktop.domain.persona import PersonaOptions
from forllm_desktop.domain.queue import JobStatus
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.domain.tags import file_tag_text, persona_tag_text
from tests.services.submitting import TINY, Desk


@pytest.fixture
def desk(tmp_path: Path, database_template: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "data", database_template)
    yield made
    assert made.workspace.database.check() == []
    made.workspace.close()


def test_a_post_alone_asks_nobody(desk: Desk) -> None:
    made = desk.submitting.submit(desk.new("What is light?"))
    assert (made.topic.title, made.post.content, made.jobs) == ("A topic", "What is light?", ())
    again = desk.submitting.submit(
        desk.new("More", topic_id=made.topic.topic_id, parent_post_id=made.post.post_id)
    )
    assert (again.topic.topic_id, again.post.parent_post_id) == (made.topic.topic_id, made.post.post_id)


def test_the_draft_goes_with_the_post_and_stays_without_it(desk: Desk) -> None:
    drafts = desk.workspace.drafts
    for place in ("subforum:1", "subforum:2"):
        drafts.save(place, "What is light?")
    with pytest.raises(InvalidInput):
        desk.submitting.submit(desk.new("Hi [@Nobody](persona:999)", draft="subforum:1"))
    assert drafts.draft("subforum:1") is not None
    desk.submitting.submit(desk.new("What is light?", draft="subforum:1"))
    assert drafts.draft("subforum:1") is None
    assert drafts.draft("subforum:2") is not None


def test_a_topic_without_a_title_is_named_by_what_its_post_shows(desk: Desk) -> None:
    made = desk.submitting.submit(desk.new(f"# {desk.tag('Ada')}, what is light?", title=""))
    assert made.topic.title == "@Ada, what is light?"


def test_a_tag_asks_its_persona_who_is_assigned_with_it(desk: Desk) -> None:
    made = desk.submitting.submit(desk.new(f"Hi {desk.tag('Ada')}"))
    (job,) = made.jobs
    assert (job.llm_persona, job.llm_model, job.status) == (desk.ids["Ada"], TINY, JobStatus.PENDING)
    assert (job.tagged_post_id, job.tag_chain, job.tag_step) == (made.post.post_id, desk.key("Ada"), 0)
    assert [member.card.name for member in desk.personas.members(desk.place)] == ["Ada"]
    assert desk.run().reply_post_id is not None


def test_who_is_assigned_with_a_tag_is_told_and_taken_back(desk: Desk) -> None:
    desk.personas.assign(desk.place, desk.ids["Carl"])
    made = desk.submitting.submit(desk.new(f"{desk.tag('Ada', 'Bob')} {desk.tag('Carl')}"))
    assert made.undo is not None
    assert made.undo.label == "Ada and Bob will answer in “A topic”, now assigned to Physics"
    desk.workspace.asking.undo(made.undo)
    assert [member.card.name for member in desk.personas.members(desk.place)] == ["Carl"]
    assert [job.status for job in desk.queue.jobs()] == ["cancelled"] * 3
    assert desk.submitting.submit(desk.new(desk.tag("Carl"))).undo is None


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 6])
def test_each_link_of_a_chain_answers_the_reply_before(desk: Desk, length: int) -> None:
    names = ["Ada", "Bob", "Ada", "Carl", "Carl", "Bob"][:length]
    made = desk.submitting.submit(desk.new(f"Go: {desk.tag(*names)}"))
    assert desk.names(made.jobs) == names
    assert [job.status for job in made.jobs] == ["pending"] + ["pending_dependency"] * (length - 1)
    above = made.post.post_id
    for name in names:
        job = desk.run(f"{name} says")
        reply = desk.forum.post(job.reply_post_id or 0)
        assert desk.names([job]) == [name]
        assert reply.parent_post_id == above
        above = reply.post_id
    assert desk.queue.claim() is None


def test_each_chain_is_asked_once_beside_the_wish(desk: Desk) -> None:
    text = f"{desk.tag('Ada', 'Bob')} {desk.tag('Bob')} {desk.tag('Ada', 'Bob')} `{desk.tag('Carl')}`"
    made = desk.submitting.submit(desk.new(text, wish=desk.wish()))
    assert desk.names(made.jobs) == ["default", "Ada", "Bob", "Bob"]


def test_a_wish_for_who_is_tagged_asks_once_with_its_own_model(desk: Desk) -> None:
    made = desk.submitting.submit(
        desk.new(desk.tag("Ada", "Bob"), wish=desk.wish("Ada", "other", version=1, assigns=True))
    )
    assert desk.names(made.jobs) == ["Ada", "Bob"]
    assert [job.llm_model for job in made.jobs] == ["other", "other"]
    assert [job.version_is_chosen for job in made.jobs] == [True, False]


def test_a_wish_for_the_default_asks_once_when_the_default_is_tagged(desk: Desk) -> None:
    desk.personas.set_default(desk.place, desk.ids["Ada"])
    made = desk.submitting.submit(desk.new(desk.tag("Ada"), wish=desk.wish()))
    assert desk.names(made.jobs) == ["Ada"]


def test_each_tag_is_asked_with_the_model_its_persona_prefers(desk: Desk) -> None:
    prefers = PersonaOptions(ModelChoice(desk.server.server_id, "hers"))
    desk.ids["Dora"] = desk.personas.create("Dora", "You are Dora.", options=prefers).persona_id
    chosen = ModelChoice(desk.server.server_id, "chosen")
    made = desk.submitting.submit(desk.new(f"{desk.tag('Dora')} {desk.tag('Ada')}", model=chosen))
    assert [job.llm_model for job in made.jobs] == ["hers", "chosen"]
    desk.workspace.settings.change(default_model="")
    with pytest.raises(InvalidInput, match="no model to ask Ada with"):
        desk.submitting.submit(desk.new(desk.tag("Ada")))


# -- what is refused


def refused(desk: Desk, text: str, **fields: object) -> InvalidInput:
    before = desk.workspace.database.check(), desk.queue.jobs(), desk.forum.topics(desk.place)
    with pytest.raises(InvalidInput) as caught:
        desk.submitting.submit(desk.new(text, **fields))
    assert len(desk.queue.jobs()) == len(before[1])
    assert len(desk.forum.topics(desk.place)) == len(before[2])
    assert caught.value.field == "text"
    return caught.value


def test_a_deleted_a_switched_off_and_an_unknown_persona_are_refused(desk: Desk) -> None:
    text = desk.tag("Bob", "Ada")
    desk.personas.delete(desk.ids["Ada"])
    assert "Ada cannot answer" in refused(desk, text).title
    desk.personas.set_active(desk.ids["Bob"], is_active=False)
    error = refused(desk, desk.tag("Bob"))
    assert "switched off" in error.message
    assert "Take the tag out, or switch the persona on." in error.message
    assert "“@Eve” is none of your personas" in refused(desk, persona_tag_text(999, "Eve")).title
    assert refused(desk, persona_tag_text(10**17, "Eve"))


def test_a_chain_with_a_missing_link_is_refused(desk: Desk) -> None:
    for text in (f"{desk.tag('Ada')}:@Nobody", f"{desk.tag('Ada')}::{desk.tag('Bob')}"):
        assert "A link is missing in “@Ada:" in refused(desk, text).title


def test_a_file_that_cannot_be_read_is_refused(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "ok.md").write_text("fine")
    (folder / "binary.txt").write_bytes(bytes(range(256)) * 10)
    known = desk.workspace.files.add_folder(str(folder)).folder_id
    for path in ("gone.md", "../data/forllm.db", "binary.txt", 'na"me\n.md', "/etc/passwd"):
        assert refused(desk, f"{file_tag_text(known, 'ok.md')} {file_tag_text(known, path)}").title
    assert refused(desk, file_tag_text(99, "ok.md")).title


def test_a_prompt_that_cannot_fit_is_refused_only_when_something_is_asked(desk: Desk) -> None:
    text = "light " * 100_000
    assert "too many" in refused(desk, text, wish=desk.wish()).title
    assert "too many" in refused(desk, text + desk.tag("Ada")).title
    assert desk.submitting.submit(desk.new(text)).jobs == ()


def test_a_persona_that_is_deleted_between_check_and_storing_is_refused(desk: Desk) -> None:
    checked = desk.submitting.check(desk.new(desk.tag("Ada")))
    desk.personas.delete(desk.ids["Ada"])
    with pytest.raises(InvalidInput):
        desk.submitting.submit(checked)
    assert desk.forum.topics(desk.place) == []


# -- files


def test_the_text_of_a_tagged_file_is_that_of_the_moment_of_posting(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "my notes"
    folder.mkdir()
    file = folder / 'a "b" [c].md'
    file.write_text("then")
    known = desk.workspace.files.add_folder(str(folder)).folder_id
    attached = desk.workspace.attachments.add_text("more.txt", "more")
    text = f"See {file_tag_text(known, file.name)} {desk.tag('Ada')}"
    made = desk.submitting.submit(desk.new(text, files=(attached,)))
    file.write_text("now")
    files = desk.workspace.attachments.of_post(made.post.post_id)
    assert [(one.name, one.path) for one in files] == [("more.txt", None), (file.name, str(file))]
    texts = desk.workspace.attachments.texts([one.digest for one in files])
    assert [texts[one.digest].text for one in files] == ["more", "then"]
    file.unlink()
    desk.workspace.files.remove_folder(known)
    edited = desk.submitting.edit(made.post.post_id, f"{text} more")
    assert desk.workspace.attachments.of_post(made.post.post_id) == files
    assert edited.undo is not None
    desk.submitting.edit(made.post.post_id, "nothing")
    assert desk.workspace.attachments.of_post(made.post.post_id) == [attached]
    desk.submitting.undo(edited.undo)
    assert desk.workspace.attachments.of_post(made.post.post_id) == files
    assert desk.forum.post(made.post.post_id).content == text


def test_nothing_is_stored_when_a_step_breaks(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = AttachedFile("0" * 64, "lost.md")
    with pytest.raises(ForllmError):
        desk.submitting.submit(desk.new(desk.tag("Ada", "Bob"), files=(lost,)))
    from forllm_desktop.services import job_steps

    made, real = [], job_steps.insert_job

    def breaks(*args: object, **kwargs: object) -> object:
        if len(made) == 2:
            raise ForllmError("Broken")
        made.append(real(*args, **kwargs))  # type: ignore[arg-type]
        return made[-1]

    monkeypatch.setattr(job_steps, "insert_job", breaks)
    with pytest.raises(ForllmError, match="Broken"):
        desk.submitting.submit(desk.new(desk.tag("Ada", "Bob", "Carl")))
    assert desk.queue.jobs() == []
    assert desk.forum.topics(desk.place) == []
    assert desk.personas.members(desk.place) == []


def test_deleting_the_post_cancels_all_that_its_tags_ask_and_a_restore_brings_it_back(desk: Desk) -> None:
    made = desk.submitting.submit(desk.new(desk.tag("Ada", "Bob", "Carl")))
    desk.run()
    undo = desk.forum.delete_post(made.post.post_id)
    assert [job.status for job in desk.queue.jobs()] == ["complete", "cancelled", "cancelled"]
    desk.forum.undo(undo)
    assert [job.status for job in desk.queue.jobs()] == ["complete", "pending", "pending_dependency"]


def test_a_long_post_with_many_tags_is_stored(desk: Desk) -> None:
    text = ("word " * 20 + desk.tag("Ada") + "\n") * 14_000
    assert len(text) < 2_000_000
    desk.workspace.settings.change(context_window=4_000_000)
    desk.workspace.windows.set_override(ModelChoice(desk.server.server_id, TINY), 4_000_000)
    made = desk.submitting.submit(desk.new(text[:1_999_999]))
    assert len(made.jobs) == 1
