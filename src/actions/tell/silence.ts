import { z } from "zod";
import { ownAlertName } from "../../alert.ts";
import type { Clock } from "../../clock.ts";
import type { Message } from "../../entry.ts";
import { headline } from "../../explain/reason.ts";
import type { Ms } from "../../model.ts";
import { createPeer, type Peer, type PeerOptions } from "./alertmanager-peer.ts";
import { cut } from "./news.ts";
import { passing } from "./passing.ts";
import { TargetError } from "./target.ts";
import type { Memory, Target } from "./target.ts";

const createdBy = "rearguard";
const longestComment = 1000;
/** Of what is silenced Alertmanager tells no end either: where more is awaited than a silence can leave out, nothing is silenced. */
const mostAwaited = 50;
/** Alertmanager begins at once what was to begin before; what begins later by its own clock would silence nothing until then. */
const skewMs: Ms = 3_600_000;

const stored = z.object({
  id: z.string().min(1),
  status: z.object({ state: z.enum(["active", "pending", "expired"]) }),
  startsAt: z.string(),
  endsAt: z.string(),
  createdBy: z.string(),
  comment: z.string(),
});

/** `over`: it ended, by our hand or by somebody's, and is not made again. */
const handleShape = z.object({ id: z.string(), until: z.number(), over: z.boolean().optional() });
type Handle = z.output<typeof handleShape>;

/** Which alerts a silence is for. */
export interface SilenceRule {
  /** What your alerts call the namespace and the workload that they are about; both are always matched. */
  readonly namespace: string;
  readonly workload: string;
  /** Further labels that must have just these values. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** After this it ends by itself; it is renewed while the guard acts. */
  readonly lastsMs: Ms;
}

interface Matcher {
  readonly name: string;
  readonly value: string;
  readonly isRegex: false;
  readonly isEqual: boolean;
}

/**
 * While a guard acts and until that is verified, the alerts that name its workload are silenced; never our own, and never more than those.
 * Silences are shared between peers: the first one that takes it is enough.
 */
