"""After the runs: which further trials help most towards a goal, by how much, and when to stop."""

from qim_stats.followup.augment import augment
from qim_stats.followup.follow_up import FollowUp
from qim_stats.followup.goal import Goal, parse_goal, parse_until
from qim_stats.followup.settle import NextRuns, OutOfBudget, Settled, Tie, settle_step
from qim_stats.followup.story import Chapter, tell_story
from qim_stats.looks import look_confidence, looks_of

__all__ = [
    "Chapter",
    "FollowUp",
    "Goal",
    "NextRuns",
    "OutOfBudget",
    "Settled",
    "Tie",
    "augment",
    "look_confidence",
    "looks_of",
    "parse_goal",
    "parse_until",
    "settle_step",
    "tell_story",
]
