// How the memory of a container may go, as a share of its limit, by its age in minutes.
import { normal, type Random } from "../judging/random.ts";

/** What sets one container apart from another of the same revision. */
export interface Chance {
  readonly random: Random;
  /** 0–1: where in its cycle it is. */
  readonly phase: number;
}

export type Course = (chance: Chance) => (ageMinutes: number) => number;

export function noisy(share: number, course: Course): Course {
  return (chance) => {
    const at = course(chance);
    return (age) => at(age) + share * normal(chance.random);
  };
}

export function flat(share: number): Course {
  return () => () => share;
}

/** From `start` on, per minute. */
export function leak(start: number, perMinute: number): Course {
  return () => (age) => start + perMinute * age;
}

/** Fills up to `to`, 63 % of the way in `minutes`. */
export function warmUp(from: number, to: number, minutes: number): Course {
  return () => (age) => to - (to - from) * Math.exp(-age / minutes);
}

/** Rises by `height` and falls back, every `minutes`. */
export function saw(height: number, minutes: number, below: Course): Course {
  return (chance) => {
    const at = below(chance);
    return (age) => at(age) + height * ((age / minutes + chance.phase) % 1);
  };
}

/** A cache is loaded at a random time of the first half hour. */
export function jump(from: number, to: number): Course {
  return ({ phase }) => {
    return (age) => (age < 30 * phase ? from : to);
  };
}

/** What was before half decays in 10 min: its wandering looks like growth for a while. */
export function wandering(around: number, spread: number): Course {
  return ({ random }) => {
    let [off, seenAt] = [0, 0];
    return (age) => {
      const kept = Math.exp(-Math.max(0, age - seenAt) / 10);
      off = off * kept + spread * Math.sqrt(1 - kept * kept) * normal(random);
      seenAt = age;
      return around + off;
    };
  };
}
