// What the schema does not publish does not compile: without these errors there would be one.
import type { components, paths } from "tsunagu";

type Measurement = components["schemas"]["NewEntry"];

// @ts-expect-error: no such kind
export const kind: Measurement["kind"] = "mood";
// @ts-expect-error: a measurement has its values
export const nothing: Measurement = { kind: "weight", on: "2026-05-01" };
// @ts-expect-error: no such door
export type Door = paths["/me/everything"];
