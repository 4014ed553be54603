"""The texts that personas are written with: the built-in ones, and the user's own copies, each versioned."""

import hashlib
from collections.abc import Callable
from datetime import datetime

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.errors import ForllmError, InvalidInput, NotFound
from forllm_desktop.domain.forum import storable
from forllm_desktop.domain.generation import INPUTS, GenerationType, Stage
from forllm_desktop.domain.templates import (
    TEMPLATE_LIMIT,
    OwnTemplate,
    Template,
    TemplateFinding,
    template_findings,
)
from forllm_desktop.events import Events
from forllm_desktop.prompting.persona_generator import REQUIRED, sample_values, template_name
from forllm_desktop.prompting.templates import fill_known, template
from forllm_desktop.storage import generation as rows
from forllm_desktop.storage.database import Database, Session


class TemplateService:
    """Templates by their names, such as "refinement/subforum_expert"."""

    def __init__(self, database: Database, events: Events, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._events = events
        self._clock = clock

    def names(self) -> list[str]:
        """List the templates there are, in the order of the stages."""
        pairs = [(stage, kind) for stage in Stage for kind in GenerationType]
        return list(dict.fromkeys(template_name(stage, kind) for stage, kind in pairs))

    def template(self, name: str) -> Template:
        """Return a template as it is used now. Raises NotFound."""
        with self._database.read() as session:
            return self.in_use(session, name)

    def in_use(self, session: Session, name: str) -> Template:
        """Do what `template` does, inside a transaction."""
        built_in = self.built_in(name)
        own = rows.own_template(session, name)
        if own is None or own.text is None:
            return built_in
        return Template(name, own.text, f"own v{own.version}", True)

    def built_in(self, name: str) -> Template:
        """Return the template that ships with the app. Raises NotFound."""
        if name not in self.names():
            raise NotFound("There is no such template", f"Known: {', '.join(self.names())}.")
        text = template(name)
        digest = hashlib.sha256(text.encode()).hexdigest()[:8]
        return Template(name, text, f"built-in {digest}", False)

    def versions(self, name: str) -> list[OwnTemplate]:
        """List the versions of the user's copy, the newest first; one without text is a reset."""
        with self._database.read() as session:
            return list(rows.own_versions(session, name))

    def placeholders(self, name: str) -> list[str]:
        """List the placeholders that a template may use."""
        return sorted(sample_values(*_meaning(name)))

    def required(self, name: str) -> tuple[str, ...]:
        """List the placeholders that a template must use."""
        return REQUIRED[_meaning(name)[0]]

    def findings(self, name: str, text: str) -> list[TemplateFinding]:
        """List what keeps a text from being used as this template, then what is odd about it."""
        return template_findings(text, self.placeholders(name), self.required(name))

    def preview(self, name: str, text: str) -> str:
        """Return a template filled with sample values. Raises ForllmError for one that does not fit."""
        stage, kind = _meaning(name)
        return fill_known(text, sample_values(stage, kind), REQUIRED[stage])

    def save(self, name: str, text: str) -> Template:
        """Keep the user's copy of a template as its newest version; an unchanged one is not kept again.

        Raises InvalidInput for one that is empty, too long or has placeholders that do not fit.
        """
        self.built_in(name)
        text = storable(text).replace("\0", "\ufffd")
        if not text.strip():
            raise InvalidInput("text", "The template is empty", "Reset it to have the built-in one again.")
        if len(text) > TEMPLATE_LIMIT:
            raise InvalidInput(
                "text", "The template is too long", f"At most {TEMPLATE_LIMIT:,} characters fit."
            )
        try:
            self.preview(name, text)
        except ForllmError as error:
            raise InvalidInput("text", error.title, error.message) from error
        if self.template(name).text != text:
            self._keep(name, None if text == self.built_in(name).text else text)
        return self.template(name)

    def reset(self, name: str) -> Template:
        """Use the built-in template again; the user's versions stay in the history."""
        if self.template(name).is_own:
            self._keep(name, None)
        return self.template(name)

    def _keep(self, name: str, text: str | None) -> None:
        with self._database.write() as session:
            last = rows.own_template(session, name)
            session.add(
                OwnTemplate(
                    name=name, version=last.version + 1 if last else 1, text=text, created_at=self._clock()
                )
            )
        self._events.settings_changed.emit()


def _meaning(name: str) -> tuple[Stage, GenerationType]:
    """Return stage and type of a template; the one for repairs serves every type."""
    stage, _, kind = name.partition("/")
    try:
        return Stage(stage), GenerationType(
            kind
        ) if kind in INPUTS else GenerationType.FROM_NAME_AND_DESCRIPTION
    except ValueError as error:
        raise NotFound("There is no such template", name) from error
