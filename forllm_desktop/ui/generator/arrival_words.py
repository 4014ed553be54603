"""What is said of a persona before, while and after it is written."""

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.queue import JobStatus
from forllm_desktop.services.generation_view import GenerationView, Written
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.generator.outcome import Arrival
from forllm_desktop.ui.generator.wishes import Kind, Wishes


def planned(wishes: Wishes, subforums: dict[int, str]) -> Arrival:
    """Say what will happen to what is typed now."""
    name = wishes.name.strip() or wishes.name_hint.strip()
    place = subforums.get(wishes.subforum_id if wishes.kind.is_expert else wishes.assign_to, "")
    if wishes.kind is Kind.SEVERAL:
        words = f"{wishes.count} personas, each with a name of its own."
        return Arrival("Several experts", "", f"{words} They will be assigned to {place}.")
    is_assigned = wishes.kind is Kind.EXPERT or wishes.assigns
    return Arrival(name, "v1" if name else "", _kept(place if is_assigned else ""))


def planned_text(persona_id: int, workspace: Workspace) -> Arrival:
    """Say what will happen to a new text for a persona that exists."""
    persona = workspace.personas.persona(persona_id)
    words = "The new text waits until you have compared it with the current one. Nothing is overwritten."
    return Arrival(persona.name, f"v{persona.version + 1}, proposed", words)


def arrival(view: GenerationView, found: Written, workspace: Workspace) -> Arrival:
    """Say what is known of the persona of a request."""
    notes = view.result.notes if view.result is not None else ()
    if view.regenerates:
        return _proposal(view, workspace, notes)
    if view.persona_id:
        return _arrived(view, workspace, notes)
    request = view.request
    hint = request.input_details.get("name_hint", "") if request else ""
    name = (request.target_persona_name_override if request else "") or found.name or hint
    return Arrival(name, "v1" if name else "", _kept(_place(view.assign_to, workspace)), notes=notes)


def heading_marks(view: GenerationView, found: Written) -> list[tuple[str, str]]:
    """Return the headings with their states: "written", "now", "missing" or "" for what is to come."""
    runs, is_done = view.job.status == JobStatus.PROCESSING, view.job.status == JobStatus.COMPLETE
    marks = [(heading, "written" if found.name or is_done else "") for heading in view.headings[:1]]
    for heading in view.headings[1:]:
        is_here = heading in found.headings
        is_now = is_here and runs and heading == found.last
        state = "now" if is_now else "written" if is_here else "missing" if is_done else ""
        marks.append((heading, state))
    return marks


def _arrived(view: GenerationView, workspace: Workspace, notes: tuple[str, ...]) -> Arrival:
    try:
        card = workspace.personas.card(view.persona_id)
    except ForllmError as error:
        return Arrival(view.result.persona_name if view.result else "", "", f"{error.title}.", notes=notes)
    names = {subforum.subforum_id: subforum.name for subforum in workspace.forum.subforums()}
    places = [names[id] for id in card.subforum_ids if id in names]
    said = [_assigned(", ".join(places)) if places else "It is assigned nowhere yet."]
    wished = view.result.persona_name if view.result else card.name
    if card.version == 1 and card.name != wished:
        said.insert(0, f"The name {wished} was taken, so it has a number.")
    if card.attention:
        said = ["It is listed, but answers nowhere until you accept it."]
    return Arrival(
        name=card.name,
        line=f"v{card.version}",
        sentence=" ".join(said),
        persona_id=card.persona_id,
        notes=notes,
        attention=card.attention or "",
        can_mend=bool(view.result and view.result.missing),
    )


def _proposal(view: GenerationView, workspace: Workspace, notes: tuple[str, ...]) -> Arrival:
    persona_id = view.regenerates or 0
    try:
        name = workspace.personas.card(persona_id).name
    except ForllmError as error:
        return Arrival("", "", f"{error.title}.", notes=notes)
    is_done = view.job.status == JobStatus.COMPLETE
    said = {
        "accepted": "The new text was accepted.",
        "dropped": f"The new text was dropped; {name} stayed as before.",
    }.get(view.decision, f"Kept as a proposal. {name} stays as it is until you accept the new text.")
    return Arrival(
        name, "proposed" if is_done else "", said, persona_id if is_done else 0, notes, is_proposal=True
    )


def _kept(place: str) -> str:
    where = f"It will be assigned to {place}." if place else "It is assigned nowhere until you do that."
    return f"Kept as version 1 in the list of personas. A name that is taken gets a number. {where}"


def _assigned(place: str) -> str:
    return f"Assigned to {place}." if place else ""


def _place(subforum_id: int | None, workspace: Workspace) -> str:
    if subforum_id is None:
        return ""
    try:
        return workspace.forum.subforum(subforum_id).name
    except ForllmError:
        return ""
