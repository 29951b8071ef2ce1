import { describe, expect, test } from "vitest";
import type { SmokeTest } from "../../../src/guards/job.ts";
import { createJobReader, createRemedyJobReader } from "../../../src/signals/job.ts";
import { jobName } from "../../../src/guards/job.ts";
import { jobManifest } from "../../../src/actions/job.ts";
import { smokeJobOf } from "../../../src/actions/smoke-job.ts";
import { fresh, web } from "../guards/a-guard.ts";

const ask: SmokeTest = {
  guard: "web-guard",
  signal: "smoke",
  name: "smoke-web-guard",
  workload: web,
  revision: fresh,
  pod: { containers: [{ name: "test", image: "{{image}}", env: [{ name: "LEVEL", value: "1" }] }] },
  timeoutMs: 60_000,
};
const failedJob = {
  metadata: { uid: "uid-job" },
  status: { conditions: [{ type: "Failed", status: "True", reason: "BackoffLimitExceeded", message: "limit" }] },
};

function reader(job: object, pods: readonly object[], log = "") {
  const owned = pods.map((pod, order) => ({ ...pod, metadata: { name: `smoke-${order}`, ownerReferences: [{ uid: "uid-job" }] } }));
  const asked: unknown[] = [];
  const look = createJobReader({
    api: {
      get: () => Promise.resolve({ ...job }),
      list: () => Promise.resolve(owned),
      text: (path, query) => {
        asked.push([path, query]);
        return Promise.resolve(log);
      },
    },
  });
  return { asked, look: () => look(ask, "uid-job") };
}

const ended = (exitCode: number, reason: string, status: object = {}) => ({
  status: { containerStatuses: [{ name: "test", state: { terminated: { exitCode, reason } } }], ...status },
});

describe("a Job that failed", () => {
  test.each<[what: string, pod: object, outcome: "failed" | "error"]>([
    ["its container ended with exit code 1", ended(1, "Error"), "failed"],
    [
      "its init container did",
      { status: { initContainerStatuses: [{ name: "init", state: { terminated: { exitCode: 2, reason: "Error" } } }] } },
      "failed",
    ],
    ["its command does not exist", ended(128, "StartError"), "error"],
    ["it ran out of its own memory", ended(137, "OOMKilled"), "error"],
    ["somebody killed it", ended(137, "Error"), "error"],
    ["it was asked to end", ended(143, "Error"), "error"],
    ["its pod was evicted", ended(1, "Error", { reason: "Evicted" }), "error"],
    ["its pod was preempted", ended(1, "Error", { conditions: [{ type: "DisruptionTarget", status: "True" }] }), "error"],
    ["nothing is known of its end", { status: {} }, "error"],
  ])("%s: %s", async (_what, pod, outcome) => {
    expect(await reader(failedJob, [pod]).look()).toMatchObject({ outcome, ...(outcome === "error" ? { final: true } : {}) });
  });

  test("keeps the last 100 lines of its log, of them the last 8 KiB from the beginning of a line, and no secret", async () => {
    const log = `${Array.from({ length: 300 }, (_, line) => `line ${line} ${"x".repeat(60)}`).join("\n")}\n\u001b[31mAuthorization: Bearer abcDEF123456789\nPGPASSWORD=hunter {"password": "two words"}\n`;
    const { look, asked } = reader(failedJob, [ended(1, "Error")], log);
    const found = await look();
    const kept = found.outcome === "failed" ? found.log : "";
    expect(kept.length).toBeLessThanOrEqual(8_192);
    expect(kept).toMatch(/^line \d+ x+\n/);
    expect(kept).toMatch(/x\nAuthorization: Bearer \[redacted\]\nPGPASSWORD=\[redacted\] \{"password": \[redacted\]\}\n$/);
    expect(asked).toMatchObject([["/api/v1/namespaces/shop/pods/smoke-0/log", { container: "test", tailLines: "100" }]]);
  });

  test("has failed also when its log cannot be read", async () => {
    const look = createJobReader({
      api: {
        get: () => Promise.resolve(failedJob),
        list: () => Promise.resolve([{ ...ended(1, "Error"), metadata: { name: "smoke-0", ownerReferences: [{ uid: "uid-job" }] } }]),
        text: () => Promise.reject(new Error("dial tcp: no route to host")),
      },
    });
    expect(await look(ask, "uid-job")).toMatchObject({ outcome: "failed", log: "(its log could not be read: dial tcp: no route to host)" });
  });
});

