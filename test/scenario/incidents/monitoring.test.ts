import { prometheusSilent } from "./monitoring.ts";
import { testIncidents } from "./suite.ts";

testIncidents(prometheusSilent);
