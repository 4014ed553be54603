"""Shows what is folded away where somebody looks for a text in it."""

from forllm_desktop.ui.thread.keeper import Keeper


def unfold_hits(keeper: Keeper, wanted: str) -> bool:
    """Show folded branches and the rest of long posts that hold a text; returns whether any did."""
    wanted = wanted.casefold()
    source, found = keeper.source, False
    for key in source.thread.folded & source.thread.by_key.keys():
        texts = (source.words_of(entry)[0] for entry in source.thread.below(key))
        if any(wanted in text.casefold() for text in texts):
            keeper.fold(key)
            found = True
    for entry in keeper.shown:
        text, _ = source.words_of(entry)
        cut = keeper.bodies.limits_of(entry.key).cut(text)
        if cut < len(text) and wanted in text[cut:].casefold():
            keeper.follow_act(entry.key, "act:rest")
            found = True
    return found
