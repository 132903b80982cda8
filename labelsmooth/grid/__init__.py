"""Sweeps of many settings: cut into groups of runs, trained on cores or on a cluster, kept in a record as they finish.

Runs are bit-identical alone or in any group, so that neither the cut, nor the order in which groups finish, nor where
they are trained changes a number. Legend: S seeds, E epsilons.
"""

from labelsmooth.grid.plan import Group, Plan, settings_of
from labelsmooth.grid.record import Record, begin, resume
from labelsmooth.grid.running import LostError, run_groups
from labelsmooth.grid.work import Outcome, outcome_of, train_group

__all__ = [
    "Group",
    "LostError",
    "Outcome",
    "Plan",
    "Record",
    "begin",
    "outcome_of",
    "resume",
    "run_groups",
    "settings_of",
    "train_group",
]
