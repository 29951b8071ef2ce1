import type { AuditEvent } from "../servers/audit-log.ts";
import type { Cluster } from "../servers/cluster.ts";
import { ourAccount } from "./world.ts";

type PatchOp = { readonly op: string; readonly path: string; readonly value?: unknown };

/** A change of ours that the API server carried out, by its own audit log. */
export type Write = {
  readonly at: number;
  readonly resource: string;
  readonly verb: string;
  readonly code: number;
  /** Paths that a JSON patch writes; its tests are left out. */
  readonly paths: readonly string[];
};

/** What the daemon wrote to Deployments and ReplicaSets of a namespace, refused tries included; rehearsals (dry runs) are no writes. */
export async function workloadWrites(cluster: Cluster, namespace: string): Promise<readonly Write[]> {
  const events = await cluster.auditLog();
  return events.filter((event) => isWorkloadWrite(event, namespace) && isOurs(event)).map(writeOf);
}

/** Of these, the ones that changed the template. */
export async function templateWrites(cluster: Cluster, namespace: string): Promise<readonly Write[]> {
  return (await workloadWrites(cluster, namespace)).filter(({ paths, code }) => code === 200 && paths.includes("/spec/template"));
}

/** When the kubelet's part first reported this many restarts of a pod of the namespace, epoch ms by the API server's clock. */
export async function restartSeenAt(cluster: Cluster, namespace: string, restarts: number): Promise<number> {
  const events = await cluster.auditLog();
  const seen = events.find(({ objectRef, requestObject }) => {
    const isStatus = objectRef?.resource === "pods" && objectRef.subresource === "status" && objectRef.namespace === namespace;
    return isStatus && JSON.stringify(requestObject).includes(`"restartCount":${restarts}`);
  });
  if (seen === undefined) throw new Error(`no pod of ${namespace} restarted ${restarts} times`);
  return Date.parse(seen.requestReceivedTimestamp);
}

function isWorkloadWrite({ objectRef, requestURI }: AuditEvent, namespace: string): boolean {
  const isWorkload = objectRef?.resource === "deployments" || objectRef?.resource === "replicasets";
  return isWorkload && objectRef?.namespace === namespace && !requestURI.includes("dryRun=All");
}

/** By the account, or by the field manager where a test gives the daemon another account. */
function isOurs({ user, requestURI }: AuditEvent): boolean {
  return user.username.startsWith(`system:serviceaccount:${ourAccount.namespace}:`) || requestURI.includes("fieldManager=rearguard");
}

function writeOf(event: AuditEvent): Write {
  const { objectRef, requestObject } = event;
  const ops = Array.isArray(requestObject) ? (requestObject as readonly PatchOp[]) : [];
  return {
    at: Date.parse(event.requestReceivedTimestamp),
    resource: [objectRef?.resource, objectRef?.subresource].filter(Boolean).join("/"),
    verb: event.verb,
    code: event.responseStatus?.code ?? 0,
    paths: ops.filter(({ op }) => op !== "test").map(({ path }) => path),
  };
}