describe("a Job that is not over", () => {
  const active = { metadata: { uid: "uid-job" }, status: { active: 1 } };

  test.each<[what: string, status: object, waiting: string | undefined]>([
    ["is being created", { containerStatuses: [{ name: "test", state: { waiting: { reason: "ContainerCreating" } } }] }, undefined],
    [
      "finds no image",
      { containerStatuses: [{ name: "test", state: { waiting: { reason: "ImagePullBackOff", message: "no" } } }] },
      "ImagePullBackOff: no",
    ],
    [
      "finds no node",
      { conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/1" }] },
      "Unschedulable: 0/1",
    ],
  ])("%s", async (_what, status, waiting) => {
    expect(await reader(active, [{ status }]).look()).toEqual({ outcome: "running", ...(waiting === undefined ? {} : { waiting }) });
  });

  test("is another one now, under the same name: ours was deleted", async () => {
    expect(await reader({ ...active, metadata: { uid: "uid-other" } }, []).look()).toMatchObject({ outcome: "error", final: true });
  });
});

describe("the Job that is created", () => {
  test("has a deadline, no second try, its own end, and no label by which a Service could find its pod", () => {
    expect(jobManifest(smokeJobOf(ask, "shop/web:7"))).toMatchObject({
      metadata: { name: "smoke-web-guard", namespace: "shop", annotations: { "rearguard.dev/smoke-test": "web-guard/smoke" } },
      spec: {
        backoffLimit: 0,
        activeDeadlineSeconds: 60,
        template: {
          metadata: { labels: { "app.kubernetes.io/managed-by": "rearguard" } },
          spec: {
            restartPolicy: "Never",
            containers: [
              {
                image: "shop/web:7",
                env: expect.arrayContaining([
                  { name: "REARGUARD_REVISION", value: "7" },
                  { name: "LEVEL", value: "1" },
                ]),
              },
            ],
          },
        },
      },
    });
  });

  test("has a name that fits a label and is another one for each signal and guard", () => {
    const long = (end: string) => `${"a".repeat(60)}${end}`;
    const names = ["x1", "x2"].flatMap((end) =>
      [long("b"), long("c"), "smoke"].map((signal) =>
        jobName(`${"web".repeat(17)}-0123456789${end}`.slice(-63), signal, [long("b"), long("c"), "smoke"]),
      ),
    );
    expect(new Set(names).size).toBe(6);
    for (const name of names) expect(name).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])$/);
  });
});

describe("a remediation's Job", () => {
  const remedy = { id: "g.job.1", kind: "job", workload: web, job: "mend", template: {}, timeoutMs: 60_000, guard: "g" } as const;
  const mark = { uid: "uid-job", annotations: { "rearguard.dev/remediation": "g.job.1" } };
  const complete = { status: { conditions: [{ type: "Complete", status: "True" }] } };
  const look = (job: object, log: string) =>
    createRemedyJobReader({
      api: {
        get: () => Promise.resolve({ ...job }),
        list: () =>
          Promise.resolve([
            {
              metadata: { name: "mend-a", ownerReferences: [{ uid: "uid-job" }] },
              spec: { containers: [{ name: "mend" }] },
              status: { phase: "Succeeded" },
            },
          ]),
        text: () => Promise.resolve(log),
      },
    })(remedy);

  test("that did well keeps the end of its log, without secrets", async () => {
    expect(await look({ metadata: mark, ...complete }, "cleared with password=hunter2\n")).toEqual({
      outcome: "passed",
      log: "cleared with password=[redacted]\n",
    });
  });

  test("is known by its mark: one of its name without it is another's", async () => {
    expect(await look({ metadata: { uid: "uid-job" }, ...complete }, "")).toMatchObject({ outcome: "error", final: true });
  });
});
