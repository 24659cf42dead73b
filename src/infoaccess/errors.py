"""The errors a user can meet: one short tree, each message a Vietnamese sentence for the clerk who has to act."""

from dataclasses import dataclass


class InfoAccessError(Exception):
    """Stand at the root; `exit_code` is what a scheduled job reports."""

    exit_code = 1
    reason = "fault"  # what the index of a month says of a report that this cost: a key of the words


class UsageError(InfoAccessError):
    """Refuse a command or a parameter: nothing was run."""

    exit_code = 2


class InputError(InfoAccessError):
    """Refuse an input file as a whole: somebody has to mend and resend it."""

    exit_code = 3


class RoomError(InfoAccessError):
    """Report a folder or file of the suite that is missing, unreadable or busy."""

    exit_code = 4


class StageError(InfoAccessError):
    """Report a notebook that stopped, with the cell where it did."""

    exit_code = 5
    reason = "cell"


class KernelDied(StageError):
    """Report a kernel that died or did not start: chance may be to blame, so it is tried again."""

    reason = "died"


class WorkerDied(StageError):
    """Report a process that made a report and died."""

    reason = "died"


class OverTime(StageError):
    """Report a cell, a stage or a report that took longer than it may."""

    reason = "time"


class OutOfMemory(StageError):
    """Report what would take more memory than it may."""

    reason = "memory"


class ReportError(InfoAccessError):
    """Report a document that could not be rendered or that disagrees with its figures."""

    exit_code = 6
    reason = "document"


class Differs(ReportError):
    """Report a document that does not show the figures that were released."""

    reason = "differs"


class ReleaseError(ReportError):
    """Report counts that cannot be released safely; room 4 keeps what it had."""


class Partly(InfoAccessError):
    """Report a month that was published without some of its reports; the next run makes what is missing."""

    exit_code = 7


@dataclass(frozen=True)
class Place:
    """Point to a spot in a workbook the way a clerk finds it."""

    file: str
    sheet: str | None = None
    row: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        """Name the spot in Vietnamese.

        >>> print(Place("a.xlsx", "Danh sách", 12, "Mã hộ"))
        tệp a.xlsx, trang tính "Danh sách", dòng 12, cột "Mã hộ"
        """
        parts = [f"tệp {self.file}"]
        if self.sheet is not None:
            parts.append(f'trang tính "{self.sheet}"')
        if self.row is not None:
            parts.append(f"dòng {self.row}")
        if self.column is not None:
            parts.append(f'cột "{self.column}"')
        return ", ".join(parts)


class RefusedFile(InputError):
    """Refuse one file by a rule of the catalogue of reasons; the other files of the month go on."""

    def __init__(self, rule: str, place: Place, sentence: str, todo: str, proposals: list[dict] = ()):
        """Keep rule and place beside the one sentence: where, what, what to do; and what headings may mean."""
        where = str(place)
        super().__init__(f"{where[0].upper()}{where[1:]}: {sentence} {todo}.")
        self.rule, self.place, self.sentence, self.todo, self.proposals = rule, place, sentence, todo, list(proposals)

    def __reduce__(self):
        """Travel whole between processes."""
        return type(self), (self.rule, self.place, self.sentence, self.todo, self.proposals)
