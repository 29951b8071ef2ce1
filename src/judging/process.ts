// How a scraped process is named in ProcessReading.process: an instance never holds a blank, a job may hold anything.

export function processName(instance: string, job: string): string {
  return `${instance} ${job}`;
}

/** The job of a process; the whole name when it was not made by `processName`. */
export function jobOf(process: string): string {
  const blank = process.indexOf(" ");
  return blank < 0 ? process : process.slice(blank + 1);
}
