"""Why signing stops. A log that signed over any of these would vouch for what it cannot know."""

from enum import StrEnum


class Reason(StrEnum):
    """Stored, and shown to the auditor."""

    TREE_ALTERED = "tree_altered"  # entries, tiles and root do not belong together
    NOT_A_PREFIX = "not_a_prefix"  # what was signed before is not the beginning of the tree
    ROLLED_BACK = "rolled_back"  # the tree is smaller than what was signed before
    FORKED = "forked"  # a witness holds a checkpoint of ours that is no beginning of the tree
    RESTORED = "restored"  # the database lives on another server; transaction ids mean nothing
    KEY_UNKNOWN = "key_unknown"  # the key at hand is not the log's
    OTHER_LOG = "other_log"  # the checkpoint kept outside the database is another log's


class Halted(Exception):
    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason
