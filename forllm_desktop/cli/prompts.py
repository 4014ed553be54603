"""`forllm prompt`: what would be sent for a post, or was sent by a request, and what was left out."""

import argparse
from typing import Any

from forllm_desktop import paths
from forllm_desktop.cli import naming
from forllm_desktop.cli.output import print_json, print_table, say
from forllm_desktop.cli.persona_arguments import version_number
from forllm_desktop.domain.errors import InvalidInput, NotFound
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.domain.xray import DraftQuestion, Reason, Xray
from forllm_desktop.services.workspace import Workspace, open_workspace

WORDS = {
    Reason.NO_ROOM: "no room",
    Reason.BY_HAND: "left out by hand",
    Reason.INCOMPLETE: "broken off",
    Reason.DELETED: "deleted",
    Reason.LIMIT: "more than the settings allow",
}
"""Why something was left out."""


def add_command(commands: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    """Add `prompt` to the parser."""
    parser = commands.add_parser(
        "prompt",
        parents=[common],
        help="print what would be sent to a model, or was sent",
        description="Without --post the newest post of the topic is the one that would be answered. No "
        "server is asked: numbers with ~ are estimates.",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("topic", metavar="TOPIC", nargs="?", help="number or exact title of a topic")
    what.add_argument("--post", metavar="N", type=int, help="the post that would be answered")
    what.add_argument("--request", metavar="N", type=int, help="a request, to see what it has sent")
    parser.add_argument("--text", metavar="TEXT", help="a reply to that post, which is not stored")
    parser.add_argument("--persona", metavar="P", help="who answers; without it the default persona")
    parser.add_argument(
        "--persona-version", metavar="N", type=version_number, help="an earlier version of it"
    )
    parser.add_argument("--model", metavar="M", help="a model that is known already")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print a prompt."""
    workspace = open_workspace(paths.data_dir(options.data_dir), writes=False)
    try:
        document = _sent(workspace, options.request) if options.request else _shown(workspace, options)
    finally:
        workspace.close()
    if options.json:
        print_json(document)
    else:
        print_prompt(document)
    return 0


def prompt_document(xray: Xray) -> dict[str, Any]:
    """Describe a prompt; tokens are estimates unless `is_exact`."""
    return {
        "messages": list(xray.messages),
        "parts": [
            {
                "source": part.source,
                "label": part.label,
                "role": part.role,
                "tokens": part.tokens,
                "message": part.message if part.message >= 0 else None,
                "post": part.post_id,
                "is_pinned": part.is_pinned,
            }
            for part in xray.parts
        ],
        "left_out": [
            {
                "source": left.source,
                "label": left.label,
                "tokens": left.tokens,
                "reason": left.reason.value,
                "post": left.post_id,
            }
            for left in xray.left_out
        ],
        "sizes": xray.sizes,
        "total": xray.total,
        "is_exact": xray.is_exact,
        "error": xray.error,
        "window": xray.window,
        "answer": xray.answer,
        "over": xray.over,
        "fits": xray.fits,
        "is_known_model": xray.is_known_model,
        "is_sent": xray.is_sent,
        "reported": xray.reported,
        "is_shortened": xray.is_shortened,
    }


def print_prompt(document: dict[str, Any]) -> None:
    """Print a prompt for people: each message below its role, what was left out, and the numbers."""
    for message in document["messages"]:
        say(f"[{message['role']}]\n{message['content']}\n")
    left_out = document["left_out"]
    if left_out:
        heads = ("LEFT OUT", "POST", "TOKENS", "WHY")
        print_table([_row(left) for left in left_out], heads)
        say("")
    about = "" if document["is_exact"] else "~"
    sizes = ", ".join(f"{name} {about}{tokens:,}" for name, tokens in document["sizes"].items() if tokens)
    room = document["window"] - document["answer"]
    say(
        f"{about}{document['total']:,} tokens ({sizes}); {max(0, room):,} fit beside an answer of "
        f"{document['answer']:,} in a window of {document['window']:,}."
    )
    if document["over"]:
        say(f"{about}{document['over']:,} tokens too many: this is not sent.")
    if document["is_shortened"]:
        say(f"The server read only {document['reported']:,} tokens: it shortened the prompt.")


def _row(left: dict[str, Any]) -> tuple[object, ...]:
    tokens = f"~{left['tokens']:,}" if left["tokens"] else ""
    return left["label"], left["post"] or "", tokens, WORDS[Reason(left["reason"])]


def _sent(workspace: Workspace, request_id: int) -> dict[str, Any]:
    found = workspace.prompts.sent(request_id)
    if found is None:
        raise NotFound("The request has not sent anything yet", "See what it would send with --post.")
    return {"request": request_id, **prompt_document(found)}


def _shown(workspace: Workspace, options: argparse.Namespace) -> dict[str, Any]:
    if options.post is None:
        topic = naming.topic(workspace, options.topic)
        post_id = workspace.prompts.answered_post(topic.topic_id)
    else:
        post_id = options.post
        topic = workspace.forum.topic(workspace.forum.post(post_id).topic_id)
    persona_id = naming.persona(workspace, options.persona).persona_id if options.persona else None
    if options.persona_version and persona_id is None:
        raise InvalidInput("persona", "Whose version is meant?", "Name the persona with --persona.")
    draft = DraftQuestion(
        topic.subforum_id,
        topic.topic_id,
        post_id,
        options.text or "",
        persona_id=persona_id,
        version=options.persona_version,
        model=_known_model(workspace, options.model),
    )
    if options.text is not None:
        found = workspace.prompts.preview_draft(draft)
    else:
        found = workspace.prompts.preview_post(post_id, persona_id, options.persona_version, draft.model)
    return {"topic": topic.topic_id, "post": post_id, **prompt_document(found)}


def _known_model(workspace: Workspace, name: str | None) -> ModelChoice | None:
    if name is None:
        return None
    found = [choice for choice, _ in workspace.models.known_choices() if choice.name == name]
    if not found:
        raise InvalidInput("model", f"The model {name} is not known yet", "Ask it once, or leave it out.")
    return found[0]
