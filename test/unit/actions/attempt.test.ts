import { expect, test } from "vitest";
import { attempt } from "../../../src/actions/attempt.ts";
import type { Result } from "../../../src/actions/attempt.ts";
import { KubernetesError } from "../../../src/clients/kubernetes/kubernetes-error.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const applied: Result = { outcome: "applied", detail: "done" };

function failure(status?: number): KubernetesError {
  const code = status === undefined ? "KUBERNETES_UNREACHABLE" : "KUBERNETES_INVALID";
  return new KubernetesError(
    code,
    `PATCH x: ${status ?? "connection refused"}`,
    status === undefined ? {} : { status, serverMessage: `said ${status}` },
  );
}

/** Runs through these answers, one a try; gives the result, the number of tries and the time it took. */
async function run(answers: readonly (KubernetesError | Result)[], deadlineMs = 8000) {
  const clock = createManualClock();
  const from = clock.now();
  let tries = 0;
  let result: Result | undefined;
  const once = async () => {
    const answer = answers[tries++] ?? applied;
    if (answer instanceof KubernetesError) throw answer;
    return answer;
  };
  const running = attempt(once, { clock, tries: 3, deadlineMs, random: () => 1 }).then((got) => (result = got));
  await clock.advanceUntil("the result", () => result !== undefined, 50);
  return { result: await running, tries, took: clock.now() - from };
}

test("a connection that fails once is tried again after a pause", async () => {
  const { result, tries, took } = await run([failure()]);

  expect(result).toEqual(applied);
  expect(tries).toBe(2);
  expect(took).toBeGreaterThanOrEqual(500);
});

test("a busy server is asked again when it says, and not before", async () => {
  const busy = new KubernetesError("KUBERNETES_UNREACHABLE", "POST x: 429", { status: 429, retryAfterMs: 3000 });
  const { result, tries, took } = await run([busy]);

  expect(result).toEqual(applied);
  expect(tries).toBe(2);
  expect(took).toBeGreaterThanOrEqual(3000);
});

test("after three failures of the wire the action has failed, which is not final", async () => {
  const { result, tries } = await run([failure(), failure(503), failure()]);

  expect(result).toEqual({ outcome: "failed", detail: "PATCH x: connection refused (3 tries)" });
  expect(tries).toBe(3);
});

test("no try begins after the deadline", async () => {
  const { result, tries } = await run([failure(), failure(), failure()], 400);

  expect(result.outcome).toBe("failed");
  expect(tries).toBe(1);
});

test.each([401, 403, 400, 413])("a %d is refused at once in the server's words", async (status) => {
  const { result, tries } = await run([failure(status)]);

  expect(result).toMatchObject({ outcome: "refused", because: { code: "forbidden", detail: `said ${status}` } });
  expect(tries).toBe(1);
});

test("a 404 in the middle means that the workload is gone", async () => {
  const { result } = await run([failure(404)]);

  expect(result).toMatchObject({ outcome: "refused", because: { code: "workload-deleted" } });
});

test.each([409, 422])("a lost race (%d) is read again without a pause", async (status) => {
  const { result, tries, took } = await run([failure(status)]);

  expect(result).toEqual(applied);
  expect(tries).toBe(2);
  expect(took).toBeLessThan(500);
});

test("what is invalid twice is refused, not tried for ever", async () => {
  const { result, tries } = await run([failure(422), failure(422)]);

  expect(result).toMatchObject({ outcome: "refused", because: { code: "forbidden", detail: "said 422" } });
  expect(tries).toBe(2);
});

test("a bug is thrown, not swallowed", async () => {
  const clock = createManualClock();
  const running = attempt(() => Promise.reject(new TypeError("bug")), { clock, tries: 3, deadlineMs: 1, random: () => 0 });

  await expect(running).rejects.toThrow("bug");
});
