import { expect, test } from "vitest";
import { eventOf } from "../../../src/actions/tell/kubernetes-event.ts";
import { message } from "./sample-message.ts";

test("an event names the workload, the deed and its cause, under a name that repeats with the message", () => {
  expect(eventOf(message(), "rearguard-0")).toEqual({
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata: { name: "rearguard.web-1a2b3c-4", namespace: "shop" },
    eventTime: "2026-11-23T14:02:55.000000Z",
    reportingController: "rearguard.dev/rearguard",
    reportingInstance: "rearguard-0",
    action: "Rollback",
    reason: "RolledBack",
    type: "Warning",
    regarding: { apiVersion: "apps/v1", kind: "Deployment", namespace: "shop", name: "web", uid: message().workload.uid },
    related: { apiVersion: "rearguard.dev/v1alpha1", kind: "Guard", namespace: "shop", name: "web-1a2b3c" },
    note: `${message().title}\n${message().text}`,
  });
});

test("a link that is too long for an Event is left out of it, never cut", () => {
  const link = `- The lines in Kibana: https://kibana.example.com/app/r?p=${"x".repeat(1000)}`;
  const { note } = eventOf(message({ text: `first\n${link}\nsee https://example.com/runbook` }), "rearguard-0");
  expect(note).toBe(`${message().title}\nfirst\nsee https://example.com/runbook`);
});

test("a note never exceeds 1024 bytes, and no letter is cut in two", () => {
  const { note } = eventOf(message({ text: "é".repeat(2000) }), "rearguard-0");

  expect(Buffer.byteLength(String(note))).toBeLessThanOrEqual(1024);
  expect(Buffer.byteLength(String(note))).toBeGreaterThan(1000);
  expect(note).toMatch(/é…$/);
});
