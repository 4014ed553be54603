"""The breakages: one line each, one for each rule that must not be lost unnoticed."""

from tests.mutants.breakage import Mutant, mutant
from tests.mutants.counting import COUNTS
from tests.mutants.files import FILES
from tests.mutants.personas import PERSONAS
from tests.mutants.prompts import PROMPT_RULES
from tests.mutants.tags import TAGGING
from tests.mutants.window import WINDOW
from tests.mutants.writing import WRITING

QUEUE, CHAINS, LOOP = "services/test_queue.py", "services/test_queue_chains.py", "worker/test_loop.py"
FORUM, TRASH, THREAD = "services/test_forum.py", "services/test_forum_trash.py", "worker/test_thread.py"
DATABASE, MIGRATIONS = "storage/test_database.py", "storage/test_migrations.py"
GENERATION, TRANSPORT = "llm/test_generation.py", "llm/test_transport.py"
OLLAMA, OPENAI, ERRORS = "llm/test_ollama.py", "llm/test_openai_compatible.py", "llm/test_errors.py"
ENGINE, BUILTIN = "llm/test_engine.py", "llm/test_builtin.py"

STORE = (
    mutant(
        "commits-not-synced",
        "storage/database.py",
        "PRAGMA synchronous=FULL",
        "PRAGMA synchronous=NORMAL",
        f"{DATABASE}::test_writer_syncs_every_commit_and_checks_references",
    ),
    mutant(
        "references-not-checked",
        "storage/database.py",
        "PRAGMA foreign_keys=ON",
        "PRAGMA foreign_keys=OFF",
        f"{DATABASE}::test_writer_syncs_every_commit_and_checks_references",
    ),
    mutant(
        "readers-may-write",
        "storage/database.py",
        "PRAGMA query_only=ON",
        "PRAGMA query_only=OFF",
        f"{DATABASE}::test_reader_cannot_write",
    ),
    mutant(
        "several-writers",
        "storage/database.py",
        "max_overflow=0 if pool_size == 1 else 8",
        "max_overflow=8",
        f"{DATABASE}::test_all_threads_write_through_one_connection",
    ),
    mutant(
        "newer-file-accepted",
        "storage/database.py",
        "if revision is not None and revision not in REVISIONS:",
        "if revision is None:",
        f"{MIGRATIONS}::test_newer_file_is_refused_and_left_as_it_is",
    ),
    mutant(
        "no-copy-before-an-upgrade",
        "storage/database.py",
        "            _back_up(path, revision)\n",
        "            pass\n",
        f"{MIGRATIONS}::test_upgrade_makes_a_copy_first_and_keeps_the_data",
    ),
    mutant(
        "two-defaults-in-a-subforum",
        "storage/migrations/versions/0001_first_schema.py",
        "CREATE UNIQUE INDEX uq_subforum_personas_default",
        "CREATE INDEX uq_subforum_personas_default",
        f"{MIGRATIONS}::test_persona_is_assigned_once_and_one_default_per_subforum",
    ),
    mutant(
        "name-key-lower-case-only",
        "domain/base.py",
        ".casefold())",
        ".lower())",
        "domain/test_names.py::test_key_of_a_name_ignores_case_and_width",
    ),
    mutant(
        "data-folder-shared",
        "storage/lock.py",
        "fcntl.LOCK_EX | fcntl.LOCK_NB",
        "fcntl.LOCK_SH | fcntl.LOCK_NB",
        "storage/test_lock.py::test_second_process_is_refused_while_the_first_lives",
    ),
)

FORUM_RULES = (
    mutant(
        "announced-before-the-commit",
        "services/news.py",
        "        yield session, news\n    news.announce()",
        "        yield session, news\n        news.announce()",
        f"{FORUM}::test_slots_see_the_new_state",
    ),
    mutant(
        "earlier-text-lost",
        "services/forum.py",
        "PostRevision(post_id=post_id, content=post.content, replaced_at=now)",
        "PostRevision(post_id=post_id, content=text, replaced_at=now)",
        f"{FORUM}::test_edited_post_is_marked_and_keeps_every_earlier_text",
    ),
    mutant(
        "undo-forgets-the-name",
        "services/forum.py",
        "before, topic.title = topic.title, title",
        "before, topic.title = title, title",
        f"{FORUM}::test_topic_can_be_renamed_and_moved_and_both_taken_back",
    ),
    mutant(
        "no-tombstone",
        "storage/forum.py",
        "parent.post_id == shown.c.parent_post_id)\n        .where(parent.deleted_at.is_not(None))",
        "parent.post_id == shown.c.parent_post_id)\n        .where(parent.deleted_at.is_(None))",
        f"{TRASH}::test_post_with_replies_leaves_a_tombstone_that_keeps_its_text",
    ),
    mutant(
        "requests-outlive-their-topic",
        "services/topics.py",
        "asked = rows.asked_posts(session, topic_id=topic.topic_id)",
        "asked = []",
        f"{CHAINS}::test_deleting_cancels_what_waits_in_it",
    ),
)

