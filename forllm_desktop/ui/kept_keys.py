"""The keys that the user changed, from one run to the next."""

from forllm_desktop.services.settings import SettingsService
from forllm_desktop.ui.actions import Actions


def keep_keys(actions: Actions, settings: SettingsService) -> None:
    """Give the actions the keys they had when the app ran last, and remember what is changed from now on."""
    actions.restore_keys(settings.recall("keys", {}))
    actions.keys_changed.connect(lambda _id: settings.remember("keys", actions.changed_keys()))
