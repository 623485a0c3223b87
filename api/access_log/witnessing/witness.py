"""What a witness does: decides by the rules, and keeps before it answers."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from api.access_log.verifier import Malformed, Note, Vkey, parse_vkey, to_base64
from api.access_log.witnessing import rules
from api.access_log.witnessing.schemas import SeenLog, State
from api.access_log.witnessing.store import Store
from api.core import clock
from api.core.logging import log
from api.core.settings import SettingFault

TEXT: Final = "text/plain; charset=utf-8"
SIZE: Final = "text/x.tlog.size"


class Answer(NamedTuple):
    status: int
    content: bytes
    media_type: str = TEXT


class Witness:
    def __init__(self, store: Store, keys: Sequence[Vkey], *, is_mirror: bool = False) -> None:
        self._store = store
        self._keys = {key.name: [each for each in keys if each.name == key.name] for key in keys}
        self._is_mirror = is_mirror

    def key(self) -> Answer:
        return Answer(200, f"{self._store.vkey}\n".encode())

    def add_checkpoint(self, body: bytes) -> Answer:
        try:
            asked = rules.parse(body)
        except Malformed as error:
            return _plain(400, f"Not understood: {error}.")
        origin = asked.checkpoint.origin
        keys = self._keys.get(origin)
        if keys is None:
            return _plain(404, "This witness does not watch that log.")
        note = rules.vouched(asked.note, keys)
        if not note.lines:
            return _plain(403, "No signature by a key this witness knows for that log.")
        with self._store.log(origin) as kept:
            known = kept.known()
            refused = rules.refusal(asked, known)
            if refused is not None:
                if refused.is_fork:
                    kept.keep_fork(note)
                return _refused(refused, note)
            seconds = rules.cosigning_time(int(clock.now().timestamp()), known)
            if seconds is None:
                return _plain(503, "This witness's clock stands before its last cosignature.")
            line = self._store.cosignature(note.text, seconds)
            kept.keep(note._replace(lines=(*note.lines, line)))
        return Answer(200, str(line).encode())

    def add_entries(self, origin: str, start: int, body: bytes) -> Answer:
        if not self._is_mirror or origin not in self._keys:
            return _plain(404, "This witness keeps no entries of that log.")
        try:
            proof, more = rules.parse_entries(body)
        except Malformed as error:
            return _plain(400, f"Not understood: {error}.")
        with self._store.log(origin) as kept:
            before = kept.mirrored()
            if start != before.size:
                return _refused(rules.Refusal(409, "", before.size))
            after = before.plus(more)
            refused = rules.entries_refusal(kept.known(), after.size, after.root, proof)
            if refused is not None:
                return _refused(refused)
            kept.append(before, more, after)
        return Answer(200, f"{after.size}\n".encode(), SIZE)

    def entries(self, origin: str, start: int, count: int) -> Answer:
        """Fewer than asked for at the end of what is kept and proven."""
        if origin not in self._keys:
            return _plain(404, "This witness does not watch that log.")
        with self._store.log(origin) as kept:
            proven = kept.mirrored().size
            count = max(0, min(count, proven - start, rules.MOST_ENTRIES))
            raw = kept.entries(start, count)
        return Answer(200, raw, "application/octet-stream")

    def state(self) -> Answer:
        logs = [self._seen(each) for each in self._store.origins() if each in self._keys]
        state = State(witness=str(self._store.vkey), logs=logs)
        return Answer(200, msgspec.json.encode(state), "application/json")

    def _seen(self, origin: str) -> SeenLog:
        with self._store.log(origin) as kept:
            known = kept.known()
            return SeenLog(
                origin=origin,
                size=known.size,
                root=to_base64(known.root),
                cosigned_at=known.seconds,
                mirrored=kept.mirrored().size,
                checkpoint=str(kept.note()),
                fork=kept.fork(),
            )


def parse_log_keys(texts: Sequence[str]) -> list[Vkey]:
    """Raises `SettingFault`."""
    try:
        return [parse_vkey(text) for text in texts]
    except Malformed as error:
        raise SettingFault(f"--log takes a log's verifier key, name+id+key: {error}.") from error


def _refused(refused: rules.Refusal, note: Note | None = None) -> Answer:
    """A signed checkpoint that does not follow stays in the operator's log: it may prove a lie."""
    if note is not None and (refused.status == 422 or refused.is_fork):
        log.warning("witness:checkpoint:refused", reason=refused.text, checkpoint=str(note))
    if refused.size is None:
        return _plain(refused.status, refused.text)
    return Answer(refused.status, f"{refused.size}\n".encode(), SIZE)


def _plain(status: int, text: str) -> Answer:
    return Answer(status, f"{text}\n".encode())
