import { slowerUnderTheLimit, slowBeforeAndAfter } from "./latency.ts";
import { testIncidents } from "./suite.ts";

testIncidents(slowerUnderTheLimit, slowBeforeAndAfter);
