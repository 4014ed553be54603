"""What was asked of the generation of personas, in the words of the product, and the test that shows each."""

from dataclasses import dataclass

REQUEST = "tests/domain/test_generation.py"
PLAN = "tests/domain/test_variation.py"
PROMPTS = "tests/prompting/test_persona_prompts.py"
CORPUS = "tests/prompting/test_persona_corpus.py"
STAGES = "tests/worker/test_write_persona.py"
FAILURES = "tests/worker/test_generation_failures.py"
WHOLE = "tests/worker/test_generation_end_to_end.py"
TEMPLATES = "tests/services/test_templates.py"
PROPOSALS = "tests/services/test_proposals.py"
CLI = "tests/cli/test_generate.py"
PAGE = "tests/ui/generator/test_page.py"
QUEUE = "tests/ui/generator/test_queue_rows.py"
COMPARE = "tests/ui/test_proposal_page.py"
EDITOR = "tests/ui/test_templates_page.py"


@dataclass(frozen=True)
class Requirement:
    """One thing that was asked for: where in the specification, in words, and the test as "file::name"."""

    part: str
    words: str
    file: str
    test: str


def _part(part: str, *rows: tuple[str, str, str]) -> list[Requirement]:
    return [Requirement(part, *row) for row in rows]


REQUIREMENTS = [
    *_part(
        "2.1 the request",
        ("The type of generation is one of three, and chooses the templates", REQUEST,
         "test_unknown_type_is_told_with_the_known_ones"),
        ("A name hint, a description hint, or both", REQUEST, "test_one_of_name_and_description_is_enough"),
        ("An expert needs its subforum's name and description; errors name the field", REQUEST,
         "test_hints_are_checked_by_field"),
        ("Directives for an expert are optional and reach the model", PROMPTS,
         "test_every_hint_stands_in_the_body_of_each_stage"),
        ("A general assistant may be made from a hint or from none", REQUEST, "test_assistant_needs_no_hint"),
        ("Wished headings; without them the default set", REQUEST,
         "test_without_wishes_the_headings_are_the_default_ones"),
        ("Tone and length", PROMPTS, "test_name_headings_tone_and_length_stand_in_the_body"),
        ("No preferences at all, or null ones", REQUEST, "test_null_preferences_mean_none"),
        ("The model of the generation is required", REQUEST, "test_model_is_needed"),
        ("An exact name may be set", REQUEST, "test_name_set_by_hand_is_checked"),
    ),
    *_part(
        "2.2 two stages",
        ("Expansion, then refinement with what it wrote", STAGES, "test_two_stages_make_a_persona"),
        ("The prompts say role, input, task and output as specified", PROMPTS,
         "test_templates_say_everything_that_the_specification_asks_for"),
        ("What the first stage wrote is kept until the second has used it", STAGES,
         "test_failure_of_the_second_stage_keeps_the_first"),
        ("Each call goes through the queue to the chosen model, with its prompt on record", FAILURES,
         "test_row_holds_type_params_model_and_prompts"),
        ("The answer is parsed, and its headings are checked", CORPUS, "test_output_is_read_as_expected"),
        ("Headings that are missing are asked for once; a persona still short of some waits to be accepted",
         STAGES, "test_missing_headings_are_asked_for_once_and_then_need_attention"),
        ("The result begins with the name, then the headings in order", CORPUS,
         "test_normal_form_is_strict_and_reads_as_itself"),
        ("The name: set by hand, written, hinted, or of the subforum", PROMPTS,
         "test_name_is_the_one_set_by_hand_then_the_written_one_then_the_hint_then_the_subforum"),
        ("Counts inside a section are remarks, no faults", CORPUS, "test_counts_are_only_notes"),
    ),
    *_part(
        "2.3 templates",
        ("Text files by stage and type", TEMPLATES, "test_every_template_fits_its_placeholders"),
        ("Placeholders in double braces; an unknown or missing one is told", PROMPTS,
         "test_unknown_placeholder_is_told_by_name"),
        ("A placeholder that must be there is told too", PROMPTS, "test_missing_placeholder_is_told_by_name"),
        ("Placeholders that arrive inside hints are left as they are", PROMPTS,
         "test_placeholders_inside_hints_and_answers_are_never_expanded"),
    ),
    *_part(
        "2.4 the result",
        ("Name, instructions, status, error", FAILURES,
         "test_result_says_name_instructions_status_and_error"),
        ("It survives being stored", REQUEST, "test_result_survives_being_kept_as_json"),
    ),
    *_part(
        "3.1 what is stored",
        ("The request's type and all it was asked for", FAILURES,
         "test_row_holds_type_params_model_and_prompts"),
        ("The persona with its source and inputs, and its first version", FAILURES,
         "test_persona_and_its_first_version_hold_what_was_written"),
        ("Names are unique: a taken one gets a suffix", FAILURES, "test_name_that_is_taken_gets_a_suffix"),
    ),
    *_part(
        "3.2 queue and worker",
        ("A request waits as pending with its model", CLI,
         "test_request_is_queued_and_answered_with_its_number"),
        ("The worker writes the persona and completes the request", WHOLE,
         "test_idea_without_any_subforum_is_in_the_list_when_it_is_written"),
        ("A failed request is marked with its error in words", FAILURES,
         "test_last_try_ends_with_the_error_in_words"),
        ("A crash in or between stages loses and doubles nothing", "tests/test_generation_crash.py",
         "test_kills_in_and_between_the_stages_lose_and_double_nothing"),
    ),
    *_part(
        "4 entry points without the window",
        ("From details: accepted with the request's number", CLI,
         "test_request_is_queued_and_answered_with_its_number"),
        ("From details: an error by field", CLI, "test_nothing_to_begin_with_is_told_in_words"),
        ("Expert: name and description come from the subforum", WHOLE,
         "test_server_that_answers_well_gives_a_complete_expert_in_its_subforum"),
        ("Expert of a subforum without description: an error", CLI,
         "test_experts_need_a_subforum_with_a_description"),
        ("Batch: as many requests as asked for, directives for all, a list of numbers", FAILURES,
         "test_batch_is_answered_with_all_its_numbers_and_cancelled_as_one"),
        ("Batch: experts differ from each other", PLAN, "test_no_two_experts_share_more_than_one_part"),
    ),
    *_part(
        "5 in the window",
        ("Fields for hints, directives, model, headings, tone, length, name", PAGE,
         "test_idea_becomes_a_persona_by_mouse"),
        ("The same by keyboard", PAGE, "test_idea_becomes_a_persona_by_keys_alone"),
        ("Headings as a checklist that can be extended and reordered", PAGE,
         "test_headings_are_reordered_extended_and_reset_by_key"),
        ("Generating shows in the queue, with stage and progress", QUEUE,
         "test_running_row_says_its_stage_and_a_done_one_its_persona"),
        ("A batch from the subforum, with its plan", PAGE, "test_batch_of_three_with_a_plan"),
        ("A batch is one group with one cancel", QUEUE, "test_batch_has_one_progress_and_one_cancel"),
        ("Experts stand in their subforum when they arrive", WHOLE,
         "test_server_that_answers_well_gives_a_complete_expert_in_its_subforum"),
        ("Regenerate, with the inputs to be changed", COMPARE,
         "test_regenerating_begins_with_the_inputs_and_ends_as_a_proposal"),
        ("A regenerated text is compared and accepted whole", COMPARE, "test_accepted_whole_by_key"),
        ("Or by section", COMPARE, "test_chosen_sections_and_the_name_are_accepted"),
        ("Or dropped", COMPARE, "test_dropped_changes_nothing"),
    ),
    *_part(
        "6 errors and resilience",
        ("Failures that may pass are tried again, up to the setting", FAILURES,
         "test_passing_failure_is_tried_again_as_often_as_the_settings_say"),
        ("Never after streamed text", FAILURES,
         "test_nothing_is_tried_again_after_streamed_text_and_the_text_is_kept"),
        ("Never what cannot heal", FAILURES, "test_failure_that_cannot_heal_is_not_tried_again"),
        ("A silent server ends the stage, not the work before it", WHOLE,
         "test_silence_in_the_second_stage_ends_it_and_the_retry_begins_there"),
        ("Malformed answers make no error and lose nothing", FAILURES,
         "test_answer_without_any_heading_is_a_persona_that_needs_attention"),
        ("An empty answer is an error", FAILURES,
         "test_empty_answer_of_a_stage_is_an_error_and_the_stage_before_stays"),
        ("The window says what failed, and retries from there", PAGE,
         "test_failure_in_the_second_stage_is_retried_from_there"),
        ("What a weak model babbles is kept", WHOLE,
         "test_babble_of_a_real_model_ends_as_a_persona_that_needs_attention"),
        ("No output of a model gets lost in parsing", "tests/prompting/test_persona_parser_fuzz.py",
         "test_mutated_output_is_read_and_nothing_gets_lost"),
    ),
    *_part(
        "7 beyond",
        ("A stage that checks the result, if wished for", FAILURES,
         "test_checking_stage_runs_only_when_wished_for"),
        ("Ratings with a note", COMPARE,
         "test_thumbs_and_note_are_kept_and_taken_back_by_pressing_again"),
        ("Ratings are counted by version of a template", TEMPLATES,
         "test_ratings_are_counted_by_template_version"),
        ("Templates have versions, also the user's own", TEMPLATES,
         "test_own_copy_is_versioned_and_can_be_reset"),
        ("Templates are edited in the window", EDITOR, "test_text_is_saved_by_key_as_an_own_version"),
        ("Identical wishes may take over the brainstorm", FAILURES,
         "test_brainstorm_of_the_same_wishes_is_taken_over"),
    ),
    *_part(
        "A the core pipeline (its single stage is superseded by the two stages)",
        ("From two hints to a persona in the list", PAGE, "test_idea_becomes_a_persona_by_mouse"),
        ("The queue takes it, the worker writes it, the database keeps it", WHOLE,
         "test_idea_without_any_subforum_is_in_the_list_when_it_is_written"),
    ),
    *_part(
        "B two stages and control of the output",
        ("Two calls with templates of their own", STAGES, "test_two_stages_make_a_persona"),
        ("Wished headings shape the result", PROMPTS, "test_headings_stand_in_the_order_they_are_wished_for"),
    ),
    *_part(
        "C experts, batches, regenerating",
        ("Experts know the subforum they are made for", PROMPTS,
         "test_every_hint_stands_in_the_body_of_each_stage"),
        ("A batch of ten with one failure gives nine", STAGES,
         "test_batch_gives_each_expert_an_angle_and_a_name"),
        ("Regenerating makes a proposal that becomes the next version", PROPOSALS,
         "test_accepted_whole_it_is_the_next_version_under_the_old_name"),
        ("What changed meanwhile is not overwritten unseen", PROPOSALS,
         "test_persona_that_changed_meanwhile_is_not_overwritten_unseen"),
        ("Accepted and dropped without the window too", CLI, "test_new_text_is_listed_and_accepted"),
        ("The architecture page names where it is", "tests/test_generation_requirements.py",
         "test_architecture_page_says_where_personas_are_written"),
    ),
]  # fmt: skip
