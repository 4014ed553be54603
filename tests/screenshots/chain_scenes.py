"""The screens of tags: posts that tag personas and files, and chains of which a link has failed."""

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.queue import Job
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.domain.submission import NewPost
from forllm_desktop.domain.tags import persona_tag_text
from forllm_desktop.ui.panes.queue import QueuePane
from tests.screenshots.content import Filled
from tests.screenshots.scenes import scene
from tests.screenshots.stage import Stage


def _tag(stage: Stage, *names: str) -> str:
    ids = {card.name: card.persona_id for card in stage.workspace.personas.cards()}
    return ":".join(persona_tag_text(ids[name], name) for name in names)


def _chained(stage: Stage, filled: Filled) -> tuple[int, tuple[Job, ...]]:
    """Post a text whose chain fails at its second link; returns the post and the requests."""
    workspace = stage.workspace
    topic = workspace.forum.topic(filled.main_topic)
    server = next(iter(workspace.models.servers())).server_id
    text = (
        f"{_tag(stage, 'Ada', 'Skeptic', 'Feynman')} work this out between you, with `numbers`.\n\n"
        f"- {_tag(stage, 'Captain Hale')} may *listen* in\n\n"
        f"> {_tag(stage, 'Ada')} said so\n\n| who | what |\n|--|--|\n| {_tag(stage, 'Skeptic')} | doubts |"
    )
    new = NewPost(
        topic.subforum_id,
        title="A chain that broke",
        text=text,
        model=ModelChoice(server, "qwen3:8b"),
    )
    made = workspace.submitting.submit(new)
    chain = made.jobs[:3]
    claim = workspace.queue.claim([chain[0].request_id])
    assert claim is not None
    workspace.queue.finish(chain[0].request_id, "The disc is heavier at its rim.", "", {})
    workspace.queue.claim([chain[1].request_id])
    error = ForllmError("The reply broke off", "The server closed the connection. Try again.")
    workspace.queue.fail(chain[1].request_id, "stream_broken", error)
    return made.post.post_id, chain


@scene()
def thread_with_a_blocked_chain(stage: Stage, filled: Filled) -> None:
    post, _jobs = _chained(stage, filled)
    stage.desk.show_post(post)
    stage.settle()


@scene()
def queue_with_a_blocked_chain(stage: Stage, filled: Filled) -> None:
    _post, jobs = _chained(stage, filled)
    stage.desk.show_page("queue")
    stage.find(QueuePane).show_request(jobs[2].request_id)
