// An EMR of another house that speaks FHIR by fhir-kit-client alone; what it found, as one JSON line.
import { Client } from "fhir-kit-client";

const [baseUrl, bearerToken, patient, resource] = process.argv.slice(2);
const client = new Client({ baseUrl, bearerToken });
const ids = (bundle) => (bundle.entry ?? []).map((entry) => entry.resource.id);

const statement = await client.capabilityStatement();
const searched = { resourceType: "Observation", searchParams: { patient, _count: 3, _sort: "date" } };
let page = await client.search(searched);
const found = [...ids(page)];
while ((page = await client.nextPage({ bundle: page }))) found.push(...ids(page));
const one = await client.read({ resourceType: "Observation", id: found[0] });
const first = await client.vread({ resourceType: "Observation", id: found[0], version: "1" });
const versions = await client.history({ resourceType: "Observation", id: found[0] });
const everything = await client.operation({
  name: "everything",
  resourceType: "Patient",
  id: patient,
  method: "GET",
});
const created = await client.create({ resourceType: "Observation", body: JSON.parse(resource) });
let refused;
try {
  await client.search({ resourceType: "Observation", searchParams: { patient, _has: "x" } });
} catch (error) {
  refused = error.response.data.resourceType;
}
process.stdout.write(
  JSON.stringify({
    fhirVersion: statement.fhirVersion,
    found,
    one: one.id,
    first: first.status,
    versions: (versions.entry ?? []).map((entry) => entry.resource.meta.versionId),
    everything: (everything.entry ?? []).map((entry) => entry.resource.resourceType),
    created: created.meta.versionId,
    refused,
  }),
);
