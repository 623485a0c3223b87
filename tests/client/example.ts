// An app writes a blood pressure and reads it back, typed by what the server publishes.
//
//   npx openapi-typescript https://<host>/schema/openapi.json --default-non-nullable=false -o tsunagu.d.ts
//   node example.js https://<host> <session token>
import type { components, operations } from "tsunagu";

type Body<T> = T extends { content: { "application/json": infer Json } } ? Json : undefined;
type Answer<Name extends keyof operations> = {
  [Status in keyof operations[Name]["responses"] & (200 | 201)]: Body<operations[Name]["responses"][Status]>;
}[keyof operations[Name]["responses"] & (200 | 201)];
type Asked<Name extends keyof operations> = operations[Name] extends { requestBody: infer Sent }
  ? Body<Sent>
  : undefined;
type Query<Name extends keyof operations> = NonNullable<operations[Name]["parameters"]["query"]>;
type Measurement = components["schemas"]["NewEntry"];

class Refused extends Error {
  constructor(
    readonly status: number,
    readonly problem: unknown,
  ) {
    super(`refused: ${status}`);
  }
}

class Tsunagu {
  constructor(
    private readonly base: string,
    private readonly token: string,
  ) {}

  measurements(query: Query<"MeVitalsListed">): Promise<Answer<"MeVitalsListed">> {
    return this.ask("GET", "/me/vitals", query);
  }

  async *everyMeasurement(query: Query<"MeVitalsListed">) {
    let after: string | null = "";
    do {
      const page: Answer<"MeVitalsListed"> = await this.measurements({ ...query, after });
      yield* page.entries;
      after = page.next;
    } while (after !== null);
  }

  write(measured: Asked<"MeVitalsWrite">): Promise<Answer<"MeVitalsWrite">> {
    return this.ask("POST", "/me/vitals", {}, measured);
  }

  private async ask<Json>(method: string, path: string, query: object = {}, body?: unknown): Promise<Json> {
    const url = new URL(path, this.base);
    for (const [name, value] of Object.entries(query)) {
      if (value != null) url.searchParams.set(name, String(value));
    }
    const sent: RequestInit = {
      method,
      headers: { authorization: `Bearer ${this.token}`, "content-type": "application/json" },
    };
    if (body !== undefined) sent.body = JSON.stringify(body);
    const answer = await fetch(url, sent);
    if (!answer.ok) throw new Refused(answer.status, await answer.json());
    return (await answer.json()) as Json;
  }
}

async function main([base = "", token = "", on = ""]: string[]): Promise<void> {
  const mine = new Tsunagu(base, token);
  const measured: Measurement = {
    kind: "blood-pressure",
    on,
    values: { systolic: 128, diastolic: "76" },
    time: "07:30",
  };
  const written = await mine.write(measured);
  let again: Answer<"MeVitalsListed">["entries"][number] | undefined;
  for await (const each of mine.everyMeasurement({ kind: "blood-pressure", since: on, count: 1 })) {
    if (each.id === written.id) again = each;
  }
  let refused = 0;
  try {
    await mine.write({ ...measured, values: { systolic: 12800, diastolic: 76 } });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    refused = error.status;
  }
  console.log(JSON.stringify({ by: written.by, values: again?.values, time: again?.time, refused }));
}

void main(process.argv.slice(2));
