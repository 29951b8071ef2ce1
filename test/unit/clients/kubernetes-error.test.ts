import { expect, test } from "vitest";
import { answerError } from "../../../src/clients/kubernetes/kubernetes-error.ts";

test("the causes that the API server names are kept, without secrets", () => {
  const causes = [{ reason: "DisruptionBudget", message: "The disruption budget web needs 2 healthy pods; password=hunter2" }];
  const error = answerError("POST x", 429, JSON.stringify({ message: "Cannot evict pod", details: { causes } }), null);

  expect(error.causes).toEqual([
    { reason: "DisruptionBudget", message: "The disruption budget web needs 2 healthy pods; password=[redacted]" },
  ]);
  expect(error.retryAfterMs).toBeUndefined();
});

test("an answer that names no cause has none", () => {
  expect(answerError("POST x", 429, "Too many requests, please try again later.", "1")).toMatchObject({ causes: [], retryAfterMs: 1000 });
});
