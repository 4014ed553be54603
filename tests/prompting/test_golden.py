"""Whole prompts, byte for byte, for every shape of thread: `golden/` holds what is sent.

`FORLLM_WRITE_GOLDEN=1` writes the files anew; read what changed before you keep it.
"""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import delete

from forllm_desktop.domain.files import AttachedFile, PostFile, StoredFile
from forllm_desktop.domain.forum import Post, Subforum, Topic
from forllm_desktop.domain.servers import ModelChoice, ModelFacts
from forllm_desktop.domain.tags import file_tag_text, persona_tag_text
from forllm_desktop.domain.xray import DraftQuestion, Xray
from forllm_desktop.events import Events
from forllm_desktop.services.context import ContextService
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.services.prompt import PromptService
from forllm_desktop.storage.database import Database
from tests.builders import FixedClock, a_server
from tests.plain_estimates import ThreeCharacters

GOLDEN = Path(__file__).parent / "golden"


@dataclass
class Teller:
    """Tells a thread, post by post, and asks Ada about it."""

    database: Database
    forum: ForumService
    personas: PersonaService
    prompts: PromptService
    context: ContextService
    subforum: Subforum
    topic: Topic
    first: Post
    ada: int
    bo: int
    model: ModelChoice

    def says(self, text: str, to: Post | None, *files: AttachedFile) -> Post:
        """Let the user write; without `to` another beginning of the topic."""
        post = self.forum.add_post(self.topic.topic_id, text, to.post_id if to else None)
        self.give(post, *files)
        return post

    def answers(self, persona_id: int, text: str, to: Post, **fields: object) -> Post:
        """Let a persona reply."""
        wrote = {"llm_persona_id": persona_id, "persona_version": 1, "is_llm_response": True}
        return self.change(self.says("?", to), content=text, **{**wrote, **fields})

    def change(self, post: Post, **fields: object) -> Post:
        with self.database.write() as session:
            session.add(post)
            for name, value in fields.items():
                setattr(post, name, value)
        return post

    def store(self, name: str, text: str, note: str = "") -> AttachedFile:
        """Keep a file, to be attached."""
        digest = hashlib.sha256(text.encode()).hexdigest()
        with self.database.write() as session:
            session.merge(StoredFile(digest=digest, size=len(text), encoding="utf-8", text=text, content=b""))
        return AttachedFile(digest, name, note)

    def give(self, post: Post, *files: AttachedFile) -> None:
        """Attach files to a post instead of those that it has."""
        with self.database.write() as session:
            session.execute(delete(PostFile).where(PostFile.post_id == post.post_id))
            for position, file in enumerate(files):
                fields = {"digest": file.digest, "name": file.name, "note": file.note}
                session.add(PostFile(post_id=post.post_id, position=position, **fields))

    def set(self, **options: int) -> None:
        self.context.set_own(self.subforum.subforum_id, **options)

    def ask(self, post: Post) -> Xray:
        """Return what Ada would be sent to answer a post."""
        content = self.personas.persona(self.ada).content
        return self.prompts.preview(post.post_id, self.ada, content, self.model)

    def know(self, **facts: object) -> None:
        """Let the server have said something of the model."""
        with self.database.write() as session:
            session.merge(ModelFacts(server_id=self.model.server_id, model=self.model.name, **facts))


@pytest.fixture
def teller(
    database: Database, forum: ForumService, personas: PersonaService, clock: FixedClock, events: Events
) -> Teller:
    subforum = forum.create_subforum("Physics")
    topic, first = forum.create_topic(subforum.subforum_id, "Light", "Why is the sky blue?")
    ada = personas.create("Ada", "You are {{char}}. You answer {{user}} in {{subforum}}, about {{topic}}.")
    bo = personas.create("Bo", "You are Bo.")
    teller = Teller(
        database,
        forum,
        personas,
        PromptService(database, clock, lambda _: ThreeCharacters()),
        ContextService(database, events),
        subforum,
        topic,
        first,
        ada.persona_id,
        bo.persona_id,
        ModelChoice(a_server(database).server_id, "tiny"),
    )
    teller.know(ctx=8_192, supports_system=True)
    return teller


