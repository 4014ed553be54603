"""`forllm persona generate`: let a model write personas."""

import argparse
from collections.abc import Sequence
from typing import Any

from forllm_desktop import paths
from forllm_desktop.cli import naming
from forllm_desktop.cli.output import job_document, print_json, say
from forllm_desktop.cli.running import run_requests
from forllm_desktop.domain.errors import InvalidInput, NotPossible
from forllm_desktop.domain.generation import GenerationType, OutputPreferences, PersonaGenerationRequest
from forllm_desktop.domain.queue import Job, JobStatus
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.services.job_view import job_views
from forllm_desktop.services.workspace import Workspace, open_workspace


def add_verb(verbs: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    """Add `generate` to the verbs of `persona`."""
    parser = verbs.add_parser("generate", parents=[common], help="let a model write personas")
    parser.add_argument("--name-hint", metavar="TEXT", default="", help="a name, or something like one")
    parser.add_argument("--description-hint", metavar="TEXT", default="", help="what the persona is like")
    parser.add_argument("--purpose-hint", metavar="TEXT", help="what a general assistant is for")
    parser.add_argument(
        "--subforum", metavar="S", help="write experts for this subforum, and assign them to it"
    )
    parser.add_argument("--directives", metavar="TEXT", default="", help="what the experts must be like")
    parser.add_argument("--count", metavar="N", type=int, default=1, help="how many experts (default: 1)")
    parser.add_argument(
        "--headings", metavar="H", action="append", help="sections, by commas; may be repeated"
    )
    parser.add_argument("--tone", metavar="TEXT", default="", help="such as formal, casual, witty")
    parser.add_argument("--length", metavar="TEXT", default="", help="such as concise, detailed")
    parser.add_argument("--name", metavar="N", default="", help="the exact name of the persona")
    parser.add_argument("--model", metavar="M", help="the model that writes (default: the default model)")
    parser.add_argument("--server", metavar="URL", help="where that model is")
    parser.add_argument("--critique", action="store_true", help="check and mend the result in a third call")
    parser.add_argument(
        "--reuse", action="store_true", help="start from the last brainstorm of the same hints"
    )
    parser.add_argument("--regenerate", metavar="ID", help="propose a new text for this persona")
    parser.add_argument("--wait", action="store_true", help="run it now and print what came of it")
    parser.set_defaults(run=generate)


def generate(options: argparse.Namespace) -> int:
    """Queue requests for personas; with --wait run them and print the personas."""
    workspace = open_workspace(paths.data_dir(options.data_dir))
    try:
        model = workspace.models.choose(options.model, options.server)
        jobs = _queue(workspace, model, options)
        numbers = [job.request_id for job in jobs]
        is_interrupted = options.wait and run_requests(workspace, numbers, shows_reply=False)
        documents = [_document(workspace, number) for number in numbers]
    finally:
        workspace.close()
    if options.json:
        print_json({"requests": documents})
    else:
        for document in documents:
            say(_words(document))
    if is_interrupted:
        return 130
    return int(options.wait and any(d["status"] != JobStatus.COMPLETE for d in documents))


def _queue(workspace: Workspace, model: ModelChoice, options: argparse.Namespace) -> Sequence[Job]:
    wishes = OutputPreferences(_headings(options.headings), options.tone, options.length)
    if options.subforum is not None:
        return _queue_experts(workspace, model, wishes, options)
    if options.count != 1:
        raise InvalidInput("count", "Several at once are experts of a subforum", "Name it with --subforum.")
    persona_id = None
    if options.regenerate is not None:
        persona_id = naming.persona(workspace, options.regenerate).persona_id
    request = _request(workspace, model, wishes, persona_id, options)
    reuse = workspace.generation.last_brainstorm(request) if options.reuse else None
    if options.reuse and reuse is None:
        raise NotPossible("There is no brainstorm of these hints yet", "Leave --reuse out.")
    return [workspace.generation.generate(request, regenerates=persona_id, reuse=reuse)]


def _queue_experts(
    workspace: Workspace, model: ModelChoice, wishes: OutputPreferences, options: argparse.Namespace
) -> Sequence[Job]:
    place = naming.subforum(workspace, options.subforum)
    if options.count == 1:
        request = workspace.generation.subforum_request(
            place.subforum_id,
            model,
            directives=options.directives,
            preferences=wishes,
            name=options.name,
            has_critique=options.critique,
        )
        reuse = workspace.generation.last_brainstorm(request) if options.reuse else None
        return [workspace.generation.generate(request, assign_to=place.subforum_id, reuse=reuse)]
    return workspace.generation.generate_experts(
        place.subforum_id,
        model,
        options.count,
        directives=options.directives,
        preferences=wishes,
        has_critique=options.critique,
    )


def _request(
    workspace: Workspace,
    model: ModelChoice,
    wishes: OutputPreferences,
    persona_id: int | None,
    options: argparse.Namespace,
) -> PersonaGenerationRequest:
    kind, inputs = GenerationType.FROM_NAME_AND_DESCRIPTION, {"description_hint": options.description_hint}
    if options.purpose_hint is not None:
        kind, inputs = GenerationType.GENERAL_PURPOSE_ASSISTANT, {"purpose_hint": options.purpose_hint}
    inputs["name_hint"] = options.name_hint
    before = workspace.generation.inputs_of(persona_id) if persona_id is not None else None
    if before is not None and not any(inputs.values()):
        kind, inputs = before.generation_type, dict(before.input_details)
    return PersonaGenerationRequest(kind, inputs, model, wishes, options.name, options.critique)


def _headings(typed: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(heading.strip() for one in typed or () for heading in one.split(",") if heading.strip())


def _document(workspace: Workspace, number: int) -> dict[str, Any]:
    job = workspace.queue.job(number)
    request, output = workspace.generation.request_of(job), job.output or {}
    made, result = output.get("persona_id"), output.get("result") or {}
    persona = workspace.personas.persona(made) if made else None
    return {
        **job_document(job_views(workspace.database, [number])[0]),
        "generation_type": request.generation_type.value,
        "stages": list(output.get("stages", {})),
        "persona": persona.name if persona else None,
        "persona_id": made,
        "attention": persona.attention if persona else None,
        "proposal": result.get("prompt_instructions") if output.get("decision") == "proposed" else None,
        "notes": result.get("notes", []),
    }


def _words(document: dict[str, Any]) -> str:
    number, error = document["id"], document["error"]
    if document["status"] == JobStatus.COMPLETE:
        if document["proposal"]:
            return f"Request {number}: a new text is proposed.\n\n{document['proposal']}"
        needs = f" It needs attention: {document['attention']}" if document["attention"] else ""
        return (
            f"Request {number}: persona {document['persona_id']}, {document['persona']}, is written.{needs}"
        )
    if error:
        return f"Request {number} is {document['status']}: {error['title']}. {error['message']}"
    return f"Request {number} is queued on {document['model']}."
