import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { GetOptions, KubernetesApi } from "../clients/kubernetes/api.ts";
import { hasStatus, KubernetesError } from "../clients/kubernetes/kubernetes-error.ts";
import { dig, type RawObject } from "../clients/kubernetes/raw.ts";
import { RearguardError } from "../errors.ts";
import type { Pause } from "../guards/governor.ts";
import type { Ms } from "../model.ts";

/** What outlives every guard and holds for all of Rearguard, whichever replica leads. */
export interface LedgerState {
  readonly pause?: Pause;
  /** By schedule: the last time that it was due, and what came of it. */
  readonly schedules: Readonly<Record<string, ScheduleRun>>;
}

export interface ScheduleRun {
  readonly due: Ms;
  readonly ranAt: Ms;
  readonly outcome: string;
}

/** Both throw KubernetesError when the API server cannot be reached or refuses, and LEDGER_UNREADABLE for content that is not ours. */
export interface Ledger {
  /** Empty where nothing was ever written. */
  read(): Promise<LedgerState>;
  /**
   * Writes what `fn` makes of what is there, and gives that. `fn` may be called several times: whenever somebody else has written
   * meanwhile. Nothing is written where it changes nothing.
   */
  change(fn: (state: LedgerState) => LedgerState): Promise<LedgerState>;
}

const key = "ledger.json";
const tries = 6;
/** An object may hold about 1 MiB: schedules that ran longest ago go first. */
export const mostLedgerBytes = 500_000;
const longestOutcome = 300;
/** A rollback waits for the answer whether all action is paused; when there is none, what was read last holds. */
const answeredWithinMs: Ms = 2_500;

/** What a newer Rearguard adds is kept as it is. */
const content = z.looseObject({
  version: z.literal(1),
  pause: z.looseObject({ by: z.string(), reason: z.string(), at: z.number() }).optional(),
  schedules: z.record(z.string(), z.looseObject({ due: z.number(), ranAt: z.number(), outcome: z.string() })),
});

/** One ConfigMap, written by compare-and-swap: of two writers at once neither loses anything. */
export function createLedger(options: {
  readonly api: Pick<KubernetesApi, "get" | "post" | "put">;
  readonly namespace: string;
  readonly name: string;
  /** For a read with all its tries; 3 s unless told. */
  readonly readWithinMs?: Ms;
}): Ledger {
  const { api, namespace, name, readWithinMs = 3_000 } = options;
  const collection = `/api/v1/namespaces/${namespace}/configmaps`;
  const path = `${collection}/${name}`;
  let turn: Promise<unknown> = Promise.resolve();

  async function find(asked: GetOptions = {}): Promise<RawObject | undefined> {
    try {
      return await api.get(path, asked);
    } catch (error) {
      // In the API server's own words: a 404 of something between us must not read as "nothing is paused".
      if (error instanceof KubernetesError && error.status === 404 && error.reason === "NotFound") return undefined;
      throw error;
    }
  }

  function stateIn(object: RawObject | undefined): LedgerState {
    const text = dig(object, "data", key);
    if (text === undefined) return { schedules: {} };
    const read = readLedger(text);
    if (typeof read !== "string") return read;
    throw new RearguardError("LEDGER_UNREADABLE", `the ConfigMap ${namespace}/${name} cannot be read: ${key}: ${read}`);
  }

  async function write(object: RawObject | undefined, state: LedgerState): Promise<void> {
    const data = { ...(dig(object, "data") as RawObject | undefined), [key]: writeLedger(state) };
    if (object !== undefined) await api.put(path, { ...object, data });
    else await api.post(collection, { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace }, data });
  }

  return {
    async read() {
      return stateIn(await find({ signal: AbortSignal.timeout(readWithinMs), deadlineMs: answeredWithinMs }));
    },
    change(fn) {
      const mine = turn.then(() => changeNow(fn));
      turn = mine.catch(() => undefined);
      return mine;
    },
  };

  async function changeNow(fn: (state: LedgerState) => LedgerState): Promise<LedgerState> {
    for (let tried = 1; ; tried += 1) {
      const object = await find();
      const before = stateIn(object);
      const after = fn(before);
      if (isDeepStrictEqual(after, before)) return before;
      try {
        await write(object, after);
        return after;
      } catch (error) {
        // 409: somebody else wrote it first; 404: it was deleted meanwhile. What is there now is read again.
        const isLost = hasStatus(error, 409) || (object !== undefined && hasStatus(error, 404));
        if (!isLost || tried === tries) throw error;
      }
    }
  }
}

/** The state in a text; a sentence where it is none of ours. */
function readLedger(text: unknown): LedgerState | string {
  let value: unknown;
  try {
    value = JSON.parse(String(text));
  } catch {
    return "it is no JSON";
  }
  const parsed = content.safeParse(value);
  if (!parsed.success) return z.prettifyError(parsed.error).replaceAll("\n", " ");
  const { version: _, pause, ...rest } = parsed.data;
  return { ...rest, ...(pause === undefined ? {} : { pause }) };
}

function writeLedger(state: LedgerState): string {
  const runs = Object.entries(state.schedules).toSorted(([, one], [, other]) => other.ranAt - one.ranAt);
  const schedules: Record<string, ScheduleRun> = {};
  let bytes = 0;
  for (const [name, run] of runs) {
    const short = { ...run, outcome: run.outcome.slice(0, longestOutcome) };
    bytes += JSON.stringify([name, short], null, 2).length * 3;
    if (bytes > mostLedgerBytes) break;
    schedules[name] = short;
  }
  return JSON.stringify({ ...state, version: 1, schedules }, null, 2);
}
