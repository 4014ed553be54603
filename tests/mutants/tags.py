"""Breakages of tags, chains, and of what edits do to requests."""

from tests.mutants.breakage import mutant

TAGS, SUBMIT = "domain/test_tags.py", "services/test_submitting.py"
EDITS, SKIPS = "services/test_editing_tags.py", "services/test_skipping.py"

TAGGING = (
    mutant(
        "tags-in-code-ask",
        "domain/tags.py",
        'if match[0][0] == "[" and not code.touches(*match.span()):',
        'if match[0][0] == "[":',
        f"{TAGS}::test_code_and_other_links_are_no_tags",
    ),
    mutant(
        "brackets-in-names-break-tags",
        "domain/tags.py",
        'return _SPECIAL.sub(r"\\\\\\1", _BREAKS.sub(" ", label))',
        'return _BREAKS.sub(" ", label)',
        f"{TAGS}::test_any_name_makes_a_tag_and_comes_back",
    ),
    mutant(
        "chain-tagged-twice-is-asked-twice",
        "domain/tags.py",
        "found.setdefault(chain_key(chain), chain)",
        "found[chain_key(chain) + str(len(found))] = chain",
        f"{TAGS}::test_a_chain_that_stands_there_twice_counts_once",
    ),
    mutant(
        "broken-chain-is-posted",
        "services/tagging.py",
        "        if piece not in known:\n",
        "        if piece in known:\n",
        f"{SUBMIT}::test_a_chain_with_a_missing_link_is_refused",
    ),
    mutant(
        "links-of-a-chain-wait-for-nothing",
        "services/tagging.py",
        "after = jobs[-1].request_id if jobs else None",
        "after = None",
        f"{SUBMIT}::test_each_link_of_a_chain_answers_the_reply_before",
    ),
    mutant(
        "wish-and-tag-ask-twice",
        "services/submitting.py",
        "        if chain[0].persona_id == wished:\n",
        "        if chain[0].persona_id == -1:\n",
        f"{SUBMIT}::test_a_wish_for_who_is_tagged_asks_once_with_its_own_model",
    ),
    mutant(
        "prompt-that-cannot-fit-is-queued",
        "services/submitting.py",
        "            self._prompts.require_fit(asked)\n",
        "            del asked\n",
        f"{SUBMIT}::test_a_prompt_that_cannot_fit_is_refused_only_when_something_is_asked",
    ),
    mutant(
        "tagged-file-is-read-again",
        "services/tagged_files.py",
        "            if file.path is not None and (file.path == place or is_below):\n",
        "            if file.path is None:\n",
        f"{SUBMIT}::test_the_text_of_a_tagged_file_is_that_of_the_moment_of_posting",
    ),
    mutant(
        "removed-tag-keeps-its-requests",
        "domain/tag_plan.py",
        "left = [jobs for key, jobs in by_chain.items() if key not in has]",
        "left: list[list[Job]] = []",
        f"{EDITS}::test_the_effect_is_said_before_and_is_what_happens",
    ),
    mutant(
        "tag-that-comes-back-is-asked-twice",
        "domain/tag_plan.py",
        "if key not in by_chain]",
        "if key not in had]",
        f"{EDITS}::test_finished_requests_stay_and_are_not_made_again",
    ),
    mutant(
        "models-tags-ask",
        "services/submitting.py",
        "    if post.is_llm_response:\n        return TagPlan()\n",
        "",
        f"{EDITS}::test_tags_in_a_models_text_ask_nobody",
    ),
    mutant(
        "skipped-link-is-still-waited-for",
        "services/chain_steps.py",
        "        child.parent_request_id = job.parent_request_id\n",
        "",
        f"{SKIPS}::test_a_link_in_the_middle_is_skipped_and_the_next_answers_the_one_before",
    ),
    mutant(
        "retry-forgets-what-went-on",
        "services/chain_steps.py",
        "    _call_back(session, news, job)\n",
        "",
        f"{SKIPS}::test_a_retry_after_a_skip_takes_the_link_in_again",
    ),
    mutant(
        "deleted-post-keeps-its-chain",
        "storage/queue.py",
        "                Job.tagged_post_id.in_(post_ids),\n",
        "",
        f"{SUBMIT}::test_deleting_the_post_cancels_all_that_its_tags_ask_and_a_restore_brings_it_back",
    ),
)
