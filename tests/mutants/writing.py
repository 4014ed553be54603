"""The breakages of writing: tags in the field, what is offered, the meter, files, and what is sent."""

from tests.mutants.breakage import Mutant, mutant

FIELD, LIST, METER, TOOLS = (
    "ui/test_tag_text.py",
    "ui/test_completing.py",
    "ui/test_meter.py",
    "ui/test_writing.py",
)

WRITING: tuple[Mutant, ...] = (
    mutant(
        "tag-loses-its-id",
        "ui/editor/tag_tokens.py",
        "form = token.tag.words if index in as_words else stored_form(token.tag)",
        "form = token.tag.words",
        f"{FIELD}::test_what_is_stored_is_shown_by_name_and_stored_again",
    ),
    mutant(
        "tag-in-code-asks",
        "ui/editor/tag_tokens.py",
        "return _joined(text, tokens, places, in_code)[0] if in_code else stored",
        "return stored",
        f"{FIELD}::test_a_tag_that_comes_to_stand_in_code_is_only_its_words",
    ),
    mutant(
        "backspace-eats-a-letter-of-a-tag",
        "ui/editor/tag_text.py",
        "        if self._deletes_token(event):\n            event.accept()\n            return\n",
        "",
        f"{FIELD}::test_backspace_and_delete_take_a_whole_tag_and_undo_brings_it_back",
    ),
    mutant(
        "copy-loses-the-tag",
        "ui/editor/tag_text.py",
        "        if source.hasFormat(OWN_TYPE):\n",
        "        if False:\n",
        f"{FIELD}::test_copy_keeps_the_tag_inside_and_is_plain_outside",
    ),
    mutant(
        "enter-is-stolen",
        "ui/editor/completing.py",
        "highlights = bool(self._typed) and offers[0].tag is not None\n",
        "highlights = True\n",
        f"{LIST}::test_enter_is_a_new_line_while_nothing_is_highlighted",
    ),
    mutant(
        "late-answer-shown",
        "ui/editor/completing.py",
        'if place == (self._start, self._typed) and self._sign == "#":',
        "if True:",
        f"{LIST}::test_an_answer_that_comes_late_is_dropped",
    ),
    mutant(
        "name-tagged-again-after-undo",
        "ui/editor/tag_typing.py",
        "return now if now is not None and _finished(typed[:-1], names) is None else None",
        "return now",
        f"{LIST}::test_undo_takes_the_tag_back_and_it_stays_so",
    ),
    mutant(
        "escape-does-not-last",
        "ui/editor/completing.py",
        "            self._dismissed = self._start\n",
        "",
        f"{LIST}::test_escape_closes_the_list_alone_and_it_stays_closed_for_this_tag",
    ),
    mutant(
        "prompt-measured-at-every-key",
        "ui/editor/measuring.py",
        "            self._rest()\n            self._soon.start()\n",
        "            self._rest()\n            self.measure()\n",
        f"{METER}::test_it_waits_until_typing_rests_and_measures_once",
    ),
    mutant(
        "prompt-measured-in-the-window",
        "ui/editor/measuring.py",
        "        self._work.ask(lambda: (question, prompts.preview_draft(question)))\n",
        "        self._take((question, prompts.preview_draft(question)))\n",
        f"{METER}::test_typing_in_a_topic_of_ten_thousand_posts_with_two_hundred_above_never_stalls",
    ),
    mutant(
        "estimate-looks-exact",
        "ui/editor/meter.py",
        '    about = "" if xray.is_exact else "~"\n',
        '    about = ""\n',
        f"{METER}::test_the_number_warns_from_nine_tenths_and_tells_what_is_too_much",
    ),
    mutant(
        "what-does-not-fit-is-asked",
        "ui/editor/writing_form.py",
        "self._fits = xray is None or xray.fits",
        "self._fits = True",
        f"{METER}::test_what_does_not_fit_can_be_posted_but_not_asked",
    ),
    mutant(
        "files-of-a-draft-lost",
        "ui/editor/unsent.py",
        "self._drafts.save(self._key, typed.text, typed.title, typed.files)",
        "self._drafts.save(self._key, typed.text, typed.title)",
        f"{TOOLS}::test_each_place_has_its_own_files",
    ),
    mutant(
        "pasted-text-twice-after-undo",
        "ui/editor/paste_offer.py",
        "if self._attached and added >= self._length",
        "if False and added >= self._length",
        f"{TOOLS}::test_a_long_pasted_text_can_become_a_file_and_undo_brings_it_back",
    ),
    mutant(
        "default-asked-besides-the-tags",
        "ui/editor/persona_picker.py",
        "return self.chosen if self.chosen is not None else self._tagged",
        "return self.chosen",
        f"{TOOLS}::test_post_and_ask_asks_whom_the_text_tags_and_nobody_else",
    ),
)
