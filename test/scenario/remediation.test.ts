import { expect, test } from "vitest";
import { isOver, openRemedyWorld, post, remedyPolicy, story } from "./remediation-world.ts";

test("an alert that no guard asked for opens a guard of its own, which tells people, and is out of trouble when the alert is over", async () => {
  await using world = await openRemedyWorld(remedyPolicy("do: [notify]"));
  await world.run(3);
  const startsAt = world.now();
  const answer = await post(world, { startsAt });
  expect(answer).toMatchObject({ status: 202, outcomes: ["opened"] });
  expect(world.remediations("web"), "written before it was answered").toHaveLength(1);
  expect(await post(world, { startsAt }), "of another peer").toMatchObject({ status: 202, outcomes: ["known"] });
  await world.run(5);
  expect(await post(world, { startsAt, endsAt: world.now() })).toMatchObject({ outcomes: ["recorded"] });
  await world.until("it ends", () => isOver(world), 10);
  expect(story(world)).toEqual(["opened", "noted", "restored"]);
  expect(world.told("web")).toContain('alert Slow {severity="page"} fires since 12:00:06 UTC');
  expect(await post(world, { startsAt, endsAt: world.now() }), "late").toMatchObject({ outcomes: ["no-guard"] });
  expect(world.effects("web")).toEqual([]);
});
