import { RearguardError } from "../../errors.ts";

const overTime: ReadonlySet<string> = new Set(["matrix", "range vector"]);

/** For a query whose answer has no single number per series; `given` is what Prometheus calls it. */
export function notNumbers(given: string, server: string): RearguardError {
  const why = overTime.has(given) ? " (a range of samples, as x[5m] is): put a function around it, as in rate(x[5m])" : "";
  return new RearguardError("PROMETHEUS_BAD_QUERY", `${server} answers a ${given} where one number per series is needed${why}.`);
}
