// A certified OpenID provider (oidc-provider) in the Digital Agency's shape: code and PKCE S256,
// private_key_jwt, ES256, pairwise names. Reads its settings as JSON from the first argument.
// Whoever comes presses the button of a person; "<person>@<acr>" is what that login reached.
import { createHash, generateKeyPairSync } from "node:crypto";
import { Provider } from "oidc-provider";

const { port, client, people } = JSON.parse(process.argv[2]);
const issuer = `http://localhost:${port}`;
const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const key = { ...privateKey.export({ format: "jwk" }), use: "sig", alg: "ES256" };
const SCOPES = ["openid", "name", "address", "birthdate", "gender"];

const provider = new Provider(issuer, {
  clients: [{
    grant_types: ["authorization_code"],
    response_types: ["code"],
    subject_type: "pairwise",
    id_token_signed_response_alg: "ES256",
    token_endpoint_auth_method: "private_key_jwt",
    token_endpoint_auth_signing_alg: "ES256",
    ...client,
  }],
  jwks: { keys: [key] },
  // Its own guard keeps it from this machine, where our key set is in a test.
  fetch: (url, { dispatcher, ...options }) => fetch(url, options),
  clientAuthMethods: ["private_key_jwt"],
  enabledJWA: { clientAuthSigningAlgValues: ["ES256"], idTokenSigningAlgValues: ["ES256"] },
  responseTypes: ["code"],
  scopes: SCOPES,
  subjectTypes: ["pairwise"],
  pairwiseIdentifier: (_, account, { clientId }) =>
    createHash("sha256").update(`${clientId} ${account}`).digest("hex"),
  acrValues: new Set(["aal1", "aal2", "aal3"]),
  claims: {
    openid: ["sub"], name: ["name"], address: ["address"], birthdate: ["birthdate"],
    gender: ["gender"], acr: null, auth_time: null, iss: null, sid: null,
  },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
  loadExistingGrant: async ({ oidc }) => {
    const grant = new oidc.provider.Grant({
      clientId: oidc.client.clientId, accountId: oidc.session.accountId,
    });
    grant.addOIDCScope(SCOPES.join(" "));
    await grant.save();
    return grant;
  },
  cookies: { keys: ["only for tests"] },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  ttl: { AuthorizationCode: 60, AccessToken: 300, IdToken: 300, Interaction: 600, Session: 600, Grant: 600 },
});

provider.use(async (ctx, next) => {
  const [, place, , person] = ctx.path.split("/");
  if (place !== "interaction") return next();
  if (person) {
    const [accountId, acr] = person.split("@");
    const result = accountId === "stop"
      ? { error: "access_denied" }
      : { login: { accountId, acr: acr ?? "aal3", ts: Math.floor(Date.now() / 1000), remember: false } };
    await provider.interactionFinished(ctx.req, ctx.res, result);
    ctx.respond = false;
    return;
  }
  const links = [...Object.keys(people), "stop"].map((name) =>
    `<p><a href="${ctx.path}/${name}">${name}</a> <a href="${ctx.path}/${name}@aal1">${name} weakly</a></p>`);
  ctx.type = "html";
  ctx.body = `<!doctype html><title>Issuer</title><h1>Issuer</h1>${links.join("")}`;
});

provider.listen(port, "127.0.0.1", () => console.log("ready"));
