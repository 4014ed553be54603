"""`forllm post rule`: a post is pinned into prompts or left out of them."""

from pathlib import Path

from forllm_desktop.services.workspace import open_workspace
from tests.builders import a_topic
from tests.cli.conftest import Run


def test_a_post_is_pinned_left_out_and_let_go(run: Run, made: Path) -> None:
    workspace = open_workspace(made)
    _, post = a_topic(workspace.forum)
    workspace.close()
    number = str(post.post_id)
    said = run("post", "rule", number, "pinned")
    assert (said.code, said.out) == (0, "The post is pinned into prompts.\n")
    assert run("post", "rule", number, "left-out", "--json").document == {
        "post": post.post_id,
        "rule": "left-out",
    }
    assert run("post", "rule", number, "auto").code == 0


def test_wrong_posts_and_rules_are_refused(run: Run, made: Path) -> None:
    assert run("post", "rule", "99", "pinned").code == 1
    assert run("post", "rule", "99", "often").code == 2
    assert run("post", "rule", "99", "pinned", "--json").document["error"]["title"]
