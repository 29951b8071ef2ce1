import type { Breach, PastAction } from "../guards/governor.ts";

/** What follows from one guard's record alone. */
export interface Facts {
  readonly workloadUid: string;
  /** Nothing else of the guard changes what it did or found. */
  readonly entries: readonly unknown[];
  actions(): readonly PastAction[];
  breaches(): readonly Breach[];
}

/**
 * Guards by name. What they did and found is kept as they change: every step that would act asks for all of it, and when many guards would
 * act at once, to look through every record for each of them would cost the very seconds that count.
 */
export class KnownGuards<Guard> extends Map<string, Guard> {
  readonly #factsOf: (guard: Guard) => Facts;
  readonly #actions = new Map<string, readonly PastAction[]>();
  readonly #breaches = new Map<string, readonly Breach[]>();
  readonly #ofWorkload = new Map<string, Set<string>>();

  constructor(factsOf: (guard: Guard) => Facts) {
    super();
    this.#factsOf = factsOf;
  }

  /** What all of them did. */
  actions(): readonly PastAction[] {
    return [...this.#actions.values()].flat();
  }

  /** Those that found their revision bad. */
  breaches(): readonly Breach[] {
    return [...this.#breaches.values()].flat();
  }

  /** Those of one workload, in the order in which they came. */
  ofWorkload(uid: string): readonly Guard[] {
    return [...(this.#ofWorkload.get(uid) ?? [])].flatMap((name) => this.get(name) ?? []);
  }

  override set(name: string, guard: Guard): this {
    const before = this.get(name);
    const facts = this.#factsOf(guard);
    const isKnown = before !== undefined && this.#factsOf(before).entries === facts.entries;
    super.set(name, guard);
    if (isKnown) return this;
    keep(this.#actions, name, facts.actions());
    keep(this.#breaches, name, facts.breaches());
    const names = this.#ofWorkload.get(facts.workloadUid) ?? new Set();
    this.#ofWorkload.set(facts.workloadUid, names.add(name));
    return this;
  }

  override delete(name: string): boolean {
    const guard = this.get(name);
    if (guard === undefined) return false;
    const { workloadUid } = this.#factsOf(guard);
    const names = this.#ofWorkload.get(workloadUid);
    names?.delete(name);
    if (names?.size === 0) this.#ofWorkload.delete(workloadUid);
    this.#actions.delete(name);
    this.#breaches.delete(name);
    return super.delete(name);
  }

  override clear(): void {
    this.#actions.clear();
    this.#breaches.clear();
    this.#ofWorkload.clear();
    super.clear();
  }
}

function keep<T>(of: Map<string, readonly T[]>, name: string, found: readonly T[]): void {
  if (found.length === 0) of.delete(name);
  else of.set(name, found);
}
