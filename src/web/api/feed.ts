import { allGuards, type GuardEdges, type Known } from "./guards.ts";

export type FeedEdges = GuardEdges;

/** One event of the stream, ready to be sent. */
export interface FeedEvent {
  readonly id: string;
  /** Absent for what concerns all. */
  readonly guard?: string;
  readonly text: string;
}

type Shown = { readonly entries: number; readonly folded: unknown; readonly line: string };

/** So many events are kept for those who come back. */
const KEPT = 1_000;

/**
 * What changes of the guards, as events in one order. `entry`: a line more in a record. `guard`: its line in the list is another.
 * `gone`: this instance has it no more. The ids of another process are none of ours: who comes with one gets all anew.
 */
export function createFeed(edges: FeedEdges, epoch: string) {
  const shown = new Map<string, Shown>();
  let events: FeedEvent[] = [];
  let count = 0;
  let lookedAt = edges.now();

  function emit(kind: string, guard: string, data: object): FeedEvent {
    count += 1;
    return { id: `${epoch}-${count}`, guard, text: eventText(kind, `${epoch}-${count}`, data) };
  }

  function changesOf({ record, folded, ...shows }: Known, isHeard: boolean): readonly FeedEvent[] {
    const { name, entries } = record;
    const before = shown.get(name);
    // Evidence moves with every block: nobody's news while nobody listens.
    if (before !== undefined && before.entries === entries.length && (before.folded === folded || !isHeard)) return [];
    const line = shows.line(edges.now());
    const written = JSON.stringify(line);
    shown.set(name, { entries: entries.length, folded, line: written });
    // A guard that is older than the last look was taken over from another instance: what was before is in the snapshots.
    const known = before?.entries ?? (record.openedAt < lookedAt ? entries.length : 0);
    const fresh = entries.slice(known).map(({ seq }) => {
      const { namespace, workload } = line;
      return emit("entry", name, { guard: name, namespace, workload, entry: shows.entry(seq) });
    });
    return written === before?.line ? fresh : [...fresh, emit("guard", name, line)];
  }

  return {
    /** What is new since the last look. `isHeard`: somebody listens. */
    look(isHeard: boolean): readonly FeedEvent[] {
      const fresh: FeedEvent[] = [];
      const there = new Set<string>();
      for (const guard of allGuards(edges).toReversed()) {
        there.add(guard.record.name);
        fresh.push(...changesOf(guard, isHeard));
      }
      for (const name of shown.keys()) {
        if (there.has(name)) continue;
        shown.delete(name);
        fresh.push(emit("gone", name, { guard: name }));
      }
      lookedAt = edges.now();
      if (fresh.length > 0) events = [...events, ...fresh].slice(-KEPT);
      return fresh;
    },
    /** Nobody has listened for long: what comes meanwhile is in the next snapshot. */
    forget(): void {
      if (shown.size > 0) count += 1;
      shown.clear();
      events = [];
      lookedAt = edges.now();
    },
    /** What came after this event; undefined when that is not known any more. */
    since(id: string): readonly FeedEvent[] | undefined {
      const at = events.findIndex((event) => event.id === id);
      if (at >= 0) return events.slice(at + 1);
      return id === `${epoch}-${count}` ? [] : undefined;
    },
    /** All as it is now, under the id of the last event. */
    snapshot(guard?: string): string {
      const guards = allGuards(edges)
        .filter(({ record }) => guard === undefined || record.name === guard)
        .map(({ line }) => line(edges.now()));
      return eventText("snapshot", `${epoch}-${count}`, { guards });
    },
  };
}

/** As text/event-stream writes it: JSON has no line breaks. */
function eventText(kind: string, id: string, data: object): string {
  return `id: ${id}\nevent: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;
}
