"""What somebody may see of other annotators: nothing of an item that is still his or hers to label."""

from grm_core.types import Annotation
from reports.words import count
from storage.desk import Desk


def visible(desk: Desk, author: str, queue: str = "") -> tuple[list[Annotation], int]:
    """The annotations that the author may see, and how many items of others' labels are kept back.

    Others' labels of a session are kept back while the author has it in a queue and has not completed it there, and in
    a queue where the author may still get it.
    """
    still = desk.open_for(author)
    mine = {session for _, session in desk.assigned(author) & still}
    shown, hidden = [], set()
    for each in desk.annotations(queue=queue):
        if each.author != author and (each.session_id in mine or (each.queue, each.session_id) in still):
            hidden.add(each.session_id)
        else:
            shown.append(each)
    return shown, len(hidden)


def words(hidden: int) -> str:
    """What is kept back, as a sentence."""
    return f"Labels of others on {count(hidden, 'item')} stay hidden until you have completed yours."
