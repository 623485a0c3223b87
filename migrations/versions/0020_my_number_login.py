"""My Number login: logins under way, who is known by which issuer, and joining by it."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0020_my_number_login"

# As a register may write a character, and as it is compared.
_FORMS = (
    "髙高 﨑崎 𠮷吉 邉辺 邊辺 濱浜 濵浜 澤沢 齋斉 齊斉 斎斉 廣広 國国 櫻桜 龍竜 瀧滝 條条 嶋島 "
    "嶌島 峯峰 冨富 惠恵 靜静 眞真 德徳 榮栄 藏蔵 驛駅 學学 實実 壽寿 澁渋 澀渋 會会 淺浅 曾曽 "
    "槇槙 縣県 圓円 應応 橫横 黑黒 兒児 亞亜 萬万 與与 豐豊 關関 鐵鉄 鹽塩 瀨瀬 賴頼 彌弥 戶戸 "
    "晉晋 寬寛 薰薫 祿禄 ヶケ ヵカ 〆シ ヱエ ヰイ ゑえ ゐい"
)

SQL = r"""
-- Logins under way: nobody's yet, single use, minutes old. What they are bound to (state, nonce,
-- verifier) is made from the browser's own secret and a key outside the database.
CREATE TABLE national_login (
  login_hash bytea PRIMARY KEY CHECK (length(login_hash) = 32),
  purpose text NOT NULL CHECK (purpose IN ('sign_in', 'enrol', 'add', 'step_up')),
  door text NOT NULL CHECK (door IN ('portal', 'app')),
  session_id uuid,
  started_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  CHECK ((session_id IS NOT NULL) = (purpose IN ('add', 'step_up')))
);
CREATE INDEX national_login_by_expiry ON national_login (expires_at);
GRANT SELECT, INSERT, DELETE ON national_login TO tsunagu_app;

-- Who proved to be somebody, and which participants that may be: until a card says which.
CREATE TABLE national_candidate (
  proof_hash bytea PRIMARY KEY CHECK (length(proof_hash) = 32),
  iss text NOT NULL,
  sub text NOT NULL,
  candidates uuid[] NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX national_candidate_by_expiry ON national_candidate (expires_at);
GRANT SELECT, INSERT, DELETE ON national_candidate TO tsunagu_app;

-- Invariant: one person of an issuer is one account's, and an account has one of each issuer.
CREATE TABLE national_identity (
  account_id uuid NOT NULL REFERENCES account,
  iss text NOT NULL CHECK (length(iss) BETWEEN 1 AND 500),
  sub text NOT NULL CHECK (length(sub) BETWEEN 1 AND 255),
  added_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz,
  PRIMARY KEY (account_id, iss),
  UNIQUE (iss, sub)
);
ALTER TABLE national_identity ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY of_the_account ON national_identity USING (account_id = (SELECT app.account()));
CREATE POLICY kind_may_insert ON national_identity AS RESTRICTIVE FOR INSERT TO tsunagu_app
  WITH CHECK ((SELECT app.kind()) = 'participant');
CREATE POLICY kind_may_delete ON national_identity AS RESTRICTIVE FOR DELETE TO tsunagu_app
  USING ((SELECT app.kind()) = 'participant');
CREATE POLICY lookup ON national_identity FOR SELECT TO tsunagu_lookup USING (true);
GRANT SELECT, INSERT, DELETE ON national_identity TO tsunagu_app;
GRANT UPDATE (last_used_at) ON national_identity TO tsunagu_app;
GRANT SELECT ON national_identity TO tsunagu_lookup;

-- A ticket stands on the code of a paper or on a person known to an issuer, never on both.
ALTER TABLE enrolment_ticket ALTER COLUMN code_hmac DROP NOT NULL;
ALTER TABLE enrolment_ticket ADD COLUMN iss text, ADD COLUMN sub text,
  ADD CONSTRAINT enrolment_ticket_stands_on_one
  CHECK (num_nonnulls(code_hmac, sub) = 1 AND num_nonnulls(iss, sub) IN (0, 2));

-- The national card writes a name as the family register does, a network often with the letters
-- at hand. Both sides of a comparison go through here: width, spaces and marks between the parts,
-- kana, and the forms of one character. Narrower than the folding that offers look-alikes to an
-- officer: who is found by this joins without one.
CREATE FUNCTION app.name_key(p_name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT translate(
    regexp_replace(normalize(upper(normalize(p_name, NFKC)), NFKC),
      '[[:space:]・･,，.．\u200b-\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef]', '', 'g'),
    'OLD', 'NEW')
$$;
CREATE INDEX participant_by_birth ON participant (birth_on);

GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
GRANT EXECUTE ON FUNCTION app.name_key(text) TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
-- Name and birth date to ids, and whether there is an account to sign in to already; no name is
-- told. A sex that is not known on either side says nothing.
CREATE FUNCTION identity_participants_named(p_name text, p_birth_on date, p_sex text)
RETURNS TABLE (participant_id uuid, is_enrolled boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT p.participant_id, EXISTS (SELECT FROM account a WHERE a.participant_id = p.participant_id
    AND (EXISTS (SELECT FROM passkey k WHERE k.account_id = a.account_id)
      OR EXISTS (SELECT FROM national_identity n WHERE n.account_id = a.account_id)))
  FROM participant p
  WHERE p.birth_on = p_birth_on AND app.name_key(p.name) = app.name_key(p_name)
    AND (p.sex NOT IN ('female', 'male') OR p_sex NOT IN ('female', 'male') OR p.sex = p_sex)
  ORDER BY p.participant_id LIMIT 20
$$;
CREATE FUNCTION identity_account_of_national(p_iss text, p_sub text)
RETURNS SETOF app.account_holder
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT h.* FROM national_identity n JOIN app.account_holder h USING (account_id)
  WHERE n.iss = p_iss AND n.sub = p_sub AND h.is_active
$$;
-- An account that is signed in to by My Number has a key too, though no passkey.
CREATE OR REPLACE FUNCTION identity_ticket_participant(p_ticket_hash bytea)
RETURNS TABLE (participant_id uuid, account_id uuid, has_passkey boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT t.participant_id, a.account_id,
         EXISTS (SELECT FROM passkey k WHERE k.account_id = a.account_id)
         OR EXISTS (SELECT FROM national_identity n WHERE n.account_id = a.account_id)
  FROM enrolment_ticket t LEFT JOIN account a USING (participant_id)
  WHERE t.ticket_hash = p_ticket_hash
$$;
REVOKE EXECUTE ON FUNCTION identity_participants_named(text, date, text),
  identity_account_of_national(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity_participants_named(text, date, text),
  identity_account_of_national(text, text) TO tsunagu_app;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
""".replace("'OLD'", f"'{''.join(old for old, _ in _FORMS.split())}'").replace(
    "'NEW'", f"'{''.join(new for _, new in _FORMS.split())}'"
)


async def forwards() -> MigrationManager:
    return sql_migration(ID, "My Number login", SQL)
