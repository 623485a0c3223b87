// An app of another house, by oauth4webapi alone: one JSON command a line in, one answer a line out.
import { createInterface } from "node:readline";
import * as oauth from "oauth4webapi";

const [fhir, clientId, redirectUri] = process.argv.slice(2);
const client = { client_id: clientId };
const plain = { [oauth.allowInsecureRequests]: true };
let server, verifier, state, tokens, key;

const known = async () => {
  const answer = await fetch(`${fhir}/.well-known/smart-configuration`);
  const issuer = new URL((await answer.clone().json()).issuer);
  server = await oauth.processDiscoveryResponse(issuer, answer);
  return server;
};

const options = () => (key ? { ...plain, DPoP: oauth.DPoP(client, key) } : plain);

const deeds = {
  discover: known,
  bind: async () => {
    key = await oauth.generateKeyPair("ES256");
    return {};
  },
  ask: async ({ scope, without = [], change = {} }) => {
    verifier = oauth.generateRandomCodeVerifier();
    state = oauth.generateRandomState();
    const url = new URL(server.authorization_endpoint);
    const asked = {
      response_type: "code",
      client_id: clientId,
      redirect_uri: redirectUri,
      scope,
      state,
      aud: fhir,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      ...change,
    };
    for (const [name, value] of Object.entries(asked)) {
      if (!without.includes(name)) url.searchParams.set(name, value);
    }
    return { url: url.href };
  },
  exchange: async ({ callback, wrongVerifier, wrongRedirect }) => {
    const answer = oauth.validateAuthResponse(server, client, new URL(callback), state);
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      oauth.None(),
      answer,
      wrongRedirect ?? redirectUri,
      wrongVerifier ? oauth.generateRandomCodeVerifier() : verifier,
      options(),
    );
    tokens = await oauth.processAuthorizationCodeResponse(server, client, response);
    return tokens;
  },
  refresh: async ({ token }) => {
    const response = await oauth.refreshTokenGrantRequest(
      server, client, oauth.None(), token ?? tokens.refresh_token, options(),
    );
    tokens = await oauth.processRefreshTokenResponse(server, client, response);
    return tokens;
  },
  read: async ({ path }) => {
    const response = await oauth.protectedResourceRequest(
      tokens.access_token, "GET", new URL(`${fhir}/${path}`), undefined, undefined, options(),
    );
    return response.json();
  },
  revoke: async () => {
    const response = await oauth.revocationRequest(
      server, client, oauth.None(), tokens.refresh_token, plain,
    );
    await oauth.processRevocationResponse(response);
    return {};
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { deed, ...given } = JSON.parse(line);
  let answer;
  try {
    answer = await deeds[deed](given);
  } catch (fault) {
    const challenge = fault.cause?.[0]?.parameters?.error;
    answer = { fault: fault.name, error: fault.error ?? challenge, status: fault.status, said: fault.message };
  }
  console.log(JSON.stringify(answer));
}
