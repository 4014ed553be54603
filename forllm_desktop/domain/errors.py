"""Errors that a user may read: what happened, and what to do."""


class ForllmError(Exception):
    """A failure in words: `title` says what happened, `message` what to do about it."""

    def __init__(self, title: str, message: str = "") -> None:
        super().__init__(f"{title}: {message}" if message else title)
        self.title = title
        self.message = message


class InvalidInput(ForllmError):
    """Something typed cannot be used as it is; `field` names where it was typed."""

    def __init__(self, field: str, title: str, message: str = "") -> None:
        super().__init__(title, message)
        self.field = field


class NotFound(ForllmError):
    """The thing that was named does not exist (any more)."""


class NotPossible(ForllmError):
    """The step is not allowed in the present state."""


class DataFolderBusy(ForllmError):
    """Another running FORLLM holds the data folder."""


class DatabaseTooNew(ForllmError):
    """The database was written by a newer FORLLM than this one."""
