"""What one model's estimates are: how many tokens texts probably have for it, and how sure that is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from forllm_desktop.llm.backend import Message
from forllm_desktop.llm.tokens import estimate_text, estimate_tokens


@dataclass(frozen=True)
class Estimator:
    """Estimates of tokens for one model. Plain numbers, so it may be used in any thread.

    `factor` is what was learnt of the model. `error` is how far estimates were off at the median of its
    last replies, 0.1 being 10 %; None before the first.
    """

    factor: float = 1.0
    error: float | None = None

    def text(self, text: str) -> int:
        """Estimate the tokens of a text, rounded up."""
        return math.ceil(estimate_text(text) * self.factor)

    def messages(self, messages: Sequence[Message]) -> int:
        """Estimate the tokens of a whole prompt, the template's own included."""
        return math.ceil(estimate_tokens(messages) * self.factor)
