import { isDeepStrictEqual } from "node:util";
import type { KubernetesApi } from "../clients/kubernetes/api.ts";
import { hasStatus } from "../clients/kubernetes/kubernetes-error.ts";
import { dig, text } from "../clients/kubernetes/raw.ts";
import type { RawObject } from "../clients/kubernetes/raw.ts";
import type { GuardSummary } from "../guards/guard.ts";
import { type AnyRecord, isFinished, isRemediation, workloadOfRecord } from "../guards/remediation/record.ts";
import type { Ms } from "../model.ts";
import { guardObjectOf, readGuardObject } from "./guard-object.ts";
import type { GuardObject, GuardStatus, StoredGuard } from "./guard-object.ts";
import { guardKind } from "./guard-schema.ts";
import { readRemediationObject, remediationObjectOf } from "./remediation-object.ts";
import type { RemediationObject, RemediationStatus, StoredRemediation } from "./remediation-object.ts";

export interface GuardJournal {
  /** All guards, of rollouts and of remediations, of these namespaces or of the cluster. What cannot be read is left out and reported by `unreadable`. */
  list(namespaces?: readonly string[]): Promise<readonly AnyRecord[]>;
  /** Writes a new guard. `exists`: a guard of this name has been opened before, by whomever; `list` gives it. */
  create(record: AnyRecord, summary: GuardSummary): Promise<"created" | "exists">;
  /**
   * Writes the status of a guard that this journal has listed, created or saved, if nobody has written since. `conflict`:
   * somebody has (another leader): list again before anything else is done. `gone`: it was deleted.
   */
  save(record: AnyRecord, summary: GuardSummary): Promise<"saved" | "conflict" | "gone">;
  /**
   * Deletes the oldest finished guards of a workload that this journal knows, all but the newest `keep` of each kind and those `spared`;
   * gives how many.
   */
  prune(workloadUid: string, keep: number, spared?: ReadonlySet<string>): Promise<number>;
}

type Known = {
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: string;
  readonly workloadUid: string;
  readonly openedAt: Ms;
  readonly finished: boolean;
  /** Of a remediation. */
  readonly remedies: boolean;
  /** Status of a write whose answer was lost: it may or may not be the stored one. */
  readonly unsure?: AnyObject["status"];
};

type AnyObject = GuardObject | RemediationObject;

