"""The breakages of the window: one line each, for what a user must be able to rely on there."""

from tests.mutants.breakage import Mutant, mutant

START, APP, MAIN, REST = "test_startup.py", "test_app.py", "ui/test_main_window.py", "ui/test_rest.py"
PAGE, SAFETY, STREAMING = "ui/thread/test_page.py", "ui/thread/test_safety.py", "ui/thread/test_streaming.py"
MARKDOWN, ANCHOR, WRITER = (
    "ui/thread/test_markdown.py",
    "ui/thread/test_anchor.py",
    "ui/thread/test_writer.py",
)
COMPOSER, QUEUE, TREE = "ui/test_composer.py", "ui/test_queue_pane.py", "ui/test_forum_tree.py"
SEARCH, SETTINGS, PAUSE = "storage/test_search.py", "services/test_settings.py", "worker/test_pause.py"

STARTING = (
    mutant(
        "qt-api-left-open",
        "__main__.py",
        'os.environ.setdefault("QT_API", "pyside6")',
        'os.environ.get("QT_API")',
        f"{START}::test_qt_api_is_chosen_before_qasync_could_ask",
    ),
    mutant(
        "platform-checked-after-qt",
        "__main__.py",
        "    from forllm_desktop import paths, platform_check\n",
        "    from forllm_desktop import app, paths, platform_check\n",
        f"{START}::test_a_problem_of_the_platform_is_told_before_qt_is_loaded",
    ),
    mutant(
        "platform-check-loads-qt",
        "platform_check.py",
        "    import PySide6\n",
        "    import PySide6.QtGui\n",
        f"{START}::test_the_platform_is_checked_before_anything_of_the_screen_is_loaded",
    ),
    mutant(
        "first-frame-waits-for-the-database",
        "app.py",
        "from forllm_desktop.storage.first_look import first_look\n",
        "from forllm_desktop.services import workspace\n"
        "from forllm_desktop.storage.first_look import first_look\n",
        f"{START}::test_the_first_frame_does_not_wait_for_the_database",
    ),
    mutant(
        "second-window-says-nothing",
        "app.py",
        "        self.window.show_welcome(page)\n",
        "",
        f"{APP}::test_a_second_window_says_that_the_first_one_runs",
    ),
    mutant(
        "request-lost-when-the-window-closes",
        "worker/loop.py",
        "if not self._queue.interrupt(request_id, reply.text, reply.thinking):",
        "if True:",
        f"{APP}::test_quitting_in_mid_stream_keeps_text_and_request",
    ),
    mutant(
        "draft-lost-when-the-window-closes",
        "app.py",
        "            self.desk.flush()\n",
        "            pass\n",
        f"{APP}::test_drafts_and_tabs_survive_a_restart",
    ),
    mutant(
        "paints-for-ever",
        "ui/widgets/picture.py",
        "        paint_icon(",
        "        self.update()\n        paint_icon(",
        f"{REST}::test_nothing_is_painted_when_all_is_quiet",
    ),
)

