"""The breakages of prompts: what is sent, what has room, and what is left out."""

from tests.mutants.breakage import mutant

PROMPT, FITTING = "prompting/test_prompt.py", "prompting/test_fitting.py"
GOLDEN = "prompting/test_golden.py"
CONTEXT, QUEUE, THREAD = "storage/test_context.py", "services/test_queue.py", "worker/test_thread.py"

PROMPT_RULES = (
    mutant(
        "two-turns-of-one-role",
        "prompting/prompt.py",
        "if not joined or joined[-1][0] != part.role:",
        "if True:",
        PROMPT,
    ),
    mutant(
        "first-turn-by-the-model",
        "prompting/prompt.py",
        '"assistant" if turn.is_own and place else "user"',
        '"assistant" if turn.is_own else "user"',
        PROMPT,
    ),
    mutant(
        "incomplete-replies-sent",
        "services/material.py",
        "return Reason.INCOMPLETE if post.is_incomplete else None",
        "return None",
        f"{QUEUE}::test_incomplete_replies_never_enter_a_prompt",
    ),
    mutant(
        "question-not-last",
        "prompting/prompt.py",
        '    parts += _turn_parts(material.question, "post", "user")\n',
        '    parts[1:1] = _turn_parts(material.question, "post", "user")\n',
        PROMPT,
    ),
    mutant(
        "sent-although-it-does-not-fit",
        "worker/one_call.py",
        "        require_fit(sized, self.window)\n",
        "",
        f"{THREAD}::test_prompt_that_does_not_fit_fails_with_both_numbers_before_anything_is_sent",
    ),
    mutant(
        "no-room-for-the-answer",
        "prompting/fitting.py",
        "return self.window - self.answer",
        "return self.window",
        f"{FITTING}::test_room_is_what_the_answer_leaves",
    ),
    mutant(
        "oldest-posts-first",
        "prompting/fitting.py",
        "for turn in material.thread[::-1] if not turn.is_pinned]",
        "for turn in material.thread if not turn.is_pinned]",
        f"{FITTING}::test_oldest_posts_go_first_and_none_older_than_one_without_room_stays",
    ),
    mutant(
        "own-name-not-kept-free",
        "prompting/fitting.py",
        "return tokens + (self._name if is_named_later else 0) <= self.budget.room",
        "return tokens <= self.budget.room",
        f"{FITTING}::test_a_name_that_is_lost_again_takes_no_post_with_it",
    ),
    mutant(
        "others-without-a-share",
        "prompting/fitting.py",
        '*_priced(other, "other", share, estimates)],',
        '*_priced(other, "other", 0, estimates)],',
        f"{FITTING}::test_each_kind_has_its_share_where_both_need_the_room",
    ),
    mutant(
        "newest-post-cheapest-of-all",
        "prompting/fitting.py",
        "        together += tokens\n",
        "        together = tokens\n",
        f"{FITTING}::test_oldest_posts_go_first_and_none_older_than_one_without_room_stays",
    ),
    mutant(
        "estimates-instead-of-counts",
        "prompting/fitting.py",
        "            if not counts[at].is_exact:\n",
        "            if True:\n",
        f"{FITTING}::test_exact_counts_leave_out_what_estimates_would_let_in",
    ),
    mutant(
        "fence-that-a-file-can-close",
        "prompting/prompt.py",
        '"`" * (longest + 1)',
        '"`" * 3',
        PROMPT,
    ),
    mutant(
        "pinned-posts-left-out",
        "prompting/fitting.py",
        "if turn.is_pinned or id(turn) in taken]",
        "if id(turn) in taken]",
        f"{FITTING}::test_pinned_posts_and_files_of_the_answered_post_are_fixed",
    ),
    mutant(
        "answers-of-the-question-sent-with-it",
        "storage/context.py",
        "dict.fromkeys((*on_path, asked or 0))",
        "dict.fromkeys(on_path)",
        f"{CONTEXT}::test_branches_are_those_that_hang_off_what_is_answered",
    ),
    mutant(
        "one-branch-takes-all",
        "storage/context.py",
        "taken[branch] += 1",
        "taken[branch] += 0",
        f"{CONTEXT}::test_of_each_branch_the_newest_posts_are_chosen_and_of_all_the_newest",
    ),
    mutant(
        "whole-topic-scanned",
        "storage/context.py",
        '        .limit(bindparam("most"))\n    )\n\n\n@cache\ndef _above',
        "    )\n\n\n@cache\ndef _above",
        f"{CONTEXT}::test_only_so_many_posts_are_looked_at_in_a_topic_of_any_size",
    ),
    mutant(
        "climbs-without-end",
        "storage/context.py",
        'above.c.parent_post_id).limit(bindparam("most"))',
        "above.c.parent_post_id)",
        f"{CONTEXT}::test_only_so_many_posts_are_looked_at_in_a_topic_of_any_size",
    ),
    mutant(
        "left-out-posts-sent",
        "services/material.py",
        "    if post.rule == PromptRule.LEFT_OUT:\n        return Reason.BY_HAND\n",
        "",
        GOLDEN,
    ),
    mutant(
        "ids-of-tags-sent",
        "services/material.py",
        "            plain(post.content),\n",
        "            post.content,\n",
        GOLDEN,
    ),
    mutant(
        "background-without-an-end",
        "prompting/prompt.py",
        "    if background:\n",
        "    if not background and background:\n",
        GOLDEN,
    ),
    mutant(
        "draft-without-its-files",
        "services/material.py",
        "read = _files(files, _texts(session, [file for file in files if isinstance(file, AttachedFile)]))",
        "read = ()",
        f"{GOLDEN}::test_draft_is_what_the_post_will_be",
    ),
)
