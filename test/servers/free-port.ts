import { createServer } from "node:net";

const reserved = new Set<number>();

/**
 * A port on 127.0.0.1 that nothing listens on now and that this process has not handed out before.
 * Below the ephemeral range (32768 on Linux): a port asked of the kernel could be given to an
 * outgoing connection between its reservation and the server's start.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = 18_000 + Math.floor(Math.random() * 14_000);
    if (reserved.has(port) || !(await isFree(port))) continue;
    reserved.add(port);
    return port;
  }
  throw new Error("no free port on 127.0.0.1 between 18000 and 32000 in 100 attempts");
}

function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once("error", () => resolve(false));
  server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  return promise;
}