/** All calls throw KubernetesError when the API server cannot be reached or refuses. */
export function createGuardJournal(options: {
  readonly api: Pick<KubernetesApi, "get" | "list" | "post" | "put" | "del">;
  readonly unreadable?: (guard: string, why: string) => void;
}): GuardJournal {
  const { api, unreadable = () => {} } = options;
  const known = new Map<string, Known>();

  function remember(record: AnyRecord, resourceVersion: string): void {
    const { namespace, name, openedAt } = record;
    const { uid: workloadUid } = workloadOfRecord(record);
    const [finished, remedies] = [isFinished(record), isRemediation(record)];
    known.set(keyOf(record), { namespace, name, resourceVersion, workloadUid, openedAt, finished, remedies });
  }

  function read(raw: RawObject, name: string): StoredGuard | StoredRemediation | undefined {
    const stored = dig(raw, "spec", "trigger") === undefined ? readGuardObject(raw) : readRemediationObject(raw);
    if (typeof stored !== "string") return stored;
    unreadable(name, stored);
    return undefined;
  }

  async function putStatus(guard: AnyObject, record: AnyRecord, resourceVersion: string): Promise<void> {
    const metadata = { ...guard.metadata, resourceVersion };
    const answer = await api.put(`${pathOf(record)}/status`, { ...guard, metadata });
    remember(record, versionOf(answer));
  }

  /** The guard was created and its maker stopped before it wrote the status: the name is a hash of the same facts, so it is ours. */
  async function adopt(guard: AnyObject, record: AnyRecord): Promise<"created" | "exists"> {
    const stored = read(await api.get(pathOf(record)), record.name);
    if (stored === undefined || stored.summary !== undefined) return "exists";
    try {
      await putStatus(guard, record, stored.resourceVersion);
      return "created";
    } catch (error) {
      if (hasStatus(error, 409)) return "exists";
      throw error;
    }
  }

  /** After a lost answer a conflict may be with ourselves: then what is stored is what we sent. */
  async function isOurOwn(record: AnyRecord, sent: GuardStatus | RemediationStatus | undefined): Promise<string | undefined> {
    if (sent === undefined) return undefined;
    const raw = await api.get(pathOf(record));
    return isDeepStrictEqual(raw["status"], sent) ? versionOf(raw) : undefined;
  }

  return {
    async list(namespaces = []) {
      const paths = namespaces.length === 0 ? [collection()] : namespaces.map((namespace) => collection(namespace));
      const raw = (await Promise.all(paths.map((path) => api.list(path)))).flat();
      const stored = raw.map((each) => read(each, nameOf(each))).filter((each) => each !== undefined);
      for (const { record, resourceVersion } of stored) remember(record, resourceVersion);
      return stored.map(({ record }) => record);
    },

    async create(record, summary) {
      const guard = objectOf(record, summary);
      const { status: _, ...withoutStatus } = guard;
      let answer;
      try {
        answer = await api.post(collection(record.namespace), withoutStatus);
      } catch (error) {
        if (hasStatus(error, 409)) return adopt(guard, record);
        throw error;
      }
      await putStatus(guard, record, versionOf(answer));
      return "created";
    },

    async save(record, summary) {
      const guard = objectOf(record, summary);
      const before = known.get(keyOf(record));
      if (before === undefined) return "conflict";
      let version: string | undefined = before.resourceVersion;
      let { unsure } = before;
      while (version !== undefined) {
        try {
          await putStatus(guard, record, version);
          return "saved";
        } catch (error) {
          if (hasStatus(error, 404)) return forget(record);
          if (!hasStatus(error, 409)) {
            known.set(keyOf(record), { ...before, resourceVersion: version, unsure: guard.status });
            throw error;
          }
          version = await isOurOwn(record, unsure);
          unsure = undefined;
        }
      }
      return "conflict";
    },

    async prune(workloadUid, keep, spared = new Set()) {
      const finished = [...known.values()].filter((each) => each.workloadUid === workloadUid && each.finished);
      const beyond = [true, false].flatMap((remedies) => {
        const alike = finished.filter((each) => each.remedies === remedies);
        return alike.toSorted((a, b) => b.openedAt - a.openedAt).slice(keep);
      });
      const old = beyond.filter(({ name }) => !spared.has(name));
      for (const each of old) {
        try {
          await api.del(pathOf(each));
        } catch (error) {
          if (!hasStatus(error, 404)) throw error;
        }
        known.delete(keyOf(each));
      }
      return old.length;
    },
  };

  function forget(record: AnyRecord): "gone" {
    known.delete(keyOf(record));
    return "gone";
  }
}

function objectOf(record: AnyRecord, summary: GuardSummary): AnyObject {
  return isRemediation(record) ? remediationObjectOf(record, summary) : guardObjectOf(record, summary);
}

function collection(namespace?: string): string {
  const { group, version, plural } = guardKind;
  return `/apis/${group}/${version}${namespace === undefined ? "" : `/namespaces/${namespace}`}/${plural}`;
}

function pathOf(guard: { readonly namespace: string; readonly name: string }): string {
  return `${collection(guard.namespace)}/${guard.name}`;
}

function keyOf(guard: { readonly namespace: string; readonly name: string }): string {
  return `${guard.namespace}/${guard.name}`;
}

function nameOf(raw: RawObject): string {
  return text(dig(raw, "metadata", "name")) ?? "?";
}

function versionOf(raw: RawObject): string {
  return text(dig(raw, "metadata", "resourceVersion")) ?? "";
}
