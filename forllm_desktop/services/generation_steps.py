"""Steps that several services share when models write personas."""

from typing import Any

from forllm_desktop.domain.queue import Job


def made_from(job: Job) -> dict[str, Any]:
    """Return what is kept with a persona of what it was made from: inputs, model, templates, request."""
    stages = (job.output or {}).get("stages", {})
    templates = {
        name: {"name": kept["template"], "version": kept["template_version"]} for name, kept in stages.items()
    }
    return {**(job.request_params or {}), "templates": templates, "request_id": job.request_id}
