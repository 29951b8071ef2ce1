import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createSlack, createSlackHook } from "../../src/actions/tell/slack.ts";
import type { Target } from "../../src/actions/tell/target.ts";
import type { Message } from "../../src/entry.ts";
import { makeTempDir } from "../servers/temp-dir.ts";
import { failureOf } from "../support/failure-of.ts";
import { jumpingClock } from "../support/jumping-clock.ts";
import { memories } from "../support/memories.ts";
import { startSlack } from "../support/receivers/slack.ts";
import { message } from "../unit/actions/sample-message.ts";

const token = "xoxb-1234567890-t0kenS3CRET";
const owned = new AsyncDisposableStack();
let folder: string;

beforeAll(async () => {
  folder = owned.use(await makeTempDir("slack")).path;
  await writeFile(join(folder, "token"), `${token}\n`);
});
afterAll(() => owned.disposeAsync());

const opened = message({ id: "web-1a2b3c-0", kind: "opened", severity: "info", title: "is rolling out", next: "" });
const noted = message({ id: "web-1a2b3c-1", kind: "noted", severity: "info", title: "can be judged" });
const braked = message({ id: "web-1a2b3c-3", kind: "braked", severity: "warning", title: "is braked", next: "Let it go on: …" });
const rolledBack = message({ id: "web-1a2b3c-5", title: "rolled back" });
const restored = message({ id: "web-1a2b3c-9", kind: "finished", severity: "info", phase: "restored", title: "restored" });
const passed = message({ id: "web-1a2b3c-9", kind: "finished", severity: "info", phase: "passed", title: "passed" });

async function setUp(options: { readonly posts?: "trouble"; readonly channel?: string } = {}) {
  const clock = jumpingClock();
  const slack = await startSlack({ token, now: () => clock.now() });
  const { channel = "#rollouts", posts } = options;
  const make = () => {
    // Whoever starts again does so later.
    void clock.sleep(5000);
    return createSlack({ name: "slack", apiUrl: `${slack.url}/api`, tokenFile: join(folder, "token"), channel, posts, clock });
  };
  return { slack, clock, make, memory: memories(), [Symbol.asyncDispose]: () => slack[Symbol.asyncDispose]() };
}

async function tell(target: Target, memory: ReturnType<typeof memories>, ...story: readonly Message[]): Promise<void> {
  for (const each of story) await target.send(each, memory.of(each.guard));
}

test("a guard is one message, which says where it stands now, with every entry in its thread", async () => {
  await using it = await setUp();

  await tell(it.make(), it.memory, opened, noted, braked, rolledBack, restored);

  const [root, ...replies] = it.slack.messages;
  expect(root).toMatchObject({ text: "restored", thread: undefined, edits: 3 });
  expect(replies.map(({ text, thread }) => [text, thread === root?.ts])).toEqual(
    [opened, noted, braked, rolledBack, restored].map(({ title }) => [title, true]),
  );
});

test("what is critical comes into the channel too, because an update notifies nobody", async () => {
  await using it = await setUp();

  await tell(it.make(), it.memory, opened, braked, rolledBack, restored);

  expect(it.slack.messages.filter(({ broadcast }) => broadcast).map(({ text }) => text)).toEqual(["rolled back"]);
});

test("after a restart the guard goes on in its message, and nothing is said twice", async () => {
  await using it = await setUp();
  await tell(it.make(), it.memory, opened, braked);

  await tell(it.make(), it.memory, opened, braked, rolledBack);

  expect(it.slack.messages.map(({ text }) => text)).toEqual(["rolled back", "is rolling out", "is braked", "rolled back"]);
});

test("a restart between the message and its first reply makes no second message", async () => {
  await using it = await setUp();
  await tell(it.make(), it.memory, opened);
  const [root] = it.slack.messages;
  it.memory.of(opened.guard).keep(JSON.stringify({ channel: "C042", ts: root?.ts, through: -1 }));

  await tell(it.make(), it.memory, opened);

  expect(it.slack.messages.filter(({ thread }) => thread === undefined)).toHaveLength(1);
});

test("a message that somebody deleted is posted again when the guard goes on", async () => {
  await using it = await setUp();
  await tell(it.make(), it.memory, opened);
  it.slack.delete(it.slack.messages[0]?.ts ?? "");

  await tell(it.make(), it.memory, rolledBack);

  expect(it.slack.messages.map(({ text, thread }) => [text, thread === undefined])).toEqual([
    ["is rolling out", false],
    ["rolled back", true],
    ["rolled back", false],
  ]);
});

test("with `posts: trouble` a guard without trouble is not told, and one in trouble from then on", async () => {
  await using it = await setUp({ posts: "trouble" });

  await tell(it.make(), it.memory, opened, noted, passed);
  expect(it.slack.received).toEqual([]);
  await tell(it.make(), it.memory, braked, passed);

  expect(it.slack.messages.map(({ text }) => text)).toEqual(["passed", "is braked", "passed"]);
});

test("two guards at once keep to Slack's one message a second", async () => {
  await using it = await setUp();
  const target = it.make();

  await tell(target, it.memory, opened, message({ ...opened, id: "api-9-0", guard: "api-9", title: "api is rolling out" }));

  expect(it.slack.messages.map(({ at }) => at - (it.slack.messages[0]?.at ?? 0))).toEqual([0, 1000, 2000, 3000]);
});

