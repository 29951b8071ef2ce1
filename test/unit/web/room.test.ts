import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { createRoom } from "../../../src/web/room.ts";
import { served, token } from "./served.ts";

describe("a room", () => {
  it("lets no more in than it holds, by number and by bytes, and again when somebody has left", () => {
    const room = createRoom({ most: 2, mostBytes: 100 });
    const [first, second] = [room.enter(10), room.enter(10)];
    expect(room.enter(10)).toBeUndefined();
    first?.();
    first?.();
    expect(room.enter(90), "20 and 90 are too many").toBeDefined();
    second?.();
    expect(room.enter(11)).toBeUndefined();
  });

  it("lets one in alone that is larger than all of it", () => {
    const room = createRoom({ most: 2, mostBytes: 100 });
    const leave = room.enter(1_000);
    expect([leave === undefined, room.enter(1)]).toEqual([false, undefined]);
  });
});

describe("posts of alerts", () => {
  const alerts = [{ status: "firing", labels: {}, startsAt: "2026-11-23T12:00:00Z", fingerprint: "f" }];
  const good = { version: "4", groupKey: "{}", alerts };

  it("that were begun and given up leave their room to others", async () => {
    await using web = await served();
    const { port } = new URL(await web.app.listen({ host: "127.0.0.1", port: 0 }));
    const head = `POST /api/v1/webhooks/alertmanager HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: 8000000\r\n\r\n{`;
    // Eight of eight megabytes fill the room.
    const sockets = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const socket = connect(Number(port), "127.0.0.1");
        socket.on("error", () => {});
        await once(socket, "connect");
        socket.write(head);
        return socket;
      }),
    );
    await expect.poll(async () => (await web.post(good)).statusCode).toBe(503);
    for (const socket of sockets) socket.destroy();
    await expect.poll(async () => (await web.post(good)).statusCode).toBe(202);
  });

  it("beyond 64 MB at once come again later", async () => {
    let letGo = () => {};
    const gate = new Promise<void>((resolve) => (letGo = resolve));
    await using web = await served({ takeAlerts: () => gate.then(() => ({ taken: true, receipts: [], guards: [] })) });
    const large = JSON.stringify({ ...good, padding: "x".repeat(7_000_000) });
    let refused = 0;
    const codes = await Promise.all(
      Array.from({ length: 12 }, async () => {
        const answer = await web.post(large);
        if (answer.statusCode === 503) refused += 1;
        if (refused === 3) letGo();
        return answer.statusCode;
      }),
    );
    expect(codes.filter((code) => code === 202)).toHaveLength(9);
    expect(codes.filter((code) => code === 503)).toHaveLength(3);
  });
});
