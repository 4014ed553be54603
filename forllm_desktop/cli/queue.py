"""`forllm queue` and `forllm run-queue`: see, steer and work off the queue."""

import argparse
import sys
from collections.abc import Callable

from forllm_desktop import paths
from forllm_desktop.cli.output import job_document, print_json, print_table, say
from forllm_desktop.cli.running import run_requests
from forllm_desktop.domain.queue import JobKind, JobStatus
from forllm_desktop.services.job_view import job_views
from forllm_desktop.services.workspace import Workspace, open_workspace


def add_commands(commands: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    """Add `queue` and `run-queue` to the parser."""
    queue = commands.add_parser("queue", parents=[common], help="see and steer the queue")
    verbs = queue.add_subparsers(title="verbs", metavar="VERB", required=True)
    verbs.add_parser("list", parents=[common], help="list all requests").set_defaults(run=list_requests)
    for verb, words, step in (
        ("cancel", "cancel a request and what waits for it", cancel),
        ("retry", "queue a failed or cancelled request again", retry),
        ("skip", "leave a failed or cancelled request out, and let what waits for it go on", skip),
    ):
        parser = verbs.add_parser(verb, parents=[common], help=words)
        parser.add_argument("id", type=int, help="number of the request")
        parser.set_defaults(run=step)
    run = commands.add_parser(
        "run-queue", parents=[common], help="work off the queue; ends when nothing can run now"
    )
    run.set_defaults(run=run_queue)


def list_requests(options: argparse.Namespace) -> int:
    """Print all requests in the order of the queue."""
    workspace = open_workspace(paths.data_dir(options.data_dir), writes=False)
    try:
        documents = [job_document(view) for view in job_views(workspace.database)]
    finally:
        workspace.close()
    if options.json:
        print_json(documents)
    elif not documents:
        print("The queue is empty. Ask something: forllm ask TEXT --subforum NAME --model MODEL")
    else:
        rows = [(d["id"], d["status"], d["persona"], d["model"], _note(d)) for d in documents]
        print_table(rows, ("ID", "STATUS", "PERSONA", "MODEL", "REPLY OR REASON"))
    return 0


def cancel(options: argparse.Namespace) -> int:
    """Cancel a request."""
    return _steer(options, lambda workspace: workspace.queue.cancel(options.id))


def retry(options: argparse.Namespace) -> int:
    """Queue a request again."""
    return _steer(options, lambda workspace: workspace.queue.retry(options.id))


def skip(options: argparse.Namespace) -> int:
    """Leave a request out of its chain."""
    return _steer(options, lambda workspace: workspace.queue.skip(options.id), "left out of its chain")


def run_queue(options: argparse.Namespace) -> int:
    """Run everything that can run now and print what was run."""
    workspace = open_workspace(paths.data_dir(options.data_dir))
    try:
        seen: set[int] = set()
        workspace.events.job_changed.connect(seen.add)
        is_interrupted = run_requests(workspace, None, shows_reply=False)
        documents = [job_document(view) for view in job_views(workspace.database, seen)]
    finally:
        workspace.close()
    if options.json:
        print_json(documents)
    else:
        for document in documents:
            say(f"{document['id']}: {document['status']}. {_note(document)}".rstrip())
        if not documents:
            print("Nothing can run now.", file=sys.stderr)
    return 130 if is_interrupted else _exit_code(documents)


def _steer(options: argparse.Namespace, step: Callable[[Workspace], object], done: str = "") -> int:
    workspace = open_workspace(paths.data_dir(options.data_dir))
    try:
        step(workspace)
        document = job_document(job_views(workspace.database, [options.id])[0])
    finally:
        workspace.close()
    if options.json:
        print_json(document)
    else:
        print(f"Request {document['id']} is {done or document['status']}.")
    return 0


def _note(document: dict) -> str:
    reason = document["error"]["title"] if document["error"] else ""
    if document["kind"] == JobKind.GENERATE_PERSONA:
        return f"{document['title']}. {reason}" if reason else document["title"]
    if document["chain"] == "blocked":
        return "Blocked: a request before it failed. Retry that, or skip it."
    if reason:
        return f"{reason}, skipped" if document["chain"] == "skipped" else reason
    reply = " ".join((document["reply"] or "").split())
    return reply if len(reply) <= 60 else reply[:59] + "…"


def _exit_code(documents: list[dict]) -> int:
    return 1 if any(d["status"] in (JobStatus.ERROR, JobStatus.PENDING) for d in documents) else 0
