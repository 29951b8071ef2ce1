import fc from "fast-check";
import { expect, test } from "vitest";
import { alertsOf } from "../../../src/actions/tell/alertmanager.ts";
import { eventOf } from "../../../src/actions/tell/pagerduty.ts";
import { entryContent, escapeText, rootContent } from "../../../src/actions/tell/slack-blocks.ts";
import type { Message } from "../../../src/entry.ts";
import { publicWords } from "../../../src/explain/public.ts";
import { message } from "./sample-message.ts";

const kinds = ["opened", "noted", "braked", "released", "rolled-back", "withheld", "held", "finished", "failed"] as const;
const phases = ["passed", "restored", "unresolved", "inconclusive", "superseded", "aborted"] as const;
/** What people and pods write: long, with Slack's own signs, with half characters. */
const words = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc
    .array(fc.constantFrom("<!channel> ", "&amp;", "&", ">", "*", "\n", "😀", "\ud83d", "é", "x".repeat(400)), { maxLength: 60 })
    .map((parts) => parts.join("")),
);
const anyMessage: fc.Arbitrary<Message> = fc
  .record({
    kind: fc.constantFrom(...kinds),
    phase: fc.constantFrom(...phases),
    severity: fc.constantFrom("info", "warning", "critical"),
    title: words,
    text: words,
    next: words,
    after: fc.integer({ min: 0, max: 86_400_000 }),
  })
  .map(({ after, ...over }) =>
    message({ ...over, at: message().openedAt + after, link: "https://rearguard.example/api/v1/guards/web?a=1&b=2" }),
  );

type Block = { readonly type: string; readonly text?: { readonly text: string }; readonly elements?: readonly { readonly text: string }[] };

test("whatever is told, Slack takes it: sections of 1 to 3000 characters, at most 50 of them, everything escaped", () => {
  fc.assert(
    fc.property(anyMessage, (told) => {
      for (const content of [rootContent(told), entryContent(told)]) {
        const blocks = content.blocks as readonly Block[];
        const texts = blocks.flatMap(({ text, elements = [] }) =>
          [...(text === undefined ? [] : [text]), ...elements].map((each) => each.text),
        );
        expect(blocks.length).toBeLessThanOrEqual(50);
        for (const text of [...texts, content.text]) {
          expect(text.length).toBeLessThanOrEqual(3000);
          expect(text).not.toMatch(/&(?!amp;|lt;|gt;)/);
          expect(text.replace(/^<https:[^<>|]+\|[^<>|]+>$/, "")).not.toMatch(/[<>]/);
        }
        expect(texts.every((text) => text.length > 0)).toBe(true);
      }
    }),
  );
});

test("a short text reaches Slack whole and in order", () => {
  const plain = fc.array(
    fc.string({ minLength: 1, maxLength: 80 }).filter((line) => line.trim() !== "" && !line.includes("\n")),
    { minLength: 1, maxLength: 20 },
  );
  fc.assert(
    fc.property(plain, (lines) => {
      const [, ...blocks] = entryContent(message({ title: "t", text: lines.join("\n") })).blocks as readonly Block[];
      expect(blocks.map(({ text }) => text?.text).join("\n")).toBe(escapeText(lines.join("\n")));
    }),
  );
});

test("whatever is told, PagerDuty is sent one event at most, within its bounds", () => {
  fc.assert(
    fc.property(anyMessage, fc.boolean(), (told, changes) => {
      const body = JSON.stringify({ routing_key: "k".repeat(32), ...eventOf(told, changes)?.body });
      const summary = (eventOf(told, changes)?.body["payload"] as { readonly summary: string } | undefined)?.summary ?? "";
      expect(Buffer.byteLength(body)).toBeLessThan(512 * 1024);
      expect(summary.length).toBeLessThanOrEqual(1024);
    }),
  );
});

test("whatever is told, of one guard at most one alert fires, and every alert begins before it ends", () => {
  fc.assert(
    fc.property(anyMessage, (told) => {
      const alerts = alertsOf(told, {}, 86_400_000) as readonly { readonly startsAt: string; readonly endsAt: string }[];
      expect(alerts.every(({ startsAt, endsAt }) => Date.parse(startsAt) <= Date.parse(endsAt))).toBe(true);
      expect(alerts.filter(({ endsAt }) => Date.parse(endsAt) > told.at).length).toBeLessThanOrEqual(1);
      expect(alerts.length).toBeLessThanOrEqual(2);
    }),
  );
});

test("the public is told nothing of what a message says", () => {
  fc.assert(
    fc.property(anyMessage, fc.constantFrom(...phases), (told, phase) => {
      const one = publicWords({ ...told, phase }, "The shop");
      const other = publicWords({ ...message(), kind: told.kind, severity: told.severity, phase }, "The shop");
      expect(one).toEqual(other);
    }),
  );
});
