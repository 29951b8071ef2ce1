import { TargetError } from "../../src/actions/tell/target.ts";

/** The error of a message that did not arrive. */
export async function failureOf(sending: Promise<unknown>): Promise<TargetError> {
  const error: unknown = await sending.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof TargetError)) throw new Error(`expected a TargetError, got ${String(error)}`);
  return error;
}
