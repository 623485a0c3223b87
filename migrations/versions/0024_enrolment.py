"""Enrolment on paper with two officers, people who look alike, the counter, patient numbers."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0024_enrolment"

SQL = r"""
-- As `folded_name` of api.identity.enrolling.names; what is equal may be one person. A test holds
-- them equal.
CREATE FUNCTION app.folded_name(p_name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN translate(regexp_replace(translate(translate(translate(normalize(p_name, NFKC),
    'ぁあぃいぅうぇえぉおかがきぎくぐけげこごさざしじすずせぜそぞただちぢっつづてでとどなにぬねの'
    'はばぱひびぴふぶぷへべぺほぼぽまみむめもゃやゅゆょよらりるれろゎわゐゑをんゔゕゖ',
    'ァアィイゥウェエォオカガキギクグケゲコゴサザシジスズセゼソゾタダチヂッツヅテデトドナニヌネノ'
    'ハバパヒビピフブプヘベペホボポマミムメモャヤュユョヨラリルレロヮワヰヱヲンヴヵヶ'),
    'ァィゥェォッャュョヵヶ', 'アイウエオツヤユヨカケ'),
    '亞惡壓圍爲醫壹稻飮隱榮營衞驛圓緣艷應歐櫻奧橫溫穩假價畫會懷繪壞學嶽樂卷勸寬關歡觀氣歸龜犧舊據'
    '擧虛峽狹鄕曉區驅勳薰徑惠揭溪經繼莖螢輕鷄藝儉劍圈檢權獻縣險顯驗嚴廣效恆黃鑛號國黑濟劑册雜參棧'
    '蠶贊絲齒兒辭濕實舍寫釋壽收從澁獸縱肅處緖敍將稱燒證奬條狀乘淨剩疊孃讓觸囑眞愼晉寢盡圖粹醉穗隨'
    '樞數瀨聲靜攝專淺戰踐錢潛禪雙壯搜插巢爭總聰莊裝增藏卽帶臺瀧擇澤單擔團彈斷遲晝蟲鑄廳聽鎭遞鐵轉'
    '點傳黨燈當德獨讀屆繩貳惱腦霸拜賣麥發髮拔祕濱甁拂佛餠邊變辨瓣辯舖步寶豐萠飜每萬滿默彌譯藥與豫'
    '餘譽搖樣謠遙來賴亂覽龍兩獵綠淚壘禮隸靈齡曆歷戀鍊爐勞郞樓祿灣彥槇凉堯巖晄檜穰萊髙﨑嵜濵邉齋齊'
    '斎栁桺𠮷冨嶋嶌舘曻桒埜峯渕渊靏靍籔藪圀夘ヰヱヂヅヮ',
    '亜悪圧囲為医壱稲飲隠栄営衛駅円縁艶応欧桜奥横温穏仮価画会懐絵壊学岳楽巻勧寛関歓観気帰亀犠旧拠'
    '挙虚峡狭郷暁区駆勲薫径恵掲渓経継茎蛍軽鶏芸倹剣圏検権献県険顕験厳広効恒黄鉱号国黒済剤冊雑参桟'
    '蚕賛糸歯児辞湿実舎写釈寿収従渋獣縦粛処緒叙将称焼証奨条状乗浄剰畳嬢譲触嘱真慎晋寝尽図粋酔穂随'
    '枢数瀬声静摂専浅戦践銭潜禅双壮捜挿巣争総聡荘装増蔵即帯台滝択沢単担団弾断遅昼虫鋳庁聴鎮逓鉄転'
    '点伝党灯当徳独読届縄弐悩脳覇拝売麦発髪抜秘浜瓶払仏餅辺変弁弁弁舗歩宝豊萌翻毎万満黙弥訳薬与予'
    '余誉揺様謡遥来頼乱覧竜両猟緑涙塁礼隷霊齢暦歴恋錬炉労郎楼禄湾彦槙涼尭巌晃桧穣莱高崎崎浜辺斉斉'
    '斉柳柳吉富島島館昇桑野峰淵淵鶴鶴薮薮国卯イエジズワ'),
    '[[:space:]・.,''’‐-]', '', 'g'),
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz');
GRANT EXECUTE ON FUNCTION app.folded_name(text) TO tsunagu_app, tsunagu_lookup;
CREATE INDEX participant_by_name ON participant (birth_on, app.folded_name(name));
CREATE INDEX participant_by_kana ON participant (birth_on, app.folded_name(name_kana));

-- What a participant gave on enrolling, besides who they are. Facilities do not read it, and
-- neither does who acts for somebody: an address is what safe mode hides.
CREATE TABLE registration (
  participant_id uuid PRIMARY KEY REFERENCES participant,
  address text NOT NULL DEFAULT '' CHECK (length(address) <= 200),
  phone text NOT NULL DEFAULT '' CHECK (phone ~ '^[0-9]{0,11}$'),
  email text NOT NULL DEFAULT '' CHECK (length(email) <= 254),
  family_doctor text NOT NULL DEFAULT '' CHECK (length(family_doctor) <= 100),
  insurer text NOT NULL DEFAULT '' CHECK (insurer ~ '^([0-9]{8})?$'),
  insurance_symbol text NOT NULL DEFAULT '' CHECK (length(insurance_symbol) <= 40),
  insurance_number text NOT NULL DEFAULT '' CHECK (length(insurance_number) <= 40),
  insurance_branch text NOT NULL DEFAULT '' CHECK (insurance_branch ~ '^([0-9]{2})?$'),
  recorded_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((insurer = '') = (insurance_number = ''))
);
CREATE INDEX registration_by_insurance
  ON registration (insurer, insurance_symbol, insurance_number, insurance_branch)
  WHERE insurance_branch <> '';
ALTER TABLE registration ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY of_the_subject ON registration USING (participant_id = (SELECT app.subject()));
CREATE POLICY lookup ON registration FOR SELECT TO tsunagu_lookup USING (true);
CREATE POLICY by_kind ON registration AS RESTRICTIVE TO tsunagu_app
  USING ((SELECT app.kind()) IN ('participant', 'support', 'operator')
    AND NOT (SELECT app.is_proxy()));
GRANT SELECT, INSERT ON registration TO tsunagu_app;
GRANT UPDATE (address, phone, email, family_doctor, insurer, insurance_symbol, insurance_number,
  insurance_branch, recorded_at) ON registration TO tsunagu_app;
GRANT SELECT ON registration TO tsunagu_lookup;

-- A form on paper, typed by one officer and confirmed by another: only then there is a participant.
-- What was typed stays here no longer than it waits.
CREATE TABLE paper_enrolment (
  enrolment_id uuid PRIMARY KEY DEFAULT uuidv7(),
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'confirmed', 'withdrawn')),
  form jsonb,
  typed_by uuid NOT NULL DEFAULT app.account() REFERENCES account,
  typed_by_name text NOT NULL,
  typed_at timestamptz NOT NULL DEFAULT now(),
  settled_by uuid REFERENCES account,
  settled_by_name text,
  settled_at timestamptz,
  became uuid REFERENCES participant,
  CHECK ((state = 'waiting') = (form IS NOT NULL)),
  CHECK (num_nulls(settled_by, settled_by_name, settled_at) = CASE state WHEN 'waiting' THEN 3
    ELSE 0 END),
  CHECK ((state = 'confirmed') = (became IS NOT NULL)),
  -- Invariant: two officers, each in their own name, stand behind every participant from paper.
  CHECK (state <> 'confirmed' OR settled_by <> typed_by)
);
CREATE INDEX paper_enrolment_waiting ON paper_enrolment (typed_at) WHERE state = 'waiting';
CREATE INDEX paper_enrolment_of ON paper_enrolment (became);
-- Sealed under a key that is not in the database.
CREATE TABLE enrolment_scan (
  enrolment_id uuid PRIMARY KEY REFERENCES paper_enrolment,
  media_type text NOT NULL
    CHECK (media_type IN ('application/pdf', 'image/jpeg', 'image/png')),
  sealed bytea NOT NULL CHECK (length(sealed) BETWEEN 29 AND 10000028),
  attached_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE enrolment_scan_look (
  enrolment_id uuid NOT NULL REFERENCES paper_enrolment,
  look_id uuid NOT NULL DEFAULT uuidv7(),
  looked_by uuid NOT NULL DEFAULT app.account() REFERENCES account,
  looked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (enrolment_id, look_id)
);
CREATE FUNCTION app.check_paper_enrolment() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF OLD.state <> 'waiting' THEN
    RAISE EXCEPTION 'what was settled stays so' USING ERRCODE = '42501';
  END IF;
  IF NEW.state = 'confirmed' AND NOT EXISTS (SELECT FROM enrolment_scan s
      JOIN enrolment_scan_look l USING (enrolment_id)
      WHERE s.enrolment_id = NEW.enrolment_id AND l.looked_by = NEW.settled_by
        AND l.looked_at >= s.attached_at) THEN
    RAISE EXCEPTION 'who confirms has seen the scan' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER settled_once BEFORE UPDATE ON paper_enrolment
  FOR EACH ROW EXECUTE FUNCTION app.check_paper_enrolment();
ALTER TABLE paper_enrolment ENABLE ALWAYS TRIGGER settled_once;
DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['paper_enrolment', 'enrolment_scan', 'enrolment_scan_look'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
    EXECUTE format('CREATE POLICY support_centre ON %I
      USING ((SELECT app.kind()) = ''support'')', v_table);
  END LOOP;
END $$;
CREATE POLICY own_name_insert ON paper_enrolment AS RESTRICTIVE FOR INSERT TO tsunagu_app
  WITH CHECK (typed_by = (SELECT app.account()) AND state = 'waiting');
CREATE POLICY own_name_update ON paper_enrolment AS RESTRICTIVE FOR UPDATE TO tsunagu_app
  WITH CHECK (settled_by = (SELECT app.account()));
CREATE POLICY own_name ON enrolment_scan_look AS RESTRICTIVE FOR INSERT TO tsunagu_app
  WITH CHECK (looked_by = (SELECT app.account()));
-- A scan is taken in while its form waits, and goes with a form that was withdrawn.
CREATE POLICY while_waiting ON enrolment_scan AS RESTRICTIVE FOR INSERT TO tsunagu_app
  WITH CHECK (EXISTS (SELECT FROM paper_enrolment p
    WHERE p.enrolment_id = enrolment_scan.enrolment_id AND p.state = 'waiting'));
CREATE POLICY not_of_the_confirmed ON enrolment_scan AS RESTRICTIVE FOR DELETE TO tsunagu_app
  USING (EXISTS (SELECT FROM paper_enrolment p
    WHERE p.enrolment_id = enrolment_scan.enrolment_id AND p.state <> 'confirmed'));
GRANT SELECT, INSERT ON paper_enrolment, enrolment_scan_look TO tsunagu_app;
GRANT SELECT, INSERT, DELETE ON enrolment_scan TO tsunagu_app;
GRANT UPDATE (state, form, settled_by, settled_by_name, settled_at, became) ON paper_enrolment
  TO tsunagu_app;

-- Two participants who may be one person: found here whatever door the newer one came in by,
-- decided by an officer, never by itself.
CREATE TABLE look_alike (
  participant_id uuid NOT NULL REFERENCES participant, -- the newer
  other_id uuid NOT NULL REFERENCES participant,
  why text[] NOT NULL CHECK (why <@ '{name,kana,insurance}' AND why <> '{}'),
  found_at timestamptz NOT NULL DEFAULT now(),
  decision text CHECK (decision IN ('same', 'different')),
  reason text CHECK (length(reason) BETWEEN 1 AND 200),
  decided_by uuid REFERENCES account,
  decided_by_name text,
  decided_at timestamptz,
  PRIMARY KEY (participant_id, other_id),
  CHECK (participant_id <> other_id),
  CHECK (num_nulls(decision, reason, decided_by, decided_by_name, decided_at) IN (0, 5))
);
CREATE INDEX look_alike_undecided ON look_alike (found_at) WHERE decision IS NULL;
ALTER TABLE look_alike ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY support_centre ON look_alike
  USING ((SELECT app.kind()) = 'support');
CREATE POLICY decided_once ON look_alike AS RESTRICTIVE FOR UPDATE TO tsunagu_app
  USING (decision IS NULL) WITH CHECK (decided_by = (SELECT app.account()));
CREATE POLICY lookup ON look_alike TO tsunagu_lookup USING (true);
GRANT SELECT ON look_alike TO tsunagu_app;
GRANT UPDATE (decision, reason, decided_by, decided_by_name, decided_at) ON look_alike
  TO tsunagu_app;
GRANT SELECT, INSERT, UPDATE (why) ON look_alike TO tsunagu_lookup;

-- Who was identified at the counter or by phone, by whom and how: the acts there rest on it.
CREATE TABLE counter_visit (
  participant_id uuid NOT NULL REFERENCES participant,
  visit_id uuid NOT NULL DEFAULT uuidv7(),
  way text NOT NULL CHECK (way ~ '^[a-z_]{1,40}$'),
  officer uuid NOT NULL DEFAULT app.account() REFERENCES account,
  officer_name text NOT NULL,
  opened_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  PRIMARY KEY (participant_id, visit_id)
);
ALTER TABLE counter_visit ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY of_the_subject ON counter_visit USING (participant_id = (SELECT app.subject()));
CREATE POLICY own_visit ON counter_visit AS RESTRICTIVE TO tsunagu_app
  USING ((SELECT app.kind()) = 'support' AND officer = (SELECT app.account()));
GRANT SELECT, INSERT, UPDATE (ended_at) ON counter_visit TO tsunagu_app;

-- Invariant: the support centre sees no clinical content, whatever its code asks for.
CREATE POLICY not_for_support ON record AS RESTRICTIVE TO tsunagu_app
  USING ((SELECT app.kind()) IS DISTINCT FROM 'support');

-- An officer works from the day of their safety training on: before, no session of theirs opens.
ALTER TABLE officer ADD COLUMN trained_on date;
GRANT UPDATE (trained_on) ON officer TO tsunagu_app;
ALTER TABLE officer NO FORCE ROW LEVEL SECURITY;
UPDATE officer SET trained_on = '2026-04-01'
  WHERE EXISTS (SELECT FROM deployment WHERE kind = 'demo');
ALTER TABLE officer FORCE ROW LEVEL SECURITY;
CREATE OR REPLACE VIEW app.account_holder WITH (security_invoker = true) AS
  SELECT a.account_id, a.kind, a.participant_id, a.professional_id,
         coalesce(p.facility_id, f.facility_id) AS facility_id, p.profession,
         coalesce(s.name, p.name, o.name, f.name) AS name,
         coalesce(p.is_active, o.is_active AND (a.kind <> 'support'
           OR coalesce(o.trained_on <= app.day_in_japan(now()), false)), f.is_active,
           a.kind = 'participant') AS is_active
  FROM account a
  LEFT JOIN participant s USING (participant_id)
  LEFT JOIN professional p USING (professional_id)
  LEFT JOIN officer o USING (officer_id)
  LEFT JOIN facility_administrator f USING (administrator_id);

-- Registered by somebody of the family with card, birth date and code: `assisted`. It waits as a
-- witnessed one does, and an officer confirms after speaking with the principal.
ALTER TABLE proxy DROP CONSTRAINT proxy_origin_check;
ALTER TABLE proxy ADD CONSTRAINT proxy_origin_check
  CHECK (origin IN ('participant', 'witnessed', 'registered', 'assisted'));
ALTER TABLE proxy ADD CONSTRAINT proxy_of_the_family
  CHECK (origin <> 'assisted' OR kind = 'voluntary');
DROP POLICY who_may_name ON proxy;
CREATE POLICY who_may_name ON proxy AS RESTRICTIVE FOR INSERT TO tsunagu_app WITH CHECK (
  CASE (SELECT app.kind())
    WHEN 'participant' THEN CASE
      WHEN origin = 'assisted' THEN NOT (SELECT app.is_proxy())
        AND representative_id = (SELECT app.own_participant())
        AND opens_on >= app.day_in_japan(now()) + 7
        AND EXISTS (SELECT FROM enrolment_ticket t
          WHERE t.participant_id = proxy.participant_id AND t.finished_at IS NULL
            AND t.terms_version IS NOT NULL AND t.expires_at > now())
      WHEN (SELECT app.is_proxy())
        THEN origin = 'participant'
          AND representative_id IS DISTINCT FROM (SELECT app.own_participant())
      ELSE origin = 'participant' AND participant_id = (SELECT app.own_participant()) END
    WHEN 'support' THEN origin IN ('witnessed', 'registered') ELSE false END);
DROP POLICY who_may_say ON proxy_step;
CREATE POLICY who_may_say ON proxy_step AS RESTRICTIVE FOR INSERT TO tsunagu_app WITH CHECK (
  CASE (SELECT app.kind())
    WHEN 'support' THEN act IN ('asked', 'confirmed', 'suspended', 'resumed', 'ended')
    WHEN 'participant' THEN CASE
      WHEN act = 'ended' THEN true
      WHEN act = 'granted' THEN NOT (SELECT app.is_proxy()) AND EXISTS (SELECT FROM proxy p
        WHERE p.participant_id = proxy_step.participant_id AND p.proxy_id = proxy_step.proxy_id
          AND p.representative_id = (SELECT app.own_participant()))
      WHEN act = 'asked' AND NOT (SELECT app.is_proxy()) AND EXISTS (SELECT FROM proxy p
        WHERE p.participant_id = proxy_step.participant_id AND p.proxy_id = proxy_step.proxy_id
          AND p.origin = 'assisted' AND p.representative_id = (SELECT app.own_participant()))
        THEN true
      WHEN act IN ('asked', 'narrowed', 'suspended', 'resumed') THEN
        participant_id = (SELECT app.own_participant())
        OR (SELECT app.is_proxy()) AND EXISTS (SELECT FROM proxy p
          WHERE p.participant_id = proxy_step.participant_id AND p.proxy_id = proxy_step.proxy_id
            AND p.representative_id IS DISTINCT FROM (SELECT app.own_participant()))
      ELSE false END
    ELSE false END);

-- A facility's own patient number, asked for at its desk and confirmed by the participant.
ALTER TABLE desk_code ADD COLUMN used_by_facility uuid REFERENCES facility;
GRANT UPDATE (used_by_facility) ON desk_code TO tsunagu_app;
CREATE TABLE link_request (
  participant_id uuid NOT NULL REFERENCES participant,
  link_id uuid NOT NULL DEFAULT uuidv7(),
  facility_id uuid NOT NULL REFERENCES facility,
  local_id text NOT NULL CHECK (length(local_id) BETWEEN 1 AND 64),
  asked_by_name text NOT NULL,
  asked_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  answer text CHECK (answer IN ('linked', 'refused')),
  answered_at timestamptz,
  PRIMARY KEY (participant_id, link_id),
  CHECK ((answer IS NULL) = (answered_at IS NULL))
);
ALTER TABLE link_request ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY of_the_subject ON link_request USING (participant_id = (SELECT app.subject()));
CREATE POLICY by_kind ON link_request AS RESTRICTIVE FOR SELECT TO tsunagu_app
  USING ((SELECT app.kind()) = 'participant'
    OR (SELECT app.kind()) = 'professional' AND facility_id = (SELECT app.facility()));
-- Asking takes a code of the participant's that this facility was told within a day.
CREATE POLICY told_at_the_desk ON link_request AS RESTRICTIVE FOR INSERT TO tsunagu_app
  WITH CHECK ((SELECT app.kind()) = 'professional' AND facility_id = (SELECT app.facility())
    AND EXISTS (SELECT FROM desk_code d WHERE d.participant_id = link_request.participant_id
      AND d.used_by_facility = (SELECT app.facility())
      AND d.used_at > now() - interval '1 day'));
CREATE POLICY answered_by_the_subject ON link_request AS RESTRICTIVE FOR UPDATE TO tsunagu_app
  USING ((SELECT app.kind()) = 'participant' AND answer IS NULL)
  WITH CHECK (answer IS NOT NULL);
GRANT SELECT, INSERT, UPDATE (answer, answered_at) ON link_request TO tsunagu_app;
CREATE POLICY as_confirmed ON facility_patient AS RESTRICTIVE FOR INSERT TO tsunagu_app
  WITH CHECK ((SELECT app.kind()) IS DISTINCT FROM 'participant' OR EXISTS (
    SELECT FROM link_request l WHERE l.participant_id = facility_patient.participant_id
      AND l.facility_id = facility_patient.facility_id AND l.local_id = facility_patient.local_id
      AND l.answer = 'linked'));

GRANT UPDATE (ended_at) ON session TO tsunagu_lookup;
GRANT CREATE ON SCHEMA public, app TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
-- Notes who looks like somebody new: at most five, the newest first.
CREATE FUNCTION app.note_look_alikes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_TABLE_NAME = 'participant' THEN
    INSERT INTO look_alike (participant_id, other_id, why)
      SELECT NEW.participant_id, p.participant_id, array_remove(ARRAY[
          CASE WHEN app.folded_name(p.name) = app.folded_name(NEW.name) THEN 'name' END,
          CASE WHEN app.folded_name(p.name_kana) = app.folded_name(NEW.name_kana)
            THEN 'kana' END], NULL)
      FROM participant p
      WHERE p.birth_on = NEW.birth_on AND p.participant_id <> NEW.participant_id
        AND (app.folded_name(p.name) = app.folded_name(NEW.name)
          OR app.folded_name(p.name_kana) = app.folded_name(NEW.name_kana))
      ORDER BY p.participant_id DESC LIMIT 5;
  ELSIF NEW.insurance_branch <> '' THEN
    INSERT INTO look_alike (participant_id, other_id, why)
      SELECT NEW.participant_id, r.participant_id, '{insurance}'
      FROM registration r
      WHERE (r.insurer, r.insurance_symbol, r.insurance_number, r.insurance_branch)
          = (NEW.insurer, NEW.insurance_symbol, NEW.insurance_number, NEW.insurance_branch)
        AND r.insurance_branch <> '' AND r.participant_id <> NEW.participant_id
        AND NOT EXISTS (SELECT FROM look_alike l WHERE l.participant_id = r.participant_id
          AND l.other_id = NEW.participant_id)
      ORDER BY r.participant_id DESC LIMIT 5
    ON CONFLICT (participant_id, other_id) DO UPDATE
      SET why = look_alike.why || '{insurance}'::text[]
      WHERE look_alike.decision IS NULL AND NOT 'insurance' = ANY (look_alike.why);
  END IF;
  RETURN NULL;
END $$;
-- Whom a form that waits may be about, for the officer who confirms it.
CREATE FUNCTION identity_look_alikes(p_name text, p_kana text, p_birth_on date, p_card text,
  p_insurance text[])
RETURNS TABLE (participant_id uuid, name text, name_kana text, birth_on date, card_end text,
               has_key boolean, why text[])
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
  IF app.kind() IS DISTINCT FROM 'support' THEN
    RAISE EXCEPTION 'the support centre alone looks across participants' USING ERRCODE = '42501';
  END IF;
  RETURN QUERY
    WITH found AS (
      SELECT p.participant_id, 'name' AS why FROM participant p
        WHERE p.birth_on = p_birth_on AND app.folded_name(p.name) = app.folded_name(p_name)
      UNION SELECT p.participant_id, 'kana' FROM participant p
        WHERE p.birth_on = p_birth_on AND app.folded_name(p.name_kana) = app.folded_name(p_kana)
      UNION SELECT c.participant_id, 'card' FROM card c WHERE c.number = p_card
      UNION SELECT r.participant_id, 'insurance' FROM registration r
        WHERE r.insurance_branch <> '' AND ARRAY[r.insurer, r.insurance_symbol,
          r.insurance_number, r.insurance_branch] = p_insurance)
    SELECT p.participant_id, p.name, p.name_kana, p.birth_on,
      (SELECT right(c.number, 4) FROM card c WHERE c.participant_id = p.participant_id
        AND c.is_active ORDER BY c.issued_at DESC LIMIT 1),
      EXISTS (SELECT FROM account a JOIN passkey k USING (account_id)
        WHERE a.participant_id = p.participant_id AND k.revoked_at IS NULL),
      array_agg(f.why ORDER BY f.why)
    FROM found f JOIN participant p USING (participant_id)
    GROUP BY p.participant_id ORDER BY bool_or(f.why = 'card') DESC, p.participant_id DESC LIMIT 20;
END $$;
-- Pairs that wait for a decision, the newest first, with what each is known by.
CREATE FUNCTION identity_pairs(p_skip integer, p_limit integer)
RETURNS TABLE (participant_id uuid, other_id uuid, why text[], found_at timestamptz, name text,
               name_kana text, birth_on date, card_end text, other_name text, other_kana text,
               other_birth_on date, other_card_end text, total bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
  IF app.kind() IS DISTINCT FROM 'support' THEN
    RAISE EXCEPTION 'the support centre alone looks across participants' USING ERRCODE = '42501';
  END IF;
  RETURN QUERY
    SELECT l.participant_id, l.other_id, l.why, l.found_at, p.name, p.name_kana, p.birth_on,
      (SELECT right(c.number, 4) FROM card c WHERE c.participant_id = l.participant_id
        AND c.is_active ORDER BY c.issued_at DESC LIMIT 1),
      o.name, o.name_kana, o.birth_on,
      (SELECT right(c.number, 4) FROM card c WHERE c.participant_id = l.other_id
        AND c.is_active ORDER BY c.issued_at DESC LIMIT 1), count(*) OVER ()
    FROM look_alike l JOIN participant p ON p.participant_id = l.participant_id
    JOIN participant o ON o.participant_id = l.other_id
    WHERE l.decision IS NULL
    ORDER BY l.found_at DESC, l.participant_id DESC, l.other_id OFFSET p_skip LIMIT p_limit;
END $$;
-- Whether the subject of the context signs in with a key of their own.
CREATE FUNCTION identity_subject_has_key() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN EXISTS (SELECT FROM account a JOIN passkey k USING (account_id)
    WHERE a.participant_id = app.subject() AND k.revoked_at IS NULL);
END $$;
-- For a phone that was lost: the support centre ends every session of the subject; how many.
CREATE FUNCTION identity_end_sessions() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_count integer;
BEGIN
  IF app.kind() IS DISTINCT FROM 'support' THEN
    RAISE EXCEPTION 'the support centre alone ends sessions of others' USING ERRCODE = '42501';
  END IF;
  UPDATE session s SET ended_at = now() FROM account a
    WHERE a.participant_id = app.subject() AND s.account_id = a.account_id
      AND s.ended_at IS NULL AND s.expires_at > now();
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN v_count;
END $$;
REVOKE EXECUTE ON FUNCTION app.note_look_alikes(), identity_subject_has_key(),
  identity_look_alikes(text, text, date, text, text[]), identity_pairs(integer, integer),
  identity_end_sessions() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity_subject_has_key(), identity_end_sessions(),
  identity_look_alikes(text, text, date, text, text[]), identity_pairs(integer, integer)
  TO tsunagu_app;
GRANT EXECUTE ON FUNCTION app.note_look_alikes() TO tsunagu_owner;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public, app FROM tsunagu_lookup;
CREATE TRIGGER look_alikes_are_noted AFTER INSERT ON participant
  FOR EACH ROW EXECUTE FUNCTION app.note_look_alikes();
CREATE TRIGGER look_alikes_are_noted AFTER INSERT OR UPDATE ON registration
  FOR EACH ROW EXECUTE FUNCTION app.note_look_alikes();
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "enrolment and the counter", SQL)
