import { ownAlertName } from "../../alert.ts";
import type { Message } from "../../entry.ts";
import type { Ms } from "../../model.ts";
import { createPeer, type PeerOptions } from "./alertmanager-peer.ts";
import { cut, endsWell, isTrouble, needsPerson } from "./news.ts";
import { once } from "./once.ts";
import type { Target } from "./target.ts";

const longestWords = 20_000;
/** Alertmanager lets a far end win over a near one that its own clock has not passed yet: an end must be in its past. */
const skewMs = 60_000;

const severities = ["warning", "critical"] as const;

export interface AlertmanagerOptions extends PeerOptions {
  /** Further labels of every alert, for routing. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** After this an alert that nothing ended resolves by itself. */
  readonly lastsMs: Ms;
}

/** An alert for each guard in trouble, at one peer of an Alertmanager (API v2): alerts are not shared between peers, so each one has a target of its own. */
export function createAlertmanager(options: AlertmanagerOptions): Target {
  const { labels = {}, lastsMs } = options;
  const peer = createPeer(options);
  return {
    name: peer.name,
    async send(message, memory) {
      const alerts = alertsOf(message, labels, lastsMs);
      if (alerts.length === 0) return "left-out";
      return once(message, memory, async () => {
        await peer.call("POST", "alerts", alerts);
      });
    },
  };
}

/**
 * Pure: what Alertmanager is posted of a message. The severity is a label and so a part of the alert's identity: what is over of
 * the other one is ended in the same post. What needs a person is over when the rollback was done or the guard ends, and not when
 * there is smaller news. An end that never began is told to nobody.
 */
export function alertsOf(message: Message, extra: Readonly<Record<string, string>>, lastsMs: Ms): readonly object[] {
  if (endsWell(message) || isUndecided(message)) return severities.map((each) => ended(message, extra, each));
  // While the revision is to blame and not taken back, the trouble goes on without the brake.
  if (message.kind === "released") return message.phase === "breached" ? [] : [ended(message, extra, "warning")];
  if (!isTrouble(message)) return [];
  const severity = needsPerson(message) ? "critical" : "warning";
  const firing = {
    ...common(message, extra, severity),
    startsAt: iso(message.at),
    endsAt: iso(message.at + lastsMs),
    annotations: { summary: cut(message.title, longestWords), description: cut(message.text, longestWords), ...nextOf(message) },
  };
  if (severity === "critical") return [firing, ended(message, extra, "warning")];
  return message.kind === "rolled-back" ? [firing, ended(message, extra, "critical")] : [firing];
}

/** Nobody would ever end its alert, and there is no more to know. */
function isUndecided({ kind, phase }: Message): boolean {
  return kind === "finished" && phase === "inconclusive";
}

function ended(message: Message, extra: Readonly<Record<string, string>>, severity: (typeof severities)[number]): object {
  const endsAt = message.at - skewMs;
  return { ...common(message, extra, severity), startsAt: iso(Math.min(message.openedAt, endsAt)), endsAt: iso(endsAt) };
}

function common({ guard, cluster, workload, link }: Message, extra: Readonly<Record<string, string>>, severity: string) {
  const { namespace, name, kind } = workload;
  const labels = { ...extra, alertname: ownAlertName, severity, cluster, namespace, kind, workload: name, guard };
  return { labels, ...(link === undefined ? {} : { generatorURL: link }) };
}

function nextOf({ next }: Message): { readonly next?: string } {
  return next === "" ? {} : { next: cut(next, longestWords) };
}

function iso(at: Ms): string {
  return new Date(at).toISOString();
}
