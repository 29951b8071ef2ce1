import { moreTraffic, nightDeploy } from "./load.ts";
import { testIncidents } from "./suite.ts";

testIncidents(moreTraffic, nightDeploy);
