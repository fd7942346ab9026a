"""Records of the Batch page."""

from typing_extensions import TypedDict


class Drawing(TypedDict):
    """How samples of an item are drawn."""

    k: float
    temperature: float
    seed: int
    order: str
    context: str
    template: str


class BatchForm(Drawing):
    """What the fields begin with, and what can be chosen."""

    orders: list[str]
    contexts: list[tuple[str, str]]
    templates: list[str]
    roles: list[str]
    """What a column of a file can be chosen to hold."""
    meta: str
    """The meta RM's name; '' where there is none."""
    may: bool


class Models(TypedDict):
    """The models that can judge a file now."""

    names: list[str]
    own: str
    """The one that the app was started with; '' while it is not known."""
    trouble: str
    """Why there is no list of them."""


class Asking(Drawing):
    """How a file is to be judged."""

    model: str
    """'' = the app's own."""
    principles: str
    meta: bool
    risk: float | None
    """Adaptive k: how likely an item that ends before k samples may have another verdict with all of them.

    None: every item gets k."""


class FirstItem(TypedDict):
    """An item of a file, as it was understood."""

    id: str
    query: str
    responses: list[str]
    labels: list[float] | None
    beside: str
    """Reference, subset and models, in words."""


class FieldOf(TypedDict):
    """A key of the file's first records, and what became of it."""

    key: str
    fields: list[str]


class Column(TypedDict):
    """A key of the file's first records, and the first text that it holds, shortened."""

    key: str
    text: str


class ColumnRole(TypedDict):
    """What a column was chosen to hold."""

    key: str
    role: str


class Draft(TypedDict):
    """A file that was dropped, as it was understood."""

    id: str
    """'' for one that could not be read."""
    file: str
    """By which its columns can be chosen; '' where there are none to choose from."""
    columns: list[Column]
    name: str
    said: str
    count: int
    labelled: int
    first: list[FirstItem]
    fields: list[FieldOf]
    left_out: list[str]
    error: str


class BatchView(TypedDict):
    """What the page's module is given."""

    form: BatchForm
    draft: Draft | None


class BatchRow(TypedDict):
    """A batch and how far it is."""

    id: str
    run: str
    title: str
    about: str
    """How it is judged, in words."""
    phase: str
    place: int
    items: int
    items_done: int
    samples: int
    total: int
    failed: int
    unreadable: int
    rate: float | None
    tokens_rate: float | None
    seconds_left: float | None
    error: str
    """What went wrong, or which model it waits for."""
    benchmark: str


class BatchList(TypedDict):
    """All batches, and why the line does not move."""

    rows: list[BatchRow]
    judge: str
    """The model that judges, and its engine."""
    trouble: str
    people: bool
    """Whether the line waits for somebody on Inspect."""


class JudgedItem(TypedDict):
    """An item of a batch that has samples."""

    session: str
    title: str
    samples: int
    valid: int
    k: int
    winner: str
    """Letter; '' for a tie or no vote."""
    right: bool | None
    """Whether the winner is labelled best; None where nothing says so."""


class JudgedItems(TypedDict):
    """Some of them, the newest first."""

    rows: list[JudgedItem]
    count: int
    offset: int