POSTS = (
    mutant(
        "posts-load-files",
        "ui/thread/view.py",
        "return NOTHING\n",
        "return super().loadResource(kind, name)\n",
        f"{SAFETY}::test_nothing_is_loaded_for_a_post",
    ),
    mutant(
        "documents-load-files",
        "ui/thread/view.py",
        "return NOTHING\n",
        "return None\n",
        f"{SAFETY}::test_nothing_is_loaded_for_a_post",
    ),
    mutant(
        "html-of-a-post-understood",
        "ui/thread/typeset.py",
        "cursor.insertText(run.text, form)",
        "cursor.insertHtml(run.text)",
        f"{SAFETY}::test_nothing_in_a_reply_opens_a_file_or_a_connection",
    ),
    mutant(
        "links-open-by-themselves",
        "ui/thread/view.py",
        "self.setOpenLinks(False)",
        "self.setOpenLinks(True)",
        f"{SAFETY}::test_followed_link_stays_with_the_page",
    ),
    mutant(
        "links-to-files",
        "ui/thread/inline.py",
        "|mailto:",
        "|file:|mailto:",
        f"{MARKDOWN}::test_other_targets_are_shown_and_not_followed",
    ),
    mutant(
        "links-to-scripts",
        "ui/thread/inline.py",
        "|mailto:",
        "|javascript:|mailto:",
        f"{MARKDOWN}::test_other_targets_are_shown_and_not_followed",
    ),
    mutant(
        "files-opened-from-links",
        "ui/outside.py",
        '("http", "https", "mailto")',
        '("http", "https", "mailto", "file")',
        f"{MAIN}::test_a_link_to_something_else_is_not_opened",
    ),
    mutant(
        "link-opened-unseen",
        "ui/outside.py",
        '        self._bar.say(\n            f"Leads to',
        '        QDesktopServices.openUrl(url)\n        self._bar.say(\n            f"Leads to',
        f"{MAIN}::test_a_link_says_where_it_leads_before_it_opens",
    ),
    mutant(
        "markup-in-labels",
        "ui/widgets/labels.py",
        "Qt.TextFormat.PlainText",
        "Qt.TextFormat.AutoText",
        f"{COMPOSER}::test_the_reply_names_whom_it_goes_to_as_plain_text",
    ),
    mutant(
        "anchor-taken-at-every-change",
        "ui/thread/anchor.py",
        "if not self.is_ours and not self._is_cut_short:",
        "if True:",
        ANCHOR,
    ),
    mutant(
        "what-is-read-jumps",
        "ui/thread/anchor.py",
        "round(top - self._distance)",
        "round(top)",
        ANCHOR,
    ),
    mutant(
        "grown-text-written-anew",
        "ui/thread/writer.py",
        "if keep == len(marks) - 1 and keep < len(blocks) else None",
        "if False else None",
        WRITER,
    ),
    mutant(
        "post-written-from-its-beginning",
        "ui/thread/writer.py",
        "if not (mark is block or mark == block or mark == hash(block)):",
        "if True:",
        WRITER,
    ),
    mutant(
        "hidden-page-goes-on-writing",
        "ui/thread/stream.py",
        "        if dirty and not self._rests:",
        "        if dirty:",
        f"{STREAMING}::test_hidden_page_writes_nothing_and_catches_up",
    ),
    mutant(
        "thoughts-in-the-reply",
        "ui/thread/source.py",
        "return (post.content, post.thinking) if",
        "return (post.thinking + post.content, post.thinking) if",
        f"{PAGE}::test_thoughts_are_folded_and_never_part_of_the_reply",
    ),
    mutant(
        "thoughts-not-folded",
        "ui/thread/bodies.py",
        "if thinking and entry.key in self._unfolded:",
        "if thinking:",
        f"{PAGE}::test_thoughts_are_folded_and_never_part_of_the_reply",
    ),
    mutant(
        "cells-copied-without-tabs",
        "ui/thread/copying.py",
        "if cell is not None and cell == row:",
        "if False:",
        f"{PAGE}::test_selection_across_posts_is_exact",
    ),
    mutant(
        "unfinished-reply-looks-finished",
        "ui/thread/content.py",
        "if entry.post is not None and entry.post.is_incomplete:",
        "if False:",
        f"{PAGE}::test_reply_that_broke_off_is_marked",
    ),
    mutant(
        "next-unread-stops-at-the-end",
        "ui/thread/walking.py",
        "unread[0] if unread else None",
        "None",
        f"{PAGE}::test_next_unread_comes_around",
    ),
    mutant(
        "read-behind-the-users-back",
        "ui/thread/reading.py",
        "slot.key in unread}",
        "True} & unread | unread",
        f"{PAGE}::test_replies_on_screen_are_read_after_a_moment",
    ),
)

