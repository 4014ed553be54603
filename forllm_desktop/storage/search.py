"""Full-text search: which rows match, the newest 1,000 of them ranked, the best few with their marks."""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select, text

from forllm_desktop.domain.base import name_key
from forllm_desktop.domain.persona import Persona
from forllm_desktop.domain.search import Hit, HitKind, Query
from forllm_desktop.domain.tags import plain_excerpt
from forllm_desktop.storage.database import Session

RANKED = 1_000
"""Newest matches that are ranked. Ranking all of a common word took up to 2.5 s over a million posts."""
EXCERPT_TOKENS = 24
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
"""Marks in what SQLite returns: code points that Unicode keeps free for such uses."""
_BEFORE = 30
"""Characters shown before a hit that was found without the index."""
_LINE = 160
"""Longest excerpt, in characters."""

# What is live, and what a hit is in. A post without text is a reply that has only begun.
_PLACES = {
    HitKind.SUBFORUM: (
        "subforums",
        "subforum_id",
        "name",
        "",
        "s.deleted_at IS NULL",
        "s.description",
    ),
    HitKind.TOPIC: (
        "topics",
        "topic_id",
        "title",
        "CROSS JOIN subforums f ON f.subforum_id = s.subforum_id",
        "s.deleted_at IS NULL AND f.deleted_at IS NULL",
        "f.name",
    ),
    HitKind.POST: (
        "posts",
        "post_id",
        "content",
        "CROSS JOIN topics t ON t.topic_id = s.topic_id "
        "CROSS JOIN subforums f ON f.subforum_id = t.subforum_id",
        "s.deleted_at IS NULL AND t.deleted_at IS NULL AND f.deleted_at IS NULL AND s.content <> ''",
        "t.title",
    ),
}


def find(session: Session, kind: HitKind, query: Query, limit: int) -> list[Hit]:
    """Return the best matches of one kind: those of the index by rank, others by age."""
    if query.is_empty:
        return []
    return _by_index(session, kind, query, limit) if query.words else _by_parts(session, kind, query, limit)


def recent_topics(session: Session, limit: int) -> list[Hit]:
    """List the topics with the newest posts."""
    rows = session.execute(
        text(
            "SELECT s.topic_id, t.title, f.name FROM (SELECT topic_id, post_id FROM posts "
            "WHERE deleted_at IS NULL ORDER BY post_id DESC LIMIT 500) s "
            "JOIN topics t ON t.topic_id = s.topic_id JOIN subforums f ON f.subforum_id = t.subforum_id "
            "WHERE t.deleted_at IS NULL AND f.deleted_at IS NULL "
            "GROUP BY s.topic_id ORDER BY max(s.post_id) DESC LIMIT :limit"
        ),
        {"limit": limit},
    )
    return [Hit(HitKind.TOPIC, row[0], row[1], row[2]) for row in rows]


def find_personas(session: Session, typed: str, limit: int) -> list[Hit]:
    """List personas whose name, description and tags hold all words; those named so come first.

    There are few of them, and what is looked for may stand inside a word, so they are read.
    """
    words = name_key(typed).split()
    rows = session.execute(
        select(Persona.persona_id, Persona.name, Persona.description, Persona.tags)
        .where(Persona.deleted_at.is_(None))
        .order_by(Persona.name_key)
    )
    found = []
    for persona_id, name, description, tags in rows:
        own = name_key(name)
        if all(word in name_key(" ".join((name, description, *tags))) for word in words):
            rank = 0 if own.startswith(words[0]) else 1 if words[0] in own else 2
            marks = _in_name(own, name, words)
            found.append((rank, Hit(HitKind.PERSONA, persona_id, name, description, marks)))
    found.sort(key=lambda pair: pair[0])
    return [hit for _, hit in found[:limit]]


