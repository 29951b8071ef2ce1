import { dependencyDown, badUpstream } from "./dependencies.ts";
import { testIncidents } from "./suite.ts";

testIncidents(dependencyDown, badUpstream);
