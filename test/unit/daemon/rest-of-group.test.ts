import { expect, test } from "vitest";
import type { Alert } from "../../../src/alert.ts";
import type { AlertmanagerApi } from "../../../src/clients/alertmanager/alertmanager.ts";
import { createRestOfGroup } from "../../../src/daemon/rest-of-group.ts";

const alert = (fingerprint: string, over: Partial<Alert> = {}): Alert => ({ fingerprint, startsAt: 1, labels: {}, summary: "", ...over });
const group = { labels: { alertname: "A" }, receiver: "rearguard" };
const knowing = (...names: readonly string[]): AlertmanagerApi => ({ name: "am", firing: async () => names.map((name) => alert(name)) });
const down: AlertmanagerApi = { name: "am-1", firing: () => Promise.reject(new Error("am-1 gave no answer within 2000 ms")) };

const namesOf = (rest: { readonly alerts: readonly Alert[] } | { readonly problem: string }) =>
  "problem" in rest ? rest.problem : rest.alerts.map(({ fingerprint }) => fingerprint).toSorted();

test.each<[string, readonly AlertmanagerApi[], readonly Alert[], readonly string[] | string]>([
  ["is what its peers know beside the post", [knowing("a", "b", "c")], [alert("a")], ["b", "c"]],
  ["is joined from all peers: one that has just started knows little", [knowing("a"), knowing("a", "b")], [alert("a")], ["b"]],
  ["is given while one peer is down", [down, knowing("a", "b")], [alert("a")], ["b"]],
  ["is not known while all peers are down", [down, down], [alert("a")], "am-1 gave no answer within 2000 ms"],
  [
    "is not believed of an Alertmanager that does not know the post",
    [knowing("x")],
    [alert("a")],
    "no peer of alerts.fetchFrom knows an alert of this post: are they the Alertmanager that posted?",
  ],
  ["is not believed of the one peer that is left and knows nothing", [down, knowing()], [alert("a")], "am-1 gave no answer within 2000 ms"],
  ["may be empty beside alerts that have ended", [knowing()], [alert("a", { endsAt: 2 })], []],
])("the rest of a group %s", async (_what, peers, posted, expected) => {
  expect(namesOf(await createRestOfGroup(peers)(group, posted))).toEqual(expected);
});

test("the same group is asked for once at a time, and few groups at once", async () => {
  let asked = 0;
  let letGo = () => {};
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  const peer: AlertmanagerApi = {
    name: "am",
    async firing() {
      asked += 1;
      await gate;
      return [alert("a")];
    },
  };
  const restOf = createRestOfGroup([peer]);
  const ask = (alertname: string) => restOf({ ...group, labels: { alertname } }, [alert("a")]);
  const all = [...Array.from({ length: 100 }, () => ask("A")), ...Array.from({ length: 10 }, (_, at) => ask(`B${at}`))];
  letGo();
  const answers = await Promise.all(all);
  expect(asked).toBe(8);
  expect(answers.filter((answer) => "problem" in answer)).toEqual(Array(3).fill({ problem: "8 groups are being asked for already" }));
});
