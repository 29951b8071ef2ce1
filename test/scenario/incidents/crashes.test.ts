import { crashAtStart, imagePull, lostReadiness, memoryLeak } from "./crashes.ts";
import { testIncidents } from "./suite.ts";

testIncidents(crashAtStart, imagePull, lostReadiness, memoryLeak);