def _in_name(key: str, name: str, words: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Return where the words stand in a name; nowhere when it has another length without regard to case."""
    if len(key) != len(name):
        return ()
    places = ((key.find(word), len(word)) for word in words)
    return tuple(sorted((start, start + length) for start, length in places if start >= 0))


def _by_index(session: Session, kind: HitKind, query: Query, limit: int) -> list[Hit]:
    table, key, _column, joins, live, where = _PLACES[kind]
    contains, values = _contains(kind, query.parts)
    # CROSS keeps the index outermost, which yields its rows newest first and stops at the limit.
    source = f"FROM {table}_fts CROSS JOIN {table} s ON s.{key} = {table}_fts.rowid {joins}"
    matches = f"{table}_fts MATCH :match AND {live}{contains}"
    values |= {"match": match_expression(query.words), "ranked": RANKED, "limit": limit}
    oldest = session.scalar(
        text(
            f"SELECT min(id) FROM (SELECT {table}_fts.rowid AS id {source} WHERE {matches} "
            f"ORDER BY {table}_fts.rowid DESC LIMIT :ranked)"
        ),
        values,
    )
    if oldest is None:
        return []
    best = session.execute(
        text(
            f"SELECT s.{key}, {where} {source} WHERE {matches} AND {table}_fts.rowid >= :oldest "
            f"ORDER BY bm25({table}_fts), s.{key} DESC LIMIT :limit"
        ),
        values | {"oldest": oldest},
    ).all()
    shown = _excerpts(session, kind, values["match"], [row[0] for row in best])
    return [Hit(kind, row[0], *_marked(shown[row[0]], row[1])) for row in best if row[0] in shown]


def _excerpts(session: Session, kind: HitKind, match: str, ids: Sequence[int]) -> dict[int, str]:
    """Return marked excerpts by id; asked for the few best alone, because each reads its whole text."""
    table = _PLACES[kind][0]
    made = (
        f"snippet({table}_fts, 0, :open, :close, '…', {EXCERPT_TOKENS})"
        if kind is HitKind.POST
        else f"highlight({table}_fts, 0, :open, :close)"
    )
    statement = text(
        f"SELECT rowid, {made} FROM {table}_fts WHERE {table}_fts MATCH :match AND rowid IN :ids"
    ).bindparams(bindparam("ids", expanding=True))
    rows = session.execute(statement, {"match": match, "ids": ids, "open": _OPEN, "close": _CLOSE})
    return {row[0]: row[1] for row in rows}


def _by_parts(session: Session, kind: HitKind, query: Query, limit: int) -> list[Hit]:
    """Find by reading the texts, newest first: the index cannot see inside words without spaces."""
    table, key, column, joins, live, where = _PLACES[kind]
    contains, values = _contains(kind, query.parts)
    rows = session.execute(
        text(
            f"SELECT s.{key}, s.{column}, {where} FROM {table} s {joins} WHERE {live}{contains} "
            f"ORDER BY s.{key} DESC LIMIT :limit"
        ),
        values | {"limit": limit},
    )
    return [Hit(kind, row[0], *_marked(_mark_parts(row[1], query.parts), row[2])) for row in rows]


def _contains(kind: HitKind, parts: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """Return conditions that a text holds all parts, and their values."""
    column = _PLACES[kind][2]
    conditions = [f" AND s.{column} LIKE :part{n} ESCAPE '\\'" for n in range(len(parts))]
    return "".join(conditions), {f"part{n}": f"%{_escaped(part)}%" for n, part in enumerate(parts)}


def _escaped(part: str) -> str:
    return part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def match_expression(words: Sequence[str]) -> str:
    """Return the FTS5 expression that finds all words, the last one by its beginning.

    Each word is a string of FTS5 (https://www.sqlite.org/fts5.html#full_text_query_syntax), so that no
    sign in it is an operator. A single letter must be a whole word: it begins too many.
    """
    strings = ['"' + word.replace('"', '""') + '"' for word in words]
    return " ".join(strings) + (" *" if len(words[-1]) > 1 else "")


def _mark_parts(content: str, parts: Sequence[str]) -> str:
    """Return the surroundings of the first part with all parts marked."""
    any_part = re.compile("|".join(map(re.escape, parts)), re.IGNORECASE)
    first = any_part.search(content)
    start = max(0, first.start() - _BEFORE) if first else 0
    shown = any_part.sub(lambda hit: f"{_OPEN}{hit[0]}{_CLOSE}", content[start : start + _LINE])
    return f"…{shown}" if start else shown


def _marked(excerpt: str, where: str) -> tuple[str, str, tuple[tuple[int, int], ...]]:
    """Return an excerpt as one plain line, what it is in, and its marks."""
    line: list[str] = []
    marks, start = [], 0
    for sign in " ".join(plain_excerpt(excerpt, _OPEN + _CLOSE).split()):
        if sign == _OPEN:
            start = len(line)
        elif sign == _CLOSE:
            marks.append((start, len(line)))
        else:
            line.append(sign)
    return "".join(line), " ".join(where.split()), tuple(mark for mark in marks if mark[0] < mark[1])
