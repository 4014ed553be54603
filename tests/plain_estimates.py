"""Estimates of tokens that never change, for tests of what is done with them."""

from collections.abc import Sequence
from dataclasses import dataclass

from forllm_desktop.llm.backend import Message
from forllm_desktop.llm.estimator import Estimator


@dataclass(frozen=True)
class ThreeCharacters(Estimator):
    """Takes three characters for a token, and six tokens for what a template puts around a message."""

    scale: float = 1.0

    def text(self, text: str) -> int:
        return -int(-len(text) * self.scale // 3)

    def messages(self, messages: Sequence[Message]) -> int:
        return sum(-int(-len(message["content"]) * self.scale // 3) + 6 for message in messages)
