"""Literal search: what a person types is looked for as it stands and never read as a query language.

Every word has to occur in one passage (a title, a query, an item's responses, the principles or the critique of one
sample). Words are found through the full-text index; those that it cannot split (punctuation, scripts without spaces)
by comparing.
"""

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from grm_core.types import Sample, Session
from storage.errors import StoreError

MARK_ON, MARK_OFF = "\ue000", "\ue001"
"""Stand around found words in a snippet; stored passages never hold them, so a page can split a snippet by them."""
TIME_LIMIT_S = 1.0
_WORD_LIMIT = 1000
_RANK_LIMIT = 50_000
"""More hits than these are shown newest first: ranking costs a microsecond each."""
_PASSAGES_MOST = 500
"""Passages that one statement cuts snippets of."""
_SNIPPET_WORDS = 24
_SNIPPET_CHARS = 160
_UNBINNED: tuple[str, Sequence[str]] = ("SELECT id FROM session WHERE binned_at IS NULL", ())
"""SQL that selects the sessions outside the bin, and its values."""
_UNSPLIT = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_UNSAFE = re.compile("[\x00\ud800-\udfff\ue000\ue001]")


class Hit(NamedTuple):
    """One passage that holds every word."""

    session_id: str
    sample_index: int | None
    """None for a title, a query or responses."""
    field: str
    """title, query, responses, principles or critique."""
    snippet: str
    """Its surroundings, found words between MARK_ON and MARK_OFF."""


class Passage(NamedTuple):
    """A piece of text that search reads."""

    field: str
    body: str


@dataclass(frozen=True, slots=True)
class Words:
    """A search: an FTS5 expression, and strings that the text has to contain as well."""

    match: str | None
    literals: tuple[str, ...]

    @property
    def where(self) -> str:
        """SQL over passage AS p that holds for a hit."""
        tests = ["instr(p.body, ?) > 0" for _ in self.literals]
        if self.match is not None:
            tests.insert(0, "p.id IN (SELECT rowid FROM passage_fts WHERE passage_fts MATCH ?)")
        return " AND ".join(tests)

    @property
    def values(self) -> tuple[str, ...]:
        """Values for the question marks of `where`."""
        return (*((self.match,) if self.match is not None else ()), *self.literals)


def words(query: str) -> Words | None:
    """Read a query; None when it is empty. Words beyond the first thousand different ones are not looked at."""
    unique = list(dict.fromkeys(clean(query).split()))[:_WORD_LIMIT]
    if not unique:
        return None
    literals = [word for word in unique if _UNSPLIT.search(word) or not any(map(str.isalnum, word))]
    quoted = ['"' + word.replace('"', '""') + '"' for word in unique if word not in set(literals)]
    return Words(" ".join(quoted) or None, tuple(literals))


def clean(text: str) -> str:
    """Text for the index: NUL, lone surrogates and our own marks become U+FFFD."""
    return _UNSAFE.sub("\ufffd", text)


def session_passages(session: Session) -> list[Passage]:
    """The passages of a session itself."""
    query = "\n".join(message.content for message in session.example.query)
    return [
        Passage("title", clean(session.title)),
        Passage("query", clean(query)),
        responses_passage(session.example.responses),
    ]


def responses_passage(responses: Sequence[str]) -> Passage:
    """All responses of an item."""
    return Passage("responses", clean("\n".join(responses)))


def sample_passages(sample: Sample) -> list[Passage]:
    """The passages of a sample; of a completion that could not be read, all of it."""
    if sample.completion is None:
        return []
    start, end = sample.parsed.critique_span or (0, len(sample.completion.text))
    candidates = [
        Passage("principles", clean("\n".join(principle.text for principle in sample.parsed.principles))),
        Passage("critique", clean(sample.completion.text[start:end])),
    ]
    return [passage for passage in candidates if passage.body]


def hits(
    conn: sqlite3.Connection, search: Words, limit: int, offset: int = 0, within: tuple[str, Sequence[str]] = _UNBINNED
) -> list[Hit]:
    """The best hits by bm25, or the newest where there are too many to rank; of sessions that `within` selects."""
    order = "p.id DESC"
    ranked = ""
    if search.match is not None and not search.literals and _few(conn, search.match):
        ranked = "JOIN passage_fts ON passage_fts.rowid = p.id AND passage_fts MATCH ?"
        order = "passage_fts.rank, p.id DESC"
    where, values = (search.where, search.values) if not ranked else ("1", (search.match,))
    rows = conn.execute(
        f"""SELECT p.id, p.session_id, s."index", p.field FROM passage AS p {ranked}
            LEFT JOIN sample AS s ON s.id = p.sample_id WHERE {where} AND p.session_id IN ({within[0]})
            ORDER BY {order} LIMIT ? OFFSET ?""",
        (*values, *within[1], limit, offset),
    ).fetchall()
    texts = snippets(conn, search, [passage for passage, *_ in rows])
    return [Hit(session, index, field, texts[passage]) for passage, session, index, field in rows]


def snippets(conn: sqlite3.Connection, search: Words, passage_ids: Sequence[int]) -> dict[int, str]:
    """Passage -> the surroundings of the first words in it that are searched, marked."""
    texts: dict[int, str] = {}
    for start in range(0, len(passage_ids), _PASSAGES_MOST):
        some = passage_ids[start : start + _PASSAGES_MOST]
        marks = ", ".join("?" * len(some))
        if search.match is not None:
            sql = f"""SELECT rowid, snippet(passage_fts, 0, '{MARK_ON}', '{MARK_OFF}', ' … ', {_SNIPPET_WORDS})
                FROM passage_fts WHERE passage_fts MATCH ? AND rowid IN ({marks})"""
            texts |= dict(conn.execute(sql, (search.match, *some)).fetchall())
        else:
            bodies = conn.execute(f"SELECT id, body FROM passage WHERE id IN ({marks})", some).fetchall()
            texts |= {passage: _around(body, search.literals[0]) for passage, body in bodies}
    return texts


def _around(body: str, word: str) -> str:
    start = body.index(word)
    end = start + len(word)
    before, after = body[max(0, start - _SNIPPET_CHARS // 2) : start], body[end : end + _SNIPPET_CHARS // 2]
    return f"{before}{MARK_ON}{word}{MARK_OFF}{after}"


def too_slow() -> StoreError:
    """The error of a search that runs into its time limit."""
    return StoreError(f"the search took longer than {TIME_LIMIT_S:g} s; look for rarer or fewer words")


def _few(conn: sqlite3.Connection, match: str) -> bool:
    limited = "SELECT 1 FROM passage_fts WHERE passage_fts MATCH ? LIMIT ?"
    (count,) = conn.execute(f"SELECT count(*) FROM ({limited})", (match, _RANK_LIMIT + 1)).fetchone()
    return bool(count <= _RANK_LIMIT)
