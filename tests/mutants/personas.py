"""Breakages of the personas' rules."""

from tests.mutants.breakage import mutant

SEED, UNDO = "services/test_persona_seed.py", "services/test_persona_undo.py"
TEXTS, PERSONA = "services/test_persona_texts.py", "services/test_persona.py"
RESOLUTION, VARIABLES = "domain/test_persona_resolution.py", "domain/test_prompt_variables.py"
SENT, TRIALS = "conformance/test_personas.py", "conformance/test_trials.py"
PLANS = "storage/test_persona_plans.py"

PERSONAS = (
    mutant(
        "refused-choice-replaced",
        "domain/persona.py",
        "return Resolution(candidates.chosen if usable else None, ResolutionReason.CHOSEN)",
        "return Resolution(candidates.chosen if usable else FALLBACK_PERSONA_ID, ResolutionReason.CHOSEN)",
        f"{RESOLUTION}::test_who_answers",
    ),
    mutant(
        "global-default-before-the-subforum's",
        "domain/persona.py",
        "    if candidates.subforum_default is not None:\n",
        "    if candidates.subforum_default is not None and candidates.global_default is None:\n",
        f"{RESOLUTION}::test_every_combination_follows_the_four_rules",
    ),
    mutant(
        "anybody-may-be-chosen",
        "services/job_steps.py",
        "        require_resolvable(session, topic.subforum_id, wish.persona_id)\n",
        "",
        f"{SEED}::test_override_at_request_time_must_be_valid_for_the_subforum",
    ),
    mutant(
        "switched-off-persona-answers",
        "storage/persona.py",
        "USABLE = (Persona.is_active, Persona.deleted_at.is_(None),",
        "USABLE = (Persona.deleted_at.is_(None),",
        f"{SEED}::test_nobody_who_is_not_usable_ever_answers",
    ),
    mutant(
        "fallback-can-be-deleted",
        "services/persona_steps.py",
        "    if persona_id == FALLBACK_PERSONA_ID:\n",
        "    if persona_id == -FALLBACK_PERSONA_ID:\n",
        f"{SEED}::test_fallback_is_neither_deleted_nor_switched_off",
    ),
    mutant(
        "unchanged-save-makes-a-version",
        "services/persona.py",
        "        if content == persona.content:\n            return\n",
        "",
        f"{SEED}::test_versioning_of_every_change_and_of_no_unchanged_save",
    ),
    mutant(
        "newer-save-overwritten",
        "services/persona.py",
        "if based_on is not None and based_on != persona.version:",
        "if based_on is not None and based_on > persona.version:",
        f"{SEED}::test_versioning_refuses_a_save_that_was_overtaken",
    ),
    mutant(
        "revert-takes-another's-name",
        "services/persona.py",
        "content = replace(content, name=persona.name)",
        "pass",
        f"{TEXTS}::test_revert_keeps_the_present_name_where_the_old_one_is_taken",
    ),
    mutant(
        "used-version-not-noted",
        "services/job_steps.py",
        "    job.llm_persona, job.persona_version = version.persona_id, version.version\n",
        "    job.llm_persona = version.persona_id\n",
        f"{SEED}::test_audit_keeps_name_and_version_from_the_start_of_the_job",
    ),
    mutant(
        "repeated-request-keeps-its-persona",
        "services/job_steps.py",
        "    if not job.persona_is_chosen:\n        job.llm_persona = None\n",
        "",
        f"{SEED}::test_audit_of_a_repeated_request_uses_the_persona_of_then",
    ),
    mutant(
        "chosen-version-forgotten",
        "services/job_steps.py",
        "    if not job.version_is_chosen:\n        job.persona_version = None\n",
        "    job.persona_version = None\n",
        f"{SEED}::test_audit_of_a_chosen_version_stays_with_it",
    ),
    mutant(
        "assignment-comes-back-at-the-end",
        "services/assignment.py",
        "steps.assign(session, undo.subforum_id, persona_id, undo.assigned_before[persona_id])",
        "steps.assign(session, undo.subforum_id, persona_id, self._clock())",
        f"{UNDO}::test_unassigned_persona_comes_back_at_its_place_and_as_the_default",
    ),
    mutant(
        "undo-overrules-a-newer-default",
        "services/assignment.py",
        "            if is_unchanged:\n                steps.set_default",
        "            if True:\n                steps.set_default",
        f"{UNDO}::test_default_that_was_chosen_since_stays",
    ),
    mutant(
        "old-name-locks-its-persona",
        "services/persona.py",
        "if getattr(typed, f.name) != getattr(now, f.name)]",
        "if f]",
        f"{TEXTS}::test_name_of_long_ago_keeps_nothing_else_from_being_changed",
    ),
    mutant(
        "variables-looked-into-again",
        "domain/prompt_variables.py",
        'return "".join([*pieces, text[end:]])',
        'return "".join([*pieces, text[end:]]).replace("{{char}}", values.get("char", ""))',
        f"{VARIABLES}::test_values_are_filled_once_and_never_looked_into",
    ),
    mutant(
        "storm-of-spaces-hangs",
        "domain/prompt_variables.py",
        r'_FORM = re.compile(r"\{\{([^{}\n]*)\}\}")',
        r'_FORM = re.compile(r"\{\{[ \t]*([^{}\n]*?)[ \t]*\}\}")',
        f"{VARIABLES}::test_storm_of_braces_costs_no_time",
    ),
    mutant(
        "posts-filled-like-instructions",
        "services/material.py",
        "            plain(post.content),\n",
        "            plain(post.content).replace('{{time}}', 'now'),\n",
        f"{SENT}::test_preview_equals_byte_for_byte_what_the_server_receives",
    ),
    mutant(
        "preview-without-the-model's-name",
        "services/prompt.py",
        '        model.name if model else "",\n',
        '        "",\n',
        f"{SENT}::test_preview_equals_byte_for_byte_what_the_server_receives",
    ),
    mutant(
        "temperature-not-sent",
        "worker/one_call.py",
        'sampling={} if options.temperature is None else {"temperature": options.temperature},',
        "sampling={},",
        f"{SENT}::test_options_of_a_persona_arrive_in_the_request",
    ),
    mutant(
        "trial-waits-behind-the-others",
        "services/asking.py",
        "position=rows.position_in_front(session, JobKind.TRY_PERSONA),",
        "position=rows.last_position(session) + 1,",
        f"{TRIALS}::test_trial_runs_next_and_streams",
    ),
    mutant(
        "every-persona-read-for-a-choice",
        "storage/persona.py",
        "        .where(Persona.persona_id.in_(persona_ids), Persona.deleted_at.is_(None))\n",
        "        .where((Persona.persona_id + 0).in_(persona_ids), Persona.deleted_at.is_(None))\n",
        f"{PLANS}::test_indexes_used",
    ),
)
