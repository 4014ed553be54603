"""The steps of one request: what is stored, in one commit each, and what is announced after it."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import event

from forllm_desktop.domain.errors import ForllmError, InvalidInput, NotFound, NotPossible
from forllm_desktop.domain.forum import Post
from forllm_desktop.domain.persona import FALLBACK_PERSONA_ID, Persona
from forllm_desktop.domain.queue import Job
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.events import Events
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.job_steps import Claim
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.services.queue import QueueService, Wish
from forllm_desktop.storage.database import Database
from tests.builders import NOW, FixedClock, a_model_reply, a_request, a_server, a_subforum, a_topic, a_wish
from tests.recorder import Recorder

AWAY = ForllmError("Ollama is not running", "Start it, or choose another server.")
BROKEN = ForllmError("The reply broke off", "Try again.")


@pytest.fixture
def commits(database: Database) -> Iterator[list[str]]:
    """Return a list that grows by one with each commit of the writer."""
    made: list[str] = []

    def note(connection: object) -> None:
        made.append("commit")

    event.listen(database._writer, "commit", note)
    yield made
    event.remove(database._writer, "commit", note)


@pytest.fixture
def request_(queue: QueueService, forum: ForumService, database: Database, recorder: Recorder) -> Job:
    """Return a waiting request; what its making announced is forgotten."""
    job = a_request(queue, forum, database)
    recorder.take()
    return job


@pytest.fixture
def claimed(queue: QueueService, request_: Job, recorder: Recorder) -> Claim:
    """Return a running request."""
    claim = running(queue)
    recorder.take()
    return claim


def running(queue: QueueService) -> Claim:
    claim = queue.claim()
    assert claim is not None
    return claim


def post_of(database: Database, post_id: int | None) -> Post | None:
    with database.read() as session:
        return session.get(Post, post_id) if post_id else None


def reply_of(database: Database, queue: QueueService, request_id: int) -> Post:
    reply = post_of(database, queue.job(request_id).reply_post_id)
    assert reply is not None
    return reply


# -- asking


def test_question_in_a_new_topic_is_one_commit(
    queue: QueueService, forum: ForumService, database: Database, recorder: Recorder, commits: list[str]
) -> None:
    subforum, wish = a_subforum(forum), a_wish(database)
    recorder.take()
    commits.clear()
    topic, post, job = queue.ask_in_new_topic(subforum.subforum_id, "Sky", "Why is it blue?", wish)
    assert commits == ["commit"]
    assert recorder.take() == [
        ("topic_changed", topic.topic_id),
        ("post_added", post.post_id),
        ("job_changed", job.request_id),
    ]
    stored = queue.job(job.request_id)
    assert (stored.status, stored.post_id_to_respond_to, stored.llm_model) == (
        "pending",
        post.post_id,
        "tiny",
    )
    assert (stored.requested_at, stored.attempts, stored.llm_persona) == (NOW, 0, None)


def test_question_in_a_topic_is_one_commit(
    queue: QueueService, forum: ForumService, database: Database, recorder: Recorder, commits: list[str]
) -> None:
    topic, first = a_topic(forum)
    wish = a_wish(database)
    recorder.take()
    commits.clear()
    post, job = queue.ask(topic.topic_id, "And red in the evening?", wish, first.post_id)
    assert commits == ["commit"]
    assert recorder.take() == [("post_added", post.post_id), ("job_changed", job.request_id)]
    assert post.parent_post_id == first.post_id


def test_question_about_a_post_that_is_there_is_one_commit(
    queue: QueueService, forum: ForumService, database: Database, recorder: Recorder, commits: list[str]
) -> None:
    _, first = a_topic(forum)
    wish = a_wish(database)
    recorder.take()
    commits.clear()
    job = queue.ask_about(first.post_id, wish)
    assert commits == ["commit"]
    assert recorder.take() == [("job_changed", job.request_id)]


def test_what_is_announced_is_on_disk(
    queue: QueueService, forum: ForumService, database: Database, events: Events
) -> None:
    subforum, wish = a_subforum(forum), a_wish(database)
    seen: list[str] = []
    events.job_changed.connect(lambda number: seen.append(queue.job(number).status))
    queue.ask_in_new_topic(subforum.subforum_id, "Sky", "Why?", wish)
    claim = running(queue)
    queue.finish(claim.job.request_id, "So.", "", {})
    assert seen == ["pending", "processing", "complete"]


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (lambda p: p.__setattr__("is_active", False), "switched off"),
        (lambda p: p.__setattr__("deleted_at", NOW), "is deleted"),
        (lambda p: None, "Assign this persona to the subforum"),
    ],
)
def test_chosen_persona_that_may_not_answer_is_refused_and_nothing_is_stored(
    queue: QueueService,
    forum: ForumService,
    personas: PersonaService,
    database: Database,
    recorder: Recorder,
    change: Callable[[Persona], None],
    refusal: str,
) -> None:
    topic, first = a_topic(forum)
    persona = personas.create("Ada", "You are Ada.")
    if change(Persona()) is None and "Assign" not in refusal:
        personas.assign(topic.subforum_id, persona.persona_id)
    with database.write() as session:
        change(session.get_one(Persona, persona.persona_id))
    recorder.take()
    with pytest.raises(NotPossible, match="Ada cannot answer") as refused:
        queue.ask(topic.topic_id, "Well?", a_wish(database, persona.persona_id), first.post_id)
    assert refusal in str(refused.value)
    assert len(forum.thread(topic.topic_id)) == 1
    assert queue.jobs() == []
    assert recorder.take() == []


def test_unknown_persona_server_or_post_is_refused_in_words(
    queue: QueueService, forum: ForumService, database: Database
) -> None:
    topic, first = a_topic(forum)
    with pytest.raises(NotFound, match="persona does not exist"):
        queue.ask_about(first.post_id, a_wish(database, 77))
    with pytest.raises(NotFound, match="server is no longer known"):
        queue.ask(topic.topic_id, "Well?", Wish(ModelChoice(77, "tiny")))
    with pytest.raises(NotFound, match="post does not exist"):
        queue.ask_about(77, a_wish(database))
    with pytest.raises(NotFound, match="topic does not exist"):
        queue.ask(77, "Well?", a_wish(database))
    with pytest.raises(InvalidInput, match="empty"):
        queue.ask(topic.topic_id, "  ", a_wish(database))
    assert queue.jobs() == []
    assert len(forum.thread(topic.topic_id)) == 1


def test_reply_that_is_not_finished_cannot_be_asked_about(
    queue: QueueService, claimed: Claim, database: Database
) -> None:
    with pytest.raises(NotPossible, match="not finished"):
        queue.ask_about(claimed.reply.post_id, a_wish(database))


def test_new_requests_come_last(queue: QueueService, forum: ForumService, database: Database) -> None:
    made = [a_request(queue, forum, database) for _ in range(3)]
    queue.cancel(made[2].request_id)
    made.append(a_request(queue, forum, database))
    assert [job.request_id for job in queue.jobs()] == [job.request_id for job in made]
    assert len({job.position for job in queue.jobs()}) == 4


# -- starting


def test_claim_makes_an_empty_incomplete_reply_in_one_commit(
    queue: QueueService, request_: Job, database: Database, recorder: Recorder, commits: list[str]
) -> None:
    claim = running(queue)
    assert commits == ["commit"]
    assert recorder.take() == [("post_added", claim.reply.post_id), ("job_changed", request_.request_id)]
    stored = queue.job(request_.request_id)
    assert (stored.status, stored.attempts, stored.started_at) == ("processing", 1, NOW)
    reply = reply_of(database, queue, request_.request_id)
    assert (reply.content, reply.is_incomplete, reply.is_llm_response) == ("", True, True)
    assert reply.parent_post_id == request_.post_id_to_respond_to
    assert (reply.llm_model_id, reply.server_id) == ("tiny", request_.server_id)


def test_claim_takes_the_first_in_the_queue(
    queue: QueueService, forum: ForumService, database: Database
) -> None:
    made = [a_request(queue, forum, database).request_id for _ in range(3)]
    assert [running(queue).job.request_id for _ in made] == made
    assert queue.claim() is None


def test_claim_can_be_limited_to_some_requests(
    queue: QueueService, forum: ForumService, database: Database
) -> None:
    first, second = (a_request(queue, forum, database).request_id for _ in range(2))
    claim = queue.claim([second])
    assert claim is not None
    assert claim.job.request_id == second
    assert queue.claim([second]) is None
    assert queue.job(first).status == "pending"


def test_claim_fixes_the_version_of_the_persona(
    queue: QueueService, request_: Job, personas: PersonaService, database: Database
) -> None:
    personas.change(FALLBACK_PERSONA_ID, instructions="Be brief.")
    claim = running(queue)
    personas.change(FALLBACK_PERSONA_ID, instructions="Be long.")
    assert (claim.persona.version, claim.persona.prompt_instructions) == (2, "Be brief.")
    assert queue.job(request_.request_id).persona_version == 2
    reply = reply_of(database, queue, request_.request_id)
    assert (reply.llm_persona_id, reply.persona_version) == (FALLBACK_PERSONA_ID, 2)


def test_persona_of_a_repeated_request_is_found_anew(
    queue: QueueService, claimed: Claim, personas: PersonaService
) -> None:
    queue.fail(claimed.job.request_id, "stream_broken", BROKEN)
    other = personas.create("Ada", "You are Ada.")
    personas.set_global_default(other.persona_id)
    queue.retry(claimed.job.request_id)
    assert running(queue).persona.name == "Ada"


@pytest.mark.parametrize(
    ("in_subforum", "global_default", "answers"),
    [("Ada", "Bo", "Ada"), (None, "Bo", "Bo"), (None, None, "Assistant")],
)
def test_persona_comes_from_the_subforum_then_the_global_default_then_the_fallback(
    queue: QueueService,
    forum: ForumService,
    personas: PersonaService,
    database: Database,
    in_subforum: str | None,
    global_default: str | None,
    answers: str,
) -> None:
    # Pitfall: the topic's number was once passed for the subforum's, so the two must differ here.
    a_topic(forum, a_subforum(forum, "Other"))
    job = a_request(queue, forum, database)
    if in_subforum:
        subforum_id = forum.find_subforum("Physics")[0].subforum_id
        personas.assign(subforum_id, personas.create(in_subforum, "x").persona_id, default=True)
    if global_default:
        personas.set_global_default(personas.create(global_default, "x").persona_id)
    claim = queue.claim([job.request_id])
    assert claim is not None
    assert claim.persona.name == answers


def test_persona_is_that_of_the_subforum_a_topic_was_moved_to(
    queue: QueueService, forum: ForumService, personas: PersonaService, request_: Job
) -> None:
    other = a_subforum(forum, "Chemistry")
    personas.assign(other.subforum_id, personas.create("Ada", "x").persona_id, default=True)
    assert request_.post_id_to_respond_to is not None
    forum.move_topic(forum.post(request_.post_id_to_respond_to).topic_id, other.subforum_id)
    assert running(queue).persona.name == "Ada"


def test_chosen_persona_that_became_unusable_ends_the_request_in_words(
    queue: QueueService,
    forum: ForumService,
    personas: PersonaService,
    database: Database,
    recorder: Recorder,
) -> None:
    subforum = a_subforum(forum)
    ada = personas.create("Ada", "You are Ada.")
    personas.assign(subforum.subforum_id, ada.persona_id)
    chosen = a_request(queue, forum, database, a_wish(database, ada.persona_id))
    after = a_request(queue, forum, database)
    with database.write() as session:
        session.get_one(Persona, ada.persona_id).is_active = False
    recorder.take()
    assert running(queue).job.request_id == after.request_id
    stored = queue.job(chosen.request_id)
    assert (stored.status, stored.error_title, stored.error_kind) == (
        "error",
        "Ada cannot answer",
        "not_possible",
    )
    assert (stored.llm_persona, stored.reply_post_id, stored.attempts) == (ada.persona_id, None, 0)
    assert recorder.take(["job_changed"])[0] == ("job_changed", chosen.request_id)


def test_request_without_its_server_still_starts_so_that_its_end_is_told(
    queue: QueueService, request_: Job, database: Database
) -> None:
    with database.write() as session:
        session.get_one(Job, request_.request_id).server_id = None
    assert running(queue).job.server_id is None


def test_request_of_which_nothing_is_stored_ends_in_words_and_can_be_retried(
    queue: QueueService, request_: Job, database: Database
) -> None:
    with database.write() as session:
        session.get_one(Job, request_.request_id).request_type = "generate_persona"
        nameless = Job(request_type="generate_persona", llm_model="tiny", position=9)
        session.add(nameless)
    assert queue.claim() is None
    for number in (request_.request_id, nameless.request_id):
        stored = queue.job(number)
        assert stored.status == "error"
        assert "generate_persona" in (stored.error_message or "")
        assert queue.retry(number).status == "pending"


# -- ending


def test_finish_completes_request_and_reply_in_one_commit(
    queue: QueueService, claimed: Claim, database: Database, recorder: Recorder, commits: list[str]
) -> None:
    number = claimed.job.request_id
    commits.clear()
    assert queue.finish(number, "Scattering.", "Hm.", {"output_tokens": 3}) is True
    assert commits == ["commit"]
    assert recorder.take() == [("post_changed", claimed.reply.post_id), ("job_changed", number)]
    stored, reply = queue.job(number), reply_of(database, queue, number)
    assert (stored.status, stored.finished_at, stored.metrics) == ("complete", NOW, {"output_tokens": 3})
    assert (reply.content, reply.thinking, reply.is_incomplete) == ("Scattering.", "Hm.", False)


def test_failure_with_text_keeps_the_reply_marked_incomplete(
    queue: QueueService, claimed: Claim, database: Database, recorder: Recorder, commits: list[str]
) -> None:
    number = claimed.job.request_id
    commits.clear()
    assert queue.fail(number, "stream_broken", BROKEN, "Scatt", "") is True
    assert commits == ["commit"]
    assert recorder.take() == [("post_changed", claimed.reply.post_id), ("job_changed", number)]
    stored, reply = queue.job(number), reply_of(database, queue, number)
    assert (stored.status, stored.error_kind) == ("error", "stream_broken")
    assert (stored.error_title, stored.error_message) == (BROKEN.title, BROKEN.message)
    assert (reply.content, reply.is_incomplete) == ("Scatt", True)


def test_failure_with_thoughts_alone_keeps_them(
    queue: QueueService, claimed: Claim, database: Database
) -> None:
    queue.fail(claimed.job.request_id, "only_thinking", BROKEN, "", "Let me see")
    reply = reply_of(database, queue, claimed.job.request_id)
    assert (reply.content, reply.thinking, reply.is_incomplete) == ("", "Let me see", True)


def test_words_of_a_server_that_no_database_can_hold_still_end_the_request(
    queue: QueueService, claimed: Claim
) -> None:
    """Otherwise the end could never be stored, and nothing behind the request would ever run."""
    queue.fail(claimed.job.request_id, "server", ForllmError("Broken \ud800", "It said \udfff."))
    job = queue.job(claimed.job.request_id)
    assert (job.status, job.error_title, job.error_message) == ("error", "Broken \ufffd", "It said \ufffd.")


def test_failure_without_text_removes_the_reply(
    queue: QueueService, claimed: Claim, database: Database, recorder: Recorder
) -> None:
    number = claimed.job.request_id
    queue.fail(number, "not_found", BROKEN)
    assert recorder.take() == [("post_removed", claimed.reply.post_id), ("job_changed", number)]
    assert post_of(database, claimed.reply.post_id) is None
    assert queue.job(number).reply_post_id is None


def test_number_of_a_removed_reply_is_never_given_out_again(
    queue: QueueService, claimed: Claim, database: Database
) -> None:
    queue.fail(claimed.job.request_id, "not_found", BROKEN)
    queue.retry(claimed.job.request_id)
    assert running(queue).reply.post_id != claimed.reply.post_id


@pytest.mark.parametrize("first", ["finish", "cancel"])
def test_finish_and_cancel_end_a_request_exactly_once(
    queue: QueueService, claimed: Claim, database: Database, first: str
) -> None:
    number = claimed.job.request_id
    if first == "finish":
        assert queue.finish(number, "All of it.", "", {}) is True
        with pytest.raises(NotPossible, match="already ended"):
            queue.cancel(number)
        assert queue.job(number).status == "complete"
        assert reply_of(database, queue, number).is_incomplete is False
    else:
        queue.cancel(number)
        assert queue.finish(number, "All of it.", "", {}) is False
        queue.settle_cancelled(number, "All of it.", "")
        assert queue.job(number).status == "cancelled"
        assert queue.job(number).metrics is None
        assert reply_of(database, queue, number).is_incomplete is True
    assert reply_of(database, queue, number).content == "All of it."


def test_ended_request_takes_no_further_step(queue: QueueService, claimed: Claim, recorder: Recorder) -> None:
    number = claimed.job.request_id
    queue.finish(number, "So.", "", {})
    recorder.take()
    queue.save_text(number, "Other.", "")
    queue.record_prompt(number, [{"role": "user", "content": "other"}], {})
    queue.settle_cancelled(number, "Other.", "")
    assert queue.finish(number, "Other.", "", {}) is False
    assert queue.fail(number, "x", BROKEN, "Other.") is False
    assert queue.park(number, "unreachable", AWAY, NOW) is False
    assert queue.interrupt(number, "Other.", "") is False
    assert recorder.take() == []
    stored = queue.job(number)
    assert (stored.status, stored.prompt, stored.error_title) == ("complete", None, None)


def test_unknown_request_is_reported_in_words(queue: QueueService) -> None:
    for verb in (queue.job, queue.cancel, queue.retry):
        with pytest.raises(NotFound, match="request does not exist"):
            verb(77)


# -- while running


def test_saved_text_is_stored_without_an_announcement(
    queue: QueueService, claimed: Claim, database: Database, recorder: Recorder, commits: list[str]
) -> None:
    commits.clear()
    queue.save_text(claimed.job.request_id, "Scat", "Hm")
    assert commits == ["commit"]
    reply = reply_of(database, queue, claimed.job.request_id)
    assert (reply.content, reply.thinking, reply.is_incomplete) == ("Scat", "Hm", True)
    assert recorder.take() == []


def test_saving_after_a_cancel_does_nothing(queue: QueueService, claimed: Claim, database: Database) -> None:
    queue.save_text(claimed.job.request_id, "Scat", "")
    queue.cancel(claimed.job.request_id)
    queue.save_text(claimed.job.request_id, "Scattering", "")
    assert reply_of(database, queue, claimed.job.request_id).content == "Scat"


def test_prompt_is_stored_as_sent(queue: QueueService, claimed: Claim, commits: list[str]) -> None:
    messages = [{"role": "user", "content": "Why? \u2028 {{text}}"}]
    commits.clear()
    queue.record_prompt(claimed.job.request_id, messages, {"total": 7})
    assert commits == ["commit"]
    stored = queue.job(claimed.job.request_id)
    assert (stored.prompt, stored.token_breakdown) == (messages, {"total": 7})


def test_interrupted_request_waits_again_with_its_text(
    queue: QueueService, claimed: Claim, database: Database, recorder: Recorder, commits: list[str]
) -> None:
    number = claimed.job.request_id
    commits.clear()
    assert queue.interrupt(number, "Scat", "Hm") is True
    assert commits == ["commit"]
    assert recorder.take() == [("post_changed", claimed.reply.post_id), ("job_changed", number)]
    assert queue.job(number).status == "pending"
    assert reply_of(database, queue, number).content == "Scat"
    again = running(queue)
    assert (again.reply.post_id, again.job.attempts) == (claimed.reply.post_id, 2)


# -- parking


def test_whole_server_waits_and_no_attempt_is_spent(
    queue: QueueService, forum: ForumService, database: Database, recorder: Recorder, commits: list[str]
) -> None:
    met, second = a_request(queue, forum, database), a_request(queue, forum, database)
    elsewhere = a_server(database, "http://127.0.0.1:8080")
    other = a_request(queue, forum, database, a_wish(database, server=elsewhere))
    claim = running(queue)
    recorder.take()
    commits.clear()
    until = NOW + timedelta(seconds=2)
    assert queue.park(met.request_id, "unreachable", AWAY, until) is True
    assert commits == ["commit"]
    assert sorted(recorder.take()) == sorted(
        [
            ("post_changed", claim.reply.post_id),
            ("job_changed", met.request_id),
            ("job_changed", second.request_id),
        ]
    )
    for number in (met.request_id, second.request_id):
        stored = queue.job(number)
        assert stored.is_parked
        assert (stored.wait_reason, stored.not_before, stored.attempts) == ("unreachable", until, 0)
        assert stored.error_title == AWAY.title
    assert not queue.job(other.request_id).is_parked
    assert running(queue).job.request_id == other.request_id
    assert queue.claim() is None


def test_parked_requests_run_in_their_order_once_they_are_due(
    queue: QueueService, forum: ForumService, database: Database, clock: FixedClock
) -> None:
    made = [a_request(queue, forum, database).request_id for _ in range(3)]
    running(queue)
    until = NOW + timedelta(seconds=2)
    queue.park(made[0], "busy", AWAY, until)
    assert queue.next_due() == until
    late = a_request(queue, forum, database)
    assert (late.is_parked, late.not_before) == (True, until)
    clock.advance(1.9)
    assert queue.claim() is None
    clock.advance(0.1)
    assert [running(queue).job.request_id for _ in range(4)] == [*made, late.request_id]
    assert queue.next_due() is None


def test_moment_between_claim_and_sleep_does_not_make_a_due_request_forgotten(
    queue: QueueService, claimed: Claim, clock: FixedClock
) -> None:
    until = NOW + timedelta(seconds=2)
    queue.park(claimed.job.request_id, "busy", AWAY, until)
    clock.advance(3)
    assert queue.next_due() == until


def test_started_again_a_parked_request_forgets_why_it_waited(
    queue: QueueService, claimed: Claim, clock: FixedClock
) -> None:
    queue.park(claimed.job.request_id, "busy", AWAY, NOW)
    claim = running(queue)
    assert (claim.job.wait_reason, claim.job.error_title, claim.job.attempts) == (None, None, 1)
    queue.finish(claim.job.request_id, "So.", "", {})
    stored = queue.job(claim.job.request_id)
    assert (stored.error_title, stored.error_message, stored.error_kind) == (None, None, None)


def test_server_that_answers_again_ends_the_waiting(
    queue: QueueService, forum: ForumService, database: Database, recorder: Recorder, commits: list[str]
) -> None:
    made = [a_request(queue, forum, database) for _ in range(2)]
    running(queue)
    queue.park(made[0].request_id, "busy", AWAY, NOW + timedelta(hours=1))
    recorder.take()
    commits.clear()
    assert made[0].server_id is not None
    queue.release_server(made[0].server_id)
    assert commits == ["commit"]
    assert recorder.take() == [("job_changed", job.request_id) for job in made]
    for job in queue.jobs():
        assert (job.is_parked, job.not_before, job.error_title) == (False, None, None)
    assert running(queue).job.request_id == made[0].request_id


def test_earlier_text_survives_parking(queue: QueueService, claimed: Claim, database: Database) -> None:
    queue.interrupt(claimed.job.request_id, "Scat", "")
    running(queue)
    queue.park(claimed.job.request_id, "busy", AWAY, NOW)
    assert reply_of(database, queue, claimed.job.request_id).content == "Scat"


# -- again


def test_retry_uses_the_same_reply_and_keeps_its_text_until_more_comes(
    queue: QueueService, claimed: Claim, database: Database, recorder: Recorder, commits: list[str]
) -> None:
    number = claimed.job.request_id
    queue.fail(number, "stream_broken", BROKEN, "Old text", "Old thoughts")
    recorder.take()
    commits.clear()
    queue.retry(number)
    assert commits == ["commit"]
    assert recorder.take() == [("job_changed", number)]
    stored = queue.job(number)
    assert (stored.status, stored.error_title, stored.finished_at) == ("pending", None, None)
    assert running(queue).reply.post_id == claimed.reply.post_id
    assert recorder.take(["post_added"]) == []
    for text, thinking in (("", ""), ("", "New thoughts"), ("New", "New thoughts")):
        queue.save_text(number, text, thinking)
        reply = reply_of(database, queue, number)
        assert (reply.content, reply.thinking) == ("Old text", "Old thoughts")
    queue.save_text(number, "New text", "New thoughts")
    reply = reply_of(database, queue, number)
    assert (reply.content, reply.thinking) == ("New text", "New thoughts")


def test_text_that_turned_out_to_be_thoughts_is_not_kept_as_text(
    queue: QueueService, claimed: Claim, database: Database
) -> None:
    queue.save_text(claimed.job.request_id, "First I", "")
    queue.save_text(claimed.job.request_id, "", "First I think")
    reply = reply_of(database, queue, claimed.job.request_id)
    assert (reply.content, reply.thinking) == ("", "First I think")


def test_retry_that_brings_nothing_keeps_the_earlier_text(
    queue: QueueService, claimed: Claim, database: Database
) -> None:
    number = claimed.job.request_id
    queue.fail(number, "stream_broken", BROKEN, "Old text")
    queue.retry(number)
    running(queue)
    queue.fail(number, "not_found", BROKEN)
    reply = reply_of(database, queue, number)
    assert (reply.content, reply.is_incomplete) == ("Old text", True)


def test_text_a_user_wrote_into_a_failed_reply_is_kept_as_an_earlier_text(
    queue: QueueService, forum: ForumService, claimed: Claim
) -> None:
    number, reply = claimed.job.request_id, claimed.reply.post_id
    queue.fail(number, "stream_broken", BROKEN, "Old text")
    forum.edit_post(reply, "My own end of it")
    queue.retry(number)
    running(queue)
    queue.save_text(number, "New", "")
    queue.finish(number, "New text", "", {})
    assert [text.content for text in forum.earlier_texts(reply)] == ["Old text", "My own end of it"]
    assert forum.post(reply).content == "New text"
    assert forum.post(reply).edited is None


def test_retry_after_the_reply_was_deleted_makes_a_new_one(
    queue: QueueService, forum: ForumService, claimed: Claim, database: Database
) -> None:
    number = claimed.job.request_id
    queue.fail(number, "stream_broken", BROKEN, "Old text")
    forum.delete_post(claimed.reply.post_id)
    queue.retry(number)
    again = running(queue)
    assert again.reply.post_id != claimed.reply.post_id
    old = post_of(database, claimed.reply.post_id)
    assert old is not None
    assert (old.content, old.deleted_at) == ("Old text", NOW)


@pytest.mark.parametrize("status", ["pending", "processing", "complete"])
def test_only_failed_and_cancelled_requests_can_be_retried(
    queue: QueueService, request_: Job, status: str
) -> None:
    if status != "pending":
        running(queue)
    if status == "complete":
        queue.finish(request_.request_id, "So.", "", {})
    with pytest.raises(NotPossible, match="Only a failed or cancelled"):
        queue.retry(request_.request_id)
    assert queue.job(request_.request_id).status == status


def test_retry_needs_the_question(queue: QueueService, forum: ForumService, request_: Job) -> None:
    assert request_.post_id_to_respond_to is not None
    forum.delete_post(request_.post_id_to_respond_to)
    assert queue.job(request_.request_id).status == "cancelled"
    with pytest.raises(NotFound, match="post is deleted"):
        queue.retry(request_.request_id)
    assert queue.job(request_.request_id).status == "cancelled"


# -- cancelling


def test_cancelled_waiting_request_never_runs(
    queue: QueueService, request_: Job, recorder: Recorder, commits: list[str]
) -> None:
    assert queue.cancel(request_.request_id) == [request_.request_id]
    assert commits == ["commit"]
    assert recorder.take() == [("job_changed", request_.request_id)]
    assert queue.claim() is None
    stored = queue.job(request_.request_id)
    assert (stored.status, stored.finished_at) == ("cancelled", NOW)


def test_cancelled_parked_request_waits_no_more_and_its_empty_reply_goes(
    queue: QueueService, claimed: Claim, database: Database, recorder: Recorder
) -> None:
    number = claimed.job.request_id
    queue.park(number, "busy", AWAY, NOW + timedelta(seconds=2))
    recorder.take()
    queue.cancel(number)
    assert recorder.take() == [("post_removed", claimed.reply.post_id), ("job_changed", number)]
    stored = queue.job(number)
    assert (stored.status, stored.not_before, stored.wait_reason) == ("cancelled", None, None)
    assert stored.error_title is None
    assert queue.next_due() is None
    assert post_of(database, claimed.reply.post_id) is None


def test_cancelled_running_request_is_stopped_and_keeps_its_text(
    queue: QueueService, claimed: Claim, database: Database, recorder: Recorder, commits: list[str]
) -> None:
    number = claimed.job.request_id
    commits.clear()
    queue.cancel(number)
    assert commits == ["commit"]
    assert recorder.take() == [("job_changed", number), ("cancel_requested", number)]
    queue.settle_cancelled(number, "Scat", "")
    assert recorder.take() == [("post_changed", claimed.reply.post_id), ("job_changed", number)]
    reply = reply_of(database, queue, number)
    assert (reply.content, reply.is_incomplete) == ("Scat", True)


def test_cancelled_running_request_without_text_leaves_no_reply(
    queue: QueueService, claimed: Claim, database: Database, recorder: Recorder
) -> None:
    queue.cancel(claimed.job.request_id)
    recorder.take()
    queue.settle_cancelled(claimed.job.request_id, "", "")
    assert recorder.take() == [
        ("post_removed", claimed.reply.post_id),
        ("job_changed", claimed.job.request_id),
    ]
    assert post_of(database, claimed.reply.post_id) is None


def test_failed_request_can_be_put_away(queue: QueueService, claimed: Claim) -> None:
    queue.fail(claimed.job.request_id, "stream_broken", BROKEN, "Scat")
    assert queue.cancel(claimed.job.request_id) == [claimed.job.request_id]
    assert queue.job(claimed.job.request_id).status == "cancelled"


def test_incomplete_replies_never_enter_a_prompt(
    queue: QueueService, forum: ForumService, claimed: Claim, database: Database
) -> None:
    from forllm_desktop.services.prompt import PromptService

    queue.fail(claimed.job.request_id, "stream_broken", BROKEN, "Half an answer")
    whole = a_model_reply(database, claimed.reply, "A whole answer", llm_persona_id=None)
    question = forum.add_post(claimed.reply.topic_id, "And now?", whole.post_id)
    prompt = PromptService(database).preview(question.post_id, 1, claimed.persona.content, None)
    said = "\n".join(message["content"] for message in prompt.messages)
    assert "A whole answer" in said
    assert "Half an answer" not in said
