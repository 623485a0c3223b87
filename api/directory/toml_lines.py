"""The line on which each key of a TOML document stands, which tomllib does not tell."""

import re
import tomllib

KeyPath = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}\n#]*")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}(?!")'
    r"|'''.*?'{3,5}(?!')"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)


def key_lines(text: str) -> dict[KeyPath, int]:
    """Path of every table, key and array element → its 1-based line; `()` is line 1.

    `text` must be TOML that tomllib accepts: nothing is checked here again.
    """
    return _Walk(text).lines


class _Walk:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[KeyPath, int] = {(): 1}
        self.tables: dict[KeyPath, int] = {}  # arrays of tables: how many elements so far
        self.document()

    def document(self) -> None:
        table: KeyPath = ()
        self.blank()
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.key_value(table)
            self.blank()

    def header(self) -> KeyPath:
        line, is_array = self.line(), self.text.startswith("[[", self.at)
        self.at += 2 if is_array else 1
        path = self.key((), line)
        self.at = self.text.index("]", self.at) + (2 if is_array else 1)
        if is_array:
            self.tables[path] = self.tables.get(path, 0) + 1
            path = (*path, self.tables[path] - 1)
        self.lines[path] = line
        return path

    def key_value(self, table: KeyPath) -> None:
        path = self.key(table, self.line())
        self.at = self.text.index("=", self.at) + 1
        self.value(path)

    def key(self, path: KeyPath, line: int) -> KeyPath:
        """A dotted key below `path`; a step into an array of tables means its last element."""
        while True:
            self.blank()
            if path in self.tables:
                path = (*path, self.tables[path] - 1)
            match = _STRING.match(self.text, self.at) or _BARE_KEY.match(self.text, self.at)
            assert match, "tomllib accepted this key"
            (part,) = tomllib.loads(f"{match[0]}=0")
            path = (*path, part)
            self.lines.setdefault(path, line)
            self.at = match.end()
            self.blank()
            if not self.text.startswith(".", self.at):
                return path
            self.at += 1

    def value(self, path: KeyPath) -> None:
        self.blank()
        match self.text[self.at]:
            case "[":
                self.at += 1
                self.elements(path, "]")
            case "{":
                self.at += 1
                self.elements(path, "}")
            case '"' | "'":
                string = _STRING.match(self.text, self.at)
                assert string, "tomllib accepted this string"
                self.at = string.end()
            case _:
                scalar = _SCALAR.match(self.text, self.at)
                assert scalar
                self.at = scalar.end()

    def elements(self, path: KeyPath, end: str) -> None:
        position = 0
        self.blank()
        while self.text[self.at] != end:
            if end == "]":
                self.lines[*path, position] = self.line()
                self.value((*path, position))
            else:
                self.key_value(path)
            position += 1
            self.blank()
            self.at += self.text[self.at] == ","
            self.blank()
        self.at += 1

    def blank(self) -> None:
        match = _BLANK.match(self.text, self.at)
        assert match
        self.at = match.end()

    def line(self) -> int:
        return self.text.count("\n", 0, self.at) + 1
