"""`forllm ask`: posts a question, queues it, and with --wait runs it."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from forllm_desktop import paths
from forllm_desktop.cli import attaching, naming
from forllm_desktop.cli.output import job_document, print_json, say
from forllm_desktop.cli.persona_arguments import version_number
from forllm_desktop.cli.running import run_requests
from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.domain.forum import Subforum, Topic, checked_name, checked_text, title_from
from forllm_desktop.domain.queue import Job, JobStatus
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.domain.submission import NewPost
from forllm_desktop.domain.tags import chains, resolve_typed
from forllm_desktop.services.job_view import job_views
from forllm_desktop.services.queue import Wish
from forllm_desktop.services.workspace import Workspace, open_workspace


def add_command(commands: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    """Add `ask` to the parser."""
    parser = commands.add_parser(
        "ask",
        parents=[common],
        help="post a question and queue it for an answer",
        description="Digits name a subforum, topic or persona by its number, anything else by its exact name "
        "without regard to case. A subforum or topic that does not exist is made. In an existing topic the "
        "text replies to the first post. @NAME in the text asks that persona too; with @NAME:@NAME each "
        "answers the one before.",
    )
    parser.add_argument("text", metavar="TEXT", help="the question; - reads it from standard input")
    parser.add_argument("--subforum", metavar="S", required=True, help="where to post it")
    parser.add_argument("--topic", metavar="T", help="without it a topic is made from the first line")
    parser.add_argument("--persona", metavar="P", help="who answers; without it the default persona")
    parser.add_argument(
        "--persona-version", metavar="N", type=version_number, help="an earlier version of it"
    )
    parser.add_argument(
        "--only-tagged", action="store_true", help="ask whom the text tags (@NAME), and nobody else"
    )
    parser.add_argument("--model", metavar="M", help="a model of the server, or the path of a GGUF file")
    parser.add_argument("--server", metavar="URL", help="address of the server; it is added if unknown")
    attaching.add_arguments(parser)
    parser.add_argument("--wait", action="store_true", help="run this request and what it waits for")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Post and queue the question; with --wait run it and print the reply."""
    text = checked_text(sys.stdin.read() if options.text == "-" else options.text)
    workspace = open_workspace(paths.data_dir(options.data_dir))
    try:
        numbers = [job.request_id for job in _ask(workspace, text, options)]
        is_interrupted = False
        if options.wait:
            is_interrupted = run_requests(workspace, numbers, shows_reply=not options.json)
        documents = [job_document(view) for view in job_views(workspace.database, numbers)]
        if is_interrupted:
            _tell_interrupted(documents)
    finally:
        workspace.close()
    if options.json:
        print_json({**documents[0], "requests": documents})
    else:
        for document in documents:
            _report(document, options)
    if is_interrupted:
        return 130
    return int(options.wait and any(document["status"] != JobStatus.COMPLETE for document in documents))


def _ask(workspace: Workspace, text: str, options: argparse.Namespace) -> Sequence[Job]:
    """Check everything, then store: a question that is refused leaves nothing behind."""
    name = checked_name(options.subforum, "subforum")
    text = resolve_typed(text, {one.name: one.persona_id for one in workspace.personas.personas()})
    title = checked_name(options.topic, "topic") if options.topic is not None else title_from(text)
    subforum = naming.find_subforum(workspace, name)
    topic = _find_topic(workspace, subforum, title) if options.topic is not None else None
    persona_id = None
    if options.persona is not None:
        persona_id = naming.persona(workspace, options.persona).persona_id
        workspace.personas.require_answerable(subforum.subforum_id if subforum else None, persona_id)
    elif options.persona_version is not None:
        raise InvalidInput("persona", "Which persona's version?", "Name the persona with --persona.")
    if options.persona_version is not None and persona_id is not None:
        workspace.personas.version(persona_id, options.persona_version)
    model = _model(workspace, options, subforum, persona_id)
    wish = None if options.only_tagged else Wish(model, persona_id, options.persona_version)
    if wish is None and not chains(text):
        raise InvalidInput("text", "The text tags nobody", "Write @NAME with the name of a persona.")
    new = NewPost(subforum.subforum_id if subforum else 0, title=title, text=text, wish=wish, model=model)
    if topic is not None:
        thread = workspace.forum.thread(topic.topic_id)
        first = thread[0].post.post_id if thread else None
        new = replace(new, topic_id=topic.topic_id, parent_post_id=first)
    checked = workspace.submitting.check(replace(new, files=attaching.store_attached(workspace, options)))
    if subforum is None:
        made = workspace.forum.create_subforum(name)
        checked = replace(checked, new=replace(checked.new, subforum_id=made.subforum_id))
    return workspace.submitting.submit(checked).jobs


def _tell_interrupted(documents: list[dict[str, Any]]) -> None:
    for document in documents:
        if document["status"] == JobStatus.PENDING:
            document["error"] = {"title": "Interrupted", "message": "It runs when the queue is worked off."}


def _model(
    workspace: Workspace, options: argparse.Namespace, subforum: Subforum | None, persona_id: int | None
) -> ModelChoice:
    """Return the model that was named, else the one that whoever answers prefers, else the default."""
    preferred = None
    if options.model is None and options.server is None:
        place = subforum.subforum_id if subforum else 0
        preferred = workspace.personas.preferred_model(place, persona_id)
    return preferred or workspace.models.choose(options.model, options.server)


def _find_topic(workspace: Workspace, subforum: Subforum | None, named: str) -> Topic | None:
    if (number := naming.number(named)) is not None:
        topic = workspace.forum.topic(number)
        if subforum is None or topic.subforum_id != subforum.subforum_id:
            raise InvalidInput("topic", f"Topic {named} is not in that subforum", "Name the one it is in.")
        return topic
    if subforum is None:
        return None
    found = workspace.forum.find_topic(subforum.subforum_id, named)
    return naming.single(found, named, lambda t: t.topic_id)


def _report(document: dict[str, Any], options: argparse.Namespace) -> None:
    """Print how the request stands; the reply itself was printed while it came."""
    number, status, error = document["id"], document["status"], document["error"]
    if status in (JobStatus.PENDING, JobStatus.PENDING_DEPENDENCY) and not options.wait:
        after = f", after request {document['after']}" if status == JobStatus.PENDING_DEPENDENCY else ""
        say(f"Request {number} is queued: {document['persona']} on {document['model']}{after}.")
    elif error:
        state = "stays queued" if status == JobStatus.PENDING else f"ended in {status}"
        say(f"forllm: request {number} {state}: {error['title']}. {error['message']}", sys.stderr)
    elif status != JobStatus.COMPLETE:
        print(f"forllm: request {number} is {status}.", file=sys.stderr)
