"""Where the built-in engine serves which model, told by the worker to whoever may ask it something."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class ServedModel:
    """A model in the engine's memory: its file, and where it is reached, with which key."""

    path: str
    url: str
    api_key: str = field(repr=False)


class EngineBoard:
    """Holds what the engine serves now. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._served: ServedModel | None = None

    def post(self, path: str, url: str, api_key: str) -> None:
        """Tell that a model can be reached."""
        self._served = ServedModel(path, url, api_key)

    def clear(self, url: str | None = None) -> None:
        """Tell that the engine is gone: the one that was reached there, or any."""
        served = self._served
        if served is not None and url in (None, served.url):
            self._served = None

    def served(self, path: str) -> ServedModel | None:
        """Return where a model is served; None when it is not in memory."""
        served = self._served
        return served if served is not None and served.path == path else None
