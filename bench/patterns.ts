// node bench/main.ts patterns -- DIR: new error patterns on the labelled logs of Train Ticket, and how well lines are grouped on loghub.
import { groupingAccuracy } from "./patterns/grouping.ts";
import { trainTicket } from "./patterns/train-ticket.ts";

/** `DIR` holds `nezha-trainticket` and `loghub-2k`. Without it nothing is measured and nothing missed. Returns whether every target was met. */
export async function run(args: readonly string[]): Promise<boolean> {
  const [folder] = args;
  if (folder === undefined) {
    console.log("skipped: no data");
    return true;
  }
  const isFound = await trainTicket(folder);
  await groupingAccuracy(folder);
  return isFound;
}
