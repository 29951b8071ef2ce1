// What a small cluster of workloads is, what was done to it, and how it looks to its guards.
import type { Ask } from "../../../src/guards/ask.ts";
import { brakedBy } from "../../../src/guards/brake-mark.ts";
import type { GovernorState, PastAction } from "../../../src/guards/governor.ts";
import type { GuardRecord } from "../../../src/guards/guard.ts";
import { standingOf } from "../../../src/guards/phase.ts";
import type { GuardRun } from "../../../src/guards/run.ts";
import { actionsOf, emptyBook } from "../../../src/pipeline/book.ts";
import type { Action, EntryBody } from "../../../src/entry.ts";
import type { Ms, Workload } from "../../../src/model.ts";
import type { RemedyKind } from "../../../src/remediation.ts";
import { limits as usual, MINUTE, policyOf, START, workloadOf } from "./a-guard.ts";
import { type Level, namespaceOf, names, type State } from "./cluster-deeds.ts";

export const HOUR = 60 * MINUTE;

/** Tighter than in production, so that every rule is met. */
export const limits: Ask["limits"] = {
  ...usual,
  rollback: {
    cooldownMs: 30 * MINUTE,
    perHour: { workload: 1, namespace: 2, cluster: 3 },
    concurrent: 2,
    flap: { times: 2, withinMs: 6 * HOUR },
  },
  remedy: {
    cooldownMs: 10 * MINUTE,
    perHour: { workload: 3, namespace: 4, cluster: 5 },
    concurrent: 2,
    flap: { times: 3, withinMs: 6 * HOUR },
  },
  sharedCause: { workloads: 3, withinMs: 5 * MINUTE },
  minReady: 1,
};

export const COUNTDOWN: Ms = 2 * MINUTE;

export const policies = [policyOf(), policyOf("countdown: 2m")];

export interface Place {
  /** What the spec wants: number of the template. */
  readonly template: number;
  /** What the controller has made a ReplicaSet for; a paused Deployment makes none. */
  readonly made: number;
  readonly revision: number;
  readonly templates: number;
  readonly completed: number;
  readonly complete: boolean;
  readonly paused: boolean;
  readonly mark: string | undefined;
  readonly freeze: string | undefined;
  readonly looked: Ms | undefined;
  readonly level: Level;
}

/** What was really done, by the clock of that moment and in its order. */
export interface Effect {
  readonly action: string;
  readonly kind: Action["kind"] | RemedyKind;
  readonly at: Ms;
  readonly place: number;
  readonly guard: string;
  readonly condemned?: number;
  readonly target?: number;
  /** Ready pods left by a remedy. */
  readonly ready?: number;
  readonly looked: Ms | undefined;
  /** Rollbacks, or remedies, of other guards that were under way then. */
  readonly underWay: number;
}

/** A decision to act, and what it was made from. */
export interface Order {
  readonly action: Action;
  readonly at: Ms;
  readonly place: number;
  readonly sight: Place;
  readonly state: State;
  readonly record: GuardRecord;
  /** Other workloads that showed a breach in the last minutes, by the clock, as was known then. */
  readonly otherBreaches: number;
}

export interface Story {
  now: Ms;
  state: State;
  places: Place[];
  sights: Place[];
  records: GuardRecord[];
  remedies: PastAction[];
  readonly effects: Effect[];
  readonly orders: Order[];
  /** Signs of a breach as they were written, by workload. */
  readonly signs: { readonly at: Ms; readonly place: number; readonly guard: string }[];
  /** How many effects there were when a guard's announcement was cancelled. */
  readonly cancelled: Map<string, number>;
}

export function beginning(): Story {
  const place: Place = {
    template: 1,
    made: 1,
    revision: 1,
    templates: 1,
    completed: 1,
    complete: true,
    paused: false,
    mark: undefined,
    freeze: undefined,
    looked: undefined,
    level: "calm",
  };
  const places = names.map(() => place);
  return {
    now: START,
    state: "running",
    places,
    sights: [...places],
    records: [],
    remedies: [],
    effects: [],
    orders: [],
    signs: [],
    cancelled: new Map(),
  };
}