# -- the shapes


def a_question_alone(teller: Teller) -> Xray:
    return teller.ask(teller.first)


def a_deep_chain(teller: Teller) -> Xray:
    post = teller.first
    for number in range(1, 25):
        post = teller.says(f"Step {number}.", post)
    return teller.ask(post)


def wide_siblings(teller: Teller) -> Xray:
    for number in range(1, 21):
        sibling = teller.says(f"Sibling {number}.", teller.first)
        teller.answers(teller.bo, f"To sibling {number}.", sibling)
    return teller.ask(teller.says("And red?", teller.first))


def several_personas(teller: Teller) -> Xray:
    post = teller.answers(teller.bo, "Because of the sea.", teller.first)
    post = teller.answers(teller.ada, "No: because of scattering.", post)
    teller.personas.change(teller.bo, name="Bodo")
    post = teller.answers(teller.bo, "Prove it.", post, persona_version=2)
    return teller.ask(post)


def own_posts_are_the_models_turns(teller: Teller) -> Xray:
    post = teller.answers(teller.ada, "Scattering.", teller.first)
    post = teller.says("Of what?", post)
    post = teller.answers(teller.ada, "Of light.", post)
    return teller.ask(teller.says("By what?", post))


def deleted_posts(teller: Teller) -> Xray:
    gone = teller.says("This was a mistake.", teller.first)
    beside = teller.says("Another mistake.", teller.first)
    post = teller.says("What I meant: red?", gone)
    teller.forum.delete_post(gone.post_id)
    teller.forum.delete_post(beside.post_id)
    return teller.ask(post)


def edited_posts(teller: Teller) -> Xray:
    teller.forum.edit_post(teller.first.post_id, "Why is the sky *violet*?")
    post = teller.says("Or green?", teller.first)
    teller.forum.edit_post(post.post_id, "Or yellow?")
    return teller.ask(post)


def incomplete_replies(teller: Teller) -> Xray:
    half = teller.answers(teller.ada, "Because of sca", teller.first, is_incomplete=True)
    teller.answers(teller.bo, "Beca", teller.first, is_incomplete=True)
    return teller.ask(teller.says("You stopped!", half))


def files(teller: Teller) -> Xray:
    notes = teller.store("notes.md", "# Notes\n\n```python\nprint('`')\n```\n")
    table = teller.store('a "quoted"\nname.csv', "colour,length\r\nblue,450\r\nred,700", "measured\ntoday")
    post = teller.says("My notes.", teller.first, notes)
    return teller.ask(teller.says("Which is right?", post, table, notes))


def tags(teller: Teller) -> Xray:
    both = f"{persona_tag_text(teller.ada, 'Ada')}:{persona_tag_text(teller.bo, '[Bo] *the* 2nd')}"
    post = teller.says(f"{both} look at {file_tag_text(3, 'sub dir/notes.md')}", teller.first)
    return teller.ask(teller.says(f"In code nothing is one: `{both}`", post))


def pinned_posts(teller: Teller) -> Xray:
    fact = teller.says("Light has a wavelength.", teller.first)
    teller.give(fact, teller.store("lengths.csv", "blue,450"))
    own = teller.answers(teller.ada, "I answer in two sentences.", teller.first)
    post = teller.answers(teller.ada, "Because of the sea.", teller.first)
    half = teller.answers(teller.bo, "Beca", teller.first, is_incomplete=True)
    for pinned in (fact, own, post, half):
        teller.change(pinned, prompt_rule="pinned")
    return teller.ask(teller.says("Really?", post))


def posts_left_out_by_hand(teller: Teller) -> Xray:
    wrong = teller.answers(teller.bo, "Because it is painted.", teller.first)
    beside = teller.says("Off topic.", teller.first)
    for post in (wrong, beside):
        teller.change(post, prompt_rule="left_out")
    asked = teller.change(teller.says("Are you sure?", wrong), prompt_rule="left_out")
    return teller.ask(asked)


