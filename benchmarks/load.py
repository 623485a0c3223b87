"""Load from outside the server's process: wrk on loopback, its report read back."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

# Walks the paths in order; reports what wrk counted as one JSON object.
SCRIPT = """
local paths, bodies = {}, {}
for line in io.lines("%(paths)s") do paths[#paths + 1] = line end
for line in io.lines("%(bodies)s") do bodies[#bodies + 1] = line end
local n = %(start)d
request = function()
  n = n + 1
  local path = paths[n %% #paths + 1]
  if #bodies == 0 then return wrk.format("GET", path) end
  local body = bodies[n %% #bodies + 1]:gsub("@N@", tostring(n))
  return wrk.format("POST", path, nil, body)
end
done = function(summary, latency, requests)
  io.write(string.format('\\nJSON{"requests":%%d,"seconds":%%f,"p50":%%f,"p99":%%f,"bad":%%d}\\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, summary.errors.connect + summary.errors.read +
    summary.errors.write + summary.errors.status + summary.errors.timeout))
end
"""


class Load(NamedTuple):
    """`p50` and `p99` in milliseconds; `bad` counts requests that failed, none is dropped."""

    requests: int
    seconds: float
    p50: float
    p99: float
    bad: int

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


def tool() -> str:
    path = shutil.which("wrk")
    if path is None:
        sys.exit("This benchmark drives the server with wrk: apt-get install wrk.")
    return path


def drive(
    base_url: str,
    paths: Sequence[str],
    *,
    connections: int,
    seconds: int,
    headers: dict[str, str],
    start: int = 0,
    bodies: Sequence[str] = (),
) -> Load:
    """One bounded run against a server on this machine. With `bodies`, of one line each, they are
    posted in turn; `@N@` in them is another number each time."""
    if "//localhost" not in base_url and "//127.0.0.1" not in base_url:
        raise ValueError("load goes to loopback only")
    with tempfile.TemporaryDirectory() as folder:
        listing, posted, script = (Path(folder, name) for name in ("paths", "bodies", "walk.lua"))
        listing.write_text("\n".join(paths))
        posted.write_text("\n".join(bodies))
        script.write_text(SCRIPT % {"paths": listing, "bodies": posted, "start": start})
        said = subprocess.run(
            [
                tool(), "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s",
                "-s", str(script),
                *(part for name, value in headers.items() for part in ("-H", f"{name}: {value}")),
                base_url,
            ],
            capture_output=True, text=True, check=True, timeout=seconds + 30,
        )  # fmt: skip
    line = next(line for line in said.stdout.splitlines() if line.startswith("JSON"))
    return Load(**json.loads(line.removeprefix("JSON")))
