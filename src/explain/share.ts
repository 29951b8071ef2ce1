import { POD_MINUTES } from "../judging/unit.ts";
import { percent } from "./numbers.ts";

/** A ratio in the words of what was counted: "1.2 %" of requests, "14 lines/min/pod" of pod-minutes. */
export function shareOf(ratio: number, unit: string | undefined): string {
  return unit === POD_MINUTES ? `${Number(ratio.toPrecision(3))} lines/min/pod` : percent(ratio);
}