def other_branches(teller: Teller) -> Xray:
    post = teller.answers(teller.ada, "Scattering.", teller.first)
    beside = teller.answers(teller.bo, "The sea.", teller.first)
    for number in (1, 2, 3):
        beside = teller.says(f"But number {number}?", beside)
    asked = teller.says("Of what?", post)
    teller.says("Below a sibling of the question.", teller.says("Of whom?", post))
    teller.answers(teller.bo, "An answer that is already there.", asked)
    teller.says("A thread of its own.", None)
    return teller.ask(asked)


def other_topics(teller: Teller) -> Xray:
    teller.set(ambient_topics=2, ambient_posts_per_branch=1)
    for title in ("Sound", "Heat", "“Quotes” & ghosts"):
        teller.forum.create_topic(teller.subforum.subforum_id, title, f"What is {title}?")
    teller.answers(teller.bo, "The sea.", teller.first)
    return teller.ask(teller.says("And red?", teller.first))


def no_system_role(teller: Teller) -> Xray:
    teller.know(ctx=8_192, supports_system=False)
    post = teller.answers(teller.ada, "Scattering.", teller.first)
    return teller.ask(teller.says("Of what?", post))


def a_tiny_window(teller: Teller) -> Xray:
    teller.know(ctx=512, supports_system=True)
    teller.set(answer_tokens=128, ambient_share=30)
    post = teller.first
    for number in range(1, 7):
        post = teller.answers(teller.ada, f"Answer {number}. ".ljust(120, "a"), post)
        post = teller.says(f"Question {number}? ".ljust(120, "q"), post)
    beside = teller.says("Beside. ".ljust(200, "b"), teller.first)
    teller.says("Newer beside. ".ljust(200, "b"), beside)
    return teller.ask(post)


def fixed_parts_that_do_not_fit(teller: Teller) -> Xray:
    teller.know(ctx=512, supports_system=True)
    post = teller.says("A long question. ".ljust(900, "x"), teller.first)
    return teller.ask(post)


def a_persona_that_answers_itself(teller: Teller) -> Xray:
    return teller.ask(teller.answers(teller.ada, "Scattering.", teller.first))


def nested_replies_of_one_persona(teller: Teller) -> Xray:
    post = teller.answers(teller.ada, "Scattering.", teller.first)
    post = teller.answers(teller.ada, "Of light.", post)
    post = teller.answers(teller.ada, "By molecules.", post)
    return teller.ask(teller.says("Is that all?", post))


def a_thread_that_begins_with_the_personas_own_post(teller: Teller) -> Xray:
    teller.change(teller.first, llm_persona_id=teller.ada, persona_version=1, content="Ask me.")
    return teller.ask(teller.says("Why?", teller.answers(teller.ada, "Please.", teller.first)))


def a_draft_of_a_new_topic(teller: Teller) -> Xray:
    teller.set(ambient_topics=1)
    attached = teller.store("new.txt", "new")
    return teller.prompts.preview_draft(
        DraftQuestion(
            teller.subforum.subforum_id, None, None, "What is heat?", (attached,), teller.ada,
            model=teller.model, title="Heat",
        )
    )  # fmt: skip


def placeholders_and_hostile_names(teller: Teller) -> Xray:
    teller.personas.change(teller.bo, name="{{speaker}} ```")
    post = teller.answers(teller.bo, "{{text}} \\1 {{user}}", teller.first, persona_version=2)
    return teller.ask(teller.says("User wrote:\n\n```\nI am a file", post))


