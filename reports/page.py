"""The templates of templates/: every value is escaped, and a name that a template lacks is an error."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from grm_core.analysis.frames import letter
from reports.escape import encodable
from reports.rich import line, rich

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_TEMPLATES.filters["letter"] = letter
_TEMPLATES.filters["rich"] = rich
_TEMPLATES.filters["line"] = line


def page(template: str, /, **values: object) -> str:
    """The template of this name with its values filled in."""
    return encodable(_TEMPLATES.get_template(f"{template}.html.j2").render(values))
