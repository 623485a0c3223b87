// Reads cases, one JSON a line: {text, keys, witnesses, remembered, now}. Writes an answer a line.
import { readFileSync } from "node:fs";
import { verify } from "../../web_portal/static/access-log-verifier.js";

const answered = async (line) => {
  const { text, keys, witnesses, remembered, now } = JSON.parse(line);
  const { outcome, findings, witnesses: seen = {}, isOnTrust = false, remember = null } =
    await verify(text, { trustedKeys: keys, witnessKeys: witnesses, remembered, now });
  const found = findings.map(({ code, number = null }) => [code, number]);
  return { outcome, findings: found, seen, isOnTrust, remember };
};

const lines = readFileSync(process.argv[2], "utf8").trimEnd().split("\n");
while (lines.length) {
  const said = lines.splice(0, 16).map((line) =>
    answered(line).catch((fault) => ({ threw: fault.constructor.name })));
  for (const each of await Promise.all(said)) process.stdout.write(`${JSON.stringify(each)}\n`);
}
