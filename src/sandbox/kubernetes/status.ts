import type { JsonObject } from "./object.ts";
import type { ResourceType } from "./resource-type.ts";

/** One wrong field of a 422. */
export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

/** A refusal, in the form every Kubernetes client knows: `kind: Status` with reason, code and message. */
export class StatusError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: JsonObject | undefined;

  constructor(code: number, reason: string, message: string, details?: JsonObject) {
    super(message);
    this.name = "StatusError";
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  toStatus(): JsonObject {
    const head = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message: this.message };
    const reason = this.reason === "" ? {} : { reason: this.reason };
    return { ...head, ...reason, ...(this.details && { details: this.details }), code: this.code };
  }
}

/** `deployments.apps`, or `pods` of the core group. */
function qualified(name: string, group: string): string {
  return group === "" ? name : `${name}.${group}`;
}

function detailsOf(type: ResourceType, name: string, kind: string = type.resource): JsonObject {
  return { ...(name !== "" && { name }), ...(type.group !== "" && { group: type.group }), kind };
}

export function notFound(type: ResourceType, name: string): StatusError {
  return new StatusError(404, "NotFound", `${qualified(type.resource, type.group)} "${name}" not found`, detailsOf(type, name));
}

export function noSuchPath(): StatusError {
  return new StatusError(404, "NotFound", "the server could not find the requested resource", {});
}

export function methodNotAllowed(): StatusError {
  return new StatusError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {});
}

export function alreadyExists(type: ResourceType, name: string): StatusError {
  return new StatusError(409, "AlreadyExists", `${qualified(type.resource, type.group)} "${name}" already exists`, detailsOf(type, name));
}

export function conflict(type: ResourceType, name: string, why?: string): StatusError {
  const because = why ?? "the object has been modified; please apply your changes to the latest version and try again";
  const message = `Operation cannot be fulfilled on ${qualified(type.resource, type.group)} "${name}": ${because}`;
  return new StatusError(409, "Conflict", message, detailsOf(type, name));
}

/** `kind` differs from the type's where the real server names the resource or a subresource instead. */
export function invalid(type: { readonly group: string; readonly kind: string }, name: string, causes: readonly Cause[]): StatusError {
  const each = causes.map((cause) => `${cause.field}: ${cause.message}`);
  const list = each.length === 1 ? each[0] : `[${each.join(", ")}]`;
  const details = { ...(name !== "" && { name }), ...(type.group !== "" && { group: type.group }), kind: type.kind, causes };
  return new StatusError(422, "Invalid", `${qualified(type.kind, type.group)} "${name}" is invalid: ${list}`, details);
}

/** What the server says of a JSON patch that does not apply, a failed `test` included. */
export function patchDoesNotApply(): StatusError {
  return new StatusError(422, "Invalid", "the server rejected our request due to an error in our request", {});
}

export function badRequest(message: string): StatusError {
  return new StatusError(400, "BadRequest", message);
}

export function forbidden(type: ResourceType, name: string, why: string): StatusError {
  const subject = qualified(type.resource, type.group) + (name === "" ? "" : ` "${name}"`);
  return new StatusError(403, "Forbidden", `${subject} is forbidden: ${why}`, detailsOf(type, name));
}

export function expired(message: string): StatusError {
  return new StatusError(410, "Expired", message);
}

export function versionTooLarge(asked: number, current: number): StatusError {
  return new StatusError(504, "Timeout", `Timeout: Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
    retryAfterSeconds: 1,
  });
}

export const invalidValue = (field: string, value: unknown, why: string): Cause => ({
  reason: "FieldValueInvalid",
  message: `Invalid value: ${JSON.stringify(value ?? null)}: ${why}`,
  field,
});

export const requiredValue = (field: string, why?: string): Cause => ({
  reason: "FieldValueRequired",
  message: why === undefined ? "Required value" : `Required value: ${why}`,
  field,
});
