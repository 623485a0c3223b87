"""What waits for someone at the support centre, and questions about the log."""

from piccolo.columns import JSONB, UUID, BigInt, Date, SmallInt, Text, Timestamptz
from piccolo.table import Table

from api.core.database import DB


class SupportCase(Table, tablename="support_case", db=DB):
    case_id = UUID(primary_key=True)
    participant_id = UUID(null=True)
    kind = Text()
    params = JSONB()
    opened_at = Timestamptz()
    due_on = Date()
    closed_at = Timestamptz(null=True)
    closed_by = UUID(null=True)


class LogQuestion(Table, tablename="log_question", db=DB):
    participant_id = UUID()
    question_id = UUID(primary_key=True)
    number = BigInt()
    reason = Text()
    asked_at = Timestamptz()


class LogQuestionStep(Table, tablename="log_question_step", db=DB):
    participant_id = UUID()
    question_id = UUID(primary_key=True)
    step = SmallInt()
    state = Text()
    after = Text(null=True)
    previous = SmallInt(null=True)
    words = Text()
    due_on = Date(null=True)
    by_name = Text()
    recorded_at = Timestamptz()


class CounterVisit(Table, tablename="counter_visit", db=DB):
    participant_id = UUID()
    visit_id = UUID(primary_key=True)
    way = Text()
    officer = UUID()
    officer_name = Text()
    opened_at = Timestamptz()
    ended_at = Timestamptz(null=True)