test("text is escaped and cut to what Slack takes, whatever a pod has to say", async () => {
  await using it = await setUp();
  const words = `${"<!channel> a & b > c ".repeat(400)}\n${"é&".repeat(9000)}\n`.repeat(30);

  await tell(
    it.make(),
    it.memory,
    message({ title: words.slice(0, 20_000), text: words, next: words, link: "https://rearguard.example/api/v1/guards/web-1a2b3c?a&b" }),
  );

  expect(it.slack.messages).toHaveLength(2);
  expect(it.slack.messages[0]?.text).toMatch(/^&lt;!channel&gt; a &amp; b &gt; c/);
});

test.each([
  [
    "token_revoked",
    "slack: Slack refuses the token (token_revoked): put a valid one with the scope chat:write into its file, which is read again for each message",
  ],
  [
    "invalid_auth",
    "slack: Slack refuses the token (invalid_auth): put a valid one with the scope chat:write into its file, which is read again for each message",
  ],
  ["not_in_channel", "slack: Slack refuses the channel (not_in_channel): check its name, and that the app is a member"],
  ["msg_too_long", "slack: Slack refuses the message (msg_too_long)"],
  ["<b>Odd", "slack: Slack refuses the message (unknown error)"],
])("ok:false with %s is final and said in one sentence", async (word, sentence) => {
  await using it = await setUp();
  it.slack.state.error = word;

  const error = await failureOf(tell(it.make(), it.memory, opened));

  expect([error.code, error.message, error.facts]).toEqual(["TARGET_REFUSED", sentence, { tries: 1 }]);
});

test("a channel that does not exist is refused by name", async () => {
  await using it = await setUp({ channel: "#nowhere" });

  const error = await failureOf(tell(it.make(), it.memory, opened));

  expect(error.message).toBe("slack: Slack refuses the channel (channel_not_found): check its name, and that the app is a member");
});

test("a fault of Slack's own is tried again", async () => {
  await using it = await setUp();
  it.slack.state.error = "internal_error";

  const error = await failureOf(tell(it.make(), it.memory, opened));

  expect([error.code, error.facts]).toEqual(["TARGET_UNREACHABLE", {}]);
});

test("a token that is replaced in its file is used from the next message on", async () => {
  await using it = await setUp();
  const file = join(folder, "rotating");
  await writeFile(file, "xoxb-old-S3CRET");
  const target = createSlack({ name: "slack", apiUrl: `${it.slack.url}/api`, tokenFile: file, channel: "#rollouts", clock: it.clock });
  const error = await failureOf(tell(target, it.memory, opened));
  await writeFile(file, token);

  await tell(target, it.memory, braked);

  expect(error.message).toContain("invalid_auth");
  expect(it.slack.messages).toHaveLength(2);
});

test("an incoming webhook gets a message for each piece of trouble and for the end of what it was told", async () => {
  await using it = await setUp();
  const file = join(folder, "url");
  await writeFile(file, `${it.slack.url}/services/T0/B0/h00kS3CRET\n`);
  const hook = createSlackHook({ name: "slack", webhookUrlFile: file, clock: it.clock });

  await tell(hook, it.memory, opened, noted, passed);
  expect(it.slack.hooked).toEqual([]);
  await tell(hook, it.memory, braked, rolledBack, restored);
  await tell(hook, it.memory, message({ ...braked, guard: "b", id: "b-1" }), message({ ...passed, guard: "b", id: "b-2" }));

  expect(it.slack.hooked).toEqual(["is braked", "rolled back", "restored", "is braked", "passed"]);
});

test("told again after a restart, an incoming webhook gets nothing that it had before", async () => {
  await using it = await setUp();
  const file = join(folder, "again");
  await writeFile(file, `${it.slack.url}/services/T0/B0/h00kS3CRET`);
  const make = () => createSlackHook({ name: "slack", webhookUrlFile: file, clock: it.clock });
  await tell(make(), it.memory, opened, braked, rolledBack);

  await tell(make(), it.memory, opened, braked, rolledBack, restored);

  expect(it.slack.hooked).toEqual(["is braked", "rolled back", "restored"]);
});

test("a link to Kibana is words to click on, whatever stands in its address", async () => {
  await using it = await setUp();
  const address = `https://kibana.example/app/r?l=DISCOVER&p=(a|b)<c>${"x".repeat(1300)}`;
  const text = `Errors.\nThe lines in Kibana: ${address}\nThe lines in Kibana: https://kibana.example/${"y".repeat(3000)}\nEnd.`;

  await tell(it.make(), it.memory, message({ ...rolledBack, text }));

  const { blocks } = JSON.parse(it.slack.received.at(-1)?.body ?? "") as {
    readonly blocks: readonly { readonly text: { readonly text: string } }[];
  };
  expect(blocks.slice(1).map((block) => block.text.text)).toEqual([
    [
      "Errors.",
      `<https://kibana.example/app/r?l=DISCOVER&amp;p=(a%7Cb)%3Cc%3E${"x".repeat(1300)}|The lines in Kibana>`,
      "The lines in Kibana: the link is too long for Slack, the guard's record has it",
      "End.",
    ].join("\n"),
  ]);
});

test("a webhook that was removed is said in one sentence without its URL", async () => {
  await using it = await setUp();
  const file = join(folder, "gone");
  await writeFile(file, `${it.slack.url}/services/T0/B0/0ldS3CRET`);

  const error = await failureOf(createSlackHook({ name: "slack", webhookUrlFile: file, clock: it.clock }).send(braked));

  expect([error.message, error.facts]).toEqual(["slack answered 404 (no_service)", { status: 404, tries: 1 }]);
});
