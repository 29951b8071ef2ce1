import type { Behaviour } from "../../world.ts";

const mib = 1024 * 1024;
const startMib = 150;
const limitMib = 512;

/** Memory of a process that leaks, in bytes; undefined for one that does not. 18 MiB a minute: 330 MiB after ten minutes. */
export function leakedBytes({ leakMibPerMinute }: Behaviour, uptimeMs: number): number | undefined {
  if (leakMibPerMinute === null) return undefined;
  return Math.min(startMib + (leakMibPerMinute * uptimeMs) / 60_000, limitMib) * mib;
}

/** How long it takes to its memory limit, in ms, and null for a process that does not leak. 18 MiB a minute: (512 - 150) / 18 = 20.1 minutes. */
export function killedAfterMs({ leakMibPerMinute }: Behaviour): number | null {
  return leakMibPerMinute === null ? null : Math.round(((limitMib - startMib) / leakMibPerMinute) * 60_000);
}

/** Minutes in which what fills up at the start comes to 63 % of the whole. */
const warmMinutes = 4;

/** Memory of any process, in bytes: leak, saw-tooth and what fills up at the start. */
export function usedBytes(behaviour: Behaviour, uptimeMs: number): number {
  const minutes = uptimeMs / 60_000;
  const saw = behaviour.sawMib * ((minutes / behaviour.sawMinutes) % 1);
  const warm = behaviour.warmMib * (1 - Math.exp(-minutes / warmMinutes));
  return Math.min((leakedBytes(behaviour, uptimeMs) ?? startMib * mib) + (saw + warm) * mib, limitMib * mib);
}
