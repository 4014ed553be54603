"""The breakages of files: what may be opened, what is text, what is skipped, and the index."""

from tests.mutants.breakage import Mutant, mutant

READING, DECODING, RULES, INDEX, PROCESS = (
    "files/test_reading.py",
    "files/test_decoding.py",
    "files/test_patterns.py",
    "files/test_index.py",
    "files/test_index_process.py",
)

FILES: tuple[Mutant, ...] = (
    mutant(
        "link-leads-outside",
        "files/reading.py",
        "        _require_inside(root, resolved, name, never)\n",
        "",
        f"{READING}::test_links_are_followed_inside_alone",
    ),
    mutant(
        "exchanged-link-is-read",
        "files/reading.py",
        "    _require_inside(root, opened, name, never)\n    _require_allowed",
        "    _require_allowed",
        f"{READING}::test_link_that_is_exchanged_while_it_is_opened_leads_nowhere",
    ),
    mutant(
        "huge-file-is-opened",
        "files/reading.py",
        "    if state.st_size > LARGEST:\n        raise _too_large(shown, state.st_size)\n",
        "",
        f"{READING}::test_file_of_two_gigabytes_is_refused_unread",
    ),
    mutant(
        "cut-character-spoils-the-guess",
        "files/guessing.py",
        "ends = range(LONGEST_CHARACTER if is_cut else 1)",
        "ends = range(1)",
        f"{DECODING}::test_character_at_the_border_of_the_probe_is_whole",
    ),
    mutant(
        "line-break-hides-a-file",
        "files/patterns.py",
        'path.replace("\\n", "\\ufffd")',
        "path",
        f"{RULES}::test_line_break_in_a_name_hides_nothing",
    ),
    mutant(
        "look-that-is-given-up-forgets",
        "files/scanning.py",
        "        waiting = [path]\n",
        "        waiting = [path]\n        self.index.drop_dirs(known.values())\n",
        f"{INDEX}::test_look_that_is_given_up_forgets_nothing",
    ),
    mutant(
        "index-follows-links",
        "files/scanning.py",
        "            if entry.is_symlink():\n                return\n",
        "            if entry.is_symlink() and entry.is_dir():\n                below.append(path)\n",
        f"{INDEX}::test_links_are_not_followed",
    ),
    mutant(
        "folder-that-came-back-is-not-watched",
        "files/watching.py",
        "        if path in self._dirs:\n",
        "        if False:\n",
        f"{PROCESS}::test_changes_on_the_disk_are_followed",
    ),
    mutant(
        "crashed-process-stays-away",
        "files/index_process.py",
        "            crashes = 1 if said_something else crashes + 1\n",
        "            return\n",
        f"{PROCESS}::test_killed_process_is_started_again",
    ),
)