export function createSilence(
  options: Omit<PeerOptions, "url"> & {
    readonly urls: readonly string[];
    readonly silence: SilenceRule;
    readonly clock: Pick<Clock, "now">;
  },
): Target {
  const { urls, silence, clock } = options;
  const peers = urls.map((url) => createPeer({ ...options, url }));

  /** Asks the peers in their order; one that answers "no" has answered. */
  async function ask<T>(work: (peer: Peer) => Promise<T>): Promise<T> {
    let last: unknown;
    for (const peer of peers) {
      try {
        return await work(peer);
      } catch (error) {
        if (!(error instanceof TargetError) || error.code !== "TARGET_UNREACHABLE") throw error;
        last = error;
      }
    }
    throw last;
  }

  async function find(peer: Peer, id: string): Promise<z.output<typeof stored> | undefined> {
    try {
      return parse(stored, await peer.call("GET", `silence/${encodeURIComponent(id)}`));
    } catch (error) {
      if (error instanceof TargetError && error.facts.status === 404) return undefined;
      throw error;
    }
  }

  /** One that was begun and whose answer was lost: it names its guard. */
  async function begun(peer: Peer, message: Message): Promise<z.output<typeof stored> | undefined> {
    const { namespace, name } = message.workload;
    const filters = [`${silence.namespace}=${JSON.stringify(namespace)}`, `${silence.workload}=${JSON.stringify(name)}`];
    const query = filters.map((filter) => `filter=${encodeURIComponent(filter)}`).join("&");
    const all = parse(z.array(stored), await peer.call("GET", `silences?${query}`));
    const isOurs = (each: z.output<typeof stored>) => each.createdBy === createdBy && each.comment.includes(markOf(message));
    return all.find((each) => each.status.state !== "expired" && isOurs(each));
  }

  async function keepUp(message: Message, memory: Memory): Promise<"left-out" | void> {
    const known = read(memory);
    const now = clock.now();
    const until = now + silence.lastsMs;
    if (known?.over === true || (known !== undefined && known.until - now > silence.lastsMs / 2)) return "left-out";
    await ask(async (peer) => {
      const there = known === undefined ? await begun(peer, message) : await find(peer, known.id);
      // Somebody has ended it before its time: they want to hear of it.
      const isEnded = there?.status.state === "expired";
      if (isEnded && known !== undefined && now < known.until) return keep(memory, { ...known, over: true });
      const kept = isEnded ? undefined : there;
      const body = {
        ...bodyOf(message, silence),
        startsAt: kept?.startsAt ?? iso(now - skewMs),
        endsAt: iso(until),
        ...(kept && { id: kept.id }),
      };
      const { silenceID } = parse(z.object({ silenceID: z.string().min(1) }), await peer.call("POST", "silences", body));
      keep(memory, { id: silenceID, until });
    });
  }

  /** `forGood`: the guard has ended; else its trouble may come again, and with it another silence. */
  async function end(memory: Memory, forGood: boolean): Promise<"left-out" | void> {
    const known = read(memory);
    if (known === undefined || known.over === true) return "left-out";
    // What is over by itself needs nobody who is down.
    if (clock.now() < known.until) {
      await ask(async (peer) => {
        const there = await find(peer, known.id);
        if (there !== undefined && there.status.state !== "expired") await peer.call("DELETE", `silence/${encodeURIComponent(known.id)}`);
      });
    }
    keep(memory, { ...known, until: Math.min(known.until, clock.now()), over: forGood });
  }

  return {
    name: "alertmanager-silence",
    ongoing: true,
    async send(message, memory = forgetful) {
      const isCalm = message.because.some(({ code }) => code === "over-for-now");
      if (message.kind === "finished" || isCalm) return end(memory, message.kind === "finished");
      const isActing = message.phase === "acting" || message.phase === "verifying";
      const isNow = clock.now() - message.at < silence.lastsMs / 2;
      const canLeaveOut = (message.ongoing?.awaits.length ?? 0) <= mostAwaited;
      return message.kind === "ongoing" && isActing && isNow && canLeaveOut ? passing(() => keepUp(message, memory)) : "left-out";
    },
  };
}

/** Pure: what is silenced and why. Always the namespace and the workload, and never what we post ourselves. */
export function bodyOf(
  message: Message,
  { namespace, workload, labels = {} }: SilenceRule,
): { readonly matchers: readonly Matcher[]; readonly createdBy: string; readonly comment: string } {
  const is = (name: string, value: string): Matcher => ({ name, value, isRegex: false, isEqual: true });
  const [first] = message.because;
  const why = first === undefined ? "" : `: ${headline(first)}`;
  return {
    matchers: [
      ...Object.entries({ ...labels, [namespace]: message.workload.namespace, [workload]: message.workload.name }).map(([name, value]) =>
        is(name, value),
      ),
      ...[ownAlertName, ...(message.ongoing?.awaits ?? [])].map((name) => ({
        ...is("alertname", name),
        isEqual: false,
      })),
    ],
    createdBy,
    comment: cut(`Rearguard acts on ${message.workload.namespace}/${message.workload.name} (${markOf(message)})${why}`, longestComment),
  };
}

function markOf({ guard, cluster }: Message): string {
  return `guard ${guard} of cluster ${cluster}`;
}

function iso(at: Ms): string {
  return new Date(at).toISOString();
}

function parse<T>(shape: z.ZodType<T>, text: string): T {
  const read = z.string().transform((raw) => JSON.parse(raw) as unknown);
  const parsed = shape.safeParse(read.safeParse(text).data);
  if (parsed.success) return parsed.data;
  throw new TargetError("TARGET_REFUSED", "alertmanager answered something that is not a silence", { tries: 1 });
}

function read({ handle }: Memory): Handle | undefined {
  if (handle === undefined) return undefined;
  try {
    return handleShape.safeParse(JSON.parse(handle)).data;
  } catch {
    return undefined;
  }
}

function keep(memory: Memory, handle: Handle): void {
  memory.keep(JSON.stringify(handle));
}

const forgetful: Memory = { handle: undefined, keep: () => {} };
