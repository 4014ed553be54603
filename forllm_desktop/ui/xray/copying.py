"""A prompt as text for the clipboard: roles and texts, and nothing else."""

import json

from forllm_desktop.domain.xray import Xray


def as_text(xray: Xray) -> str:
    """Return the messages below each other, each below its role."""
    return "\n\n".join(f"[{one['role']}]\n{one['content']}" for one in xray.messages)


def as_json(xray: Xray) -> str:
    """Return the messages as the servers take them."""
    messages = [{"role": one["role"], "content": one["content"]} for one in xray.messages]
    return json.dumps(messages, ensure_ascii=False, indent=2)
