/** Somebody who may read the indices of these patterns, or everything. */
export interface ElasticsearchUser {
  readonly username: string;
  readonly password: string;
  readonly indices: readonly string[];
}

/** What an Elasticsearch with security says to a search, before it looks at any document. */
export type Access =
  | { readonly kind: "refused"; readonly status: 401 | 403; readonly reason: string }
  | { readonly kind: "missing"; readonly index: string }
  /** The parts of the pattern that are searched. */
  | { readonly kind: "allowed"; readonly mayRead: (index: string) => boolean };

/**
 * A name that may not be read is refused; a pattern (`*`) stands only for what may be read, so that the rest is as if it were not there.
 * Without users everybody may read everything.
 */
export function accessOf(
  pattern: string,
  authorization: string | undefined,
  users: readonly ElasticsearchUser[],
  has: (index: string) => boolean,
): Access {
  const user = users.find(({ username, password }) => authorization === `Basic ${btoa(`${username}:${password}`)}`);
  if (users.length > 0 && user === undefined) {
    return { kind: "refused", status: 401, reason: `missing authentication credentials for REST request [/${pattern}/_search]` };
  }
  const mayRead = (index: string) => user === undefined || user.indices.some((one) => patternOf(one).test(index));
  const names = pattern.split(",").filter((part) => !part.includes("*"));
  const unread = names.filter((name) => !mayRead(name));
  if (unread.length > 0) {
    const reason = `action [indices:data/read/search] is unauthorized for user [${user?.username}] on indices [${unread.join(",")}], this action is granted by the index privileges [read,all]`;
    return { kind: "refused", status: 403, reason };
  }
  const missing = names.find((name) => !has(name));
  return missing === undefined ? { kind: "allowed", mayRead } : { kind: "missing", index: missing };
}

export function patternOf(part: string): RegExp {
  return new RegExp(`^${part.replaceAll(".", "\\.").replaceAll("*", ".*")}$`);
}
