import { allNewPodsFail, oneOfEightIsBad } from "./errors.ts";
import { testIncidents } from "./suite.ts";

testIncidents(allNewPodsFail, oneOfEightIsBad);
