"""`forllm ask`: posts a question, queues it, and with --wait runs it."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from forllm_desktop import paths
from forllm_desktop.cli.output import job_document, print_json
from forllm_desktop.cli.running import run_requests
from forllm_desktop.domain.errors import InvalidInput, NotFound
from forllm_desktop.domain.forum import Subforum, Topic, checked_name, checked_text, title_from
from forllm_desktop.domain.queue import Job, JobStatus
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.services.queue import Wish
from forllm_desktop.services.workspace import Workspace, open_workspace

T = TypeVar("T")


def add_command(commands: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    """Add `ask` to the parser."""
    parser = commands.add_parser(
        "ask",
        parents=[common],
        help="post a question and queue it for an answer",
        description="Digits name a subforum, topic or persona by its number, anything else by its exact name "
        "without regard to case. A subforum or topic that does not exist is made. In an existing topic the "
        "text replies to the first post.",
    )
    parser.add_argument("text", metavar="TEXT", help="the question; - reads it from standard input")
    parser.add_argument("--subforum", metavar="S", required=True, help="where to post it")
    parser.add_argument("--topic", metavar="T", help="without it a topic is made from the first line")
    parser.add_argument("--persona", metavar="P", help="who answers; without it the default persona")
    parser.add_argument("--model", metavar="M", help="a model of the server, or the path of a GGUF file")
    parser.add_argument("--server", metavar="URL", help="address of the server; it is added if unknown")
    parser.add_argument("--wait", action="store_true", help="run this request and what it waits for")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Post and queue the question; with --wait run it and print the reply."""
    text = checked_text(sys.stdin.read() if options.text == "-" else options.text)
    workspace = open_workspace(paths.data_dir(options.data_dir))
    try:
        job = _ask(workspace, text, options)
        if options.wait:
            is_interrupted = run_requests(
                workspace, workspace.queue.with_ancestors(job.request_id), shows_reply=not options.json
            )
            job = workspace.queue.job(job.request_id)
            code = 130 if is_interrupted else int(job.status != JobStatus.COMPLETE)
        else:
            code = 0
        _report(workspace, job, options)
        return code
    finally:
        workspace.close()


def _ask(workspace: Workspace, text: str, options: argparse.Namespace) -> Job:
    subforum = _find_subforum(workspace, options.subforum)
    persona_id = _find_persona(workspace, options.persona) if options.persona else None
    topic = _find_topic(workspace, subforum, options.topic) if options.topic and subforum else None
    if topic is None and options.topic and options.topic.isdigit():
        raise NotFound("The topic does not exist", f"There is none with the number {options.topic}.")
    if persona_id is not None:
        workspace.personas.require_answerable(subforum.subforum_id if subforum else None, persona_id)
    title = checked_name(options.topic, "topic") if options.topic else title_from(text)
    wish = Wish(_choose_model(workspace, options), persona_id)
    if subforum is None:
        subforum = workspace.forum.create_subforum(options.subforum)
    if topic is None:
        return workspace.queue.ask_in_new_topic(subforum.subforum_id, title, text, wish)[2]
    first = workspace.forum.thread(topic.topic_id)[0].post
    return workspace.queue.ask(topic.topic_id, text, wish, first.post_id)[1]


def _choose_model(workspace: Workspace, options: argparse.Namespace) -> ModelChoice:
    model = options.model
    is_file = model and not options.server and Path(model).suffix.casefold() == ".gguf"
    if is_file and not Path(model).expanduser().is_file():
        raise NotFound("The model file does not exist", f"There is no file {model}.")
    return workspace.models.choose(model, options.server)


def _find_subforum(workspace: Workspace, named: str) -> Subforum | None:
    if named.isdigit():
        return workspace.forum.subforum(int(named))
    return _single(workspace.forum.find_subforum(named), named, lambda s: s.subforum_id)


def _find_topic(workspace: Workspace, subforum: Subforum, named: str) -> Topic | None:
    if named.isdigit():
        topic = workspace.forum.topic(int(named))
        if topic.subforum_id != subforum.subforum_id:
            raise InvalidInput("topic", f"Topic {named} is not in the subforum “{subforum.name}”")
        return topic
    found = workspace.forum.find_topic(subforum.subforum_id, named)
    return _single(found, named, lambda t: t.topic_id)


def _find_persona(workspace: Workspace, named: str) -> int:
    if named.isdigit():
        return workspace.personas.persona(int(named)).persona_id
    found = _single(workspace.personas.find(named), named, lambda p: p.persona_id)
    if found is None:
        raise NotFound("The persona does not exist", f"There is none named “{named}”.")
    return found.persona_id


def _single(found: Sequence[T], named: str, number: Callable[[T], int]) -> T | None:
    if len(found) > 1:
        numbers = ", ".join(str(number(one)) for one in found)
        raise InvalidInput("name", f"Several are named “{named}”", f"Use one of the numbers: {numbers}.")
    return found[0] if found else None


def _report(workspace: Workspace, job: Job, options: argparse.Namespace) -> None:
    """Print how the request stands; the reply itself was printed while it came."""
    document = job_document(workspace, job)
    if options.json:
        print_json(document)
    elif job.status == JobStatus.PENDING and not options.wait:
        print(f"Request {job.request_id} is queued: {document['persona']} on {job.llm_model}.")
    elif document["error"]:
        state = "stays queued" if job.is_parked else f"ended in {job.status}"
        error = document["error"]
        print(
            f"forllm: request {job.request_id} {state}: {error['title']}. {error['message']}", file=sys.stderr
        )
    elif job.status != JobStatus.COMPLETE:
        print(f"forllm: request {job.request_id} is {job.status}.", file=sys.stderr)
