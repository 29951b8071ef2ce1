type Raw = Readonly<Record<string, unknown>>;

/** What becomes of the pods, in the words of the sandbox and of the real servers' kubelet. */
const fates = {
  healthy: { "sandbox.rearguard.dev/ready-after": "0" },
  "never-ready": { "sandbox.rearguard.dev/ready-after": "never", "fleet.test/never-ready": "true" },
  "loses-readiness": { "sandbox.rearguard.dev/ready-after": "0", "sandbox.rearguard.dev/unready-after": "2", "fleet.test/unready": "true" },
  crash: { "sandbox.rearguard.dev/crash-after": "0", "fleet.test/crash": "Error" },
  "out-of-memory": { "sandbox.rearguard.dev/leak-mib-per-minute": "1000000", "fleet.test/crash": "OOMKilled" },
} as const;

export type Fate = keyof typeof fates;

/** A Deployment in namespace default that keeps its old pods until the new ones are ready. */
export function deploymentManifest(options: {
  readonly name: string;
  readonly replicas?: number;
  readonly image?: string;
  readonly fate?: Fate;
  readonly templateAnnotations?: Readonly<Record<string, string>>;
}): Raw {
  const labels = { app: options.name };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: options.name, namespace: "default", labels },
    spec: {
      replicas: options.replicas ?? 2,
      selector: { matchLabels: labels },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: {
        metadata: { labels, annotations: { ...fates[options.fate ?? "healthy"], ...options.templateAnnotations } },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [{ name: "app", image: options.image ?? "shop:1", ports: [{ containerPort: 8080 }] }],
        },
      },
    },
  };
}
