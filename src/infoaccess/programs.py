"""Hold one part of a system of counts (`attack`) as a linear program that is solved again and again by HiGHS.

Source: Q. Huangfu, J. A. J. Hall, Parallelizing the dual revised simplex method, Math. Prog. Comp. 10 (2018).
"""

import highspy
import numpy as np
from scipy.sparse import coo_matrix

from infoaccess.attack import EPS, System

LARGE = 1e5  # counts up to this need no scaling
_UNBOUNDED = (highspy.HighsModelStatus.kUnbounded, highspy.HighsModelStatus.kUnboundedOrInfeasible)
_Solver = highspy.Highs.__mro__[1]  # the solver itself: what wraps it writes a banner to the notebook's output


class Programs:
    """Hold one part of a system as a linear program that is solved again and again with other objectives."""

    def __init__(self, system: System, low: np.ndarray, high: np.ndarray, inside: np.ndarray, entries: np.ndarray):
        self.inside, self.solved = inside, 0
        place = np.full(len(system.value), -1)
        place[inside] = np.arange(len(inside))
        lines, row = np.unique(system.row[entries], return_inverse=True)
        self.lines = lines
        free = place[system.col[entries]] >= 0
        fixed = np.where(free, 0.0, system.sign[entries] * low[system.col[entries]])
        # Values in đồng are scaled: tolerances of the solver are absolute.
        self.scale = max(1.0, float(np.abs(np.r_[system.value[inside], fixed]).max(initial=1.0)) / LARGE)
        right = -np.bincount(row, fixed, len(lines)) / self.scale
        matrix = coo_matrix(
            (system.sign[entries][free], (row[free], place[system.col[entries]][free])), (len(lines), len(inside))
        ).tocsc()
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(inside), len(lines)
        lp.col_cost_ = np.zeros(len(inside))
        lp.col_lower_, lp.col_upper_ = low[inside] / self.scale, high[inside] / self.scale
        lp.row_lower_ = lp.row_upper_ = right
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
        self.highs = _Solver()
        self._set({"output_flag": False, "solver": "simplex", "presolve": "off", "threads": 1, "random_seed": 1})
        self.highs.passModel(lp)

    def _set(self, options: dict) -> None:
        for name, setting in options.items():
            self.highs.setOptionValue(name, setting)

    def solve(self, cost: np.ndarray) -> np.ndarray | None:
        """Return the counts that minimise a cost; None where they have no bound.

        Raises ArithmeticError where no solution is found: of a sound system the true counts are one.
        """
        self.highs.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)
        self.highs.run()
        self.solved += 1
        state = self.highs.getModelStatus()
        if state == highspy.HighsModelStatus.kUnknown:  # start again from nothing
            self.highs.clearSolver()
            self.highs.run()
            state = self.highs.getModelStatus()
        if state == highspy.HighsModelStatus.kOptimal:
            return np.asarray(self.highs.getSolution().col_value) * self.scale
        if state in _UNBOUNDED:
            return None
        raise ArithmeticError(f"attack: {self.highs.modelStatusToString(state)}")

    def limit(self, counts: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
        """Set the bounds of some counts inside."""
        self.highs.changeColsBounds(len(counts), counts.astype(np.int32), low / self.scale, high / self.scale)

    def binding(self) -> np.ndarray:
        """Return the equations on which the last solution rests: those with a multiplier."""
        return self.lines[np.abs(np.asarray(self.highs.getSolution().row_dual)) > EPS]
