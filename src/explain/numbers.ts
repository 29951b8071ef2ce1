import type { Ms } from "../model.ts";

/** `0.201` → "20.1 %". Three significant digits; what is too small to print is "under 0.001 %", never 0. */
export function percent(ratio: number): string {
  const value = ratio * 100;
  if (value !== 0 && Math.abs(value) < 0.001) return "under 0.001 %";
  return `${Number(value.toPrecision(3))} %`;
}

/** `20.13` → "20x", `1.53` → "1.5x". */
export function times(factor: number): string {
  if (!Number.isFinite(factor)) return "many times";
  if (factor >= 10) return `${count(factor)}x`;
  return `${Number(factor.toFixed(1))}x`;
}

/** `903` → "903", `12678` → "12,678"; rounded to a whole number. */
export function count(value: number): string {
  const digits = String(Math.round(value));
  return digits.length < 5 ? digits : digits.replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `903, "request"` → "903 requests"; `1, "pod"` → "1 pod". */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${Math.round(value) === 1 ? noun : `${noun}s`}`;
}

/** Evidence is a factor without unit: whole numbers above 10, and no more digits than anyone can use. */
export function evidenceOf(value: number): string {
  if (value > 1e6) return "over 1,000,000";
  return value >= 10 ? count(value) : String(Number(value.toPrecision(2)));
}

/** A measured value of unknown unit, four significant digits: `0.912345` → "0.9123". */
export function plain(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : String(value);
}

/** Two largest parts: `135000` → "2 min 15 s", `3600000` → "1 h", `400` → "0.4 s". */
export function duration(ms: Ms): string {
  if (ms > 0 && ms < 950) return `${Math.max(0.1, Number((ms / 1000).toFixed(1)))} s`;
  const seconds = Math.round(ms / 1000);
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ] as const;
  const first = parts.findIndex(([value]) => value > 0);
  if (first === -1) return "0 s";
  return parts
    .slice(first, first + 2)
    .filter(([value]) => value > 0)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(" ");
}

/** A bound of a latency, four significant digits: `91.7004` → "91.7 ms". */
export function milliseconds(ms: Ms): string {
  return `${Number(ms.toPrecision(4))} ms`;
}

/** Time of day of an instant: "14:03:07 UTC". */
export function timeOfDay(at: Ms): string {
  const seconds = Math.floor(at / 1000) % 86_400;
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  return `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)} UTC`;
}
