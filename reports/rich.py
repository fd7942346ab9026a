"""Text that others wrote as a document shows it: Markdown, and code in colours. It holds no script, picture or style.

The page does the same in a browser (assets/web/lib/rich.js), which sets formulas, too, also in a document that is
taken from it: here they stand as LaTeX.
"""

import re
from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup, escape
from pygments import highlight, lexers
from pygments.formatters import HtmlFormatter
from pygments.util import ClassNotFound

_RENDERED_MOST = 20_000
"""Characters; longer texts stand as they were written, and so do those of more parts than the next number."""
_PIECES_MOST = 10_000
_FORMULA_MOST = 2000
_LINES_MOST = 200
_SAFE = re.compile(r"(?:https?|mailto):", re.IGNORECASE)
_MONEY = re.compile(r"[\d.,]+(?:\s|[-–/]|[kKmMbB]\b|$)")
_PAIRS = (("$$", "$$"), ("\\[", "\\]"), ("\\(", "\\)"))


def rich(text: str) -> Markup:
    """A whole text, as one element."""
    tokens = _READER.parse(text) if len(text) <= _RENDERED_MOST else None
    if tokens is None or sum(1 + len(token.children or ()) for token in tokens) > _PIECES_MOST:
        return Markup('<div class="text">{}</div>').format(text)
    # The renderer escapes whatever text and attributes the tokens hold.
    return Markup('<div class="rich">{}</div>').format(Markup(_READER.renderer.render(tokens, _READER.options, {})))


def line(text: str) -> Markup:
    """The marks inside a line of text, as for a principle."""
    if len(text) > _RENDERED_MOST:
        return escape(text)
    return Markup(_READER.renderInline(text))


class _Reader(MarkdownIt):
    """CommonMark with tables, without HTML; its links lead to http, https and mailto only."""

    def validateLink(self, url: str) -> bool:
        return _SAFE.match(url) is not None


class _Renderer(RendererHTML):
    """Pictures as links; headings as lines that are no heading of the document."""

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """A link to the picture: nothing is loaded."""
        token = tokens[idx]
        href = escape(str(token.attrs["src"]))
        return f'<a href="{href}" rel="noopener noreferrer">image: {escape(token.content or "without a name")}</a>'

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """A link that tells its target nothing of the document."""
        href = escape(str(tokens[idx].attrs["href"]))
        return f'<a href="{href}" rel="noopener noreferrer">'

    def heading_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """The line of a heading."""
        return f'<div class="head {tokens[idx].tag}">'

    def heading_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Its end."""
        return "</div>\n"

    def formula(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """A formula as LaTeX."""
        token = tokens[idx]
        tag = "div" if token.block else "span"
        return f'<{tag} class="formula"><code>{escape(token.content.strip())}</code></{tag}>'


def _coloured(code: str, language: str, _: str) -> str:
    """A piece of code; in colours where its language is known."""
    try:
        inner = highlight(code, lexers.get_lexer_by_name(language), HtmlFormatter(nowrap=True)) if language else ""
    except ClassNotFound:
        inner = ""
    return f'<pre class="code"><code>{inner or escape(code)}</code></pre>'


def _inline_formula(state: StateInline, silent: bool) -> bool:
    text, start = state.src, state.pos
    pair = next((each for each in _PAIRS if text.startswith(each[0], start)), ("$", "$"))
    begin = start + len(pair[0])
    if not text.startswith(pair[0], start):
        return False
    end = _closing_dollar(text, start) if pair[0] == "$" else text.find(pair[1], begin, begin + _FORMULA_MOST)
    if end < 0 or not text[begin:end].strip():
        return False
    if not silent:
        state.push("formula", "", 0).content = text[begin:end]
    state.pos = end + len(pair[1])
    return True


def _closing_dollar(text: str, start: int) -> int:
    """Where the formula that a single $ opens ends; -1 where it opens none, as with sums of money."""
    before, after = text[start - 1 : start], text[start + 1 : start + 2]
    if not after.strip() or re.match(r"\w", before):
        return -1
    end = re.compile(r"(?:[^\\$]|\\.)*\$", re.DOTALL).match(text, start + 1, start + _FORMULA_MOST)
    if end is None or text[end.end() - 2].isspace() or re.match(r"[\d$]", text[end.end() : end.end() + 1]):
        return -1
    return -1 if _MONEY.match(text[start + 1 : end.end() - 1]) else end.end() - 1


def _block_formula(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    def line_of(number: int) -> str:
        return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]

    opening = line_of(first)
    pair = next((each for each in _PAIRS[:2] if opening.startswith(each[0])), None)
    if pair is None or state.is_code_block(first):
        return False
    number, text = first, opening[len(pair[0]) :]
    while not text.rstrip().endswith(pair[1]):
        number += 1
        if pair[1] in text or number >= min(last, first + _LINES_MOST) or state.sCount[number] < state.blkIndent:
            return False
        text = line_of(number)
    if not silent:
        whole = state.getLines(first, number + 1, state.blkIndent, False).strip()
        token = state.push("formula", "", 0)
        token.block, token.content, token.map = True, whole[len(pair[0]) : -len(pair[1])], [first, number + 1]
        state.line = number + 1
    return True


def _reader() -> MarkdownIt:
    options: dict[str, Any] = {"html": False, "breaks": True, "highlight": _coloured}
    reader = _Reader("commonmark", options, renderer_cls=_Renderer).enable(["table", "strikethrough"])
    reader.inline.ruler.before("escape", "formula", _inline_formula)
    ended = ["paragraph", "reference", "blockquote", "list"]
    reader.block.ruler.before("fence", "formula", _block_formula, {"alt": ended})
    return reader


_READER = _reader()