PANES = (
    mutant(
        "sql-while-painting",
        "ui/item_models/forum_tree.py",
        "        row = self.row(index)\n        match role:",
        "        row = self.row(index)\n        self._forum.subforums()\n        match role:",
        f"{TREE}::test_asking_for_data_sends_no_statement",
    ),
    mutant(
        "all-topics-fetched",
        "ui/item_models/forum_tree.py",
        "return self.has_more(parent) and self.branches[parent.internalId() >> 1].reached is None",
        "return self.has_more(parent)",
        f"{TREE}::test_five_thousand_topics_are_read_page_by_page",
    ),
    mutant(
        "queue-in-the-order-asked",
        "ui/item_models/queue_table.py",
        "order = (job.position, job.request_id) if",
        "order = (-job.position, job.request_id) if",
        f"{QUEUE}::test_rows_stand_in_the_order_they_run_then_what_ended",
    ),
    mutant(
        "selection-left-behind",
        "ui/item_models/queue_table.py",
        "            self._move(at, row)\n",
        "            self._take_out(at)\n            self._insert(row)\n",
        f"{QUEUE}::test_a_selection_stays_with_its_request_when_the_row_moves",
    ),
    mutant(
        "delete-does-not-cancel",
        "ui/panes/queue_view.py",
        "elif key == Qt.Key.Key_Delete:",
        "elif key == Qt.Key.Key_Insert:",
        f"{QUEUE}::test_delete_cancels_ctrl_r_retries_and_enter_opens",
    ),
    mutant(
        "hidden-queue-is-read",
        "ui/item_models/queue_table.py",
        "        if self._is_awake and not self._gather.isActive():\n"
        "            self._gather.start(GATHER)\n",
        "        self._gather.start(GATHER)\n        self._is_awake = True\n",
        f"{QUEUE}::test_nothing_is_read_while_the_pane_is_hidden",
    ),
    mutant(
        "pause-ignored",
        "worker/loop.py",
        "return self._settings.current().queue_paused",
        "return False",
        f"{PAUSE}::test_a_paused_queue_starts_nothing",
    ),
    mutant(
        "undo-of-the-first-action",
        "ui/undo.py",
        "self.take_back(self._undos[-1])",
        "self.take_back(self._undos[0])",
        f"{MAIN}::test_undo_takes_back_one_after_the_other",
    ),
)

TYPING = (
    mutant(
        "draft-not-saved-while-typing",
        "ui/editor/unsent.py",
        "        self._is_saved = False\n        self.timer.start()\n",
        "        self._is_saved = False\n",
        f"{COMPOSER}::test_a_draft_is_saved_a_moment_after_the_last_key",
    ),
    mutant(
        "draft-not-shown-again",
        "ui/editor/composer.py",
        "self._form.show_typed(found or text)",
        "self._form.show_typed(text)",
        f"{COMPOSER}::test_each_place_keeps_its_own_draft",
    ),
    mutant(
        "ctrl-enter-does-not-ask",
        "ui/editor/composer.py",
        "self._text.submitted.connect(self.post_and_ask)",
        "self._text.submitted.connect(self.post)",
        f"{COMPOSER}::test_enter_posts_only_where_the_setting_says_so",
    ),
    mutant(
        "refused-text-lost",
        "ui/editor/composer.py",
        "        self._form.allow(True)\n        self._error.setText(",
        "        self._form.allow(True)\n        self._form.show_typed(Unsent())\n"
        "        self._error.setText(",
        f"{COMPOSER}::test_without_a_model_the_text_stays_and_settings_are_offered",
    ),
    mutant(
        "search-has-a-syntax",
        "storage/search.py",
        """strings = ['"' + word.replace('"', '""') + '"' for word in words]""",
        "strings = list(words)",
        SEARCH,
    ),
    mutant(
        "deleted-posts-found",
        "storage/search.py",
        '"s.deleted_at IS NULL AND t.deleted_at IS NULL AND f.deleted_at IS NULL AND',
        '"t.deleted_at IS NULL AND f.deleted_at IS NULL AND',
        f"{SEARCH}::test_deleted_things_are_not_found_and_come_back",
    ),
    mutant(
        "setting-out-of-its-bounds",
        "domain/settings.py",
        "if not ((low is None or result >= low) and (high is None or result <= high)):",
        "if False:",
        f"{SETTINGS}::test_one_wrong_option_changes_nothing",
    ),
    mutant(
        "setting-not-applied",
        "ui/desk.py",
        "        events.settings_changed.connect(self._apply_settings)\n",
        "",
        f"{MAIN}::test_the_look_follows_the_settings_at_once",
    ),
)

WINDOW: tuple[Mutant, ...] = (*STARTING, *POSTS, *PANES, *TYPING)
