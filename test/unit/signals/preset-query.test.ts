import { expect, test } from "vitest";
import { exposedBy, presetQuery } from "../../../src/signals/preset-query.ts";

const web = { namespace: "shop", prefixes: ["web-1"] };

test("the question is restricted to the pods and the metrics of presets, and its answer grows with statuses, not with routes", () => {
  const promql = presetQuery([web, { namespace: "a.b", prefixes: ["api-2"] }], "exported_pod");
  expect(promql).toMatch(
    /^count by \(__name__, namespace, exported_pod, status, code, status_code, [a-z_, ]+\) \(\{__name__=~"http_requests_total\|/,
  );
  expect(promql).toContain('namespace=~"a\\\\.b|shop", exported_pod=~"api-2-[a-z0-9]+|web-1-[a-z0-9]+"');
  expect(promql).toContain('le=~"|\\\\+Inf", quantile=""');
  expect(promql).not.toContain("route");
  expect(presetQuery([web], "pod", "handler")).toMatch(/^count by \(__name__, namespace, pod\) .*handler!=""\}\)$/);
});

test("the answer is divided by namespace and owner", () => {
  const one = (namespace: string, pod: string) => ({
    labels: { __name__: "http_requests_total", namespace, pod, status: "200" },
    value: 1,
  });
  const answer = [one("shop", "web-1-aaaaa"), one("other", "web-1-aaaaa"), one("shop", "web-1-worker-aaaaa"), one("shop", "web-12-aaaaa")];
  expect(exposedBy(web, "pod", answer)).toEqual([{ metric: "http_requests_total", pod: "web-1-aaaaa", labels: answer[0]?.labels }]);
});