QUEUE_RULES = (
    mutant(
        "global-default-before-the-subforums",
        "domain/persona.py",
        "if candidates.subforum_default is not None:",
        "if candidates.subforum_default is not None and candidates.global_default is None:",
        f"{QUEUE}::test_persona_comes_from_the_subforum_then_the_global_default_then_the_fallback",
    ),
    mutant(
        "version-not-fixed-at-the-start",
        "services/job_steps.py",
        "job.llm_persona, job.persona_version = version.persona_id, version.version",
        "job.llm_persona = version.persona_id",
        f"{QUEUE}::test_claim_fixes_the_version_of_the_persona",
    ),
    mutant(
        "parked-requests-overtaken",
        "services/queue.py",
        "beside = rows.waiting_for_server(session, job.server_id) if job.server_id else [job]",
        "beside = [job]",
        f"{QUEUE}::test_whole_server_waits_and_no_attempt_is_spent",
    ),
    mutant(
        "parking-spends-an-attempt",
        "services/queue.py",
        "            job.attempts -= 1\n",
        "",
        f"{QUEUE}::test_whole_server_waits_and_no_attempt_is_spent",
    ),
    mutant(
        "retry-drops-the-text",
        "services/job_steps.py",
        "is_less = job.status != JobStatus.COMPLETE and len(text) < len(reply.content) and not is_thought",
        "is_less = False",
        "services/test_queue_tombstones.py::test_an_attempt_that_breaks_off_with_less_destroys_no_longer_text",
    ),
    mutant(
        "dependents-run-without-their-parent",
        "services/job_steps.py",
        "        return JobStatus.PENDING_DEPENDENCY\n",
        "        return JobStatus.PENDING\n",
        f"{CHAINS}::test_dependents_answer_the_reply_before_once_it_is_complete",
    ),
    mutant(
        "cancelled-request-finishes",
        "services/queue.py",
        "                return False\n            steps.end(job, JobStatus.COMPLETE, now)",
        "                pass\n            steps.end(job, JobStatus.COMPLETE, now)",
        f"{QUEUE}::test_finish_and_cancel_end_a_request_exactly_once",
    ),
    mutant(
        "running-requests-forgotten-by-a-crash",
        "services/queue.py",
        "            interrupted = rows.running(session)\n",
        "            interrupted = []\n",
        f"{CHAINS}::test_recovered_request_goes_on_in_the_same_reply",
    ),
    mutant(
        "again-after-a-byte",
        "worker/loop.py",
        "_may_pass(error) and reply.is_empty:",
        "_may_pass(error):",
        f"{LOOP}::test_failure_of_the_server_parks_before_the_first_text_and_ends_after_it",
    ),
    mutant(
        "text-saved-only-at-the-end",
        "worker/reply_text.py",
        "        if self._save_timer is None:\n            self._save_timer = asyncio",
        "        if self._pieces < 0:\n            self._save_timer = asyncio",
        f"{THREAD}::test_text_is_saved_while_it_grows",
    ),
)

