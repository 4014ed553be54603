"""Breakages of counting and of windows."""

from tests.mutants.breakage import mutant

ESTIMATOR, SIZE = "llm/test_estimator.py", "llm/test_prompt_size.py"
COUNTING, WINDOWS = "services/test_counting.py", "services/test_windows.py"

COUNTS = (
    mutant(
        "shortened-prompts-teach",
        "llm/estimator.py",
        "is_doubted = lesson.was_shortened and",
        "is_doubted = False and",
        f"{ESTIMATOR}::test_a_shortened_prompt_teaches_nothing",
    ),
    mutant(
        "window-shrinks-again",
        "llm/prompt_size.py",
        "min(last or 0, most), loaded)",
        "0, loaded)",
        f"{SIZE}::test_the_window_asked_for_is_the_smallest_step_that_loads_nothing_anew_without_need",
    ),
    mutant(
        "sizes-of-cuts-not-known",
        "llm/prompt_size.py",
        "(ours + least) / 2 and is_size_of_a_cut(reported, request.ctx)",
        "0",
        f"{SIZE}::test_less_than_a_whole_prompt_can_have_is_a_shortened_prompt",
    ),
    mutant(
        "sleeping-model-woken-by-typing",
        "llm/llama_counting.py",
        'if props.get("is_sleeping") is True:',
        "if False:",
        f"{COUNTING}::test_a_sleeping_model_is_not_woken",
    ),
    mutant(
        "router-loads-for-a-count",
        "llm/llama_counting.py",
        "        if not is_loaded:\n            return None\n",
        "",
        f"{COUNTING}::test_a_router_loads_and_wakes_nothing",
    ),
    mutant(
        "count-without-the-thinking-switch",
        "llm/llama_counting.py",
        ', "messages": turns(messages), **template_options(think)}',
        ', "messages": turns(messages)}',
        f"{COUNTING}::test_a_llama_server_counts_with_the_template_as_it_will_be_filled",
    ),
    mutant(
        "window-miss-kept-for-ever",
        "services/windows.py",
        "lasts = timedelta(hours=hours) if facts.ctx else min(MISS_FOR, timedelta(hours=hours))",
        "lasts = timedelta(hours=hours) if facts.ctx else timedelta.max",
        f"{WINDOWS}::test_what_is_known_expires_as_the_settings_say_and_what_is_not_known_soon",
    ),
    mutant(
        "window-above-the-models-own",
        "services/windows.py",
        "and facts.ctx and tokens > facts.ctx:",
        "and False:",
        f"{WINDOWS}::test_a_window_larger_than_the_server_allows_is_refused_with_both_numbers",
    ),
)
