"""Makes the text of the whole window larger and smaller."""

from forllm_desktop.services.settings import SettingsService

LEAST, LARGEST, STEP = 80, 200, 10
"""Text sizes and the step of a zoom, in percent."""


def zoom(settings: SettingsService, by: int) -> None:
    """Change the text size by some percent; 0 is back to the usual size."""
    size = settings.current().text_size + by if by else 100
    settings.change(text_size=min(max(size, LEAST), LARGEST))
