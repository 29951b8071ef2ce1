import { crashAtStart, lostReadiness, memoryLeak } from "./crashes.ts";
import { testIncidents } from "./suite.ts";

testIncidents(crashAtStart, lostReadiness, memoryLeak);