CLIENT_RULES = (
    mutant(
        "ollama-may-cut-the-prompt",
        "llm/ollama.py",
        '"truncate": False,',
        '"truncate": True,',
        f"{OLLAMA}::test_every_body_has_what_keeps_ollama_from_guessing",
    ),
    mutant(
        "window-not-sent",
        "llm/ollama.py",
        '"num_ctx": request.ctx, ',
        "",
        f"{OLLAMA}::test_every_body_has_what_keeps_ollama_from_guessing",
    ),
    mutant(
        "reply-without-bound",
        "llm/ollama.py",
        '"num_predict": reply_bound(request)',
        '"num_predict": -1',
        f"{OLLAMA}::test_every_body_has_what_keeps_ollama_from_guessing",
    ),
    mutant(
        "thinking-left-to-ollama",
        "llm/ollama.py",
        '            "think": await self._think(request),\n',
        "",
        f"{OLLAMA}::test_every_body_has_what_keeps_ollama_from_guessing",
    ),
    mutant(
        "end-without-marker-is-success",
        "llm/openai_compatible.py",
        "if end.reason is None and not (end.is_done and call.has_text):",
        "if end.reason is None and not call.has_text:",
        f"{OPENAI}::test_an_end_without_any_marker_is_a_broken_stream",
    ),
    mutant(
        "lines-cut-at-unicode-separators",
        "llm/streams.py",
        '*complete, rest = chunk.split(b"\\n")',
        '*complete, rest = chunk.replace("\\u2028".encode(), b"\\n").split(b"\\n")',
        "llm/test_streams.py::test_lines_end_at_the_newline_byte_alone",
    ),
    mutant(
        "dead-server-waited-for-too-long",
        "llm/transport.py",
        "if self._failures >= limits.health_failures:",
        "if self._failures > limits.health_failures + 20:",
        f"{GENERATION}::test_a_server_that_goes_away_while_it_is_waited_for_is_unreachable_after_three_failures",
    ),
    mutant(
        "stalled-reply-waited-for-too-long",
        "llm/transport.py",
        "patience = self.stall if self.has_text",
        "patience = self.stall * 20 if self.has_text",
        f"{GENERATION}::test_silence_after_the_first_text_ends_the_reply_and_says_whether_the_server_lives",
    ),
    mutant(
        "proxy-for-this-machine",
        "llm/transport.py",
        "self._control = self._client(keep_alive=4, trust_env=profile.use_proxy or not is_private)",
        "self._control = self._client(keep_alive=4, trust_env=True)",
        f"{TRANSPORT}::test_a_dead_proxy_in_the_environment_does_not_matter_on_this_machine",
    ),
    mutant(
        "generations-share-a-connection",
        "llm/transport.py",
        "return Generation(self, self._fresh, path",
        "return Generation(self, self._control, path",
        f"{TRANSPORT}::test_control_calls_share_a_connection_and_generations_have_their_own",
    ),
    mutant(
        "overflow-not-recognised",
        "llm/errors.py",
        '"maximum context length",',
        '"largest context length",',
        f"{ERRORS}::test_every_shape_of_failure_has_its_kind_and_words_for_the_user",
    ),
    mutant(
        "wrong-key-not-recognised",
        "llm/errors.py",
        "statuses=(401,),",
        "statuses=(402,),",
        f"{ERRORS}::test_every_shape_of_failure_has_its_kind_and_words_for_the_user",
    ),
    mutant(
        "engine-key-for-all-to-see",
        "llm/engine_process.py",
        "self._process = _spawn()",
        'self._process = subprocess.Popen([*own_command(), "--engine", self.api_key], -1, None, -1, -1, -1)',
        f"{ENGINE}::test_only_health_is_open_and_the_key_is_nowhere_to_be_seen",
    ),
    mutant(
        "engine-outlives-the-app",
        "llm/engine.py",
        "    watch.start()\n",
        "    watch.join = threading.Event().wait\n",
        f"{ENGINE}::test_killed_parent_takes_the_engine_along",
    ),
    mutant(
        "idle-engine-stays",
        "llm/builtin.py",
        "self._timer = asyncio.get_running_loop().call_later(seconds, self._leave)",
        "self._timer = None",
        f"{BUILTIN}::test_idle_engine_leaves_by_itself",
    ),
    mutant(
        "keyring-no-better-than-none",
        "services/keys.py",
        ".priority >= 1",
        ".priority >= 0",
        "services/test_keys.py",
    ),
    mutant(
        "keyring-that-drops-keys",
        "services/keys.py",
        "return _ask(lambda keyring: keyring.get_password(KEYRING_SERVICE, reference)) == key",
        "return True",
        "services/test_keys.py",
    ),
    mutant(
        "words-among-the-json",
        "cli/output.py",
        'print_json({"error": document})',
        "print(error)",
        "cli/test_commands.py::test_wrong_arguments_are_one_document_too",
    ),
)

MUTANTS: tuple[Mutant, ...] = (
    *STORE, *FORUM_RULES, *QUEUE_RULES, *PROMPT_RULES, *CLIENT_RULES, *PERSONAS, *TAGGING, *WINDOW,
    *WRITING, *COUNTS, *FILES,
)  # fmt: skip
