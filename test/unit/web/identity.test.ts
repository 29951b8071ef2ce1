import { describe, expect, it } from "vitest";
import { createIdentify, type Key, mayDo } from "../../../src/web/api/identity.ts";
import { createRate } from "../../../src/web/api/rate.ts";

const key = (name: string, role: Key["role"], read: Key["read"]): Key => ({ name, role, setting: `listen.tokens (${name})`, read });
const near = { authorization: undefined, address: "127.0.0.1" };
const bearing = (token: string) => ({ authorization: `Bearer ${token}`, address: "192.0.2.7" });
const identify = createIdentify([key("alice", "operate", async () => "a-token\n"), key("page", "read", async () => "p-token")]);

describe("who asks", () => {
  it("is known by its token, whatever its place in the list", async () => {
    expect(await identify(bearing("a-token"))).toEqual({ name: "alice", role: "operate" });
    expect(await identify(bearing("p-token"))).toEqual({ name: "page", role: "read" });
  });

  it.each(["", "a-toke", "a-tokenn", "A-token"])("is nobody with the token %j", async (token) => {
    expect(await identify(bearing(token))).toMatchObject({ status: 401 });
  });

  it("is nobody without a token, on this machine too, once there is one", async () => {
    expect(await identify(near)).toMatchObject({ status: 401, error: "the bearer token is missing" });
  });

  it.each([
    ["127.0.0.1", { name: "this machine", role: "read" }],
    ["::1", { name: "this machine", role: "read" }],
    ["::ffff:127.0.0.5", { name: "this machine", role: "read" }],
    ["192.0.2.7", { status: 403 }],
    ["::ffff:192.0.2.7", { status: 403 }],
  ])("from %s is, without any token in the settings, whom reading is open to", async (address, wanted) => {
    expect(await createIdentify([])({ authorization: undefined, address })).toMatchObject(wanted);
  });

  it("is let in by a file that can be read although another cannot; nobody by an empty one", async () => {
    const broken = key("lost", "operate", () => Promise.reject(new Error("ENOENT")));
    const mixed = createIdentify([broken, key("empty", "operate", async () => "\n"), key("page", "read", async () => "p-token")]);

    expect(await mixed(bearing("p-token"))).toEqual({ name: "page", role: "read" });
    expect(await mixed(bearing("other"))).toMatchObject({ status: 503, error: "the file of listen.tokens (lost) cannot be read: ENOENT" });
  });
});

it("who may operate may read, and who may read may not operate", () => {
  expect([mayDo("operate", "read"), mayDo("operate", "operate"), mayDo("read", "read"), mayDo("read", "operate")]).toEqual([
    true,
    true,
    true,
    false,
  ]);
});

it("lets through no more than so many in a second, and as many again a second later, also after the clock was set back", () => {
  let now = 0;
  const allows = createRate(3, 1000, () => now);
  const four = () => [1, 2, 3, 4].map(allows);
  expect(four()).toEqual([true, true, true, false]);
  now = 334;
  expect(four()).toEqual([true, false, false, false]);
  now = -5_000;
  expect(allows()).toBe(false);
  now = 60_000;
  expect(four()).toEqual([true, true, true, false]);
});
