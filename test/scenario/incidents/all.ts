import { crashAtStart, imagePull, lostReadiness, memoryLeak } from "./crashes.ts";
import { badUpstream, dependencyDown } from "./dependencies.ts";
import { allNewPodsFail, oneOfEightIsBad } from "./errors.ts";
import type { Incident } from "./incident.ts";
import { slowBeforeAndAfter, slowerUnderTheLimit } from "./latency.ts";
import { moreTraffic, nightDeploy } from "./load.ts";
import { prometheusSilent } from "./monitoring.ts";

export const incidents: readonly Incident[] = [
  allNewPodsFail,
  oneOfEightIsBad,
  slowerUnderTheLimit,
  slowBeforeAndAfter,
  crashAtStart,
  memoryLeak,
  lostReadiness,
  imagePull,
  dependencyDown,
  moreTraffic,
  nightDeploy,
  prometheusSilent,
  badUpstream,
];
