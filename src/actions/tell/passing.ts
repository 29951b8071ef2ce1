import { TargetError } from "./target.ts";

type Code = ConstructorParameters<typeof TargetError>[0];

/** What did not arrive and is out of date by the next try is not tried again: there will be a newer one. */
export async function passing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TargetError)) throw error;
    throw new TargetError(error.code as Code, error.message, { ...error.facts, tries: 1 });
  }
}