export function placeOf({ places }: Story, at: number): Place {
  const found = places[at];
  if (found === undefined) throw new RangeError(`no workload ${at}`);
  return found;
}

export function change(story: Story, at: number, over: Partial<Place>): void {
  const changed = { ...placeOf(story, at), ...over };
  story.places[at] = changed.paused ? changed : { ...changed, made: changed.template };
}

export function wanted(now: Place, template: number): Partial<Place> {
  if (template === now.template) return {};
  return { template, templates: Math.max(now.templates, template), revision: now.revision + 1, complete: false };
}

export function write(story: Story, name: string, body: EntryBody): void {
  story.records = story.records.map((record) => {
    if (record.name !== name) return record;
    const place = names.findIndex((one) => one === record.rollout.workload.name);
    const isSign =
      (body.kind === "intended" && body.action.kind === "rollback") ||
      (body.kind === "withheld" && body.action === "rollback") ||
      body.kind === "announced" ||
      (body.kind === "finished" && body.phase === "unresolved");
    if (isSign) story.signs.push({ at: story.now, place, guard: name });
    return { ...record, entries: [...record.entries, { ...body, seq: record.entries.length, at: story.now }] };
  });
}

export function open({ records }: Story): readonly GuardRecord[] {
  return records.filter(({ entries }) => standingOf(entries).finished === undefined);
}

export function bookOf({ records }: Story) {
  const book = emptyBook();
  for (const record of records) {
    // Of an open guard nothing but its record is looked at here.
    if (standingOf(record.entries).finished === undefined) book.open.set(record.name, { record } as GuardRun);
    else book.ended.set(record.name, record);
  }
  return book;
}

export function pastIn(story: Story, claims: ReadonlyMap<string, PastAction> = new Map()): readonly PastAction[] {
  return [...actionsOf(bookOf(story), claims), ...story.remedies];
}

export function breachingBeside({ signs: written, now }: Story, place: number, claims: ReadonlyMap<string, PastAction>): number {
  const claimed = [...claims.values()].map(({ guard, at, workloadUid }) => {
    return { guard, at, place: names.findIndex((name) => workloadUid === `uid-${name}`) };
  });
  const signs = [...written, ...claimed];
  const recent = signs.filter((sign) => sign.place !== place && now - sign.at < limits.sharedCause.withinMs);
  // Of each guard the newest sign alone counts.
  const newest = new Map(recent.map((sign) => [sign.guard, sign]));
  const isNewest = (sign: Story["signs"][number]) => signs.findLast(({ guard }) => guard === sign.guard) === sign;
  return new Set([...newest.values()].filter(isNewest).map((sign) => sign.place)).size;
}

export function limitsIn({ state }: Story): Ask["limits"] {
  return { ...limits, killSwitch: state === "killed" };
}

export function stateIn({ state, now }: Story): GovernorState {
  if (state === "paused") return { pause: { by: "dana", reason: "", at: now } };
  return state === "unknown" ? { unknown: "no answer" } : {};
}

export function templateOf(hash: string): number {
  return Number(hash.replace("hash-", ""));
}

export function revisionOf(template: number, number: number) {
  return { podTemplateHash: `hash-${template}`, number, name: `rs-${template}`, uid: `rs-${template}`, created: START };
}

export function workloadIn(now: Place, at: number): Workload {
  const counts = now.complete ? { replicas: 8, updated: 8, available: 8 } : { replicas: 10, updated: 2, available: 8 };
  const looked = now.looked === undefined ? {} : { "rearguard.dev/flap-reset": new Date(now.looked).toISOString() };
  return workloadOf({
    ...counts,
    ref: { namespace: namespaceOf(at), kind: "Deployment", name: names[at] ?? "", uid: `uid-${names[at]}` },
    templateDigest: `digest-${now.template}`,
    current: revisionOf(now.made, now.revision),
    revisions: Array.from({ length: now.templates }, (_, n) => revisionOf(n + 1, n + 1)).toReversed(),
    paused: now.paused,
    annotations: {
      ...looked,
      ...(now.freeze === undefined ? {} : { "rearguard.dev/freeze": now.freeze }),
      ...(now.mark === undefined ? {} : { [brakedBy]: JSON.stringify({ guard: now.mark }) }),
    },
  });
}
