import type { Message } from "../../../src/entry.ts";

const at = Date.parse("2026-11-23T14:02:55Z");

export function message(over: Partial<Message> = {}): Message {
  return {
    id: "web-1a2b3c-4",
    guard: "web-1a2b3c",
    workload: { namespace: "shop", kind: "Deployment", name: "web", uid: "4b1c5d0e-0000-4000-8000-000000000001" },
    cluster: "prod-eu",
    at,
    kind: "rolled-back",
    severity: "critical",
    title: "[prod-eu] shop/web rolled back to revision 6: errors 20 %, limit 1 %",
    text: "Revision 7 of Deployment shop/web was taken back to revision 6.",
    because: [],
    next: "",
    phase: "verifying",
    openedAt: at - 45_000,
    ...over,
  };
}
