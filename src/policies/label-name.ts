import { z } from "zod";
import { named, told } from "./told.ts";

/** Name of a Prometheus label. */
export const labelName = z
  .string()
  .regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, { error: ({ input }) => told(`${named(input)} is no label name`, "letters, digits and _") });
