import type { Reason } from "../reason.ts";
import { counted } from "./numbers.ts";

type Preset = Extract<Reason, { code: "preset" }>;

const whyNot: Readonly<Record<Preset["passedOver"][number]["because"], string>> = {
  mesh: "what pods count themselves goes before what a mesh counts",
  "fewer-pods": "fewer pods expose it",
  routes: "its labels say less",
  order: "it comes later in the list",
};

/** "errors is judged by preset istio: found istio_requests_total of 6 pods with label response_code". */
export function presetSentence({ signal, preset, metric, pods, statusLabel, podLabel, passedOver }: Preset): string {
  const status = metric.endsWith("_bucket") ? "" : ` with label ${statusLabel}`;
  const named = podLabel === "pod" ? "" : `, named by label ${podLabel}`;
  const others = passedOver.map((other) => `${other.preset} (${other.metric}) fits too, but ${whyNot[other.because]}`);
  return [`${signal} is judged by preset ${preset}: found ${metric} of ${counted(pods, "pod")}${status}${named}`, ...others].join("; ");
}
