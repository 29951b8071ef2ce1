import type { GuardReport, ServedBy } from "../report.ts";
import { count, duration, timeOfDay } from "./numbers.ts";

/** What a revision cost and how long it took, in sentences with a full stop. */
export function reportSentences(report: GuardReport): string {
  return [servedSentence(report), timesSentence(report)].filter((text) => text !== "").join(" ");
}

function servedSentence({ served, badSince, badUntil }: GuardReport): string {
  if (served === undefined) return "";
  const { condemned, old, signal } = served;
  const bad = condemned.before.bad + condemned.after.bad + old.before.bad + old.after.bad;
  const span =
    badSince === undefined || badUntil === undefined
      ? "Bad requests"
      : `Bad from ${timeOfDay(badSince)} to ${timeOfDay(badUntil)} (${duration(badUntil - badSince)}): bad requests`;
  const parts = [`${by(condemned.revision)} ${halves(condemned)}`, `${by(old.revision)} ${halves(old)}`];
  return `${span} until its end were ${count(bad)} in all, by ${signal}: ${parts.join("; ")}.`;
}

function by(revision: number | null): string {
  return revision === null ? "other pods" : `revision ${revision}`;
}

function halves({ before, after }: ServedBy): string {
  return `${of(before)} before the rollback, ${of(after)} after it`;
}

function of({ bad, total }: ServedBy["before"]): string {
  return `${count(bad)} of ${count(total)}`;
}

function timesSentence({ startedAt, badSince, brakedAt, rolledBackAt, verifiedAt }: GuardReport): string {
  const from = badSince ?? startedAt;
  const since = (at: number) => duration(Math.max(0, at - from));
  const steps = [
    ...(brakedAt === undefined ? [] : [`braked after ${since(brakedAt)}`]),
    ...(rolledBackAt === undefined ? [] : [`rolled back after ${since(rolledBackAt)}`]),
    ...(verifiedAt === undefined ? [] : [`verified after ${since(verifiedAt)}`]),
  ];
  const what = badSince === undefined ? "the start of the rollout" : "the first bad block began";
  const text = steps.join(", ");
  return text === ""
    ? ""
    : `${text.charAt(0).toUpperCase()}${text.slice(1)}, counted from ${badSince === undefined ? what : `when ${what}`}.`;
}
