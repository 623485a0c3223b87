"""Every kind of event in one place, named source:subject:action."""

from enum import StrEnum


class EventName(StrEnum):
    RECORD_READ = "records:record:read"
    RECORD_STORED = "records:record:stored"
    PARTICIPANT_FOUND = "records:participant:found"
    PARTICIPANT_SOUGHT = "records:participant:sought"
    CONSENT_READ = "records:consent:read"
    ACCESS_EVALUATED = "records:access:evaluated"
    ENROLLED = "identity:participant:enrolled"
    SIGNED_IN = "identity:session:opened"
    SIGNED_OUT = "identity:session:ended"
    PARTICIPATION_CHANGED = "consent:participation:changed"
    DISCLOSURE_CHANGED = "consent:provision:changed"
    TERMS_ASKED = "consent:terms:asked"
    TERMS_CALLED_OFF = "consent:terms:called_off"
    CAMPAIGN_OPENED = "consent:campaign:opened"
    CAMPAIGN_CALLED_OFF = "consent:campaign:called_off"
    RESIDENCE_CHANGED = "consent:residence:changed"
    PAPER_TAKEN = "consent:paper:taken"
    SUPPORT_CASE_OPENED = "support:case:opened"
    SUPPORT_CASE_CLOSED = "support:case:closed"
