/** What a path under /api or /apis asks for. */
export interface RequestPath {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** "" for the whole cluster. */
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
}

/** Undefined for what is not the path of a resource. `/api/v1/namespaces/prod/pods/web/status`: all parts set. */
export function parseRequestPath(path: string): RequestPath | undefined {
  const parts = path
    .split("/")
    .filter((part) => part !== "")
    .map(decodeURIComponent);
  const [group = "", version = "", ...rest] = parts[0] === "api" ? ["", ...parts.slice(1)] : parts.slice(1);
  if (rest.length === 0) return undefined;
  const isInNamespace = rest[0] === "namespaces" && rest.length > 2 && rest[2] !== "status" && rest[2] !== "finalize";
  const [resource = "", name = "", subresource = "", more] = isInNamespace ? rest.slice(2) : rest;
  if (more !== undefined) return undefined;
  return { group, version, resource, namespace: isInNamespace ? (rest[1] ?? "") : "", name, subresource };
}
