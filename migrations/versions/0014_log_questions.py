"""Questions a participant asks about one event of their log, and every step of the answer."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0014_log_questions"

SQL = r"""
CREATE TABLE log_question (
  participant_id uuid NOT NULL REFERENCES participant,
  question_id uuid NOT NULL DEFAULT uuidv7(),
  number bigint NOT NULL CHECK (number >= 1), -- of the event in their log
  reason text NOT NULL CHECK (reason ~ '^[a-z_]{1,40}$'),
  asked_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (participant_id, question_id),
  UNIQUE (participant_id, number)
);
-- Invariant: received, answered, then content; or reopened once, answered again, content. Each
-- step names the state it follows, and that state must be the step's before it.
CREATE TABLE log_question_step (
  participant_id uuid NOT NULL,
  question_id uuid NOT NULL,
  step smallint NOT NULL,
  state text NOT NULL,
  after text,
  previous smallint GENERATED ALWAYS AS (CASE WHEN step > 1 THEN step - 1 END) STORED,
  words text NOT NULL CHECK (length(words) <= 2000),
  due_on date,
  by_name text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (participant_id, question_id, step),
  UNIQUE (participant_id, question_id, step, state),
  FOREIGN KEY (participant_id, question_id) REFERENCES log_question,
  FOREIGN KEY (participant_id, question_id, previous, after)
    REFERENCES log_question_step (participant_id, question_id, step, state),
  CHECK ((step, coalesce(after, ''), state) IN (
    (1, '', 'received'), (2, 'received', 'answered'), (3, 'answered', 'content'),
    (3, 'answered', 'reopened'), (4, 'reopened', 'answered'), (5, 'answered', 'content'))),
  CHECK ((due_on IS NOT NULL) = (state IN ('received', 'reopened')))
);

DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['log_question', 'log_question_step'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
    EXECUTE format('CREATE POLICY of_the_subject ON %I
      USING (participant_id = (SELECT app.subject()))', v_table);
    EXECUTE format('CREATE POLICY kind_may_select ON %I AS RESTRICTIVE FOR SELECT TO tsunagu_app
      USING ((SELECT app.kind()) IN (''participant'', ''support''))', v_table);
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %I
      FOR EACH ROW EXECUTE FUNCTION app.refuse_change()', v_table);
    EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change()', v_table);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only', v_table);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only_truncate', v_table);
  END LOOP;
END $$;
-- The support centre answers; everything else is the participant's own to say.
CREATE POLICY kind_may_insert ON log_question AS RESTRICTIVE FOR INSERT TO tsunagu_app
  WITH CHECK ((SELECT app.kind()) = 'participant');
CREATE POLICY kind_may_insert ON log_question_step AS RESTRICTIVE FOR INSERT TO tsunagu_app
  WITH CHECK ((SELECT app.kind())
    = CASE state WHEN 'answered' THEN 'support' ELSE 'participant' END);
GRANT SELECT, INSERT ON log_question, log_question_step TO tsunagu_app;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "questions about the log", SQL)
