"""Timing a subject beside its floor, and what came of it."""

import statistics
import time
from dataclasses import dataclass


@dataclass
class Result:
    """A subject's cost (or rate) as a multiple of its floor's, from the same run.

    :param str unit: of both figures, such as ``ms``
    :param str sense: ``<=`` where the ratio is to stay at or below the bound, ``>=`` otherwise
    """

    subject: str
    floor: str
    figure: float
    floor_figure: float
    unit: str
    sense: str
    bound: float

    @property
    def ratio(self):
        return self.figure / self.floor_figure

    @property
    def holds(self):
        return self.ratio <= self.bound if self.sense == "<=" else self.ratio >= self.bound

    def line(self):
        """:return: the row of `HEADER`"""
        return (
            f"{self.subject:<44} {self.figure:9.1f} {self.floor_figure:9.1f} {self.unit:<12}"
            f"{self.ratio:6.2f}  {self.sense} {self.bound:<4}  {'ok' if self.holds else 'NOT OK':<7}"
            f"{self.floor}"
        )


HEADER = f"{'subject':<44} {'figure':>9} {'floor':>9} {'unit':<12}{'ratio':>6}  {'bound':<7}  {'':<7}what the floor is"


def seconds(function, *args):
    started = time.perf_counter()
    function(*args)
    return time.perf_counter() - started


def interleaved(floor, subject, times):
    """Call the two in turns, so that whatever else the machine does hits both.

    :param floor: called with the number of the round, as is `subject`
    :return: the medians in milliseconds: (subject, floor)
    """
    spent = {"floor": [], "subject": []}
    for number in range(times):
        # Neither is always the one to find the caches warm.
        order = ("floor", "subject") if number % 2 else ("subject", "floor")
        for name in order:
            spent[name].append(seconds({"floor": floor, "subject": subject}[name], number))
    return tuple(statistics.median(spent[name]) * 1000 for name in ("subject", "floor"))
