import type { Played } from "./play.ts";
import type { Incident } from "./rows.ts";

/** Prints one incident, each time it was played, with what the neighbours made of it; true when the target was met every time. */
export function printIncident(incident: Incident, played: readonly Played[]): boolean {
  const { neighbours } = incident;
  console.log(`\n${incident.name}; target: ${targetOf(incident)}`);
  const met = played.map((one) => {
    const missed = missesOf(one);
    console.log(`  ours            ${wordsFor(one).join("; ")}${missed.length === 0 ? "" : ` MISSED: ${missed.join(", ")}`}`);
    return missed.length === 0;
  });
  console.log(`  nothing         ${neighbours.nothing}`);
  console.log(`  Argo 60 s x 3   ${neighbours.argo}`);
  console.log(`  Argo, tuned     ${neighbours.argoTuned}`);
  console.log(`  Flagger 1 m x 5 ${neighbours.flagger}`);
  console.log(`  Flagger, tuned  ${neighbours.flaggerTuned}`);
  return met.every(Boolean);
}

function wordsFor(played: Played): readonly string[] {
  const { incident, brakeMs, wayBackMs, ourShareMs, sent, bad, unanswered, dropped } = played;
  const back = wayBackMs === null ? "not undone" : `${incident.innocent ? "WRONGLY " : ""}undone after ${seconds(wayBackMs)}`;
  return [
    back,
    ...(brakeMs === null || brakeMs === wayBackMs ? [] : [`braked after ${seconds(brakeMs)}`]),
    ...(ourShareMs === null ? [] : [`${ourShareMs} ms from the block's end to the patch`]),
    ...(sent === 0 ? [] : [`${count(bad)} bad of ${count(sent)}`]),
    ...(unanswered === 0 ? [] : [`${unanswered} of them without an answer`]),
    ...(dropped === 0 ? [] : [`${dropped} not sent in time`]),
    `guard ${played.phase}${played.held.length === 0 ? "" : ` (held: ${played.held.join(", ")})`}`,
  ];
}

function targetOf(incident: Incident): string {
  if (incident.innocent) return "not undone";
  if (incident.badAtMost !== undefined) return `at most ${count(incident.badAtMost)} bad`;
  if (incident.wayBackWithinMs !== undefined) return `undone within ${seconds(incident.wayBackWithinMs)}`;
  return "undone";
}

function missesOf({ incident, wayBackMs, bad }: Played): readonly string[] {
  if (incident.innocent) return wayBackMs === null ? [] : ["undone"];
  if (wayBackMs === null) return ["never undone"];
  const { badAtMost = Infinity, wayBackWithinMs = Infinity } = incident;
  return [...(bad > badAtMost ? [`${count(bad)} bad`] : []), ...(wayBackMs > wayBackWithinMs ? [`after ${seconds(wayBackMs)}`] : [])];
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function count(number: number): string {
  return number.toLocaleString("en");
}
