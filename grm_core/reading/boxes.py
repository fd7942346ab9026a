r"""Boxes and lists of numbers in LaTeX, as models dress them: `\boxed{\text{8}, \left(3\right)}` holds 8 and 3."""

import re

_NO_BLANK_LINE = r"[^{}\n]++|\n(?![ \t]*\n)"
_NEST = rf"\{{(?:{_NO_BLANK_LINE})*+\}}"
for _ in range(2):
    _NEST = rf"\{{(?:{_NO_BLANK_LINE}|{_NEST})*+\}}"
# A shell's echo turns the \b of \boxed into a backspace; two backslashes are Markdown's way to write one.
BOX = re.compile(rf"(?:\\{{1,2}}b|\x08)oxed[ \t]*+(?:\{{(?P<inside>(?:{_NO_BLANK_LINE}|{_NEST})*+)\}}|\{{|\Z)")

_FONTS = (
    r"(?:text|math)(?!color)[a-z]{0,9}|emph|underline|[mhf]box|boxed|boldsymbol|bm|pmb|bold|bf|rm|it|sf|tt"
    r"|bfseries|operatorname|ensuremath|(?:display|text|script)style|normalsize|small|[lL]arge|LARGE|[hH]uge"
)
_SPACES = r"q?quad|en(?:space|skip)|(?:neg)?(?:thin|med|thick)space|space|nobreakspace|allowbreak|nobreak|null|strut"
_SIDES = r"left|right|middle|[bB]igg?[lrm]?|[lr](?:brack|brace|paren)|[lr]angle|[lr]vert"
_DRESS = re.compile(
    rf"\\{{1,2}}(?:[,;:!> ]|[{{}}()\[\]]|(?:{_FONTS}|{_SPACES}|{_SIDES})(?![A-Za-z])\*?"
    r"|(?:text)?color(?:box)?[ \t]*\{[^{}\n]{0,20}\}|[hm]space\*?[ \t]*\{[^{}\n]{0,20}\}"
    r"|(?:[hm]skip|m?kern)[ \t]*-?[\d.]{1,6}[ \t]*(?:em|ex|mu|pt))"
    r"|\text(?:bf|rm|it|sf|tt)?(?=[ \t]*\{)"  # echo's doing again: the \t of \text as a tab
    r"|[{}()\[\]$~（）［］【】]"
)
_COMMAS = str.maketrans(dict.fromkeys("，、﹐﹑､،", ","))
_WIDE_LIST = re.compile(r"[［【](?P<inside>[\d\s,.，、﹐﹑､،]*+)[］】]")


def undressed(inside: str) -> str:
    """The content of a box, equally long, without fonts, brackets and spacing, split at ASCII commas."""
    return _DRESS.sub(lambda dress: " " * len(dress[0]), inside).translate(_COMMAS)


def ascii_brackets(text: str) -> str:
    """The text, equally long, with full-width brackets around numbers as ASCII ones."""
    return _WIDE_LIST.sub(lambda wide: f"[{wide['inside']}]", text)
