"""After the runs: which further trials help most towards a goal, by how much, and when to stop."""

from qim_stats.followup.augment import augment
from qim_stats.followup.follow_up import FollowUp
from qim_stats.followup.goal import Goal, parse_goal
from qim_stats.looks import look_confidence, looks_of

__all__ = ["FollowUp", "Goal", "augment", "look_confidence", "looks_of", "parse_goal"]
