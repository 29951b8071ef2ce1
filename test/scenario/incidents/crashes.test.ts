import { crashAtStart, memoryLeak } from "./crashes.ts";
import { testIncidents } from "./suite.ts";

testIncidents(crashAtStart, memoryLeak);
