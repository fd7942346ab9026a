"""A code book with its counts, which codes stand together, and the same as a document."""

from collections.abc import Sequence

import pandas as pd

from grm_core.analysis import codebook
from grm_core.analysis.codebook import Book
from grm_core.formats.annotations import JudgedById
from grm_core.types import Annotation
from reports import sections
from reports.sections import Section
from reports.words import count

NOTE = (
    "Shares are of all samples that somebody labelled or noted something of; a sample counts once. 95% intervals "
    "(Wilson) take samples as independent; those of one item are alike, so with few items they are too narrow."
)
TOGETHER = "Samples that have both codes; on the diagonal, samples that have the code."


def sentence(annotations: Sequence[Annotation]) -> str:
    """How much was read."""
    read = codebook.read(annotations)
    return f"{count(len(read), 'sample')} of {count(len({session for session, _ in read}), 'item')} read."


def parts(book: Book, annotations: Sequence[Annotation]) -> list[Section]:
    """The counts, then which codes stand together."""
    counts = codebook.counts(book, annotations).drop(columns="code").rename(columns={"name": "code"})
    meanings = [code.meaning for code in book.codes.values()]
    return [
        Section("Counts by code", NOTE, counts.assign(meaning=meanings)),
        Section("Codes together", TOGETHER, codebook.together(book, annotations)),
    ]


def markdown(book: Book, annotations: Sequence[Annotation]) -> str:
    """The document to paste."""
    return sections.markdown(f"Code book: {book.title}", [sentence(annotations)], parts(book, annotations))


def html(book: Book, annotations: Sequence[Annotation]) -> str:
    """The document as a page that opens offline."""
    return sections.html("sections", f"Code book: {book.title}", [sentence(annotations)], parts(book, annotations))


def lines(book: Book, annotations: Sequence[Annotation], judged: JudgedById) -> pd.DataFrame:
    """One row per coded sample: item, session, sample, code, meaning, author, note."""
    table = codebook.coded(book, annotations)
    items = [judged[session][0].id if session in judged else "" for session in table["session"]]
    meanings = [book.codes[code].meaning for code in table["code"]]
    shown = table.assign(item=items, meaning=meanings)
    columns = ["item", "session", "sample", "name", "meaning", "author", "note"]
    return shown[columns].rename(columns={"name": "code"})
