"""An edit that changed whom a post asks is taken back from the window, with its requests."""

from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.domain.submission import NewPost
from forllm_desktop.domain.tags import persona_tag_text
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.desk import Desk
from tests.builders import a_server, a_subforum


def test_undo_brings_text_and_requests_back(desk: Desk, workspace: Workspace) -> None:
    ada = workspace.personas.create("Ada", "You are Ada.").persona_id
    model = ModelChoice(a_server(workspace.database).server_id, "tiny")
    text = f"Ask {persona_tag_text(ada, 'Ada')}"
    new = NewPost(a_subforum(workspace.forum).subforum_id, title="Topic", text=text, model=model)
    made = workspace.submitting.submit(new)
    edited = workspace.submitting.edit(made.post.post_id, "Ask nobody")
    assert workspace.queue.jobs()[0].status == "cancelled"
    desk._undos.offer(edited.undo)
    desk._actions["undo"].trigger()
    assert workspace.forum.post(made.post.post_id).content == text
    assert workspace.queue.jobs()[0].status == "pending"
