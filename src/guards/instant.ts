import type { Ms } from "../model.ts";

const shape = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d{1,9})?([Zz]|([+-])(\d\d):(\d\d))$/;
const DAY: Ms = 86_400_000;

/** Instant of an RFC 3339 text (`2026-11-29T21:00:00Z`, `…+01:00`), or undefined where it is none: no such day, no time zone. */
export function parseInstant(text: string): Ms | undefined {
  const parts = shape.exec(text);
  if (parts === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1, 7).map(Number);
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || second > 60) return undefined;
  const [, , , , , , , fraction = ".0", , sign, aheadHours = "0", aheadMinutes = "0"] = parts;
  if (Number(aheadHours) > 23 || Number(aheadMinutes) > 59) return undefined;
  const ahead = (sign === "-" ? -1 : 1) * (Number(aheadHours) * 60 + Number(aheadMinutes)) * 60_000;
  const ofDay = ((hour * 60 + minute) * 60 + second) * 1000 + Number(fraction.slice(1, 4).padEnd(3, "0"));
  return daysSinceEpoch(year, month, day) * DAY + ofDay - ahead;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Years begin in March here, so that the leap day is the last of its year and months before it have their usual lengths. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const marchYear = month > 2 ? year : year - 1;
  const leapDays = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  const sinceMarch = Math.floor((153 * ((month + 9) % 12) + 2) / 5);
  return 365 * marchYear + leapDays + sinceMarch + day - 1 - 719_468;
}