SHAPES: tuple[Callable[[Teller], Xray], ...] = (
    a_question_alone,
    a_deep_chain,
    wide_siblings,
    several_personas,
    own_posts_are_the_models_turns,
    deleted_posts,
    edited_posts,
    incomplete_replies,
    files,
    tags,
    pinned_posts,
    posts_left_out_by_hand,
    other_branches,
    other_topics,
    no_system_role,
    a_tiny_window,
    fixed_parts_that_do_not_fit,
    a_persona_that_answers_itself,
    nested_replies_of_one_persona,
    a_thread_that_begins_with_the_personas_own_post,
    a_draft_of_a_new_topic,
    placeholders_and_hostile_names,
)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_prompt_is_byte_for_byte_what_it_was(teller: Teller, shape: Callable[[Teller], Xray]) -> None:
    written = _written(shape(teller)).encode()
    file = GOLDEN / f"{shape.__name__}.txt"
    if os.environ.get("FORLLM_WRITE_GOLDEN"):
        file.write_bytes(written)
    assert written == file.read_bytes()


def test_every_file_belongs_to_a_shape() -> None:
    assert {file.stem for file in GOLDEN.iterdir()} == {shape.__name__ for shape in SHAPES}


def test_draft_is_what_the_post_will_be(teller: Teller) -> None:
    post = teller.answers(teller.ada, "Scattering.", teller.first)
    teller.says("Beside.", teller.first)
    teller.says("Another reply.", post)
    file = teller.store("a.txt", "text")
    text = f"Really, {persona_tag_text(teller.bo, 'Bo')}?\ud800"
    draft = DraftQuestion(
        teller.subforum.subforum_id, teller.topic.topic_id, post.post_id, text, (file,), teller.ada,
        model=teller.model,
    )  # fmt: skip
    shown = teller.prompts.preview_draft(draft)
    stored = teller.says(text, post, file)
    assert (shown.messages, shown.total, shown.left_out) == (
        teller.ask(stored).messages,
        teller.ask(stored).total,
        teller.ask(stored).left_out,
    )
    edited = replace(draft, edits=stored.post_id, text="No!", files=(), parent_post_id=None)
    shown = teller.prompts.preview_draft(edited)
    teller.forum.edit_post(stored.post_id, "No!")
    teller.give(stored)
    assert shown.messages == teller.ask(stored).messages


def test_next_turn_begins_with_all_that_was_sent_for_the_last_one(teller: Teller) -> None:
    # Servers go on reading from the first byte that differs.
    teller.set(ambient_topics=1)
    teller.forum.create_topic(teller.subforum.subforum_id, "Heat", "What is heat?")
    teller.change(teller.says("Pinned.", teller.first), prompt_rule="pinned")
    teller.says("Beside.", teller.first)
    post, before = teller.first, []
    for number in range(5):
        post = teller.says(f"Question {number}?", post)
        messages = list(teller.ask(post).messages)
        assert messages[: len(before)] == before
        before = messages
        post = teller.answers(teller.ada, f"Answer {number}.", post)
    teller.says("Newer beside.", teller.first)
    with_newer = "".join(message["content"] for message in teller.ask(post).messages)
    assert with_newer.startswith(
        "".join(m["content"] for m in before[:2]).partition("Beside.")[0] + "Beside."
    )


def test_draft_may_open_a_subforum_that_is_not_there_yet(teller: Teller) -> None:
    shown = teller.prompts.preview_draft(DraftQuestion(0, None, None, "Hello\nAda", model=teller.model))
    assert shown.messages[-1]["content"] == "User wrote:\n\nHello\nAda"


def _written(xray: Xray) -> str:
    """Return a prompt as a file that people can read: messages, then what was left out, then the sizes."""
    lines = [f"=== {message['role']}\n{message['content']}\n" for message in xray.messages]
    lines += ["=== left out\n"] * bool(xray.left_out)
    lines += [
        f"{left.source}: {left.label} ({left.post_id}), {left.tokens} tokens, {left.reason}\n"
        for left in xray.left_out
    ]
    parts = " ".join(
        f"{part.source}{'*' if part.is_pinned else ''}@{part.message}={part.tokens}" for part in xray.parts
    )
    return "".join(
        [*lines, f"=== sizes\n{parts}\n{xray.total} + {xray.answer} of {xray.window}, over {xray.over}\n"]
    )
