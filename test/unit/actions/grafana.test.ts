import { expect, test } from "vitest";
import { createGrafana } from "../../../src/actions/tell/grafana.ts";
import { TargetError } from "../../../src/actions/tell/target.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { startReceiver } from "./receiver.ts";
import type { Answer, Received } from "./receiver.ts";
import { message } from "./sample-message.ts";

interface Annotation {
  readonly id: number;
  readonly text: string;
  readonly tags: readonly string[];
  readonly time: number;
  readonly timeEnd: number;
}

type Written = Partial<Omit<Annotation, "id">>;

/** Grafana's legacy annotations as its documents describe them: tags are ANDed, a point ends where it begins. */
function startGrafana(options: { readonly answer?: (request: Received) => Answer | undefined } = {}) {
  const annotations: Annotation[] = [];

  function serve(request: Received): Answer {
    const forced = options.answer?.(request);
    if (forced !== undefined) return forced;
    const { method, url, body } = request;
    if (method === "GET") {
      const [from, to] = ["from", "to"].map((name) => Number(url.searchParams.get(name)));
      const tags = url.searchParams.getAll("tags");
      const found = annotations.filter(
        (it) => tags.every((tag) => it.tags.includes(tag)) && it.time <= (to ?? 0) && it.timeEnd >= (from ?? 0),
      );
      return { status: 200, body: JSON.stringify(found) };
    }
    const written = JSON.parse(body) as Written;
    if (method === "POST") {
      const { text = "", tags = [], time = 0 } = written;
      if (text === "") return { status: 400 };
      if (tags.some((tag) => tag.length > 50)) return { status: 500, body: '{"message":"Failed to save annotation"}' };
      annotations.push({ id: annotations.length + 1, text, tags, time, timeEnd: written.timeEnd ?? time });
      return { status: 200, body: JSON.stringify({ message: "Annotation added", id: annotations.length }) };
    }
    const id = Number(url.pathname.split("/").at(-1));
    const at = annotations.findIndex((it) => it.id === id);
    const before = annotations[at];
    if (before === undefined) return { status: 404 };
    annotations[at] = { ...before, ...written };
    return { status: 200, body: '{"message":"Annotation patched"}' };
  }

  return startReceiver(serve).then((receiver) => ({ ...receiver, annotations }));
}

const clock = createManualClock(message().at + 5000);
const opened = message({ id: "web-1a2b3c-0", kind: "opened", at: message().openedAt, text: "is rolling out" });
const finished = message({ id: "web-1a2b3c-9", kind: "finished", at: message().at + 60_000, text: "restored" });

test("a guard is a region from its opening to its end, with points for what was decided", async () => {
  await using grafana = await startGrafana();
  const target = createGrafana({ url: `${grafana.url}/grafana`, clock });

  for (const each of [opened, message({ kind: "braked", at: message().at - 5000 }), message(), finished]) await target.send(each);

  expect(grafana.annotations.map(({ tags, time, timeEnd }) => [tags[3], time, timeEnd])).toEqual([
    ["guard", opened.at, finished.at],
    ["brake", message().at - 5000, message().at - 5000],
    ["rollback", message().at, message().at],
    ["verdict", finished.at, finished.at],
  ]);
  expect(grafana.annotations[0]?.tags).toEqual(["rearguard", "shop", "web", "guard", "web-1a2b3c"]);
  expect(grafana.annotations[0]?.text).toContain("restored");
  expect(new Set(grafana.received.map(({ url }) => url.pathname.split("/").slice(0, 4).join("/")))).toEqual(
    new Set(["/grafana/api/annotations"]),
  );
});

test("telling again, as after a restart, doubles nothing", async () => {
  await using grafana = await startGrafana();
  for (const each of [opened, message(), finished]) await createGrafana({ url: grafana.url, clock }).send(each);
  const before = structuredClone(grafana.annotations);

  for (const each of [opened, message(), finished]) await createGrafana({ url: grafana.url, clock }).send(each);

  expect(grafana.annotations).toEqual(before);
});

test("a second brake of the same guard is a second point", async () => {
  await using grafana = await startGrafana();
  const target = createGrafana({ url: grafana.url, clock });

  await target.send(message({ kind: "braked" }));
  await target.send(message({ kind: "braked", at: message().at + 30_000 }));

  expect(grafana.annotations).toHaveLength(2);
});

test("a region that was never opened is written whole at the end", async () => {
  await using grafana = await startGrafana();

  await createGrafana({ url: grafana.url, clock }).send(finished);

  expect(grafana.annotations[0]).toMatchObject({ time: finished.openedAt, timeEnd: finished.at });
});

test("what was withheld is a point too", async () => {
  await using grafana = await startGrafana();

  await createGrafana({ url: grafana.url, clock }).send(message({ kind: "withheld" }));

  expect(grafana.annotations.map(({ tags }) => tags[3])).toEqual(["withheld"]);
});

test("guards with long names of one beginning are told apart", async () => {
  await using grafana = await startGrafana();
  const target = createGrafana({ url: grafana.url, clock });

  for (const end of ["1a2b3c", "4d5e6f"]) await target.send(message({ ...opened, guard: `${"w".repeat(60)}-${end}` }));

  expect(grafana.annotations).toHaveLength(2);
});

test("times are whole milliseconds", async () => {
  await using grafana = await startGrafana();

  await createGrafana({ url: grafana.url, clock }).send(
    message({ ...finished, at: finished.at + 0.5, openedAt: finished.openedAt + 0.25 }),
  );

  expect(grafana.annotations.flatMap(({ time, timeEnd }) => [time, timeEnd]).every(Number.isInteger)).toBe(true);
});

test("tags are cut to what every Grafana stores", async () => {
  await using grafana = await startGrafana();
  const workload = { ...message().workload, name: "w".repeat(200) };

  await createGrafana({ url: grafana.url, clock }).send(message({ workload }));

  expect(grafana.annotations[0]?.tags).toContain("w".repeat(50));
});

test("an annotation Grafana cannot store (500) is given up after a few tries", async () => {
  await using grafana = await startGrafana({ answer: ({ method }) => (method === "POST" ? { status: 500 } : undefined) });

  const error: unknown = await createGrafana({ url: grafana.url, clock })
    .send(message())
    .catch((thrown: unknown) => thrown);

  expect(error).toBeInstanceOf(TargetError);
  expect(error).toMatchObject({ message: "Grafana answered 500", facts: { tries: 5 } });
});

test("a login page in place of Grafana is an error, not an empty list", async () => {
  await using grafana = await startGrafana({ answer: () => ({ status: 200, body: "<html>log in</html>" }) });

  await expect(createGrafana({ url: grafana.url, clock }).send(message())).rejects.toThrow(
    "Grafana answered something that is not a list of annotations",
  );
});

test("what is no decision is not annotated", async () => {
  await using grafana = await startGrafana();

  await createGrafana({ url: grafana.url, clock }).send(message({ kind: "noted" }));

  expect(grafana.received).toEqual([]);
});
