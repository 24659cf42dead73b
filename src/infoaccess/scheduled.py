"""Do what is due, the oldest month first, and nothing else."""

import argparse
import datetime as dt
from pathlib import Path

from infoaccess import disk, due, due_lines, method, rooms
from infoaccess.errors import Partly


def plan(since: str | None = None, why: str | None = None, today: dt.date | None = None) -> due.Plan:
    """Work out what is due today."""
    return due.plan(method.settings(), today or dt.date.today(), since, why)


def told(found: due.Plan) -> list[str]:
    """Say it in the language of the reports."""
    return due_lines.lines(found, method.settings()["lang"])


def run(found: due.Plan, *, jobs: int = 1, state: str | None = None, why: str | None = None, day=None) -> list[Path]:
    """Make every month that is due, one after the other, and return their folders.

    The first that fails stops the rest, which rest on it: what was published before it stays published, and the next
    call goes on. A month that was published without some reports stops nothing; it is told in the end (Partly).
    Raises the errors of `errors`.
    """
    if not found.works:
        return []
    from infoaccess import monthly, runner  # only now: they bring pandas and papermill, and mostly nothing is due

    made, partly = [], []
    for at, work in enumerate(found.works, 1):
        runner.say(f"[{at}/{len(found.works)}] {told(due.Plan([work]))[0]}")
        occasion = due.Occasion(day or dt.date.today(), state, why, beside=work.reports is not None)
        try:
            made.append(monthly.run(work.month, areas=work.reports or [], jobs=jobs, occasion=occasion))
        except Partly as err:
            partly.append(str(err))
    if partly:
        raise Partly(" ".join(partly))
    return made


def asked(args: argparse.Namespace) -> list[str]:
    """Do what scripts/run_month.py was asked for and return what it says in the end."""
    if args.as_of:
        from infoaccess import asof

        then, also = asof.moment(args.as_of), {"state": args.state, "jobs": args.jobs}
        if args.due:
            return asof.all_due(then, since=args.since, why=args.new_method, plan=args.plan, **also)
        return asof.month(then, args.month, areas=args.area, **also)
    if args.due:
        found = plan(args.since, args.new_method)
        if not args.plan and not found.works and disk.archive_is_old(rooms.reports()):
            from infoaccess import published  # a run was cut off after it published and before the archive's page

            published.tidy(method.settings()["lang"])
        if args.plan or not found.works:
            return told(found)
        made = run(found, jobs=args.jobs, state=args.state, why=args.new_method)
        rest = told(due.Plan([], found.outdated, found.notes))[1:]
        return [line for folder in made for line in _ended(folder)] + rest
    from infoaccess import monthly

    if args.plan:
        return monthly.plan(args.month, args.only, args.area)
    occasion = due.Occasion(state=args.state, why=args.new_method, asked=True)
    also = {"jobs": args.jobs, "occasion": occasion, "edition": args.edition}
    folder = monthly.run(args.month, only=args.only, areas=args.area, **also)
    return _ended(folder, args.month)


def _ended(folder: Path, month: str | None = None) -> list[str]:
    from infoaccess import monthly

    return [str(folder), *monthly.shortfall(month or folder.name)]
