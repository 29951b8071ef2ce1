import type { Reason } from "../reason.ts";
import { count, counted, duration, percent, plain } from "./numbers.ts";

type Of<Code extends Reason["code"]> = Extract<Reason, { code: Code }>;

const nouns = { cpu: "CPU", memory: "memory" } as const;

/** `memory: app in pod web-2 uses 412 MiB of its limit of 512 MiB, grows by 105 MiB/h and is full in 57 min (3 of 3 new pods; old pods: 41 %, 2 MiB/h)`. */
export function resourcesSentence(reason: Of<"resources">): string {
  const held = reason.held === undefined ? "" : `; ${heldWords[reason.held]}`;
  return `${resourcesHeadline(reason)} (${count(reason.pods)} of ${counted(reason.of, "new pod")}; ${oldPods(reason)})${held}`;
}

export function resourcesHeadline(reason: Of<"resources">): string {
  const { signal, resource, container, pod, used, limit, share, forMs, perHour, fullInMs } = reason;
  const uses = `${signal}: ${container} in pod ${pod} uses ${amount(resource, used)} of its ${nouns[resource]} limit of ${amount(resource, limit)}`;
  if (reason.rule === "above") return `${uses}, ${percent(used / limit)} where ${percent(share ?? 1)} are allowed, for ${duration(forMs)}`;
  return `${uses}, grows by ${amount(resource, perHour ?? 0)}/h and is full in ${duration(fullInMs ?? 0)}`;
}

export function noLimitSentence({ signal, resource, containers }: Of<"no-limit">): string {
  const [noun, have] = containers.length === 1 ? ["container", "has"] : ["containers", "have"];
  return `${signal}: ${noun} ${containers.join(", ")} ${have} no ${nouns[resource]} limit (resources.limits.${resource}), so that cannot be judged`;
}

export function seenBrieflySentence({ signal, resource, seenMs, neededMs, warmUpMs }: Of<"seen-briefly">): string {
  const seen = seenMs > 0 ? `was looked at for ${duration(seenMs)} only` : "was not looked at yet";
  const after = warmUpMs > 0 ? ` after a warm-up of ${duration(warmUpMs)}` : "";
  return `${signal}: the ${nouns[resource]} of the new pods ${seen}; its rule needs ${duration(neededMs)}${after}`;
}

function oldPods({ resource, old }: Of<"resources">): string {
  if (old === null) return "no old pods seen";
  return `old pods: ${old.share === null ? "no limit" : percent(old.share)}${old.perHour === null ? "" : `, ${amount(resource, old.perHour)}/h`}`;
}

const heldWords: Readonly<Record<NonNullable<Of<"resources">["held"]>, string>> = {
  alike: "old pods do the same, so a rollback would not help",
  "no-old": "no such container of an old pod was seen, so it cannot be told whether this is new",
  "too-young": "no old pod was seen for as long as this one runs, so it cannot be told whether this is new",
  "few-pods": "most new pods do not do so, so suspect the pod before the revision",
  "not-beside": "no old pod runs beside it to show how much CPU the requests need now",
};

function amount(resource: "cpu" | "memory", value: number): string {
  if (resource === "cpu") return `${plain(Number(value.toPrecision(2)))} ${value === 1 ? "core" : "cores"}`;
  const mib = value / 2 ** 20;
  return Math.abs(mib) >= 10_240 ? `${Number((mib / 1024).toPrecision(3))} GiB` : `${Number(mib.toPrecision(3))} MiB`;
}
